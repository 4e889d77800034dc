"""What every cell of the search gave, and what became of it: returned, new, fetched, valid, kept (paper 3.3, 3.4).

A candidate counts for the cell that found it first, so that cells add up to their source.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from omnisource.browsing import applied_recipes
from omnisource.browsing_sql import kept_keys
from omnisource.catalog import Catalog, source
from omnisource.collect.cells import Outcome
from omnisource.config import Recipe
from omnisource.pipeline.recipes import resolve
from omnisource.recipe_sql import judged_columns, least_confidence
from omnisource.types import Format
from omnisource.workspace import Workspace

_CELL = ("source", "class_index", "query", "published_after", "published_before")


@dataclass(frozen=True, kw_only=True, slots=True)
class CellYield:
    """One query in one date window of one source, or several of them together."""

    source: str
    """The source."""
    class_index: int | None
    """Class that was searched for; None: several."""
    query: str | None
    """What was searched; None: several."""
    published_after: str | None
    """First day of the window; None: no windows, or several."""
    published_before: str | None
    """Day after the last one of the window."""
    outcome: Outcome | None
    """What became of the cell; None: several."""
    requests: int
    """Result pages that were asked for."""
    returned: int
    """Results."""
    new: int
    """Of these, what no cell had returned before."""
    fetched: int
    """Of the new, different contents that were got."""
    valid: int
    """Of these, those that can be decoded."""
    confident: int | None
    """Of these, those that the recipe's teacher is sure enough of; None: it has scored nothing, or none is asked."""
    kept: int | None
    """Of these, those that the recipe uses; None: it has not been applied."""

    @property
    def kept_share(self) -> float | None:
        """Of what was new."""
        return None if self.kept is None or not self.new else self.kept / self.new


def cell_yields(
    workspace: Workspace, catalog: Catalog, recipe: str | None, *, source_name: str | None = None
) -> list[CellYield]:
    """Every cell that was asked, in order of source, class, query and window; `recipe` says whose line counts."""
    if not workspace.table("cells").parts():
        return []
    decided = None if recipe is None else resolve(workspace.recipe(recipe), workspace.study())
    confident = None if decided is None else _confident(workspace, decided)
    is_applied = recipe in applied_recipes(workspace)
    keys = kept_keys(workspace, recipe) if is_applied else pa.table({"key": pa.array([], pa.binary())})
    sql = _SQL.format(
        cells=source(workspace.table("cells"), order=True),
        candidates=source(workspace.table("candidates")),
        attempts=source(workspace.table("attempts")),
        validity=source(workspace.table("validity")),
        confident=confident or "SELECT NULL::BLOB AS key WHERE false",
        where="WHERE source = $source" if source_name is not None else "",
        cell=", ".join(_CELL),
        same=" AND ".join(f"a.{name} IS NOT DISTINCT FROM f.{name}" for name in _CELL),
    )
    parameters = {} if source_name is None else {"source": source_name}
    rows = catalog.rows(sql, parameters, tables={"kept_keys": keys}).read_all().to_pylist()
    unknown = ({} if confident else {"confident": None}) | ({} if is_applied else {"kept": None})
    return [CellYield(**row | unknown) for row in rows]


def by_query(cells: Iterable[CellYield]) -> list[CellYield]:
    """The windows of each query together, in the order of the cells."""
    return _together(cells, ("source", "class_index", "query"))


def by_top_window(cells: Sequence[CellYield]) -> list[CellYield]:
    """Cells with the halves of their windows added, so that a query has one count for each window of the plan.

    `returned` is the window's own, since its halves return the same again.
    """
    tops = top_windows(cells)
    moved = [_moved(one, next(top for top in tops if _is_within(_span(one), top))) for one in cells]
    return _together(moved, _CELL)


def top_windows(cells: Sequence[CellYield]) -> list[tuple[str | None, str | None]]:
    """The date windows that lie in no other that was asked, in order: what the plan began with."""
    spans = {_span(one) for one in cells}
    tops = [span for span in spans if not any(span != other and _is_within(span, other) for other in spans)]
    return sorted(tops, key=lambda span: (span[0] or "", span[1] or ""))


