"""Two sets of unit vectors -> every pair whose cosine reaches a floor, exactly, in bounded memory (paper 3.3).

The product is made tile by tile in a buffer that is used again; most rows of a tile hold nothing and are passed over by
their maximum. With bfloat16, or on a GPU, a rough product finds the rows that could hold something and float32 decides;
its error is bounded, so that no pair is lost. Letters: N rows on the left, M on the right, d dimensions.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np

if TYPE_CHECKING:
    import torch

Precision = Literal["fp32", "bf16", "cuda"]
Choice = Literal["auto", "fp32", "bf16", "cuda"]

TILE_ROWS, TILE_COLUMNS = 1024, 2048
SCAN_ROWS = 2048
"""Of a rough product: its columns are converted anew for each tile, so tiles are higher."""
_CHECKED_ROWS = 512
"""Rows that float32 decides on at once: where everything is alike, memory stays bounded too."""
_CONVERTED_ROWS = 256
_BF16_ROUNDOFF = 2.0**-8
_FP32_ROUNDOFF = 2.0**-24


@dataclass(frozen=True, kw_only=True, slots=True)
class Pairs:
    """Some pairs, in the order of their tiles."""

    rows: np.ndarray
    """(P,) int64 on the left."""
    columns: np.ndarray
    """(P,) int64 on the right."""
    similarity: np.ndarray
    """(P,) float32."""


class Scan(Protocol):
    """Where a tile could hold pairs, by a product that may be rough."""

    def begin(self, rows: np.ndarray) -> None:
        """Rows (n, d) of the next tiles."""

    def maxima(self, columns: np.ndarray) -> np.ndarray:
        """(n,) the largest product of each row with columns (m, d), which are the tile from now on."""

    def columns_reaching(self, rows: np.ndarray, floor: float) -> np.ndarray:
        """Indices of the tile's columns whose product with any of these rows (indices) is at least `floor`."""


def pairs_above(left: np.ndarray, right: np.ndarray, floor: float, precision: Choice = "fp32") -> Iterator[Pairs]:
    """Every pair of left (N, d) and right (M, d) float32 rows of unit length whose product is at least `floor`.

    Both may be memory-mapped. "auto" times fp32 and bf16 on the first tiles and takes the faster one.
    """
    if precision == "auto":
        precision = faster_precision(left, right, floor)
    if precision == "fp32":
        yield from _exactly(left, right, floor)
    else:
        yield from _by_scan(
            left, right, floor, _scan(precision, left.shape[1]), floor - margin(precision, left.shape[1])
        )


def margin(precision: Precision, dims: int) -> float:
    """How far a rough product of unit vectors can lie from the true one.

    bf16: both factors and the product are rounded to 8 bits, u = 2^-8 each, and |a|.|b| <= 1: at most
    2u + u^2 + u(1 + 2u); float32 sums add d roundings. On a GPU only the sums differ.
    """
    sums = 4 * dims * _FP32_ROUNDOFF
    u = _BF16_ROUNDOFF if precision == "bf16" else 0.0
    return 3 * u + 3 * u * u + sums


def faster_precision(left: np.ndarray, right: np.ndarray, floor: float) -> Precision:
    """What is faster here for these vectors; fp32 where there is too little to tell."""
    if len(left) < TILE_ROWS or len(right) < TILE_COLUMNS:
        return "fp32"
    some_left, some_right = left[:SCAN_ROWS], right[: 2 * TILE_COLUMNS]
    seconds: dict[Precision, float] = {}
    for _ in range(2):  # the first round warms up
        for precision in ("fp32", "bf16"):
            start_s = time.perf_counter()
            for _ in pairs_above(some_left, some_right, floor, precision):
                pass
            seconds[precision] = time.perf_counter() - start_s
    return min(seconds, key=lambda precision: seconds[precision])


