"""Which rows a recipe decides on."""

from pathlib import Path

import pytest

from omnisource.catalog import Catalog
from omnisource.config import Recipe
from omnisource.errors import WorkspaceError
from omnisource.label.recipe_facts import facts_sql, of_sources
from omnisource.types import Format
from omnisource.workspace import Workspace
from tests.workspaces import workspace_with


def item(number: int, item_format: str, source: str) -> dict:
    return {"number": number, "top": 0, "confidence": 0.5, "format": item_format, "source": source}


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = workspace_with(
        tmp_path / "w", scored=[item(1, "image", "a"), item(2, "image", "b"), item(3, "trimmed", "a")]
    )
    with made.table("scores/other").writer(rows_per_part=9) as writer:
        scores = made.table("scores/teacher").read().to_pylist()
        writer.add([row | {"confidence": 0.9} for row in scores])
    return made


def found(workspace: Workspace, sql: str) -> list[tuple[int, float]]:
    rows = Catalog(workspace).table(f"SELECT key, confidence FROM ({sql}) ORDER BY key").to_pylist()
    return [(row["key"][0], round(row["confidence"], 1)) for row in rows]


@pytest.mark.parametrize(
    ("teachers", "formats", "rows"),
    [
        ({"image": "teacher", "trimmed": "other"}, tuple(Format), [(1, 0.5), (2, 0.5), (3, 0.9)]),
        ({"image": "other"}, tuple(Format), [(1, 0.9), (2, 0.9)]),  # nobody speaks of clips
        ({"image": "other", "trimmed": "other"}, (Format.TRIMMED,), [(3, 0.9)]),
        ({}, tuple(Format), []),
    ],
)
def test_facts_sql__each_format_from_its_own_teacher(workspace: Workspace, teachers, formats, rows):
    assert found(workspace, facts_sql(workspace, Recipe(teachers=teachers), formats)) == rows


def test_facts_sql__without_lists(workspace: Workspace):
    with pytest.raises(WorkspaceError, match="knows no released list, which label_source=listed needs"):
        facts_sql(workspace, Recipe(label_source="listed"))


@pytest.mark.parametrize(("sources", "rows"), [(None, [1, 2, 3]), (("a",), [1, 3]), (("a", "b"), [1, 2, 3]), ((), [])])
def test_of_sources__the_ones_that_a_recipe_uses(workspace: Workspace, sources: tuple[str, ...] | None, rows):
    facts = facts_sql(workspace, Recipe(teachers=dict.fromkeys(Format, "teacher")))
    condition = of_sources(Recipe(sources=sources))
    assert [number for number, _ in found(workspace, f"SELECT * FROM ({facts}) WHERE {condition}")] == rows
