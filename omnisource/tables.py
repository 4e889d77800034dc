"""Tables that are atomic, appendable and resumable: a folder of Parquet parts with one schema.

A part is written whole (`.partial`, then renamed) and never rewritten, so a stage that is killed loses at most the part
in flight, and several processes may read while one writes. Items that a stage dropped lie in the table
`dropped/<table>`, written part by part with it (design: The workspace).
"""

import functools
import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
import pyarrow.parquet as pq
import yaml
from filelock import FileLock, Timeout

from omnisource.errors import WorkspaceError, WriterBusyError
from omnisource.files import save_atomically, write_atomically
from omnisource.report import Dropped
from omnisource.schemas import SCHEMAS

T = TypeVar("T")

LOOK_S = 0.5
"""Whoever asks `is_being_written` holds the lock for a moment, so a writer waits so long for it."""
_OWNER = ".owner.json"


class Table:
    """A folder of Parquet parts with one schema."""

    def __init__(self, folder: Path, schema: pa.Schema, *, name: str) -> None:
        self.folder = folder
        self.schema = schema
        self.name = name

    def parts(self) -> list[Path]:
        """Finished parts in the order in which they were written."""
        return sorted(self.folder.glob("part-*.parquet"))

    def num_rows(self) -> int:
        """Rows of all parts, from their footers."""
        return sum(_read(part, pq.read_metadata).num_rows for part in self.parts())

    def read(self, columns: list[str] | None = None) -> pa.Table:
        """Every row in memory: for small tables and tests; large ones are asked through the catalog.

        Raises WorkspaceError for a damaged part.
        """
        read = functools.partial(pq.read_table, columns=columns, schema=self.schema)
        parts = [_read(part, read) for part in self.parts()]
        schema = self.schema if columns is None else pa.schema([self.schema.field(c) for c in columns])
        return pa.concat_tables(parts) if parts else schema.empty_table()

    def dropped(self) -> "Table":
        """The items that the stage behind this table left out."""
        tables = self.folder.parents[len(Path(self.name).parts) - 1]
        return Table(tables / "dropped" / self.name, SCHEMAS["dropped"], name=f"dropped/{self.name}")

    def dropped_counts(self) -> Counter[str]:
        """How many items were left out, by reason."""
        return Counter(self.dropped().read(["reason"])["reason"].to_pylist())

    @contextmanager
    def writer(
        self, settings: Mapping[str, object] | None = None, *, rows_per_part: int, seconds_per_part: float = 60.0
    ) -> Iterator["TableWriter"]:
        """The only writer of this table; writes what is left as a last part when the block ends well.

        `settings` are what the rows depend on: kept beside the parts and compared, since facts made with different
        settings must not lie in one table. A part is also ended after `seconds_per_part`, so that a killed stage loses
        little. Raises WriterBusyError, WorkspaceError.
        """
        with sole_writer(self.folder, what=f"table {self.name!r}"):
            _forget_partials(self)
            self._bind(settings or {})
            writer = TableWriter(self, rows_per_part=rows_per_part, seconds_per_part=seconds_per_part)
            yield writer
            writer.flush()

    def clear(self) -> None:
        """Remove the rows so that a stage measures anew; a person asked for it."""
        with sole_writer(self.folder, what=f"table {self.name!r}"):
            for path in reversed(self.parts()):  # last first: killed midway, it leaves no gap in the numbers
                path.unlink()
                (self.dropped().folder / path.name).unlink(missing_ok=True)
            (self.folder / "settings.yaml").unlink(missing_ok=True)

    def _bind(self, settings: Mapping[str, object]) -> None:
        path = self.folder / "settings.yaml"
        wanted = json.loads(json.dumps(settings, default=str))
        if self.parts() and path.is_file():
            require_same(yaml.safe_load(path.read_text(encoding="utf-8")), wanted, what=f"table {self.name!r}")
        write_atomically(path, yaml.safe_dump(wanted, sort_keys=False, allow_unicode=True))


class TableWriter:
    """Collects rows and writes them part by part; made by Table.writer."""

    def __init__(self, table: Table, *, rows_per_part: int, seconds_per_part: float) -> None:
        self._table = table
        self._rows_per_part = rows_per_part
        self._seconds_per_part = seconds_per_part
        self._flushed_s = time.monotonic()
        self._batches: list[pa.Table] = []
        self._dropped: list[Dropped] = []
        self._next = 1 + max((int(part.stem.removeprefix("part-")) for part in table.parts()), default=-1)

    def add(self, rows: Iterable[Mapping[str, object]] | pa.Table, dropped: Iterable[Dropped] = ()) -> None:
        """Rows that belong together, with the items dropped among them: they get into one part, whole."""
        batch = rows if isinstance(rows, pa.Table) else pa.Table.from_pylist(list(rows), schema=self._table.schema)
        self._batches.append(batch.cast(self._table.schema))
        self._dropped.extend(dropped)
        num_rows = sum(b.num_rows for b in self._batches) + len(self._dropped)
        if num_rows >= self._rows_per_part or time.monotonic() - self._flushed_s >= self._seconds_per_part:
            self.flush()

    def flush(self) -> None:
        """Write what was collected as one part; the dropped items first, so that the part itself makes them count."""
        self._flushed_s = time.monotonic()
        if not self._dropped and not any(batch.num_rows for batch in self._batches):
            return
        dropped = [
            {"key": d.key, "path": str(d.path) if d.path else None, "reason": d.reason, "detail": d.detail}
            for d in self._dropped
        ]
        beside = self._table.dropped()
        _write_part(beside, self._next, pa.Table.from_pylist(dropped, schema=beside.schema))
        _write_part(self._table, self._next, pa.concat_tables(self._batches))
        self._next += 1
        self._batches, self._dropped = [], []


