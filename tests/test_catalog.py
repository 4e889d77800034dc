"""The catalog: what is pending, histograms, neighbours of a threshold."""

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from omnisource import config, kept_answers
from omnisource.catalog import Catalog, KnownFiles, KnownKeys, listed_rows, source
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


def test_valid__counts_the_same_where_some_were_not_checked_yet(catalog: Catalog):
    items = source(catalog.workspace.table("items"))
    sql = f"SELECT count(*) FROM {items} i WHERE "
    assert catalog.value(sql + catalog.valid("i")) == 9
    with catalog.workspace.table("items").writer(rows_per_part=9) as writer:
        writer.add([{"key": key(30), "path": "/web/30", "source": "web", "format": "image"}])
    sql = f"SELECT count(*) FROM {source(catalog.workspace.table('items'))} i WHERE "
    assert catalog.value(sql + catalog.valid("i")) == 9


def test_pending__a_workspace_without_items_has_nothing_to_do(tmp_path: Path):
    workspace = Workspace.create(tmp_path, config.Study())
    done = workspace.table("validity")
    assert numbers(Catalog(workspace).pending(done, valid=False, formats=tuple(Format), chunk=2)) == []


def test_confidence_histogram__counts_by_source_class_and_bin(catalog: Catalog):
    rows = catalog.confidence_histogram("teacher", bins=2).to_pylist()
    # s0 holds 3 (0.3, class 1), 6 (0.6, class 0), 9 (0.9, class 1)
    assert [row for row in rows if row["source"] == "s0"] == [
        {"source": "s0", "top_class": 0, "bin": 1, "num_segments": 1},
        {"source": "s0", "top_class": 1, "bin": 0, "num_segments": 1},
        {"source": "s0", "top_class": 1, "bin": 1, "num_segments": 1},
    ]
    assert sum(row["num_segments"] for row in rows) == 9


def test_nearest__segments_on_both_sides_of_a_threshold(catalog: Catalog):
    rows = catalog.nearest("teacher", 0, 0.45, limit=3).to_pylist()  # class 0 has 0.2, 0.4, 0.6 and 0.8
    assert [round(row["confidence"], 1) for row in rows] == [0.6, 0.4, 0.2]
    assert rows[0]["path"].startswith("/web/")


def test_dropped_by_reason__most_frequent_first(catalog: Catalog):
    report = Report("score", progress=False)
    for number, reason in enumerate(["a", "b", "b"]):
        report.drop(None, key(number), ItemError(reason))
    with catalog.workspace.table("scores/x").writer(rows_per_part=10) as writer:
        writer.add([], report.take_dropped())
    assert catalog.dropped_by_reason("scores/x") == {"b": 2, "a": 1}


def test_known_files__what_was_missing_is_not_known(catalog: Catalog):
    items = catalog.workspace.table("items")
    report = Report("add", progress=False)
    for path, reason in (("/web/gone", "missing_file"), ("/web/part", "missing_part"), ("/web/twice", "repeat")):
        report.drop(Path(path), None, ItemError(reason))
    with items.writer(rows_per_part=10) as writer:
        writer.add([], report.take_dropped())
    known = KnownFiles(catalog, items)
    asked = ["/web/gone", "/web/part", "/web/twice", "/web/1", "/web/new"]
    assert known.new_paths(asked) == {"/web/gone", "/web/part", "/web/new"}
    assert known.known_missing(asked) == {"/web/gone", "/web/part"}
    assert known.known_missing([]) == set()
    assert known.keys(asked) == {"/web/1": key(1)}


def test_known_keys__each_is_new_once(catalog: Catalog):
    known = KnownKeys(catalog, catalog.workspace.table("validity"))  # holds 1 to 9 and 20
    assert known.add([key(1), key(30), key(30), key(31)]) == {key(30), key(31)}
    assert known.add([key(30), key(32)]) == {key(32)}
    assert known.add([]) == set()


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
        catalog.confidence_histogram("teacher")
