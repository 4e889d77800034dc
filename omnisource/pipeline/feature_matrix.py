"""A table of features -> a matrix in a file, mapped and not loaded, and its products with a few vectors (paper 3.3).

Letters: N frames, I items, Q vectors asked for, D dimensions. The file is float16 as the table is; a block that fits
the processor's cache is made float32 and multiplied, so that a search needs no memory to speak of. The file is made
once for each state of the table.
"""

import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock

from omnisource.errors import WorkspaceError
from omnisource.pipeline.feature_blocks import blocks_of
from omnisource.tables import Table
from omnisource.workspace import Workspace

FOLDER = "feature_search"
_BLOCK_BYTES = 1 << 20
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
        of_encoder.mkdir(parents=True, exist_ok=True)
        with FileLock(of_encoder / ".lock"):  # who asks meanwhile waits for it
            if not folder.is_dir():
                _make(parts, folder)
    arrays = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in ("vectors", "times_s", "keys")}
    return FeatureMatrix(**arrays, starts=np.load(folder / "starts.npy"))


def matrix_version(table: Table) -> str:
    """Changes whenever a part was added or replaced."""
    seen = [(part.name, part.stat().st_size, part.stat().st_mtime_ns) for part in table.parts()]
    return f"matrix-{hashlib.blake2b(json.dumps(seen).encode(), digest_size=12).hexdigest()}"


def _make(parts: list[Path], folder: Path) -> None:
    """Write the arrays in a folder of their own, then rename it; older ones go, and what a killed process left."""
    for leftover in folder.parent.glob("*.partial"):
        shutil.rmtree(leftover, ignore_errors=True)
    made = folder.with_name(f"{folder.name}.partial")
    made.mkdir()
    _write_arrays(parts, made)
    made.replace(folder)
    for old in folder.parent.glob("matrix-*"):
        if old != folder:
            shutil.rmtree(old, ignore_errors=True)


def _write_arrays(parts: list[Path], folder: Path) -> None:
    """Block by block: what is held in memory grows with the items, not with their frames."""
    num_rows = sum(pq.read_metadata(part).num_rows for part in parts)
    arrays = {"vectors": np.zeros((0, 1), dtype=np.float16), "times_s": np.zeros(0)}
    keys, starts = [np.zeros((0, _KEY_BYTES), dtype=np.uint8)], [np.zeros(0, dtype=np.int64)]
    filled, last = 0, b""
    for block in blocks_of(parts, ["key", "time_s", "vector"]):
        vectors, of_frames = _halves(block), _key_bytes(block["key"].combine_chunks())
        if not filled:
            shapes = {"vectors": (num_rows, vectors.shape[1]), "times_s": (num_rows,)}
            arrays = {
                name: np.lib.format.open_memmap(folder / f"{name}.npy", "w+", arrays[name].dtype, shape)
                for name, shape in shapes.items()
            }
        arrays["vectors"][filled : filled + len(vectors)] = vectors
        arrays["times_s"][filled : filled + len(vectors)] = block["time_s"].to_numpy()
        is_first = np.ones(len(of_frames), dtype=bool)
        is_first[0] = of_frames[0].tobytes() != last
        is_first[1:] = (of_frames[1:] != of_frames[:-1]).any(axis=1)
        keys.append(of_frames[is_first])
        starts.append(filled + np.flatnonzero(is_first))
        filled, last = filled + len(vectors), of_frames[-1].tobytes()
    for name, array in arrays.items():
        if isinstance(array, np.memmap):
            array.flush()
        else:
            np.save(folder / f"{name}.npy", array)
    np.save(folder / "keys.npy", np.concatenate(keys))
    np.save(folder / "starts.npy", np.concatenate(starts))


def _halves(block: pa.Table) -> np.ndarray:
    """(N, D) float16: the column `vector` as it is."""
    flat = block["vector"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
    return flat.reshape(len(block), -1)


def _key_bytes(column: pa.FixedSizeBinaryArray) -> np.ndarray:
    """(n, 16) uint8."""
    whole = np.frombuffer(column.buffers()[1], dtype=np.uint8).reshape(-1, _KEY_BYTES)
    return whole[column.offset : column.offset + len(column)]
