"""Accepted queries and searched sources -> what is to be asked, and what was; without asking anybody (paper 3.3)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

from omnisource.catalog import Catalog, source
from omnisource.collect.cells import CellResult, Walk, plan, result_of
from omnisource.config import SearchConfig, SourceConfig
from omnisource.pipeline.queries import accepted_queries, current
from omnisource.workspace import Workspace

_WITHOUT_CAP = 1 << 60
"""Results for one query of what lies on disk: nobody caps them."""


def walk_of(
    searched: SourceConfig,
    queries: Mapping[str, Sequence[tuple[int, str]]],
    before: Iterable[CellResult],
    today: date,
) -> Walk:
    """The cells of a source; `before` are those that were asked, `queries` as `accepted_queries` gives them."""
    search = _search_of(searched)
    return Walk(plan(searched.name, search, queries[search.text], today), search, before=before)


def asked_cells(workspace: Workspace, name: str) -> list[CellResult]:
    """Cells of one source that were asked, in that order."""
    rows = source(workspace.table("cells"), order=True)
    sql = f"SELECT * FROM {rows} WHERE source = $source ORDER BY filename, file_row_number"
    return [result_of(row) for row in Catalog(workspace).table(sql, {"source": name}).to_pylist()]


def num_unasked(workspace: Workspace, today: date | None = None) -> int:
    """Cells that no search has asked yet, if the budget is for more; those that failed are not counted."""
    if not workspace.study().searched or current(workspace).accepted is None:
        return 0
    queries = accepted_queries(workspace)
    count = 0
    for one in workspace.study().searched:
        before = [_as_ended(result) for result in asked_cells(workspace, one.name)]
        walk = walk_of(one, queries, before, today or datetime.now(UTC).date())
        count += walk.num_waiting if walk.requests_left else 0
    return count


def _search_of(searched: SourceConfig) -> SearchConfig:
    assert searched.search is not None
    is_on_disk = searched.search.engine in ("urls", "crawl")
    return searched.search.model_copy(update={"result_cap": _WITHOUT_CAP}) if is_on_disk else searched.search


def _as_ended(result: CellResult) -> CellResult:
    return replace(result, outcome="complete") if result.outcome in ("cut", "failed") else result
