"""A table of features -> a matrix in a file, mapped and not loaded, and its products with a few vectors (paper 3.3).

Letters: N frames, I items, Q vectors asked for, D dimensions. The file is float16 as the table is; a block that fits
the processor's cache is made float32 and multiplied, so that a search needs no memory to speak of. The file is made
once for each state of the table.
"""

import hashlib
import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from omnisource.errors import WorkspaceError
from omnisource.tables import Table
from omnisource.workspace import Workspace

FOLDER = "feature_search"
_BLOCK_BYTES = 1 << 20
_ROWS_AT_ONCE = 8192
_KEY_BYTES = 16


@dataclass(frozen=True, kw_only=True, slots=True)
class FeatureMatrix:
    """Features of web items; the frames of an item are neighbours."""

    vectors: np.ndarray
    """(N, D) float16 of unit length, mapped from the file."""
    times_s: np.ndarray
    """(N,) float64, mapped."""
    keys: np.ndarray
    """(I, 16) uint8: the items, mapped."""
    starts: np.ndarray
    """(I,) int64: the first frame of each item."""

    def frames_of(self, key: bytes) -> np.ndarray:
        """(T, D) float32 of one item; T is 0 where it has no features."""
        found = np.flatnonzero((self.keys == np.frombuffer(key, dtype=np.uint8)).all(axis=1))
        if not len(found):
            return np.zeros((0, self.vectors.shape[1]), dtype=np.float32)
        return self.vectors[self._span(int(found[0]))].astype(np.float32)

    def similarities(self, asked: np.ndarray) -> np.ndarray:
        """(N,) float32: the largest cosine of each frame with the vectors asked for, (Q, D) float32."""
        num_frames, dims = self.vectors.shape
        rows = max(1, _BLOCK_BYTES // (4 * dims))
        buffer = np.empty((rows, dims), dtype=np.float32)
        found = np.empty(num_frames, dtype=np.float32)
        columns = np.ascontiguousarray(asked.T)
        for first in range(0, num_frames, rows):
            half = np.asarray(self.vectors[first : first + rows])
            block = cv2.convertFp16(half.view(np.int16), buffer[: len(half)])  # ten times numpy's speed
            np.max(block @ columns, axis=1, out=found[first : first + len(half)])
        return found

    def best_of_items(self, similarities: np.ndarray) -> np.ndarray:
        """(I,) float32: that of the best frame of each item."""
        return np.maximum.reduceat(similarities, self.starts) if len(self.starts) else similarities[:0]

    def best_time_s(self, item: int, similarities: np.ndarray) -> float:
        """When the best frame of an item is seen."""
        span = self._span(item)
        return float(self.times_s[span][int(np.argmax(similarities[span]))])

    def _span(self, item: int) -> slice:
        end = self.starts[item + 1] if item + 1 < len(self.starts) else len(self.vectors)
        return slice(int(self.starts[item]), int(end))


def feature_matrix(workspace: Workspace, table: Table) -> FeatureMatrix:
    """The matrix of a table `features/<encoder>/web`, made first where the table has changed.

    Raises WorkspaceError for an empty table.
    """
    parts = table.parts()
    if not parts:
        raise WorkspaceError(f"table {table.name!r} is empty; `omnisource search-items --measure` fills it")
    of_encoder = workspace.root / FOLDER / Path(table.name).parts[1]
    folder = of_encoder / matrix_version(table)
    if not folder.is_dir():
        _make(parts, folder)
        for old in of_encoder.glob("matrix-*"):
            if old != folder:
                shutil.rmtree(old, ignore_errors=True)
    arrays = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in ("vectors", "times_s", "keys")}
    return FeatureMatrix(**arrays, starts=np.load(folder / "starts.npy"))


def matrix_version(table: Table) -> str:
    """Changes whenever a part was added or replaced."""
    seen = [(part.name, part.stat().st_size, part.stat().st_mtime_ns) for part in table.parts()]
    return f"matrix-{hashlib.blake2b(json.dumps(seen).encode(), digest_size=12).hexdigest()}"


def _make(parts: list[Path], folder: Path) -> None:
    """Write the arrays in a folder of their own, then rename it; another process may have been faster."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        made = Path(scratch) / "made"
        made.mkdir()
        _write_arrays(parts, made)
        try:
            os.replace(made, folder)
        except OSError:
            if not folder.is_dir():
                raise


def _write_arrays(parts: list[Path], folder: Path) -> None:
    num_rows = sum(pq.read_metadata(part).num_rows for part in parts)
    vectors: np.ndarray | None = None
    times_s, keys, filled = [], [], 0
    for block in _blocks(parts):
        flat = block["vector"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
        some = flat.reshape(block.num_rows, -1)
        if vectors is None:
            shape = (num_rows, some.shape[1])
            vectors = np.lib.format.open_memmap(folder / "vectors.npy", mode="w+", dtype=np.float16, shape=shape)
        vectors[filled : filled + len(some)] = some
        filled += len(some)
        times_s.append(block["time_s"].to_numpy())
        keys.append(_key_bytes(block["key"].combine_chunks()))
    if vectors is None:
        np.save(folder / "vectors.npy", np.zeros((0, 1), dtype=np.float16))
    else:
        vectors.flush()
    of_frames = np.concatenate([np.zeros((0, _KEY_BYTES), dtype=np.uint8), *keys])
    is_first = np.ones(len(of_frames), dtype=bool)
    is_first[1:] = (of_frames[1:] != of_frames[:-1]).any(axis=1)
    np.save(folder / "times_s.npy", np.concatenate([np.zeros(0), *times_s]))
    np.save(folder / "keys.npy", of_frames[is_first])
    np.save(folder / "starts.npy", np.flatnonzero(is_first))


def _blocks(parts: list[Path]):
    for part in parts:
        with pq.ParquetFile(part) as file:
            for batch in file.iter_batches(batch_size=_ROWS_AT_ONCE, columns=["key", "time_s", "vector"]):
                yield pa.Table.from_batches([batch])


def _key_bytes(column: pa.FixedSizeBinaryArray) -> np.ndarray:
    """(n, 16) uint8."""
    whole = np.frombuffer(column.buffers()[1], dtype=np.uint8).reshape(-1, _KEY_BYTES)
    return whole[column.offset : column.offset + len(column)]
