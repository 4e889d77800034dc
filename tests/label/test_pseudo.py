"""The recipe: every step, on facts written by hand."""

from pathlib import Path

import pytest

from omnisource.catalog import Catalog
from omnisource.config import Recipe
from omnisource.errors import ConfigError, UnknownClassError, WorkspaceError
from omnisource.label.pseudo import Labelling
from omnisource.reviews import Reviews, Subject, Verdict
from omnisource.types import Format
from tests.workspaces import CLASSES, key, workspace_with

ALL = dict.fromkeys(Format, "teacher")

# number: what the teacher says; the query's class is 0 (boxing) unless said otherwise
IMAGES = [
    {"number": 1, "top": 0, "confidence": 0.9, "query": 0, "query_prob": 0.9},  # sure, agrees
    {"number": 2, "top": 1, "confidence": 0.8, "query": 0, "query_prob": 0.1},  # sure of another class
    {"number": 3, "top": 0, "confidence": 0.4, "query": 0, "query_prob": 0.4},  # unsure
    {"number": 4, "top": 2, "confidence": 0.6, "query": 0, "query_prob": 0.3},  # rather sure of another class
]


def labelled(folder: Path, recipe: Recipe, *, decisions=(), crop_threshold=None, **facts) -> dict[int, tuple]:
    """(class, confidence) of each example by its item's number."""
    workspace = workspace_with(folder, **facts)
    reviews = Reviews(workspace.reviews_path)
    for subject, verdict, class_index in decisions:
        reviews.decide(subject, verdict, class_index=class_index, made_in="test")
    labelling = Labelling(
        Catalog(workspace, threads=1), recipe, CLASSES, reviews.current(), duplicate_similarity=crop_threshold
    )
    rows = [row for batch in labelling.examples("web") for row in batch.to_pylist()]
    return {row["key"][0]: (row["class_index"], pytest.approx(row["confidence"])) for row in rows}


@pytest.mark.parametrize(
    ("recipe", "expected"),
    [
        ({}, {1: (0, 0.9), 2: (1, 0.8), 4: (2, 0.6)}),  # 0.5 by default
        ({"confidence": 0.7}, {1: (0, 0.9), 2: (1, 0.8)}),
        ({"confidence_by_source": {"web": 0.85}}, {1: (0, 0.9)}),
        ({"confidence_by_class": {"Kick": 0.7, "boxing": 0.3}}, {1: (0, 0.9), 2: (1, 0.8), 3: (0, 0.4)}),
        (
            {"confidence_by_source": {"web": 1.0}, "confidence_by_class": {"yoyo": 0.8}},
            {2: (1, 0.8)},
        ),  # class over source
        ({"label_source": "query", "confidence": 0.3}, {1: (0, 0.9), 3: (0, 0.4), 4: (0, 0.3)}),
        (
            {"label_source": "query", "confidence": 0.0},
            {1: (0, 0.9), 2: (0, 0.1), 3: (0, 0.4), 4: (0, 0.3)},
        ),  # unfiltered
        ({"label_source": "agreement"}, {1: (0, 0.9)}),
        ({"sources": ["other"]}, {}),
    ],
)
def test_examples__confidence_and_label_source(tmp_path: Path, recipe: dict, expected: dict):
    assert labelled(tmp_path / "w", Recipe(teachers=ALL, **recipe), scored=IMAGES) == expected


def test_examples__invalid_items_are_out_even_if_they_were_scored(tmp_path: Path):
    assert 1 not in labelled(tmp_path / "w", Recipe(teachers=ALL), scored=IMAGES, invalid=[1])


PAIR = {"target_path": "val/a.mp4", "similarity": 0.8, "time_s": 0.0, "target_time_s": 0.0}