def _span(one: CellYield) -> tuple[str | None, str | None]:
    return one.published_after, one.published_before


def _is_within(inner: tuple[str | None, str | None], outer: tuple[str | None, str | None]) -> bool:
    if None in (*inner, *outer):
        return inner == outer
    return outer[0] <= inner[0] and inner[1] <= outer[1]


def _moved(one: CellYield, window: tuple[str | None, str | None]) -> CellYield:
    if _span(one) == window:
        return one
    return replace(one, published_after=window[0], published_before=window[1], returned=0)


def _together(cells: Iterable[CellYield], names: tuple[str, ...]) -> list[CellYield]:
    groups: dict[tuple[object, ...], list[CellYield]] = {}
    for one in cells:
        groups.setdefault(tuple(getattr(one, name) for name in names), []).append(one)
    several = dict.fromkeys((*_CELL, "outcome"))
    counts = ("requests", "returned", "new", "fetched", "valid", "confident", "kept")
    return [
        CellYield(
            **several | dict(zip(names, key)) | {count: _sum(getattr(one, count) for one in group) for count in counts}
        )
        for key, group in groups.items()
    ]


def _sum(counts: Iterable[int | None]) -> int | None:
    known = list(counts)
    return None if None in known else sum(known)


def _confident(workspace: Workspace, recipe: Recipe) -> str | None:
    """SQL for the items that the recipe's teachers are sure enough of; None where none has scored, or none is asked."""
    if recipe.label_source == "listed":
        return None
    judged, confidence = judged_columns(recipe)
    least = least_confidence(recipe, workspace.taxonomy(), class_column=judged, source_column="source")
    agrees = " AND top_class = query_class" if recipe.label_source == "agreement" else ""
    parts = []
    for item_format, teacher in recipe.teachers.items():
        scores = workspace.table(f"scores/{teacher}")
        if scores.parts():
            parts.append(
                f"SELECT key FROM {source(scores)} WHERE format = '{Format(item_format)}'"
                f" AND {confidence} >= {least}{agrees}"
            )
    return " UNION ".join(parts) or None


_SQL = """
WITH asked AS (
    SELECT {cell}, last(outcome ORDER BY filename, file_row_number) AS outcome,
           sum(requests)::INTEGER AS requests, last(returned ORDER BY filename, file_row_number) AS returned,
           sum("new")::INTEGER AS "new"
    FROM {cells} {where} GROUP BY ALL
), got AS (
    SELECT url, any_value(key) AS key FROM {attempts} WHERE key IS NOT NULL GROUP BY url
), valid AS (
    SELECT DISTINCT key FROM {validity} WHERE ok
), confident AS (
    {confident}
), found AS (
    SELECT {cell}, key, key IN (FROM valid) AS is_valid, key IN (FROM valid) AND key IN (FROM confident)
           AS is_confident, key IN (SELECT key FROM kept_keys) AS is_kept
    FROM (SELECT * FROM {candidates} {where}) c JOIN got USING (url) WHERE c.is_new
), counted AS (
    SELECT {cell}, count(DISTINCT key)::INTEGER AS fetched, (count(DISTINCT key) FILTER (is_valid))::INTEGER AS valid,
           (count(DISTINCT key) FILTER (is_confident))::INTEGER AS confident,
           (count(DISTINCT key) FILTER (is_kept))::INTEGER AS kept
    FROM found GROUP BY ALL
)
SELECT a.*, coalesce(f.fetched, 0) AS fetched, coalesce(f.valid, 0) AS valid,
       coalesce(f.confident, 0) AS confident, coalesce(f.kept, 0) AS kept
FROM asked a LEFT JOIN counted f ON {same}
ORDER BY a.source, a.class_index, a.query, a.published_after, a.published_before DESC
"""
