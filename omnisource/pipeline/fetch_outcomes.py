"""What became of the addresses that were found: by source, host and reason (paper 3.3)."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from omnisource.catalog import Catalog, source
from omnisource.pipeline.fetch_plan import NOT_ASKED
from omnisource.workspace import Workspace


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """Addresses of one source and host that ended alike."""

    source: str
    """The source that found them first."""
    host: str
    """The host that was asked last."""
    reason: str
    """How they ended: "ok" for what was got."""
    may_retry: bool
    """Whether a later run tries them again."""
    addresses: int
    """How many."""
    attempts: int
    """How often they were asked for in all."""
    num_bytes: int
    """What was got, in all."""
    example: str
    """One of the addresses, with what was said of it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchCounts:
    """How far the search of one source is."""

    source: str
    """The web resource."""
    cells: int
    """Queries in date windows that were asked."""
    failed: int
    """Of these, those that could not be asked to their end."""
    requests: int
    """Result pages."""
    returned: int
    """Results, those that several cells gave as often."""
    candidates: int
    """Different addresses."""


def fetch_outcomes(workspace: Workspace, catalog: Catalog) -> list[Outcome]:
    """How every address that was tried ended, most frequent first.

    Where a host was left alone after an address had been asked for, the address's own reason counts.
    """
    attempts = source(workspace.table("attempts"), order=True)
    asked = "NOT list_contains($not_asked, reason)"
    last = f"({asked}, filename, file_row_number)"
    most = workspace.study().fetch.max_attempts
    rows = catalog.table(
        f"WITH ended AS (SELECT url, arg_max(source, {last}) AS source, arg_max(host, {last}) AS host,"
        f" arg_max(reason, {last}) AS reason, arg_max(detail, {last}) AS detail, count(*) FILTER ({asked}) AS attempts,"
        f" bool_and(retry) AS may_retry, coalesce(max(num_bytes), 0) AS num_bytes"
        f" FROM {attempts} GROUP BY url)"
        " SELECT source, host, reason, may_retry AND attempts < $most AS may_retry, count(*) AS addresses,"
        " sum(attempts)::BIGINT AS attempts, sum(num_bytes)::BIGINT AS num_bytes,"
        " min(CASE WHEN detail = '' THEN url ELSE url || ': ' || detail END) AS example"
        " FROM ended GROUP BY ALL ORDER BY addresses DESC, source, host, reason",
        {"not_asked": list(NOT_ASKED), "most": most},
    )
    return [Outcome(**row) for row in rows.to_pylist()]


def by_reason(outcomes: Iterable[Outcome]) -> dict[str, int]:
    """Addresses by how they ended, most frequent first."""
    counts: Counter[str] = Counter()
    for one in outcomes:
        counts[one.reason] += one.addresses
    return dict(counts.most_common())


def num_candidates(workspace: Workspace) -> int:
    """Different addresses that were found."""
    table = workspace.table("candidates")
    return int(Catalog(workspace).value(f"SELECT count(*) FROM {source(table)} WHERE is_new")) if table.parts() else 0


def search_counts(workspace: Workspace, catalog: Catalog) -> list[SearchCounts]:
    """How far the search of each source is, as the tables have it."""
    cells, candidates = source(workspace.table("cells"), order=True), source(workspace.table("candidates"))
    cell = "source, class_index, query, published_after, published_before"
    rows = catalog.table(
        f"WITH ended AS (SELECT {cell}, arg_max(returned, (filename, file_row_number)) AS returned,"
        " arg_max(outcome, (filename, file_row_number)) AS outcome, sum(requests) AS requests"
        f" FROM {cells} GROUP BY {cell}),"
        " counted AS (SELECT source, count(*) AS cells, count(*) FILTER (outcome = 'failed') AS failed,"
        " sum(requests)::BIGINT AS requests, sum(returned)::BIGINT AS returned FROM ended GROUP BY source),"
        f" found AS (SELECT source, count(*) AS candidates FROM {candidates} WHERE is_new GROUP BY source)"
        " SELECT counted.*, coalesce(candidates, 0) AS candidates FROM counted LEFT JOIN found USING (source)"
        " ORDER BY source"
    )
    return [SearchCounts(**row) for row in rows.to_pylist()]
