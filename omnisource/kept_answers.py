"""Answers of slow queries -> files beside the tables, until a part that they looked through changes (design 1).

Parts are written whole and never rewritten, so a query that names the same parts, of the same size and time, has the
same answer: whoever opens the app anew does not wait for fifteen million rows to be counted again.
"""

import hashlib
import json
import logging
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import duckdb
import pyarrow as pa

from omnisource.files import save_apart

logger = logging.getLogger(__name__)

SLOW_S = 0.1
"""Seconds from which on an answer is worth a file."""
MOST = 200
"""Answers that are kept; the oldest go first."""
_PART = re.compile(r"'((?:[^']|'')*\.parquet)'")


def answer(folder: Path, sql: str, parameters: Mapping[str, object], ask: Callable[[], pa.Table]) -> pa.Table:
    """The answer of a query, from `folder` where it was kept there, else as `ask` gives it.

    `sql` must name the Parquet files that it reads, and speak of nothing else that changes.
    """
    path = folder / f"{_fingerprint(sql, parameters)}.arrow"
    kept = _load(path)
    if kept is not None:
        return kept
    started_s = time.perf_counter()
    fresh = ask()
    if time.perf_counter() - started_s >= SLOW_S:
        _save(fresh, path)
    return fresh


def parts_of(sql: str) -> list[Path]:
    """The Parquet files that a query names."""
    return sorted({Path(name.replace("''", "'")) for name in _PART.findall(sql)})


def _fingerprint(sql: str, parameters: Mapping[str, object]) -> str:
    """Changes with the question, with the parts that it reads, and with the release of DuckDB."""
    parts = parts_of(sql)
    seen = [duckdb.__version__, sql, repr(sorted(parameters.items())), [_stamp(part) for part in parts]]
    return hashlib.blake2b(json.dumps(seen).encode(), digest_size=16).hexdigest()


def _stamp(part: Path) -> tuple[int, int] | None:
    """Bytes and time of change; None for a word of the query that only looks like a part."""
    try:
        found = part.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


def _load(path: Path) -> pa.Table | None:
    """What was kept; None where nothing was, or nothing that can be used."""
    try:
        return pa.ipc.open_file(path.read_bytes()).read_all()
    except (OSError, pa.ArrowInvalid):
        return None


def _save(rows: pa.Table, path: Path) -> None:
    """Keep an answer; where the disk refuses, it is only asked again next time."""

    def write(partial: Path) -> None:
        with pa.OSFile(str(partial), "wb") as file, pa.ipc.new_file(file, rows.schema) as writer:
            writer.write_table(rows)

    try:
        path.parent.mkdir(exist_ok=True)
        save_apart(path, write)
        for old in sorted(path.parent.glob("*.arrow"), key=lambda one: one.stat().st_mtime_ns)[:-MOST]:
            old.unlink(missing_ok=True)
    except OSError as error:
        logger.warning("an answer about %s is not kept: %s", path.parent.parent.name, error)
