"""The counts are DuckDB's at every edge, and are kept, added to and made anew as the table is."""

import os
from pathlib import Path

import numpy as np
import pytest

from omnisource.catalog import Catalog, source
from omnisource.config import Recipe
from omnisource.label.confidence_cube import NUM_EDGES, STEPS, count_segments, cube_of
from omnisource.label.thresholds import counts_of
from omnisource.recipe_sql import judged_columns, least_confidence
from omnisource.types import Format
from omnisource.workspace import Workspace
from tests.workspaces import CLASSES, key, workspace_with

EDGES = np.arange(NUM_EDGES) / STEPS


def row(number: int, confidence: float, **more: object) -> dict:
    return {"number": number, "top": 0, "confidence": confidence, "query": 0, "query_prob": confidence} | more


def on_and_beside_edges() -> list[dict]:
    """Probabilities that lie exactly on an edge as 32 bits hold it, and the nearest below and above."""
    exact = [np.float32(edge) for edge in EDGES[::7]]
    values = [*exact, *(np.nextafter(value, np.float32(side)) for value in exact for side in (0, 1))]
    return [
        row(i % 5, float(value), top=i % 3, query=i % 2, query_prob=float(values[-i - 1]), source=f"s{i % 2}")
        for i, value in enumerate(values)
    ]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return workspace_with(tmp_path / "w", scored=on_and_beside_edges())


@pytest.mark.parametrize("label_source", ["teacher", "query", "agreement"])
def test_cube_of__counts_are_duckdbs_at_every_edge(workspace: Workspace, label_source: str):
    catalog = Catalog(workspace, threads=1)
    table = workspace.table("scores/teacher")
    counts = counts_of({Format.IMAGE: cube_of(catalog, table, 3)}, label_source)
    tested, prob = judged_columns(Recipe(label_source=label_source))
    agrees = "top_class = query_class" if label_source == "agreement" else "true"
    recipes = [Recipe(label_source=label_source, confidence=confidence) for confidence in EDGES]
    lines = [least_confidence(one, CLASSES, class_column=tested, source_column="source") for one in recipes]
    edges = ", ".join(f"({edge}, {line})" for edge, line in enumerate(lines))  # each compared as a recipe compares it
    rows = catalog.table(
        f"SELECT edge, source, {tested} AS c, count(*) AS n FROM {source(table)}"
        f" JOIN (VALUES {edges}) lines (edge, least) ON {prob} >= least WHERE {agrees} GROUP BY ALL"
    ).to_pylist()
    expected = np.zeros((2, 3, NUM_EDGES), int)
    for one in rows:
        expected[counts.sources.index(one["source"]), one["c"], one["edge"]] = one["n"]
    np.testing.assert_array_equal(counts.at_least, expected)


def test_cube_of__an_item_without_a_query_is_counted_by_its_top_class_only(tmp_path: Path):
    workspace = workspace_with(tmp_path / "w", scored=[row(1, 0.5, query=None, query_prob=None)])
    cube = cube_of(Catalog(workspace, threads=1), workspace.table("scores/teacher"), 3)
    assert (cube.num_segments, cube.by_query.sum(), cube.by_top[:, :, 1].sum()) == (1, 0, 0)


def add(workspace: Workspace, *rows: dict) -> None:
    """One more part."""
    columns = {"top_classes": [0], "top_probs": [1.0], "start_s": 0.0, "end_s": 1.0}
    with workspace.table("scores/teacher").writer(rows_per_part=100) as writer:
        writer.add(
            [
                columns
                | {"key": key(one["number"]), "query_class": one["query"], "top_class": one["top"]}
                | {name: one[name] for name in ("confidence", "query_prob")}
                | {"source": one.get("source", "web"), "format": one.get("format", "image")}
                for one in rows
            ]
        )


def test_cube_of__only_new_parts_are_read(workspace: Workspace, monkeypatch: pytest.MonkeyPatch):
    catalog, table = Catalog(workspace, threads=1), workspace.table("scores/teacher")
    before = cube_of(catalog, table, 3)
    add(workspace, row(201, 0.25, source="new", format="untrimmed"), row(202, 0.75, source="s0"))
    read: list[str] = []
    asked = catalog.rows
    monkeypatch.setattr(catalog, "rows", lambda sql, *more, **others: read.append(sql) or asked(sql, *more, **others))
    after = cube_of(catalog, table, 3)
    assert read
    assert not any("part-000000" in sql for sql in read)
    assert after.num_segments == before.num_segments + 2
    assert list(zip(after.sources, after.formats)) == [("new", "untrimmed"), ("s0", "image"), ("s1", "image")]
    assert after.by_top[0, 0, 1, 250] == 1
    np.testing.assert_array_equal(after.by_top[2], before.by_top[1])


def test_cube_of__what_was_counted_is_not_read_again(workspace: Workspace, monkeypatch: pytest.MonkeyPatch):
    catalog, table = Catalog(workspace, threads=1), workspace.table("scores/teacher")
    before = cube_of(catalog, table, 3)
    monkeypatch.setattr(catalog, "rows", lambda *_, **__: pytest.fail("the table was read"))
    after = cube_of(catalog, table, 3)
    np.testing.assert_array_equal(after.by_top, before.by_top)
    assert after.parts == before.parts


def test_cube_of__a_table_that_was_made_anew_is_counted_anew(workspace: Workspace):
    catalog, table = Catalog(workspace, threads=1), workspace.table("scores/teacher")
    cube_of(catalog, table, 3)
    table.clear()
    assert cube_of(catalog, table, 3).num_segments == 0
    add(workspace, row(1, 0.5))
    assert cube_of(catalog, table, 3).num_segments == 1


@pytest.mark.parametrize("broken", [b"", b"no numpy file", b"PK\x03\x04 cut"])
def test_cube_of__a_broken_file_is_made_anew(workspace: Workspace, broken: bytes):
    catalog, table = Catalog(workspace, threads=1), workspace.table("scores/teacher")
    before = cube_of(catalog, table, 3)
    (table.folder / "confidence_cube.npz").write_bytes(broken)
    np.testing.assert_array_equal(cube_of(catalog, table, 3).by_query, before.by_query)


def test_cube_of__a_disk_that_refuses_costs_only_time(workspace: Workspace, monkeypatch, caplog):
    def refuse(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(os, "replace", refuse)
    assert cube_of(Catalog(workspace, threads=1), workspace.table("scores/teacher"), 3).num_segments > 0
    assert "the counts of teacher are not kept: no space left" in caplog.text


def test_count_segments__of_any_sql(workspace: Workspace):
    sql = (
        "SELECT 'it''s' AS source, 'image' AS format, 1 AS top_class, 1::FLOAT AS confidence,"
        " 1 AS query_class, 0::FLOAT AS query_prob"
    )
    cube = count_segments(Catalog(workspace, threads=1), sql, 3)
    assert cube.sources == ("it's",)
    assert (cube.by_top[0, 1, 1, STEPS], cube.by_query[0, 1, 0]) == (1, 1)  # a probability of 1 has its own bin
