"""Accepted queries x sources -> the tables `candidates` and `cells`, cell by cell (paper 3.3)."""

import logging
import time
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, date, datetime

from omnisource.collect import cells
from omnisource.collect.pages import WebPages
from omnisource.collect.search import Found, Source
from omnisource.collect.sources import open_source
from omnisource.collect.web import Web
from omnisource.errors import ItemError
from omnisource.pipeline.forgotten import Forgotten, read_forgotten
from omnisource.pipeline.known_candidates import KnownCandidates
from omnisource.pipeline.queries import accepted_queries
from omnisource.pipeline.search_plan import asked_cells, walk_of
from omnisource.report import Report
from omnisource.tables import TableWriter
from omnisource.workspace import Workspace

logger = logging.getLogger(__name__)

SECONDS_PER_PART = 20.0
"""Of searching that a killed run repeats at most."""
_BY_HAND = {"rows_per_part": 10**9, "seconds_per_part": float("inf")}  # candidates go before the cells that found them


@dataclass(frozen=True, kw_only=True, slots=True)
class Searched:
    """What a search of one source did this time."""

    cells: int
    """Cells that were asked."""
    requests: int
    """Result pages that were asked for."""
    returned: int
    """Results, those that several cells gave as often."""
    new: int
    """Candidates that no cell had given before."""
    failed: int
    """Cells that could not be asked to their end."""
    waiting: int
    """Cells that are left, where the budget was spent."""


def search(
    workspace: Workspace, *, progress: bool | None = None, redo: bool = False, today: date | None = None
) -> dict[str, Searched]:
    """Ask every source that is searched for the accepted queries; what was asked before is not asked again.

    A cell that fails is written down with its reason and tried again by the next run. Raises WorkspaceError where no
    queries were accepted, and what is wrong with a source before any is asked.
    """
    study = workspace.study()
    if not study.searched:
        return {}
    queries = accepted_queries(workspace)
    with ExitStack() as stack:
        web = stack.enter_context(closing(Web(study.fetch)))
        opened = {
            one.name: open_source(one, workspace.taxonomy(), WebPages(web), workspace.root, limits=study.fetch)
            for one in study.searched
        }
        if redo:
            for name in ("candidates", "cells"):
                workspace.table(name).clear()
        journal = _Journal(
            workspace,
            stack.enter_context(workspace.table("candidates").writer(**_BY_HAND)),
            stack.enter_context(workspace.table("cells").writer(**_BY_HAND)),
        )
        stack.callback(journal.flush)
        report = stack.enter_context(Report("search", progress=progress))
        done = {}
        for one in study.searched:
            walk = walk_of(one, queries, asked_cells(workspace, one.name), today or datetime.now(UTC).date())
            done[one.name] = _search_source(opened[one.name], walk, journal, report, one.name)
    return done


def _search_source(asked: Source, walk: cells.Walk, journal: "_Journal", report: Report, name: str) -> Searched:
    """Ask the cells of one source until none is left or the budget is spent."""
    results: list[cells.CellResult] = []
    for result in cells.run_plan(walk, lambda turn: journal.take(turn, *_ask(asked, turn))):
        results.append(result)
        journal.end(result)
        report.progress(len(results), len(results) + walk.num_waiting, f"search {name}")
    searched = Searched(
        cells=len(results),
        requests=sum(result.requests for result in results),
        returned=sum(result.returned for result in results),
        new=sum(result.new for result in results),
        failed=sum(result.outcome == "failed" for result in results),
        waiting=walk.num_waiting,
    )
    logger.info("search %s: %s", name, searched)
    return searched


def _ask(asked: Source, turn: cells.Turn) -> tuple[list[Found], int, bool, str | None]:
    """Different results of a cell, the requests that they took, whether it was cut short, and why it failed."""
    found: dict[str, Found] = {}
    requests = 0
    try:
        for page in asked.pages(turn.cell):
            requests += page.requests
            for one in page.found:
                found.setdefault(one.candidate.url, one)
            if len(found) >= turn.max_results:
                break
            if requests >= turn.max_requests:
                return list(found.values()), requests, True, None
    except ItemError as error:
        return list(found.values()), requests + 1, False, str(error)
    return list(found.values())[: turn.max_results], requests, False, None


class _Journal:
    """Writes down what cells gave: candidates before the cell, so that a cell that is written is whole."""

    def __init__(self, workspace: Workspace, candidates: TableWriter, asked: TableWriter) -> None:
        self._candidates, self._cells = candidates, asked
        self._known = KnownCandidates(workspace)
        self._forgotten: Forgotten = read_forgotten(workspace)
        self._flushed_s = time.monotonic()

    def take(
        self, turn: cells.Turn, found: list[Found], requests: int, is_cut: bool, failure: str | None
    ) -> cells.Answer:
        """Keep the candidates of a cell: none that was forgotten, and no more new ones than its class may have."""
        wanted = [one for one in found if not self._forgotten.holds_url(one.candidate.url)]
        num_forgotten = len(found) - len(wanted)
        new = self._known.new(one.candidate.url for one in wanted)
        if turn.max_new is not None and len(new) > turn.max_new:
            allowed = [one.candidate.url for one in wanted if one.candidate.url in new][: turn.max_new]
            wanted = [one for one in wanted if one.candidate.url not in new or one.candidate.url in set(allowed)]
            new, is_cut = set(allowed), True
        written = self._known.written(turn.cell)
        rows = [row_of(one, is_new=one.candidate.url in new) for one in wanted if one.candidate.url not in written]
        self._candidates.add(rows)
        self._known.add(new)
        returned = len(wanted) + num_forgotten  # they count towards the engine's cap, at which a cell is split
        return cells.Answer(returned=returned, new=len(new), requests=requests, is_cut=is_cut, failure=failure)

    def end(self, result: cells.CellResult) -> None:
        """A cell whose candidates are kept."""
        self._cells.add([cells.row_of(result)])
        if time.monotonic() - self._flushed_s >= SECONDS_PER_PART:
            self.flush()

    def flush(self) -> None:
        """Write what was kept, in the order that a kill between the two leaves healable."""
        self._candidates.flush()
        self._cells.flush()
        self._flushed_s = time.monotonic()


def row_of(found: Found, *, is_new: bool) -> dict[str, object]:
    """A search result as a row of the table of candidates."""
    candidate = found.candidate
    return {
        "url": candidate.url,
        "source": candidate.source,
        "format": str(candidate.format),
        "query": candidate.query,
        "class_index": candidate.class_index,
        "published_after": candidate.published_after,
        "published_before": candidate.published_before,
        "page_url": found.page_url,
        "title": found.title,
        "author": found.author,
        "licence": found.licence,
        "start_s": found.start_s,
        "end_s": found.end_s,
        "file": found.file,
        "is_new": is_new,
    }