@pytest.mark.parametrize(
    ("threshold", "decisions", "kept"),
    [
        (0.7, [], False),  # above the threshold
        (0.9, [], True),  # below it
        (0.7, [(Subject(key=key(1), target_path="val/a.mp4"), Verdict.NOT_DUPLICATE, None)], True),
        (0.7, [(Subject(key=key(1), target_path="val/b.mp4"), Verdict.NOT_DUPLICATE, None)], False),  # another pair
        (0.9, [(Subject(key=key(1), target_path="val/a.mp4"), Verdict.DUPLICATE, None)], False),
    ],
)
def test_examples__a_persons_word_on_a_pair_wins_over_its_similarity(tmp_path: Path, threshold, decisions, kept):
    similar = [{"number": 1, "pair": PAIR}]
    recipe = Recipe(teachers=ALL, duplicate_similarity=threshold)
    assert (1 in labelled(tmp_path / "w", recipe, decisions=decisions, scored=IMAGES, similar=similar)) == kept


def test_examples__the_measured_crop_threshold_serves_where_the_recipe_sets_none(tmp_path: Path):
    similar = [{"number": 1, "pair": PAIR}]
    assert 1 not in labelled(tmp_path / "a", Recipe(teachers=ALL), crop_threshold=0.7, scored=IMAGES, similar=similar)
    assert 1 in labelled(tmp_path / "b", Recipe(teachers=ALL), scored=IMAGES, similar=similar)


def test_examples__keep_drop_and_relabel(tmp_path: Path):
    decisions = [
        (Subject(key=key(1)), Verdict.DROP, None),
        (Subject(key=key(3)), Verdict.KEEP, None),  # too unsure without a person
        (Subject(key=key(4)), Verdict.RELABEL, 1),
    ]
    expected = {2: (1, 0.8), 3: (0, 0.4), 4: (1, 1.0)}  # a person's class has confidence 1
    assert labelled(tmp_path / "w", Recipe(teachers=ALL), decisions=decisions, scored=IMAGES) == expected


def test_examples__the_cap_keeps_the_most_confident(tmp_path: Path):
    scored = [{"number": n, "top": 0, "confidence": 0.5 + n / 10, "query": 0, "query_prob": 0.5} for n in (1, 2, 3)]
    assert set(labelled(tmp_path / "w", Recipe(teachers=ALL, max_per_class=2), scored=scored)) == {2, 3}


def untrimmed(number: int, start: float, top: int, confidence: float) -> dict:
    times = {"start": start, "end": start + 1}
    return (
        {"number": number, "top": top, "confidence": confidence, "query": 0, "query_prob": 0.1}
        | times
        | {"format": "untrimmed"}
    )


VIDEO = [untrimmed(1, 0, 0, 0.9), untrimmed(1, 1, 0, 0.7), untrimmed(1, 2, 1, 0.8), untrimmed(1, 3, 2, 0.2)]


def video_examples(folder: Path, recipe: Recipe, decisions=()) -> list[tuple]:
    """(class, confidence, starts of the positives, starts of the negatives) of each example."""
    workspace = workspace_with(folder, scored=VIDEO)
    reviews = Reviews(workspace.reviews_path)
    for subject, verdict, class_index in decisions:
        reviews.decide(subject, verdict, class_index=class_index, made_in="test")
    labelling = Labelling(Catalog(workspace, threads=1), recipe, CLASSES, reviews.current())
    return [
        (
            row["class_index"],
            pytest.approx(row["confidence"]),
            [span["start_s"] for span in row["segments"]],
            [span["start_s"] for span in row["negatives"]],
        )
        for batch in labelling.examples("web")
        for row in batch.to_pylist()
    ]


def test_examples__an_untrimmed_video_yields_one_example_per_class_with_its_segments(tmp_path: Path):
    # class 0: mean of 0.9 and 0.7; the last second is positive for no class, so it is negative for all
    assert video_examples(tmp_path / "w", Recipe(teachers=ALL)) == [
        (0, 0.8, [0, 1], [3]),
        (1, 0.8, [2], [3]),
    ]


def test_examples__agreement_keeps_only_the_querys_segments(tmp_path: Path):
    recipe = Recipe(teachers=ALL, label_source="agreement")
    assert video_examples(tmp_path / "w", recipe) == [(0, 0.8, [0, 1], [2, 3])]


