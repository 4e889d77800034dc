"""Columns of tables: an empty table answers a question as a full one would."""

from pathlib import Path

import pytest

from omnisource import config
from omnisource.catalog import Catalog, source
from omnisource.schemas import SCHEMAS
from omnisource.workspace import Workspace


@pytest.mark.parametrize("name", [name for name in SCHEMAS if name != "auxiliary"])  # that one is no Parquet table
def test_schemas__an_empty_table_has_the_columns_of_a_full_one(name: str, tmp_path: Path):
    workspace = Workspace.create(tmp_path / "work", config.Study())
    catalog, table = Catalog(workspace, threads=1), workspace.table(name)
    empty = catalog.table(f"SELECT * FROM {source(table)}")
    with table.writer(rows_per_part=1) as writer:
        writer.add([{}])
    full = catalog.table(f"SELECT * FROM {source(table)}")
    assert (empty.num_rows, full.num_rows) == (0, 1)
    assert empty.schema.equals(full.schema)
