"""The story of an item: everything that the tables and the reviews say of it, and nothing of others."""

from pathlib import Path

import pytest

from omnisource.catalog import Catalog
from omnisource.errors import ItemError
from omnisource.item_story import ScoredSegment, best_segment, tell
from omnisource.report import Report
from omnisource.reviews import Reviews, Subject, Verdict
from omnisource.types import Format
from omnisource.workspace import Workspace
from tests.workspaces import key, workspace_with

PAIRS = [
    {"number": 1, "pair": {"time_s": 0.0, "target_path": "/t/a", "target_time_s": 2.0, "similarity": 0.7}},
    {"number": 1, "pair": {"time_s": 1.0, "target_path": "/t/a", "target_time_s": 3.0, "similarity": 0.9}},
    {"number": 1, "pair": {"time_s": 0.0, "target_path": "/t/b", "target_time_s": 0.0, "similarity": 0.8}},
    {"number": 2, "pair": {"time_s": 0.0, "target_path": "/t/c", "target_time_s": 0.0, "similarity": 1.0}},
]
SCORED = [
    {
        "number": 1,
        "start": 1.0,
        "end": 2.0,
        "top": 1,
        "confidence": 0.7,
        "query": 1,
        "query_prob": 0.7,
        "format": "untrimmed",
    },
    {
        "number": 1,
        "start": 0.0,
        "end": 1.0,
        "top": 0,
        "confidence": 0.6,
        "query": 1,
        "query_prob": 0.1,
        "format": "untrimmed",
    },
    {"number": 2, "top": 0, "confidence": 0.5, "query": 0},
]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return workspace_with(tmp_path, scored=SCORED, invalid=[20], similar=PAIRS)


def test_tell__nothing_of_a_key_that_no_item_has(workspace: Workspace):
    assert tell(Catalog(workspace), key(99)) is None


def test_tell__segments_in_their_order_by_teacher(workspace: Workspace):
    story = tell(Catalog(workspace), key(1))
    assert (story.item.path, story.item.format, story.item.class_index) == (Path("/web/1"), Format.UNTRIMMED, 1)
    assert [(s.start_s, s.classes, round(s.probs[0], 1)) for s in story.segments["teacher"]] == [
        (0.0, (0,), 0.6),
        (1.0, (1,), 0.7),
    ]
    assert best_segment(story.segments["teacher"]).start_s == 1.0


def test_tell__the_best_pair_of_each_similar_clip(workspace: Workspace):
    similar = tell(Catalog(workspace), key(1)).similar
    assert [(pair.path, pair.target_time_s, round(pair.similarity, 1)) for pair in similar] == [
        ("/t/a", 3.0, 0.9),
        ("/t/b", 0.0, 0.8),
    ]


def test_tell__what_stages_dropped_it_for_and_its_copies(workspace: Workspace):
    report = Report("add", progress=False)
    report.drop(Path("/web/copy"), None, ItemError("repeat", "the same content as /web/20"))
    report.drop(Path("/web/other"), None, ItemError("repeat", "the same content as /web/2"))
    with workspace.table("items").writer(rows_per_part=10) as writer:
        writer.add([], report.take_dropped())
    story = tell(Catalog(workspace), key(20))
    assert (story.measured.ok, story.measured.reason) == (False, "bad")
    assert [(drop.path, drop.reason) for drop in story.drops] == [(Path("/web/copy"), "repeat")]


def test_tell__a_file_that_is_gone_has_no_size(workspace: Workspace, tmp_path: Path):
    assert tell(Catalog(workspace), key(2)).num_bytes is None
    (tmp_path / "here.jpg").write_bytes(b"12345")
    with workspace.table("items").writer(rows_per_part=9) as writer:
        writer.add([{"key": key(9), "path": str(tmp_path / "here.jpg"), "source": "web", "format": "image"}])
    story = tell(Catalog(workspace), key(9))
    assert (story.num_bytes, story.measured, story.segments["teacher"]) == (5, None, ())


def test_tell__decisions_with_what_became_of_them(workspace: Workspace):
    reviews = Reviews(workspace.reviews_path)
    first = reviews.decide(Subject(key=key(1)), Verdict.DROP, made_in="app", author="ann")
    reviews.undo(first, made_in="app", author="bob")
    reviews.decide(Subject(key=key(1)), Verdict.RELABEL, class_index=2, made_in="app", author="ann")
    reviews.decide(Subject(key=key(2)), Verdict.DROP, made_in="app", author="ann")  # about another item
    told = tell(Catalog(workspace), key(1)).decisions
    assert [(d.review.verdict, d.is_in_force, d.undone_by) for d in told] == [
        ("drop", False, "bob"),
        ("relabel", True, None),
    ]


def test_best_segment__none_of_none():
    assert best_segment(()) is None


def test_best_segment__the_first_of_equals():
    rows = [ScoredSegment(start_s=s, end_s=s + 1, classes=(0,), probs=(0.5,), query_prob=None) for s in (0.0, 1.0)]
    assert best_segment(rows).start_s == 0.0