def test_examples__a_word_about_a_segment_is_about_that_segment(tmp_path: Path):
    decisions = [
        (Subject(key=key(1), start_s=0.0, end_s=1.0), Verdict.DROP, None),
        (Subject(key=key(1), start_s=3.0, end_s=4.0), Verdict.RELABEL, 1),
    ]
    assert video_examples(tmp_path / "w", Recipe(teachers=ALL), decisions) == [
        (0, 0.7, [1], [0]),
        (1, 0.9, [2, 3], [0]),  # 0.8 and a person's 1
    ]


def test_examples__a_word_about_ten_seconds_is_not_about_the_first_of_them(tmp_path: Path):
    decisions = [
        (Subject(key=key(1), start_s=0.0, end_s=1.0), Verdict.KEEP, None),
        (Subject(key=key(1), start_s=0.0, end_s=10.0), Verdict.DROP, None),  # said of a 3D teacher's segment
    ]
    assert video_examples(tmp_path / "w", Recipe(teachers=ALL), decisions)[0] == (0, 0.8, [0, 1], [3])


def test_examples__a_word_about_a_whole_video_does_not_make_its_dull_seconds_positive(tmp_path: Path):
    decisions = [(Subject(key=key(1)), Verdict.RELABEL, 2)]
    assert video_examples(tmp_path / "w", Recipe(teachers=ALL), decisions) == [(2, 1.0, [0, 1, 2], [3])]


def test_examples__a_dropped_video_is_out(tmp_path: Path):
    decisions = [(Subject(key=key(1)), Verdict.DROP, None)]
    assert video_examples(tmp_path / "w", Recipe(teachers=ALL), decisions) == []


def test_funnel__counts_items_after_each_step(tmp_path: Path):
    scored = [*IMAGES, *({**row, "number": 9} for row in VIDEO)]
    workspace = workspace_with(tmp_path / "w", scored=scored, similar=[{"number": 2, "pair": PAIR}])
    Reviews(workspace.reviews_path).decide(Subject(key=key(3)), Verdict.KEEP, made_in="test")
    recipe = Recipe(teachers=ALL, duplicate_similarity=0.5, max_per_class=2)
    (funnel,) = Labelling(
        Catalog(workspace, threads=1), recipe, CLASSES, Reviews(workspace.reviews_path).current()
    ).funnel()
    assert funnel.valid == 5  # four images and a video
    assert funnel.not_duplicate == 4  # 2 is similar to a val clip
    assert funnel.confident == funnel.labelled == 3  # 1, 4, the video
    assert funnel.reviewed == 4  # a person kept 3
    assert funnel.examples == 4  # 1 and the video's class 0 (of three with class 0), its class 1, and 4


def test_labelling__errors_name_the_remedy(tmp_path: Path):
    workspace = workspace_with(tmp_path / "w", scored=IMAGES)
    catalog = Catalog(workspace, threads=1)
    with pytest.raises(ConfigError, match="names no teachers; for example"):
        Labelling(catalog, Recipe(), CLASSES, [])
    with pytest.raises(WorkspaceError, match="teacher 'x' has scored nothing yet; `omnisource score`"):
        Labelling(catalog, Recipe(teachers={"image": "x"}), CLASSES, [])
    with pytest.raises(UnknownClassError, match="'boxng'; did you mean 'boxing'"):
        Labelling(catalog, Recipe(teachers=ALL, confidence_by_class={"boxng": 0.5}), CLASSES, [])


def with_copies(folder: Path, recipe: dict, rows: list[tuple[int, int, float]], decisions=()) -> tuple[set[int], int]:
    """Numbers of the examples and of the items left out as near copies, on IMAGES of two sources."""
    scored = [row | {"source": "other" if row["number"] == 4 else "web"} for row in IMAGES]
    workspace = workspace_with(folder, scored=scored)
    with workspace.table("alike").writer(rows_per_part=9) as writer:
        writer.add([{"key": key(a), "kept_key": key(b), "similarity": s} for a, b, s in rows])
    reviews = Reviews(workspace.reviews_path)
    for number, verdict, class_index in decisions:
        reviews.decide(Subject(key=key(number)), verdict, class_index=class_index, made_in="test")
    settings = Recipe(**({"teachers": ALL, "web_copies": "leave_out", "confidence": 0.0} | recipe))
    labelling = Labelling(Catalog(workspace, threads=1), settings, CLASSES, reviews.current(), duplicate_similarity=0.7)
    rows = [row for name in ("web", "other") for batch in labelling.examples(name) for row in batch.to_pylist()]
    assert sum(step.examples for step in labelling.funnel()) == len(rows)
    return {row["key"][0] for row in rows}, labelling.num_web_copies()


