"""Features are read in blocks that hold no more than some thousand rows."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from omnisource.pipeline.feature_blocks import ROWS_AT_ONCE, blocks_of, vectors_of


def part(path: Path, first: int, num_rows: int) -> Path:
    vectors = pa.array([[float(first + row), 0.5] for row in range(num_rows)], pa.list_(pa.float16()))
    pq.write_table(pa.table({"time_s": [0.0] * num_rows, "vector": vectors}), path)
    return path


def test_blocks_of__every_row_in_order(tmp_path: Path):
    parts = [part(tmp_path / "0.parquet", 0, ROWS_AT_ONCE + 1), part(tmp_path / "1.parquet", 10_000, 2)]
    blocks = list(blocks_of(parts, ["vector"]))
    assert [len(block) for block in blocks] == [ROWS_AT_ONCE, 1, 2]
    assert blocks[0].column_names == ["vector"]
    assert [vectors_of(block)[0].tolist() for block in blocks] == [[0.0, 0.5], [8192.0, 0.5], [10_000.0, 0.5]]


def test_vectors_of__are_float32_rows(tmp_path: Path):
    (block,) = blocks_of([part(tmp_path / "0.parquet", 3, 2)], ["vector"])
    found = vectors_of(block)
    assert (str(found.dtype), found.tolist()) == ("float32", [[3.0, 0.5], [4.0, 0.5]])
