"""The SQL of a wall names no table that the filters do not speak of: that is what makes it fast."""

from pathlib import Path

import pytest

from omnisource.browsing_sql import compose, dropped_tables, is_about_item, kept_keys
from omnisource.config import Recipe
from omnisource.filters import Filters, Order, Sort, Stage
from omnisource.reviews import Reviews, Subject, Verdict
from omnisource.workspace import Workspace
from tests.workspaces import apply_recipe, key, workspace_with

SCORED = [{"number": n, "top": 0, "confidence": 0.5, "query": 0, "query_prob": 0.5} for n in (1, 2)]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return workspace_with(tmp_path, scored=SCORED, invalid=[20])


@pytest.mark.parametrize(
    ("filters", "tables"),
    [
        (Filters(), {"items"}),
        (Filters(stage=Stage.VALID), {"items", "validity"}),
        (Filters(stage=Stage.SCORED, teacher="teacher", query_class=1, sources=("web",)), {"scores"}),
        (Filters(teacher="teacher", agrees=True), {"scores"}),
    ],
)
def test_compose__reads_only_what_is_asked(workspace: Workspace, filters: Filters, tables: set[str]):
    sql = compose(workspace, filters, Order(), [], has_untrimmed=False).sql
    assert {name for name in ("items", "validity", "scores", "similar") if f"/tables/{name}/" in sql} == tables


def test_compose__looks_for_the_few_that_failed_once_all_are_checked(workspace: Workspace):
    valid = Filters(stage=Stage.VALID)
    assert "NOT v.ok" in compose(workspace, valid, Order(), [], has_untrimmed=False).sql
    with workspace.table("items").writer(rows_per_part=9) as writer:
        writer.add([{"key": key(9), "path": "/web/9", "source": "web", "format": "image"}])  # not checked yet
    assert "NOT v.ok" not in compose(workspace, valid, Order(), [], has_untrimmed=False).sql


def test_compose__groups_only_where_there_are_long_videos(workspace: Workspace):
    scored = Filters(stage=Stage.SCORED, teacher="teacher")
    order = Order(sort=Sort.CONFIDENT)
    assert "GROUP BY" not in compose(workspace, scored, order, [], has_untrimmed=False).sql
    assert "GROUP BY key" in compose(workspace, scored, order, [], has_untrimmed=True).sql


def test_compose__values_are_parameters_and_never_sql(workspace: Workspace):
    hostile = "x'; DROP TABLE items; --"
    question = compose(workspace, Filters(sources=(hostile,), reason=hostile), Order(), [], has_untrimmed=False)
    assert hostile not in question.sql
    assert question.parameters["sources"] == [hostile]


def test_dropped_tables__are_those_of_web_items(workspace: Workspace):
    for name in ("target", "items", "scores/teacher"):
        with workspace.table(name).writer(rows_per_part=9) as writer:
            writer.add([{"key": key(3)}] if name != "target" else [{"path": "/t"}])
    assert dropped_tables(workspace) == ["items", "scores/teacher", "validity"]


def test_kept_keys__of_every_source(workspace: Workspace):
    apply_recipe(workspace, "default", Recipe(), kept=[2, 1])
    assert kept_keys(workspace, "default")["key"].to_pylist() == [key(2), key(1)]


def test_is_about_item__not_a_segment_or_a_pair(tmp_path: Path):
    reviews = Reviews(tmp_path / "reviews.sqlite")
    reviews.decide(Subject(key=key(1)), Verdict.KEEP, made_in="app")
    reviews.decide(Subject(key=key(1), start_s=0.0, end_s=1.0), Verdict.KEEP, made_in="app")
    reviews.decide(Subject(key=key(1), target_path="/t"), Verdict.DUPLICATE, made_in="app")
    reviews.decide(Subject(key=key(1)), Verdict.RELEVANT, made_in="app")
    assert [is_about_item(review) for review in reviews.current()] == [True, False, False, False]