CHAIN = [(2, 1, 0.8), (3, 2, 0.9), (3, 4, 0.6)]  # 3 is a copy of 2, which is one of 1


@pytest.mark.parametrize(
    ("recipe", "expected"),
    [
        ({}, {1, 4}),  # the measured 0.7
        ({"web_copies": "keep"}, {1, 2, 3, 4}),
        ({"web_copy_similarity": 0.85}, {1, 2, 4}),
        ({"web_copy_similarity": 0.95}, {1, 2, 3, 4}),
        ({"web_copy_similarity": 0.5, "sources": ["web"]}, {1}),  # 4 is another source's, but 3 is one of 2 too
        ({"confidence_by_class": {"yoyo": 0.9}}, {1, 3, 4}),  # 2 is not sure enough, so 3 is no copy of a used item
    ],
)
def test_examples__near_copies_of_used_items_are_left_out(tmp_path: Path, recipe: dict, expected: set[int]):
    used, num_left_out = with_copies(tmp_path / "w", recipe, CHAIN)
    assert used == expected
    by_other_steps = ({4} if "sources" in recipe else set()) | ({2} if "confidence_by_class" in recipe else set())
    assert num_left_out == len({1, 2, 3, 4} - by_other_steps - expected)


@pytest.mark.parametrize(
    ("decision", "expected"),
    [
        ((2, Verdict.KEEP, None), {1, 2, 4}),
        ((2, Verdict.RELABEL, 2), {1, 2, 4}),
        ((2, Verdict.DROP, None), {1, 3, 4}),  # nothing used is like 3
        ((1, Verdict.DROP, None), {2, 4}),
    ],
)
def test_examples__a_persons_word_wins_over_near_copies(tmp_path: Path, decision: tuple, expected: set[int]):
    assert with_copies(tmp_path / "w", {}, CHAIN, [decision])[0] == expected


def test_examples__a_long_video_is_left_out_whole(tmp_path: Path):
    scored = [*VIDEO, *(row | {"number": 2} for row in VIDEO)]
    workspace = workspace_with(tmp_path / "w", scored=scored)
    with workspace.table("alike").writer(rows_per_part=9) as writer:
        writer.add([{"key": key(2), "kept_key": key(1), "similarity": 0.9}])
    recipe = Recipe(teachers=ALL, web_copies="leave_out", web_copy_similarity=0.8)
    labelling = Labelling(Catalog(workspace, threads=1), recipe, CLASSES, [])
    assert {row["key"] for batch in labelling.examples("web") for row in batch.to_pylist()} == {key(1)}
    assert labelling.num_web_copies() == 1


def labelling_of_copies(folder: Path, *, is_measured: bool, threshold: float | None) -> Labelling:
    workspace = workspace_with(folder, scored=IMAGES)
    if is_measured:  # and nothing was alike
        with workspace.table("alike").writer(rows_per_part=9):
            pass
    recipe = Recipe(teachers=ALL, web_copies="leave_out")
    return Labelling(Catalog(workspace, threads=1), recipe, CLASSES, [], duplicate_similarity=threshold)


@pytest.mark.parametrize(("is_measured", "threshold"), [(False, 0.7), (True, None)])
def test_labelling__near_copies_that_nobody_measured(tmp_path: Path, is_measured: bool, threshold: float | None):
    with pytest.raises(WorkspaceError, match=r"leaves out near copies within the web data.*--within-web` does"):
        labelling_of_copies(tmp_path / "w", is_measured=is_measured, threshold=threshold)


def test_labelling__no_near_copies_were_found(tmp_path: Path):
    assert labelling_of_copies(tmp_path / "w", is_measured=True, threshold=0.7).num_web_copies() == 0