@contextmanager
def sole_writer(folder: Path, *, what: str) -> Iterator[None]:
    """Hold `folder` against other writers; raises WriterBusyError that names the process that has it."""
    folder.mkdir(parents=True, exist_ok=True)
    owner = folder / _OWNER
    lock = FileLock(folder / ".lock")
    try:
        lock.acquire(timeout=LOOK_S, poll_interval=0.02)
    except Timeout:
        pid = owner_of(folder)
        held_by = "another process" if pid is None else f"process {pid}"
        raise WriterBusyError(f"{what} is being written by {held_by}; wait for it or stop it") from None
    try:
        said = folder / f"{_OWNER}.partial"
        said.write_text(json.dumps({"pid": os.getpid()}), encoding="utf-8")
        said.replace(owner)  # not forced to the disk: after a crash of the machine it speaks of nobody
        yield
    finally:
        owner.unlink(missing_ok=True)
        lock.release()


def owner_of(folder: Path) -> int | None:
    """Process id of a folder's writer, or of one that was killed; None where none has said so."""
    try:
        return int(json.loads((folder / _OWNER).read_text(encoding="utf-8"))["pid"])
    except (FileNotFoundError, ValueError, KeyError):
        return None


def is_being_written(folder: Path) -> bool:
    """Whether some process, this one included, is the folder's sole writer."""
    lock = FileLock(folder / ".lock")
    try:  # who holds it without a word is only looking too
        lock.acquire(timeout=0 if (folder / _OWNER).exists() else LOOK_S / 5, poll_interval=0.01)
    except Timeout:
        return True
    lock.release()
    return False


def require_same(found: Mapping[str, object], wanted: Mapping[str, object], *, what: str) -> None:
    """Refuse to go on with other settings than before; raises WorkspaceError that names the first difference."""
    for key in [*wanted, *found]:
        if found.get(key) != wanted.get(key):
            raise WorkspaceError(
                f"{what} was made with {key} = {found.get(key)!r}, now it is {wanted.get(key)!r}; "
                "set it back, or make it anew with --redo"
            )


def refuse_damaged(folder: Path, parts: Iterable[Path] = ()) -> None:
    """Raise WorkspaceError that names the first part below a folder which cannot be read, if there is one.

    Of `parts` every row is read, which takes a second per million; of the others the footer.
    """
    for part in sorted(folder.rglob("part-*.parquet")):
        _read(part, pq.read_metadata)
    for part in parts:
        found = part.stat()
        damage = _damage(part, found.st_size, found.st_mtime_ns)
        if damage is not None:
            raise WorkspaceError(damage)


@functools.lru_cache(maxsize=1024)
def _damage(part: Path, num_bytes: int, changed_ns: int) -> str | None:
    """What is wrong with the rows of a part; remembered, since every panel of a page will ask."""
    try:
        _read(part, _read_through)
    except WorkspaceError as error:
        return str(error)
    return None


def _read_through(part: Path) -> None:
    with pq.ParquetFile(part) as file:
        for _ in file.iter_batches():
            pass


def _read(part: Path, read: Callable[[Path], T]) -> T:
    try:
        return read(part)
    except (pa.ArrowInvalid, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # it is gone or locked, which the system has said; Arrow's own words about damage have no number
        said = " ".join(str(error).split())
        raise WorkspaceError(f"{part} is damaged ({said}); move it away and run its stage again") from None


def _write_part(table: Table, number: int, rows: pa.Table) -> None:
    path = table.folder / f"part-{number:06d}.parquet"
    save_atomically(path, lambda partial: pq.write_table(rows, partial, compression="zstd"))


def _forget_partials(table: Table) -> None:
    """Remove what a killed writer left: unfinished files, and dropped items whose part was never written."""
    beside = table.dropped()
    finished = {part.name for part in table.parts()}
    for leftover in [*table.folder.glob("*.partial"), *beside.folder.glob("*.partial")]:
        leftover.unlink()
    for part in beside.parts():
        if part.name not in finished:
            part.unlink()
