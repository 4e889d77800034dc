"""Fixtures of the tests of FiftyOne: a workspace of eight items, and a database that holds nothing or all of them.

To push takes a second or two, so it is done once for each process; a test gets the documents that it left.
"""

import functools
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from omnisource.workspace import Workspace
from tests import fiftyone_home, fiftyone_world  # FiftyOne reads its home when it is imported

PLACE = fiftyone_home.HOME / "pushed" / "w"
"""Where the pushed workspace lies: the datasets know it by its folder."""
APP_URL = "http://127.0.0.1:8501"
_kept: set[str] = set()


@functools.cache
def built() -> Path:
    """The workspace, of which nothing was pushed; only to be copied."""
    return fiftyone_world.build(fiftyone_home.HOME / "built").root


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A copy, so that a test may change it."""
    return Workspace(Path(shutil.copytree(built(), tmp_path / "w")))


@pytest.fixture
def database() -> Iterator[None]:
    """FiftyOne's database, empty."""
    fiftyone_home.start_database()
    _restore({})
    yield
    _restore({})


@pytest.fixture
def pushed(database: None) -> Workspace:
    """A workspace all of which was pushed: the datasets w-images, w-videos and w-pairs; both may be changed."""
    import fiftyone as fo

    files, documents = _pushed_once()
    shutil.rmtree(PLACE, ignore_errors=True)
    shutil.copytree(files, PLACE)
    _restore(documents)
    for name in ("w-images", "w-videos", "w-pairs"):
        fo.load_dataset(name, reload=True)
    return Workspace(PLACE)


@functools.cache
def _pushed_once() -> tuple[Path, dict[str, list[dict]]]:
    """A workspace as the push left it, and FiftyOne's documents by collection."""
    import fiftyone as fo

    from omnisource.fiftyone_io.pushing import push

    shutil.copytree(built(), PLACE)
    push(Workspace(PLACE), app_url=APP_URL)
    connection = fo.core.odm.get_db_conn()
    documents = {name: list(connection[name].find()) for name in _collections()}
    _kept.update(documents)
    return Path(shutil.copytree(PLACE, fiftyone_home.HOME / "as_pushed")), documents


def _restore(documents: dict[str, list[dict]]) -> None:
    """Let FiftyOne hold these documents and no others; what was pushed once keeps its collections and their indexes."""
    import fiftyone as fo

    connection = fo.core.odm.get_db_conn()
    for name in _collections():
        if "." in name and name not in _kept:
            connection.drop_collection(name)
        else:
            connection[name].delete_many({})
    for name, rows in documents.items():
        if rows:
            connection[name].insert_many(rows)


def _collections() -> list[str]:
    """But for the one that tells FiftyOne's own revision."""
    import fiftyone as fo

    return [name for name in fo.core.odm.get_db_conn().list_collection_names() if name != "config"]
