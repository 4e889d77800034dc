"""The segments around a line, drawn samples, and what people said of them."""

from pathlib import Path

import pytest

from omnisource.catalog import Catalog
from omnisource.config import Recipe
from omnisource.errors import WorkspaceError
from omnisource.label.line_samples import DRAWN, Judged, LineSample, LineSamples, Selection
from omnisource.reviews import Reviews, Subject, Verdict
from omnisource.types import Format
from tests.workspaces import CLASSES, key, workspace_with

TEACHERS = dict.fromkeys(Format, "teacher")


def item(number: int, confidence: float, **more: object) -> dict:
    return {"number": number, "top": 0, "confidence": confidence, "query": 0, "query_prob": confidence} | more


def second(number: int, start: float, confidence: float, top: int = 0) -> dict:
    times = {"start": start, "end": start + 1.0, "format": "untrimmed", "source": "video"}
    return item(number, confidence, top=top) | times


FACTS = [
    item(1, 0.9),
    item(2, 0.55),
    item(3, 0.5),
    item(4, 0.45, top=1),
    item(5, 0.1, query=None, query_prob=None),
    second(6, 0, 0.52),
    second(6, 1, 0.49),
    second(6, 2, 0.3),
]


def samples(folder: Path, **recipe: object) -> LineSamples:
    workspace = workspace_with(folder, scored=FACTS)
    return LineSamples(Catalog(workspace, threads=1), Recipe(teachers=TEACHERS, **recipe), CLASSES)


def numbers(found: tuple[LineSample, ...]) -> list[tuple[int, float]]:
    return [(sample.key[0], round(sample.probability, 2)) for sample in found]


@pytest.mark.parametrize(
    ("recipe", "selection", "above", "below"),
    [
        # on the line is above it; of the video only the nearest second of each side
        ({}, {}, [(3, 0.5), (6, 0.52), (2, 0.55), (1, 0.9)], [(6, 0.49), (4, 0.45), (5, 0.1)]),
        ({}, {"sources": ("web",)}, [(3, 0.5), (2, 0.55), (1, 0.9)], [(4, 0.45), (5, 0.1)]),
        ({}, {"class_index": 1}, [], [(4, 0.45)]),
        ({"sources": ("video",)}, {}, [(6, 0.52)], [(6, 0.49)]),
        # every class from its own line: 0.45 is 0.05 above 0.4, and 0.5 on its own
        ({"confidence_by_class": {"yoyo": 0.4}}, {"sources": ("web",)},
         [(3, 0.5), (4, 0.45), (2, 0.55), (1, 0.9)], [(5, 0.1)]),
        ({"label_source": "agreement"}, {"sources": ("web",)}, [(3, 0.5), (2, 0.55), (1, 0.9)], []),
        ({"label_source": "query"}, {"class_index": 0, "sources": ("web",)},
         [(3, 0.5), (2, 0.55), (1, 0.9)], [(4, 0.45)]),
    ],
)  # fmt: skip
def test_around__nearest_first(tmp_path: Path, recipe: dict, selection: dict, above: list, below: list):
    both = samples(tmp_path / "w", **recipe).around(Selection(**selection), limit=12)
    assert (numbers(both.above), numbers(both.below)) == (above, below)


def test_around__no_further_than_the_window_and_no_more_than_the_limit(tmp_path: Path):
    found = samples(tmp_path / "w")
    both = found.around(Selection(), limit=12, below=0.02, above=0.06)
    assert (numbers(both.above), numbers(both.below)) == ([(3, 0.5), (6, 0.52), (2, 0.55)], [(6, 0.49)])
    assert numbers(found.around(Selection(), limit=1).above) == [(3, 0.5)]


