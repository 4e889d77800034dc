"""Candidates -> files below media/, the table of attempts, and items (paper 3.3).

Every attempt is a row, and items follow from attempts alone: a fetch that is killed at any moment goes on where it
stopped and ends with the same items.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from omnisource.catalog import Catalog
from omnisource.collect.download import Downloader, Fetched
from omnisource.collect.fetch_error import FetchError
from omnisource.collect.sources.video_fetch import fetch_video, is_video_page
from omnisource.collect.web import Web
from omnisource.errors import ItemError
from omnisource.known_items import KnownFiles
from omnisource.media import content_key, num_bytes
from omnisource.pipeline.fetch_outcomes import by_reason, fetch_outcomes
from omnisource.pipeline.fetch_plan import Address, timestamp, undecided_chunks
from omnisource.pipeline.fetched_items import new_items
from omnisource.pipeline.forgotten import Forgotten, read_forgotten
from omnisource.pipeline.host_turns import HostTurns
from omnisource.report import Report
from omnisource.tables import TableWriter
from omnisource.workspace import Workspace

logger = logging.getLogger(__name__)

ROWS_PER_PART = 5_000
SECONDS_PER_PART = 30.0
"""Of fetching that a killed run repeats at most; its files are there already."""
ITEMS_PER_PART = 20_000


@dataclass(frozen=True, kw_only=True, slots=True)
class FetchedNow:
    """What one run of the stage did."""

    attempts: int
    """Requests for media, and files of finished crawls that were read."""
    by_reason: dict[str, int]
    """How they ended; "ok" is what was got."""
    items: int
    """New items."""
    repeats: int
    """Addresses that gave a content that was there."""


def fetch(workspace: Workspace, *, progress: bool | None = None, redo: bool = False) -> FetchedNow:
    """Fetch what was found and is not decided; an address that may be tried again is, until its attempts are spent.

    What a person told the workspace to forget is not asked for. `redo` asks for everything once more; contents that
    are there stay the items that they are.
    """
    study = workspace.study()
    if redo:
        workspace.table("attempts").clear()
    attempts = workspace.table("attempts").writer(rows_per_part=ROWS_PER_PART, seconds_per_part=SECONDS_PER_PART)
    with ExitStack() as stack:
        run = _Run(
            workspace,
            stack.enter_context(attempts),
            stack.enter_context(workspace.table("items").writer(rows_per_part=ITEMS_PER_PART)),
            stack.enter_context(ThreadPoolExecutor(study.fetch.workers, thread_name_prefix="fetch")),
            stack.enter_context(closing(Web(study.fetch))),  # closed first, so that no worker is waited for in vain
            stack.enter_context(Report("fetch", progress=progress)),
        )
        for _ in range(study.fetch.max_attempts):
            if not run.go_through():
                break
        _save_report(workspace, run.report)
    logger.info("fetch: %s", run.done())
    return run.done()


def write_items(workspace: Workspace) -> int:
    """Rows of the table of items for contents that were got and have none, as after a kill or when the table was made
    anew; asks nobody. Returns how many."""
    catalog, folder = Catalog(workspace), workspace.root / "media"
    num_items = 0
    with workspace.table("items").writer(rows_per_part=ITEMS_PER_PART) as writer:
        known = KnownFiles(catalog, workspace.table("items"))
        for chunk in undecided_chunks(workspace, Catalog(workspace), datetime.now(UTC)):
            got = [(address, address.key) for address in chunk if address.key is not None]
            rows, dropped = new_items(got, folder, known)
            known.add(rows)
            writer.add(rows, dropped)
            num_items += len(rows)
    return num_items


def _save_report(workspace: Workspace, report: Report) -> None:
    """How all addresses ended, over every run."""
    reasons = Counter(by_reason(fetch_outcomes(workspace, Catalog(workspace))))
    num_kept = reasons.pop("ok", 0)
    report.save(workspace.report_path("fetch"), num_done=num_kept, reasons=reasons, dropped=[])


class _Run:
    """One run: who asks, and what is written down."""

    def __init__(
        self,
        workspace: Workspace,
        attempts: TableWriter,
        items: TableWriter,
        pool: ThreadPoolExecutor,
        web: Web,
        report: Report,
    ) -> None:
        self._workspace, self._attempts, self._items = workspace, attempts, items
        self._pool, self._web, self.report = pool, web, report
        self._folder = workspace.root / "media"
        self._get = _Getter(web, self._folder, read_forgotten(workspace))
        self._known = KnownFiles(Catalog(workspace), workspace.table("items"))
        self._reasons: Counter[str] = Counter()
        self._num_items = self._num_repeats = 0

    def done(self) -> FetchedNow:
        """What was done so far."""
        return FetchedNow(
            attempts=self._reasons.total(),
            by_reason=dict(self._reasons.most_common()),
            items=self._num_items,
            repeats=self._num_repeats,
        )

    def go_through(self) -> bool:
        """Deal with every address once; returns whether one may be tried again."""
        is_any_left = False
        for chunk in undecided_chunks(self._workspace, Catalog(self._workspace), datetime.now(UTC)):
            got = {address.url: address.key for address in chunk if address.key is not None}
            try:
                for address, rows in self._work_on([one for one in chunk if one.key is None]):
                    self._attempts.add(rows)
                    self._reasons.update(row["reason"] for row in rows)
                    last = rows[-1]
                    got |= {address.url: last["key"]} if last["key"] is not None else {}
                    is_any_left |= last["retry"]
                    self.report.progress(self._reasons.total(), None, f"fetch: {self._reasons['ok']} kept")
            finally:
                self._attempts.flush()
            self._write_items([(address, got[address.url]) for address in chunk if address.url in got])
        self._items.flush()  # what is written down is not looked at again
        return is_any_left

    def _work_on(self, addresses: list[Address]) -> Iterator[tuple[Address, list[dict[str, object]]]]:
        """Each address with a row for every attempt, as they end."""
        turns = HostTurns(addresses, most_per_host=self._web.config.burst)
        running: dict[Future[list[dict[str, object]]], Address] = {}
        while True:
            while len(running) < self._web.config.workers and (one := turns.take()) is not None:
                running[self._pool.submit(self._get, one)] = one
            if not running:
                return
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                one = running.pop(future)
                turns.done(one)
                yield one, future.result()

    def _write_items(self, got: list[tuple[Address, bytes]]) -> None:
        rows, dropped = new_items(got, self._folder, self._known)
        self._known.add(rows)
        self._items.add(rows, dropped)
        self._num_items += len(rows)
        self._num_repeats += len(dropped)


class _Getter:
    """Gets one address: one row for each attempt. Runs in several threads."""

    def __init__(self, web: Web, folder: Path, forgotten: Forgotten) -> None:
        self._downloader, self._web = Downloader(web, folder), web
        self._folder, self._forgotten = folder, forgotten

    def __call__(self, address: Address) -> list[dict[str, object]]:
        """Every attempt, the deciding one last."""
        rows: list[dict[str, object]] = []
        try:
            if self._forgotten.holds_url(address.url):
                raise FetchError("forgotten", "its address is on the list of what is forgotten")
            got = self._got(address, lambda error: rows.append(_failed(address, error)))
            if self._forgotten.holds_content(got.key):
                if address.file is None:  # a finished crawl's files are not ours to remove
                    got.path.unlink(missing_ok=True)
                raise FetchError("forgotten", "its content is on the list of what is forgotten")
            rows.append(_kept(address, got))
        except FetchError as error:
            rows.append(_failed(address, error))
        return rows

    def _got(self, address: Address, failed: Callable[[FetchError], None]) -> Fetched:
        if address.file is not None:
            return _found_on_disk(Path(address.file), address.url)
        if is_video_page(address.url):
            section = None if address.start_s is None or address.end_s is None else (address.start_s, address.end_s)
            with self._web.turn(address.url) as went_well:  # yt-dlp asks on its own, in its turn
                got = fetch_video(address.url, self._folder, section, self._web.config)
                went_well()
            return got
        left = self._web.config.max_attempts - address.tried
        return self._downloader.fetch(address.url, address.format, attempts_left=left, failed=failed)


def _found_on_disk(file: Path, url: str) -> Fetched:
    """What a finished crawl has; it stays where it is."""
    try:
        key = content_key(file)
    except ItemError as error:
        raise FetchError(error.reason, error.detail) from None
    return Fetched(key=key, path=file, num_bytes=num_bytes(file), status=0, final_url=url, elapsed_s=0.0)


def _kept(address: Address, got: Fetched) -> dict[str, object]:
    return _row(address, got.elapsed_s) | {
        "status": got.status or None,
        "reason": "ok",
        "detail": "",
        "num_bytes": got.num_bytes,
        "key": got.key,
        "final_url": got.final_url,
        "retry": False,
    }


def _failed(address: Address, error: FetchError) -> dict[str, object]:
    return _row(address, error.elapsed_s) | {
        "host": error.host or address.host,
        "status": error.status,
        "reason": error.reason,
        "detail": error.detail,
        "num_bytes": None,
        "key": None,
        "final_url": None,
        "retry": error.retry,
    }


def _row(address: Address, elapsed_s: float) -> dict[str, object]:
    started = datetime.now(UTC) - timedelta(seconds=elapsed_s)
    return {
        "url": address.url,
        "source": address.source,
        "host": address.host,
        "started_utc": timestamp(started),
        "elapsed_s": elapsed_s,
    }
