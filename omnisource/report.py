"""What a stage has done and left out: counts, dropped items with their reasons, progress.

The contract: whoever reads an item raises `ItemError` if it cannot be used; the item is dropped with its reason, by
`Report.each`, or by `Report.drop` where a stage works in batches, and the stage goes on. Every other exception is a
bug and stops the run (design: idea 5).
"""

import json
import logging
import multiprocessing
import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self, TypeVar

from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

from omnisource.errors import ItemError
from omnisource.files import write_atomically

logger = logging.getLogger(__name__)

MAX_LISTED = 1000
"""Dropped items that a report's JSON lists; the rest lie in the table of dropped items."""


class Row(Protocol):
    """What `each` needs to name a dropped row; a row may have a `key` too, as WebItem has."""

    path: Path


In = TypeVar("In", bound=Row)
Out = TypeVar("Out")


@dataclass(frozen=True, kw_only=True, slots=True)
class Dropped:
    """One item that was left out, and why."""

    path: Path | None
    """Where the item lies."""
    key: bytes | None
    """The item's key, if it has one."""
    reason: str
    """Short slug that is counted."""
    detail: str
    """What a person needs to know."""


class Report:
    """Counts and progress of one stage; a context manager that closes its progress bar."""

    def __init__(self, stage: str, *, progress: bool | None = None) -> None:
        """`progress` None: a bar when a person is watching (stderr is a terminal)."""
        self.stage = stage
        self.num_done = 0
        self.reasons: Counter[str] = Counter()
        self.dropped: list[Dropped] = []
        self._started_s = time.time()
        self._show = sys.stderr.isatty() if progress is None else progress
        self._bar: Progress | None = None
        self._logged_s = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def each(
        self, rows: Iterable[In], function: Callable[[In], Out], *, workers: int = 0, total: int | None = None
    ) -> Iterator[Out]:
        """Results of `function` for the rows that can be used: lazy, in order, with bounded look-ahead.

        With `workers` the function runs in that many processes and must be picklable.
        """
        outcomes = _in_process(rows, function) if workers == 0 else _in_workers(rows, function, workers)
        for done, (row, outcome) in enumerate(outcomes, start=1):
            self.progress(done, total, self.stage)
            try:
                result = outcome()
            except ItemError as error:
                self.drop(row.path, getattr(row, "key", None), error)
                continue
            self.num_done += 1
            yield result

    def drop(self, path: Path | None, key: bytes | None, error: ItemError) -> None:
        """Leave one item out, with its reason."""
        self.reasons[error.reason] += 1
        self.dropped.append(Dropped(path=path, key=key, reason=error.reason, detail=error.detail))

    def take_dropped(self) -> list[Dropped]:
        """The items dropped since the last call, for the table of dropped items."""
        taken, self.dropped = self.dropped, []
        return taken

    def progress(self, done: int, total: int | None, text: str) -> None:
        """Show how far the stage is: a bar for a person, a line a minute for a log."""
        if self._show:
            if self._bar is None:
                columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
                self._bar = Progress(*columns, TimeRemainingColumn(), transient=True)
                self._bar.start()
                self._bar.add_task(text, total=total)
            self._bar.update(self._bar.task_ids[0], completed=done, total=total, description=text)
        elif time.monotonic() - self._logged_s > 60:
            self._logged_s = time.monotonic()
            logger.info("%s: %d of %s", text, done, total or "unknown")

    def save(self, path: Path, *, num_done: int, reasons: Counter[str], dropped: list[Dropped]) -> None:
        """Write the stage's report: totals over every session that worked on it, and the first dropped items."""
        listed = [
            {"path": str(d.path) if d.path else None, "key": d.key.hex() if d.key else None}
            | {"reason": d.reason, "detail": d.detail}
            for d in dropped[:MAX_LISTED]
        ]
        document = {
            "stage": self.stage,
            "finished": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "seconds": round(time.time() - self._started_s, 1),
            "done": num_done,
            "dropped": sum(reasons.values()),
            "reasons": dict(reasons.most_common()),
            "first_dropped": listed,
        }
        write_atomically(path, json.dumps(document, indent=1, ensure_ascii=False))


def _in_process(rows: Iterable[In], function: Callable[[In], Out]) -> Iterator[tuple[In, Callable[[], Out]]]:
    for row in rows:
        yield row, lambda row=row: function(row)


def _in_workers(
    rows: Iterable[In], function: Callable[[In], Out], workers: int
) -> Iterator[tuple[In, Callable[[], Out]]]:
    """Look ahead by a few rows per worker, so that memory stays bounded whatever the number of rows."""
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        waiting: deque[tuple[In, Future[Out]]] = deque()
        for row in rows:
            waiting.append((row, pool.submit(function, row)))
            if len(waiting) >= 4 * workers:
                first, future = waiting.popleft()
                yield first, future.result
        while waiting:
            first, future = waiting.popleft()
            yield first, future.result
