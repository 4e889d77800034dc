"""The catalog: what is pending, what is valid, what was dropped, and damage that is named."""

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from omnisource import config, kept_answers
from omnisource.catalog import Catalog, listed_rows, passes_validity, source
from omnisource.errors import ItemError, WorkspaceError
from omnisource.report import Report
from omnisource.types import Format
from omnisource.workspace import Workspace
from tests.workspaces import key, workspace_with

SCORED = [
    {"number": n, "top": n % 2, "confidence": n / 10, "query": 0, "query_prob": 0.5, "source": f"s{n % 3}"}
    for n in range(1, 10)
]


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return Catalog(workspace_with(tmp_path / "it's", scored=SCORED, invalid=[20]), threads=1)


def numbers(chunks) -> list[list[int]]:
    return [[item.key[0] for item in chunk] for chunk in chunks]


def test_pending__items_in_the_order_they_were_added_in_chunks(catalog: Catalog):
    done = catalog.workspace.table("scores/other")
    chunks = numbers(catalog.pending(done, valid=False, formats=tuple(Format), chunk=4))
    assert chunks == [[1, 2, 3, 4], [5, 6, 7, 8], [9, 20]]


def test_pending__leaves_out_invalid_and_other_formats(catalog: Catalog):
    done = catalog.workspace.table("scores/other")
    assert numbers(catalog.pending(done, valid=True, formats=tuple(Format), chunk=99)) == [[1, 2, 3, 4, 5, 6, 7, 8, 9]]
    assert numbers(catalog.pending(done, valid=True, formats=(Format.TRIMMED,), chunk=99)) == []


def test_pending__leaves_out_what_is_measured_or_dropped(catalog: Catalog):
    done = catalog.workspace.table("scores/other")
    report = Report("score", progress=False)
    report.drop(Path("/web/2"), key(2), ItemError("truncated"))
    with done.writer(rows_per_part=10) as writer:
        writer.add([{"key": key(1), "start_s": 0.0, "end_s": 1.0}], report.take_dropped())
    assert numbers(catalog.pending(done, valid=True, formats=tuple(Format), chunk=99)) == [[3, 4, 5, 6, 7, 8, 9]]


def test_has_pending__until_everything_is_measured_or_dropped(catalog: Catalog):
    done = catalog.workspace.table("scores/other")
    report = Report("score", progress=False)
    report.drop(Path("/web/9"), key(9), ItemError("truncated"))
    with done.writer(rows_per_part=10) as writer:
        writer.add([{"key": key(n), "start_s": 0.0, "end_s": 1.0} for n in range(1, 8)], report.take_dropped())
        assert catalog.has_pending(done, valid=True, formats=tuple(Format))
        assert not catalog.has_pending(done, valid=True, formats=(Format.TRIMMED,))
        writer.add([{"key": key(8), "start_s": 0.0, "end_s": 1.0}])
    assert not catalog.has_pending(done, valid=True, formats=tuple(Format))
    assert catalog.has_pending(done, valid=False, formats=tuple(Format))  # number 20 is broken


def test_passes_validity__counts_the_same_where_some_were_not_checked_yet(catalog: Catalog):
    items = source(catalog.workspace.table("items"))
    sql = f"SELECT count(*) FROM {items} i WHERE "
    assert catalog.value(sql + passes_validity(catalog.workspace, "i")) == 9
    with catalog.workspace.table("items").writer(rows_per_part=9) as writer:
        writer.add([{"key": key(30), "path": "/web/30", "source": "web", "format": "image"}])
    sql = f"SELECT count(*) FROM {source(catalog.workspace.table('items'))} i WHERE "
    assert catalog.value(sql + passes_validity(catalog.workspace, "i")) == 9


def test_pending__a_workspace_without_items_has_nothing_to_do(tmp_path: Path):
    workspace = Workspace.create(tmp_path, config.Study())
    done = workspace.table("validity")
    assert numbers(Catalog(workspace).pending(done, valid=False, formats=tuple(Format), chunk=2)) == []


