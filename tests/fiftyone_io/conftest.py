"""A FiftyOne of this process alone, and a workspace of eight items that nothing was pushed of."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from omnisource.workspace import Workspace
from tests import fiftyone_home, fiftyone_world  # FiftyOne reads its home when it is imported


@pytest.fixture(scope="session", autouse=True)
def _database() -> None:
    fiftyone_home.start_database()


@pytest.fixture(scope="session")
def _built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fiftyone_world.build(tmp_path_factory.mktemp("fiftyone")).root


@pytest.fixture
def workspace(_built: Path, tmp_path: Path) -> Workspace:
    """A copy, so that a test may change it."""
    return Workspace(Path(shutil.copytree(_built, tmp_path / "w")))


@pytest.fixture
def database() -> Iterator[None]:
    """FiftyOne's database, empty again at the end."""
    import fiftyone as fo

    yield
    fo.delete_datasets("*")
