"""Parts of a table of features -> their rows, some thousand at a time; without torch (paper 3.3)."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

ROWS_AT_ONCE = 8192


def blocks_of(parts: Iterable[Path], columns: Sequence[str]) -> Iterator[pa.Table]:
    """Rows of the parts, in order."""
    for part in parts:
        with pq.ParquetFile(part) as file:
            for batch in file.iter_batches(batch_size=ROWS_AT_ONCE, columns=list(columns)):
                yield pa.Table.from_batches([batch])


def vectors_of(block: pa.Table) -> np.ndarray:
    """(N, D) float32: the column `vector`."""
    column = block["vector"].combine_chunks()
    flat = column.flatten().to_numpy(zero_copy_only=False)
    return flat.reshape(len(column), -1).astype(np.float32)
