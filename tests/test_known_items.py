"""What the tables hold already, asked file by file and key by key."""

from pathlib import Path

import pytest

from omnisource.catalog import Catalog
from omnisource.errors import ItemError
from omnisource.known_items import KnownFiles, KnownKeys
from omnisource.report import Report
from tests.workspaces import key, workspace_with


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    scored = [{"number": n, "top": 0, "confidence": 0.5, "query": 0} for n in range(1, 10)]
    return Catalog(workspace_with(tmp_path / "it's", scored=scored, invalid=[20]), threads=1)


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


def test_known_files__what_was_added_is_known_from_then_on(catalog: Catalog):
    known = KnownFiles(catalog, catalog.workspace.table("items"))
    known.add([{"path": "/web/new", "key": key(77)}, {"path": "/web/folder", "key": None}])
    assert known.new_paths(["/web/new", "/web/folder", "/web/newer"]) == {"/web/newer"}
    assert known.holders([key(1), key(77), key(78)]) == {key(1): "/web/1", key(77): "/web/new"}
