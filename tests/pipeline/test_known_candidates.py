"""Which addresses are new to a search, and which rows of a cell are written already."""

from pathlib import Path

import pytest

from omnisource.collect.search import Cell
from omnisource.pipeline.known_candidates import KnownCandidates
from omnisource.workspace import Workspace
from tests.web_tables import find, searching

CELL = Cell(source="web", class_index=0, query="kick")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return searching(tmp_path / "w")


def end(workspace: Workspace, *, query: str = "kick", outcome: str = "complete") -> None:
    row = {"source": "web", "class_index": 0, "returned": 1, "new": 1, "requests": 1, "detail": ""}
    with workspace.table("cells").writer(rows_per_part=10) as writer:
        writer.add([row | {"query": query, "outcome": outcome}])


def test_new__everything_at_first(workspace: Workspace):
    assert KnownCandidates(workspace).new(["http://a/1", "http://a/2"]) == {"http://a/1", "http://a/2"}


def test_new__not_what_a_finished_cell_found(workspace: Workspace):
    find(workspace, "http://a/1")
    end(workspace)
    known = KnownCandidates(workspace)
    assert known.new(["http://a/1", "http://a/2"]) == {"http://a/2"}
    assert known.written(CELL) == set()


def test_new__what_a_killed_cell_left_is_new_once_more_and_written(workspace: Workspace):
    find(workspace, "http://a/1")
    end(workspace, query="other")
    known = KnownCandidates(workspace)
    assert known.new(["http://a/1"]) == {"http://a/1"}
    assert known.written(CELL) == {"http://a/1"}


@pytest.mark.parametrize("outcome", ["failed", "cut"])
def test_new__what_a_cell_found_before_it_failed_is_counted_and_written(workspace: Workspace, outcome: str):
    find(workspace, "http://a/1")
    end(workspace, outcome=outcome)
    known = KnownCandidates(workspace)
    assert known.new(["http://a/1"]) == set()
    assert known.written(CELL) == {"http://a/1"}


def test_add__is_known_from_then_on(workspace: Workspace):
    known = KnownCandidates(workspace)
    known.add(["http://a/1"])
    assert known.new(["http://a/1", "http://a/2"]) == {"http://a/2"}
