"""Examples on disk as a sequence that is read row by row: memory-mapped Arrow, so that millions cost no memory."""

import bisect
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from omnisource.errors import ConfigError
from omnisource.files import save_atomically
from omnisource.schemas import SCHEMAS
from omnisource.types import Example, Format, Segment


class ExampleFile(Sequence[Example]):
    """The examples of one source; rows are made when asked for."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._table = pa.ipc.open_file(pa.memory_map(str(path))).read_all()

    def __len__(self) -> int:
        return self._table.num_rows

    def __getitem__(self, index: int) -> Example:
        if not -len(self) <= index < len(self):
            raise IndexError(f"example {index} of {len(self)} in {self.path}")
        (row,) = self._table.slice(index % len(self), 1).to_pylist()
        return Example(
            path=Path(row["path"]),
            format=Format(row["format"]),
            source=row["source"],
            class_index=row["class_index"],
            confidence=row["confidence"],
            segments=_segments(row["key"], row["segments"]),
            negatives=_segments(row["key"], row["negatives"]),
        )

    def __reduce__(self):  # loader workers map the file themselves
        return type(self), (self.path,)

    @property
    def class_indices(self) -> np.ndarray:
        """(N,) int64: the class of every example, without making the examples."""
        return self._table["class_index"].to_numpy().astype(np.int64)


class MergedExamples(Sequence[Example]):
    """The examples of several sources, one source after the other."""

    def __init__(self, parts: Sequence[ExampleFile]) -> None:
        self._parts = parts
        self._starts = np.cumsum([0] + [len(part) for part in parts]).tolist()

    def __len__(self) -> int:
        return self._starts[-1]

    def __getitem__(self, index: int) -> Example:
        if not -len(self) <= index < len(self):
            raise IndexError(f"example {index} of {len(self)} in {', '.join(str(part.path) for part in self._parts)}")
        position = index % len(self)
        part = bisect.bisect_right(self._starts, position) - 1
        return self._parts[part][position - self._starts[part]]

    @property
    def class_indices(self) -> np.ndarray:
        """(N,) int64: the class of every example, without making the examples."""
        return np.concatenate([part.class_indices for part in self._parts])


def merge_sources(
    examples: Mapping[str, ExampleFile], merged: Mapping[str, Sequence[str]]
) -> dict[str, Sequence[Example]]:
    """Sources as training draws them: those of a mixture as one, in the place of the first of them that is there.

    Raises ConfigError for a mixture of formats, whose batches no network could stack.
    """
    mixture_of = {member: name for name, members in merged.items() for member in members}
    parts: dict[str, list[ExampleFile]] = {}
    for source, rows in examples.items():
        parts.setdefault(mixture_of.get(source, source), []).append(rows)
    for name, files in parts.items():
        formats = {str(file[0].format) for file in files if len(file)}
        if len(formats) > 1:
            raise ConfigError(
                f"train.joint.merged.{name} mixes {' and '.join(sorted(formats))}; name sources of one format"
            )
    return {name: files[0] if len(files) == 1 else MergedExamples(files) for name, files in parts.items()}


def write_examples(path: Path, batches: Iterable[pa.RecordBatch]) -> int:
    """Write rows of the auxiliary schema, whole or not at all; returns how many."""
    num_rows = 0

    def save(partial: Path) -> None:
        nonlocal num_rows
        with pa.OSFile(str(partial), "wb") as file, pa.ipc.new_file(file, SCHEMAS["auxiliary"]) as writer:
            for batch in batches:
                num_rows += batch.num_rows
                writer.write_batch(batch.cast(SCHEMAS["auxiliary"]))

    save_atomically(path, save)
    return num_rows


def _segments(key: bytes, spans: list[dict[str, float]] | None) -> tuple[Segment, ...]:
    return tuple(Segment(key=key, start_s=span["start_s"], end_s=span["end_s"]) for span in spans or ())