def _exactly(left: np.ndarray, right: np.ndarray, floor: float) -> Iterator[Pairs]:
    buffer = np.empty((min(TILE_ROWS, len(left)), min(TILE_COLUMNS, len(right))), dtype=np.float32)
    for first, rows in _tiles(left, TILE_ROWS):
        for begin, columns in _tiles(right, TILE_COLUMNS):
            tile = np.matmul(rows, columns.T, out=_part(buffer, len(rows), len(columns)))
            chosen = np.flatnonzero(tile.max(axis=1) >= floor)
            if len(chosen):
                yield _pairs(tile[chosen], first + chosen, np.arange(begin, begin + len(columns)), floor)


def _by_scan(left: np.ndarray, right: np.ndarray, floor: float, scan: Scan, rough_floor: float) -> Iterator[Pairs]:
    for first, rows in _tiles(left, SCAN_ROWS):
        scan.begin(rows)
        for begin, columns in _tiles(right, TILE_COLUMNS):
            could_hold = np.flatnonzero(scan.maxima(columns) >= rough_floor)
            for _, chosen in _tiles(could_hold, _CHECKED_ROWS):
                partners = scan.columns_reaching(chosen, rough_floor)
                found = _pairs(rows[chosen] @ columns[partners].T, first + chosen, begin + partners, floor)
                if len(found.rows):
                    yield found


def _pairs(tile: np.ndarray, rows: np.ndarray, columns: np.ndarray, floor: float) -> Pairs:
    row, column = np.nonzero(tile >= floor)
    return Pairs(rows=rows[row], columns=columns[column], similarity=tile[row, column])


def _tiles(vectors: np.ndarray, size: int) -> Iterator[tuple[int, np.ndarray]]:
    for first in range(0, len(vectors), size):
        yield first, vectors[first : first + size]


def _part(buffer: np.ndarray, num_rows: int, num_columns: int) -> np.ndarray:
    """The start of the buffer in this shape, contiguous."""
    return buffer.reshape(-1)[: num_rows * num_columns].reshape(num_rows, num_columns)


def _scan(precision: Precision, dims: int) -> Scan:
    makers: dict[Precision, Callable[[], Scan]] = {
        "bf16": lambda: _TorchScan("cpu", "bfloat16", dims),
        "cuda": lambda: _TorchScan("cuda", "float32", dims),
    }
    return makers[precision]()


class _TorchScan:
    """Tiles by torch, in buffers that are used again."""

    def __init__(self, device: str, dtype: str, dims: int) -> None:
        import torch

        self._torch = torch
        kind = {"device": device, "dtype": getattr(torch, dtype)}
        self._buffer = torch.empty(SCAN_ROWS * TILE_COLUMNS, **kind)
        self._rows_buffer = torch.empty(SCAN_ROWS, dims, **kind)
        self._columns_buffer = torch.empty(TILE_COLUMNS, dims, **kind)

    def begin(self, rows: np.ndarray) -> None:
        """Rows (n, d) of the next tiles."""
        self._rows = self._converted(rows, self._rows_buffer)

    def maxima(self, columns: np.ndarray) -> np.ndarray:
        """(n,) the largest product of each row with columns (m, d), which are the tile from now on."""
        num_rows, num_columns = len(self._rows), len(columns)
        self._tile = self._buffer[: num_rows * num_columns].view(num_rows, num_columns)
        self._torch.mm(self._rows, self._converted(columns, self._columns_buffer).T, out=self._tile)
        return self._tile.amax(dim=1).float().cpu().numpy()

    def columns_reaching(self, rows: np.ndarray, floor: float) -> np.ndarray:
        """Indices of the tile's columns whose product with any of these rows (indices) is at least `floor`."""
        # float first: against bfloat16 the floor itself would be rounded, perhaps upwards
        largest = self._tile[self._torch.from_numpy(rows).to(self._tile.device)].amax(dim=0).float()
        return np.flatnonzero(largest.cpu().numpy() >= floor)

    def _converted(self, vectors: np.ndarray, buffer: "torch.Tensor") -> "torch.Tensor":
        for first, some in _tiles(vectors, _CONVERTED_ROWS):
            block = some if some.flags.writeable else some.copy()  # a memory map that is only read
            buffer[first : first + len(some)].copy_(self._torch.from_numpy(block))
        return buffer[: len(vectors)]
