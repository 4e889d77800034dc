"""Each content is one item, of the class whose address gave it first."""

from dataclasses import replace
from pathlib import Path

import pytest

from omnisource.catalog import Catalog
from omnisource.known_items import KnownFiles
from omnisource.pipeline.fetched_items import new_items, stored
from omnisource.workspace import Workspace
from tests.pipeline.test_host_turns import address
from tests.web_tables import searching

KEYS = [bytes([number]) * 16 for number in range(4)]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = searching(tmp_path / "w")
    for key in KEYS[:3]:
        path = made.root / "media" / key.hex()[:2] / f"{key.hex()}.jpg"
        path.parent.mkdir(parents=True)
        path.write_bytes(key)
    return made


def test_stored__by_its_content_whatever_its_ending(workspace: Workspace):
    assert stored(workspace.root / "media", KEYS[1]).name == f"{KEYS[1].hex()}.jpg"
    assert stored(workspace.root / "media", KEYS[3]) is None


def test_new_items__the_first_address_of_a_content_gives_its_class(workspace: Workspace):
    got = [(address("a", 0), KEYS[0]), (replace(address("b", 0), class_index=1), KEYS[0]), (address("c", 0), KEYS[1])]
    known = KnownFiles(Catalog(workspace), workspace.table("items"))
    rows, dropped = new_items(got, workspace.root / "media", known)
    assert [(row["url"], row["class_index"], row["key"]) for row in rows] == [
        ("http://a/0", 0, KEYS[0]),
        ("http://c/0", 0, KEYS[1]),
    ]
    path = workspace.root / "media" / KEYS[0].hex()[:2] / f"{KEYS[0].hex()}.jpg"
    assert rows[0]["path"] == str(path)
    assert [(one.reason, one.detail) for one in dropped] == [
        ("repeat", f"http://b/0 has the same content as http://a/0 ({path})")
    ]


def test_new_items__a_content_that_a_folder_has_is_no_new_item(workspace: Workspace):
    with workspace.table("items").writer(rows_per_part=10) as writer:
        writer.add([{"key": KEYS[2], "path": "/own/c.jpg", "source": "own", "format": "image", "class_index": 1}])
    known = KnownFiles(Catalog(workspace), workspace.table("items"))
    rows, dropped = new_items([(address("a", 0), KEYS[2])], workspace.root / "media", known)
    assert rows == []
    assert dropped[0].detail == "http://a/0 has the same content as /own/c.jpg"


def test_new_items__a_finished_crawl_s_file_stays_where_it_is(workspace: Workspace):
    known = KnownFiles(Catalog(workspace), workspace.table("items"))
    rows, _ = new_items([(replace(address("a", 0), file="/crawl/x.jpg"), KEYS[3])], workspace.root / "media", known)
    assert rows[0]["path"] == "/crawl/x.jpg"


def test_new_items__a_file_that_somebody_removed_is_no_item(workspace: Workspace):
    known = KnownFiles(Catalog(workspace), workspace.table("items"))
    rows, dropped = new_items([(address("a", 0), KEYS[3])], workspace.root / "media", known)
    assert rows == []
    folder = workspace.root / "media"
    assert [(one.reason, one.detail) for one in dropped] == [
        ("missing_file", f"http://a/0 was got, and its file is no longer in {folder}")
    ]