def test_around__a_sample_says_all_that_a_wall_shows(tmp_path: Path):
    (sample,) = samples(tmp_path / "w").around(Selection(class_index=1), limit=1).below
    assert (sample.path, sample.source, sample.format) == ("/web/4", "web", Format.IMAGE)
    assert (sample.top_class, sample.query_class, sample.class_index) == (1, 0, 1)
    assert sample.least == pytest.approx(0.5)
    assert (sample.subject, sample.middle_s) == (Subject(key=key(4)), None)
    (of_video,) = samples(tmp_path / "v").around(Selection(sources=("video",)), limit=1).above
    assert (of_video.subject, of_video.middle_s) == (Subject(key=key(6), start_s=0, end_s=1), 0.5)


def test_drawn__of_every_stratum_once_each_and_the_same_for_the_same_seed(tmp_path: Path):
    scored = [item(number, (number + 0.5) / 200) for number in range(200)]
    workspace = workspace_with(tmp_path / "w", scored=scored)
    found = LineSamples(Catalog(workspace, threads=1), Recipe(teachers=TEACHERS, confidence=0.5), CLASSES)
    drawn = found.drawn(Selection(), seed=3)
    for least, end, quota in DRAWN.values():
        assert sum(least <= sample.probability - 0.5 < end for sample in drawn) == quota
    assert len({sample.key for sample in drawn}) == len(drawn)
    assert drawn == found.drawn(Selection(), seed=3)
    assert drawn != found.drawn(Selection(), seed=4)
    assert [sample.probability for sample in drawn] != sorted(sample.probability for sample in drawn)
    assert 0 < len(found.drawn(Selection(), seed=3, share=0.1)) < len(drawn)


def test_drawn__one_segment_of_a_video(tmp_path: Path):
    drawn = samples(tmp_path / "w").drawn(Selection(sources=("video",)), seed=0)
    assert [sample.key for sample in drawn] == [key(6)]


def test_judged__only_of_the_class_and_segment_that_the_recipe_tests(tmp_path: Path):
    workspace = workspace_with(tmp_path / "w", scored=FACTS)
    reviews = Reviews(workspace.reviews_path)
    for subject, verdict, class_index in (
        (Subject(key=key(1)), Verdict.RELEVANT, 0),
        (Subject(key=key(4)), Verdict.IRRELEVANT, 1),  # the teacher's class of it; its query is 0
        (Subject(key=key(4)), Verdict.RELEVANT, 0),
        (Subject(key=key(5)), Verdict.RELEVANT, None),  # whatever the class
        (Subject(key=key(6), start_s=1.0, end_s=2.0), Verdict.RELEVANT, 0),
        (Subject(key=key(6)), Verdict.IRRELEVANT, 0),  # of a whole long video nothing follows for a second of it
        (Subject(key=key(3)), Verdict.KEEP, None),  # another question
        (Subject(key=key(99)), Verdict.RELEVANT, 0),  # was never scored
    ):
        reviews.decide(subject, verdict, class_index=class_index, made_in="test")

    def judged(label_source: str) -> list[tuple]:
        recipe = Recipe(teachers=TEACHERS, label_source=label_source)
        found = LineSamples(Catalog(workspace, threads=1), recipe, CLASSES).judged(reviews.current())
        return sorted((one.source, one.class_index, round(one.probability, 2), one.is_relevant) for one in found)

    video = ("video", 0, 0.49, True)
    assert judged("teacher") == [video, ("web", 0, 0.1, True), ("web", 0, 0.9, True), ("web", 1, 0.45, False)]
    assert judged("query") == [video, ("web", 0, 0.45, True), ("web", 0, 0.9, True)]


def test_judged__nothing_was_said(tmp_path: Path):
    assert samples(tmp_path / "w").judged([]) == []
    assert Judged(source="web", class_index=0, probability=0.5, is_relevant=True).is_relevant


def test_around__without_a_teacher(tmp_path: Path):
    workspace = workspace_with(tmp_path / "w", scored=FACTS)
    with pytest.raises(WorkspaceError, match="no teacher .* decides"):
        LineSamples(Catalog(workspace), Recipe(), CLASSES).around(Selection(), limit=1)
