"""metrics.jsonl of a run -> curves that a chart can show, however long the run is (paper 3.6).

A file is read by byte offset and thinned to means over equal stretches. A long file is not read whole: a few lines at
each of many places are enough for a curve of a thousand points. Validations are rare, so each of them is kept.
"""

import json
import mmap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

NUM_POINTS = 1000
"""Of a curve, at most."""
WHOLE_BYTES = 4 << 20
"""Files up to this size are read whole."""
_WINDOW_BYTES = 4096
"""What is read at each place of a longer file: about ten lines."""
_VALIDATED = b'"val/'


@dataclass(frozen=True, kw_only=True, slots=True)
class Curves:
    """What a run measured, thinned."""

    update: np.ndarray
    """(N,) float64: updates that are done, the mean of each stretch."""
    values: Mapping[str, np.ndarray]
    """Name in metrics.jsonl -> (N,) float64; NaN where a stretch has none."""
    validations: Mapping[str, tuple[np.ndarray, np.ndarray]]
    """Name after "val/" -> updates (M,) and values (M,), every one of them."""
    num_lines: int
    """Lines that were read."""

    def sources(self, prefix: str) -> list[str]:
        """What stands behind a prefix such as "loss/": "target" first, then the sources by name."""
        found = sorted(name.removeprefix(prefix) for name in self.values if name.startswith(prefix))
        return sorted(found, key=lambda name: name != "target")


def read_curves(run: Path, *, num_points: int = NUM_POINTS, whole_bytes: int = WHOLE_BYTES) -> Curves:
    """The curves of a run's folder as they are now; empty before its first update."""
    path = run / "metrics.jsonl"
    if not path.is_file() or path.stat().st_size == 0:
        return Curves(update=np.zeros(0), values={}, validations={}, num_lines=0)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as lines:
        is_whole = len(lines) <= whole_bytes
        read = list(decoded(_all_lines(lines) if is_whole else _some_lines(lines, num_points)))
        validated = [line for line in read if any(name.startswith("val/") for name in line)]
        if not is_whole:
            validated = list(decoded(_validated_lines(lines)))
    return _thinned(read, validated, num_points)


def decoded(lines: Iterable[bytes | str]) -> Iterator[dict]:
    """Lines as they were measured, but for those that a crash of the machine left unreadable."""
    for line in lines:
        try:
            yield json.loads(line)
        except ValueError:
            continue


def _all_lines(lines: mmap.mmap) -> Iterator[bytes]:
    """Every line but half a line at the end, which is being written."""
    for line in iter(lines.readline, b""):
        if line.endswith(b"\n"):
            yield line


def _some_lines(lines: mmap.mmap, num_windows: int) -> Iterator[bytes]:
    """The whole lines in windows at equal distances, and at the very end."""
    done = 0
    for place in np.linspace(0, max(len(lines) - _WINDOW_BYTES, 0), num_windows).astype(int).tolist():
        start = max(place, done)
        first = lines.find(b"\n", start - 1) + 1 if start else 0
        if start and not first:
            return  # half a line is left
        end = lines.rfind(b"\n", first, start + _WINDOW_BYTES) + 1
        if end > first:
            yield from lines[first:end].splitlines()
            done = end


def _validated_lines(lines: mmap.mmap) -> Iterator[bytes]:
    """Every line that holds a validation; found without parsing the others."""
    position = lines.find(_VALIDATED)
    while position >= 0:
        start, end = lines.rfind(b"\n", 0, position) + 1, lines.find(b"\n", position)
        if end < 0:
            return  # being written
        yield lines[start:end]
        position = lines.find(_VALIDATED, end)


def _thinned(read: list[dict], validated: list[dict], num_points: int) -> Curves:
    updates = np.array([line["update"] for line in read], np.float64)
    stretch = (np.arange(len(read)) * min(num_points, len(read))) // max(len(read), 1)
    names = dict.fromkeys(name for line in read for name in line if name != "update" and not name.startswith("val/"))
    columns = {name: np.array([line.get(name) for line in read], np.float64) for name in names}  # None becomes NaN
    checked = dict.fromkeys(name for line in validated for name in line if name.startswith("val/"))
    return Curves(
        update=_means(updates, stretch),
        values={name: _means(column, stretch) for name, column in columns.items()},
        validations={name.removeprefix("val/"): _points(validated, name) for name in checked},
        num_lines=len(read),
    )


def _means(column: np.ndarray, stretch: np.ndarray) -> np.ndarray:
    """Mean of each stretch, without what is NaN."""
    is_known = ~np.isnan(column)
    length = int(stretch[-1]) + 1 if len(stretch) else 0
    sums = np.bincount(stretch, np.where(is_known, column, 0.0), minlength=length)
    counts = np.bincount(stretch, is_known, minlength=length)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def _points(lines: list[dict], name: str) -> tuple[np.ndarray, np.ndarray]:
    having = [(line["update"], line[name]) for line in lines if line.get(name) is not None]
    points = np.array(having, np.float64).reshape(-1, 2)
    return points[:, 0], points[:, 1]
