"""The funnel of the sources, the yield of their queries, and what a workspace is about."""

from pathlib import Path

import pytest

from omnisource import config
from omnisource.catalog import Catalog
from omnisource.pipeline import overview, recipes
from omnisource.pipeline.overview import Reached
from omnisource.reviews import Reviews, Subject, Verdict
from omnisource.types import Format
from omnisource.workspace import Workspace
from tests.workspaces import change, key, workspace_with

TEACHERS = "{image: teacher, trimmed: teacher, untrimmed: teacher}"


@pytest.fixture
def judged(tmp_path: Path) -> Workspace:
    """Five pictures of which two are sure and one of these a known copy, one that is broken, and a long video."""
    scored = [
        {"number": 1, "top": 0, "confidence": 0.9, "query": 0, "query_prob": 0.9},
        {"number": 2, "top": 0, "confidence": 0.8, "query": 0, "query_prob": 0.8},
        {"number": 3, "top": 1, "confidence": 0.2, "query": 1, "query_prob": 0.2},
        {"number": 4, "top": 2, "confidence": 0.3, "query": 1, "query_prob": 0.1},
        *(
            {"number": 5, "start": float(at), "end": at + 1.0, "top": at, "confidence": 0.7}
            | {"query": 0, "query_prob": 0.5, "source": "tube", "format": "untrimmed"}
            for at in (0, 1)
        ),
    ]
    workspace = workspace_with(tmp_path / "w", scored=scored, invalid=[6])
    folders = [
        {"name": "web", "format": "image", "path": "web"},
        {"name": "tube", "format": "untrimmed", "path": "/no"},
    ]
    change(workspace, f"sources={folders}", f"recipes={{strict: {{confidence: 0.5, teachers: {TEACHERS}}}}}")
    (workspace.root / "web").mkdir()
    subject = Subject(key=key(2), target_path="/target/a.mp4")
    Reviews(workspace.reviews_path).decide(subject, Verdict.DUPLICATE, made_in="test", author="me")
    recipes.label(workspace, "strict")
    return workspace


def yields(workspace: Workspace, recipe: str | None) -> dict[str, overview.SourceYield]:
    return {one.source: one for one in overview.yields(workspace, Catalog(workspace), recipe)}


def test_yields__every_step_of_every_source(judged: Workspace):
    found = yields(judged, "strict")
    assert list(found["web"].counts.values()) == [5, 4, 4, 3, 1, 1]
    # the video is two examples, since two classes were found in it, but one item
    assert list(found["tube"].counts.values()) == [1, 1, 1, 1, 1, 1]
    assert (found["web"].teacher, found["web"].format) == ("teacher", Format.IMAGE)
    assert (found["web"].is_there, found["tube"].is_there) == (True, False)
    assert found["web"].folder == judged.root / "web"


def test_yields__without_a_recipe_says_what_is_known(judged: Workspace):
    web = yields(judged, None)["web"]
    assert web.steps == [(Reached.FOUND, 5), (Reached.VALID, 4)]
    assert web.teacher is None


def test_yields__before_anything_was_checked(tmp_path: Path):
    workspace = Workspace.create(tmp_path / "w", config.Study())
    assert yields(workspace, None) == {}
    change(workspace, "sources=[{name: web, format: image, path: web}]")
    web = yields(workspace, None)["web"]
    assert (web.steps, web.is_there) == ([(Reached.FOUND, 0)], False)


def test_yields__counts_a_source_that_is_checked_by_half(judged: Workspace):
    with judged.table("items").writer(rows_per_part=9) as writer:
        writer.add([{"key": key(7), "path": "/web/7", "source": "web", "format": "image"}])
    assert yields(judged, None)["web"].steps == [(Reached.FOUND, 6), (Reached.VALID, 4)]


def test_yields__a_source_that_the_study_no_longer_names(judged: Workspace):
    change(judged, "sources=[]")
    web = yields(judged, "strict")["web"]
    assert (web.folder, web.is_there, web.format) == (None, False, Format.IMAGE)


def test_shown_steps__scoring_only_where_something_was_not_scored(judged: Workspace):
    known = [Reached.FOUND, Reached.VALID, Reached.NOT_DUPLICATE, Reached.CONFIDENT, Reached.KEPT]
    assert overview.shown_steps(list(yields(judged, "strict").values())) == known
    with judged.table("items").writer(rows_per_part=9) as writer:
        writer.add([{"key": key(7), "path": "/web/7", "source": "web", "format": "image"}])
    with judged.table("validity").writer(rows_per_part=9) as writer:
        writer.add([{"key": key(7), "ok": True}])
    assert overview.shown_steps(list(yields(judged, "strict").values())) == list(Reached)


def test_total__and_what_is_lost_at_each_step(judged: Workspace):
    sources = list(yields(judged, "strict").values())
    counts = overview.total(sources)
    assert list(counts.values()) == [6, 5, 4, 2, 2]
    assert list(overview.losses(counts, list(counts)).values()) == [0, 1, 1, 2, 0]


def test_losses__a_step_that_is_not_known_is_passed_over():
    steps = [Reached.FOUND, Reached.VALID, Reached.KEPT]
    counts = {Reached.FOUND: 9, Reached.VALID: None, Reached.KEPT: 4}
    assert overview.losses(counts, steps) == {Reached.FOUND: 0, Reached.VALID: 0, Reached.KEPT: 5}


def test_only_teacher__of_several_or_none(judged: Workspace):
    sources = list(yields(judged, "strict").values())
    assert overview.only_teacher(sources) == "teacher"
    assert overview.only_teacher([*sources, *yields(judged, None).values()]) is None
    assert overview.only_teacher([]) is None


def test_class_yields__the_least_first(judged: Workspace):
    found = overview.class_yields(judged, Catalog(judged), "web", "strict")
    rows = [(one.class_index, one.found, one.valid, one.kept, one.kept_share) for one in found]
    # of class 1 nothing is kept; item 6 was searched for nothing that is known, and is broken
    assert rows == [(None, 1, 0, 0, 0.0), (1, 2, 2, 0, 0.0), (0, 2, 2, 1, 0.5)]


def test_class_yields__before_the_recipe_was_applied(judged: Workspace):
    found = overview.class_yields(judged, Catalog(judged), "web", None)
    assert {one.kept for one in found} == {None}
    assert found[0].kept_share is None


def test_project__what_it_is_about(judged: Workspace):
    with judged.table("target").writer(rows_per_part=9) as writer:
        row = {"path": "/t/1.mp4", "class_index": 0, "format": "trimmed"}
        writer.add([row | {"split": "train"}, row | {"split": "train"}, row | {"split": "val"}])
    told = overview.project(judged, Catalog(judged))
    assert (told.num_classes, told.num_clips, told.num_decisions) == (3, {"train": 2, "val": 1}, 1)
    assert (told.student, told.student_kind) == ("tsn", "tsn, resnet50")


def test_project__of_a_workspace_with_nothing(tmp_path: Path):
    workspace = Workspace.create(tmp_path / "w", config.Study())
    told = overview.project(workspace, Catalog(workspace))
    assert (told.num_classes, told.num_clips, told.num_decisions) == (0, {}, 0)
    assert not workspace.reviews_path.exists()