def test_dropped_by_reason__most_frequent_first(catalog: Catalog):
    report = Report("score", progress=False)
    for number, reason in enumerate(["a", "b", "b"]):
        report.drop(None, key(number), ItemError(reason))
    with catalog.workspace.table("scores/x").writer(rows_per_part=10) as writer:
        writer.add([], report.take_dropped())
    assert catalog.dropped_by_reason("scores/x") == {"b": 2, "a": 1}


def test_count_items__valid_ones_of_the_formats(catalog: Catalog):
    assert catalog.count_items((Format.IMAGE, Format.TRIMMED)) == 9  # number 20 is broken
    assert catalog.count_items((Format.UNTRIMMED,)) == 0


def test_first_dropped__with_everything_that_was_said(catalog: Catalog):
    report = Report("score", progress=False)
    report.drop(Path("/web/1"), key(1), ItemError("truncated", "half is missing"))
    report.drop(None, None, ItemError("gone"))
    with catalog.workspace.table("scores/x").writer(rows_per_part=10) as writer:
        writer.add([], report.dropped)
    assert catalog.first_dropped("scores/x", 9) == report.dropped
    assert catalog.first_dropped("scores/x", 1) == report.dropped[:1]


def test_listed_rows__of_every_source(catalog: Catalog):
    assert listed_rows(catalog.workspace) == ""
    for number, name in enumerate(("a", "b", "empty")):
        with catalog.workspace.table(f"listed/{name}").writer(rows_per_part=10) as writer:
            writer.add([{"key": key(number), "source": name}] if name != "empty" else [])
    rows = catalog.table(f"SELECT source FROM ({listed_rows(catalog.workspace)}) ORDER BY source")
    assert rows["source"].to_pylist() == ["a", "b"]


def test_rows__tables_in_memory_are_known_to_one_query_alone(catalog: Catalog):
    keys = pa.table({"number": [2, 3]})
    assert catalog.rows("SELECT sum(number) AS n FROM mine", tables={"mine": keys}).read_all()["n"].to_pylist() == [5]
    with pytest.raises(duckdb.CatalogException):
        catalog.rows("SELECT * FROM mine")


def test_item__by_its_key(catalog: Catalog):
    item = catalog.item(key(3))
    assert (item.key, item.path, item.format) == (key(3), Path("/web/3"), Format.IMAGE)
    assert catalog.item(key(77)) is None


def test_rows__damaged_pages_are_named_whenever_they_are_met(catalog: Catalog):
    part = catalog.workspace.table("items").parts()[0]
    pq.write_table(pa.table({"key": [key(n % 250) for n in range(200_000)]}), part, row_group_size=50_000)
    whole = bytearray(part.read_bytes())
    last = pq.read_metadata(part).row_group(3).column(0)
    first = last.dictionary_page_offset or last.data_page_offset
    whole[first : first + last.total_compressed_size] = bytes(last.total_compressed_size)
    part.write_bytes(whole)
    with pytest.raises(WorkspaceError, match=r"part-000000\.parquet is damaged"):
        for batch in catalog.rows(f"SELECT key FROM {source(catalog.workspace.table('items'))}"):
            assert batch.num_rows  # the first ones are whole


def test_kept__is_asked_anew_when_a_part_was_added(catalog: Catalog, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(kept_answers, "SLOW_S", 0.0)
    items = catalog.workspace.table("items")
    count = "SELECT count(*) AS n FROM {} WHERE source <> $source"
    assert catalog.kept(count.format(source(items)), {"source": "x"})["n"].to_pylist() == [10]
    assert len(list((catalog.workspace.root / "answers").iterdir())) == 1
    with items.writer(rows_per_part=10) as writer:
        row = {"key": key(40), "path": "/web/40", "source": "y", "format": "image"}
        writer.add([row, row | {"key": key(41)}])
    assert catalog.kept(count.format(source(items)), {"source": "x"})["n"].to_pylist() == [12]


def test_rows__a_damaged_part_is_named(catalog: Catalog):
    part = catalog.workspace.table("scores/teacher").parts()[0]
    part.write_bytes(b"PAR1" + b"\0" * 100)
    with pytest.raises(WorkspaceError, match=r"part-000000\.parquet is damaged"):
        catalog.table(f"SELECT confidence FROM {source(catalog.workspace.table('scores/teacher'))}")
