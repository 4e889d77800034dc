"""What each cell of a search gave, counted by hand from `tests/search_tables.py`."""

from dataclasses import replace
from pathlib import Path

import pytest

from omnisource import config
from omnisource.pipeline.yields import CellYield, by_query, by_top_window, cell_yields, top_windows
from omnisource.workspace import Workspace
from tests.search_tables import catalog_of, searched_workspace
from tests.workspaces import change


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return searched_workspace(tmp_path / "w")


def counts(one: CellYield) -> tuple[int | None, ...]:
    return (one.returned, one.new, one.fetched, one.valid, one.confident, one.kept)


def test_cell_yields__every_step_of_every_cell(workspace: Workspace):
    found = cell_yields(workspace, catalog_of(workspace), "strict")
    assert [(one.query, one.published_after, one.outcome, one.requests) for one in found] == [
        ("boxing", "2018-01-01", "complete", 1),
        ("boxing", "2019-01-01", "capped", 3),  # both times it was asked
        ("yo yo", "2018-01-01", "complete", 1),
        ("yo yo", "2019-01-01", "complete", 1),
    ]
    assert [counts(one) for one in found] == [
        (2, 1, 1, 1, 0, 0),  # item 3; item 1 counts where it was found first
        (4, 4, 3, 2, 2, 1),  # items 1, 2 and the broken one
        (0, 0, 0, 0, 0, 0),
        (2, 2, 1, 1, 0, 0),  # two addresses of one content
    ]


def test_cell_yields__of_one_source(workspace: Workspace):
    assert cell_yields(workspace, catalog_of(workspace), "strict", source_name="clips") == []
    assert len(cell_yields(workspace, catalog_of(workspace), "strict", source_name="pictures")) == 4


def test_cell_yields__what_is_not_known_yet_is_none(workspace: Workspace):
    first = cell_yields(workspace, catalog_of(workspace), None)[0]
    assert (first.confident, first.kept, first.kept_share) == (None, None, None)
    change(workspace, "recipes.own={confidence: 0.1, teachers: {image: teacher}}")
    assert counts(cell_yields(workspace, catalog_of(workspace), "own")[0]) == (2, 1, 1, 1, 1, None)
    change(workspace, "recipes.lists={label_source: listed}")
    assert counts(cell_yields(workspace, catalog_of(workspace), "lists")[0]) == (2, 1, 1, 1, None, None)


def test_cell_yields__before_any_search(tmp_path: Path):
    workspace = Workspace.create(tmp_path / "w", config.Study())
    assert cell_yields(workspace, catalog_of(workspace), "default") == []


def test_cell_yields__agreement_asks_for_the_query_too(workspace: Workspace):
    # item 4 is boxing to the teacher and was searched as boxing in its row, so agreement keeps what teacher keeps
    change(workspace, "recipes.both={confidence: 0.1, label_source: agreement, teachers: {image: teacher}}")
    assert [one.confident for one in cell_yields(workspace, catalog_of(workspace), "both")] == [1, 2, 0, 1]


def test_by_query__adds_windows(workspace: Workspace):
    found = by_query(cell_yields(workspace, catalog_of(workspace), "strict"))
    assert [(one.query, counts(one)) for one in found] == [
        ("boxing", (6, 5, 4, 3, 2, 1)),
        ("yo yo", (2, 2, 1, 1, 0, 0)),
    ]
    assert found[0].kept_share == pytest.approx(0.2)


def half_of(one: CellYield) -> CellYield:
    return replace(one, published_before="2018-07-02", returned=2, new=1)


def test_top_windows__leaves_out_halves(workspace: Workspace):
    found = cell_yields(workspace, catalog_of(workspace), None)
    assert top_windows([*found, half_of(found[0])]) == [("2018-01-01", "2019-01-01"), ("2019-01-01", "2020-01-01")]


def test_by_top_window__adds_halves_to_their_window(workspace: Workspace):
    found = cell_yields(workspace, catalog_of(workspace), "strict")
    added = by_top_window([*found, half_of(found[0])])
    assert [(one.query, one.published_after, one.returned, one.new) for one in added] == [
        *[("boxing", "2018-01-01", 2, 2), ("boxing", "2019-01-01", 4, 4)],  # 1 and 1 new, 2 returned
        *[("yo yo", "2018-01-01", 0, 0), ("yo yo", "2019-01-01", 2, 2)],
    ]


def test_by_top_window__without_windows(workspace: Workspace):
    found = cell_yields(workspace, catalog_of(workspace), "strict")
    undated = [replace(one, published_after=None, published_before=None) for one in found[:2]]
    assert [(one.query, one.new) for one in by_top_window(undated)] == [("boxing", 5)]
