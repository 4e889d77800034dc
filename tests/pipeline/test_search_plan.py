"""What is left to ask, from the accepted queries and the cells that were asked."""

from datetime import date
from pathlib import Path

import pytest

from omnisource import config
from omnisource.collect.cells import CellResult
from omnisource.collect.search import Cell
from omnisource.pipeline import queries
from omnisource.pipeline.search_plan import asked_cells, num_unasked, walk_of
from omnisource.workspace import Workspace
from tests.web_tables import searching

TODAY = date(2020, 1, 1)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = searching(tmp_path / "w")
    queries.accept(made, queries.propose_queries(made).number)
    return made


def ask(workspace: Workspace, query: str, outcome: str = "complete", returned: int = 1) -> None:
    row = {"source": "web", "class_index": ("kick", "yoyo").index(query), "query": query, "new": 1, "requests": 1}
    with workspace.table("cells").writer(rows_per_part=10) as writer:
        writer.add([row | {"outcome": outcome, "returned": returned, "detail": ""}])


def test_num_unasked__one_cell_for_each_class_until_it_is_asked(workspace: Workspace):
    assert num_unasked(workspace, TODAY) == 2
    ask(workspace, "kick")
    assert num_unasked(workspace, TODAY) == 1
    ask(workspace, "yoyo", "failed")  # tried, though in vain: `collect` tries it again, but nothing is unasked
    assert num_unasked(workspace, TODAY) == 0


def test_num_unasked__none_before_queries_are_accepted(tmp_path: Path):
    assert num_unasked(searching(tmp_path / "w"), TODAY) == 0


def test_num_unasked__none_without_a_searched_source(tmp_path: Path):
    assert num_unasked(Workspace.create(tmp_path / "w", config.Study()), TODAY) == 0


def test_num_unasked__none_where_the_budget_is_spent(workspace: Workspace):
    source = workspace.study().sources[0]
    search = source.search.model_copy(update={"max_requests": 1})
    changed = workspace.study().model_copy(update={"sources": (source.model_copy(update={"search": search}),)})
    config.save_study(changed, workspace.study_path)
    ask(workspace, "kick")
    assert num_unasked(workspace, TODAY) == 0


def test_asked_cells__in_the_order_in_which_they_were_asked(workspace: Workspace):
    ask(workspace, "yoyo")
    ask(workspace, "kick")
    assert [one.cell.query for one in asked_cells(workspace, "web")] == ["yoyo", "kick"]
    assert asked_cells(workspace, "other") == []


def test_walk_of__what_lies_on_disk_has_no_cap():
    search = {"engine": "urls", "path": "list.csv"}
    listed = config.parse(config.SourceConfig, {"name": "l", "format": "image", "search": search}, where="test")
    cell = Cell(source="l", class_index=0, query="kick")
    walk = walk_of(listed, {"query": [(0, "kick")], "tag": []}, [], TODAY)
    turn = walk.next()
    assert turn.cell == cell
    assert turn.max_results > 10**9
    done = CellResult(cell=cell, returned=5000, new=5000, requests=0, outcome="complete")
    assert walk_of(listed, {"query": [(0, "kick")], "tag": []}, [done], TODAY).next() is None
