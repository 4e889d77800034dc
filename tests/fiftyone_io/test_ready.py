"""FiftyOne is optional, and says in one line what is missing."""

import importlib.machinery
import json
import sys
import types
from pathlib import Path

import pytest

from omnisource.errors import MissingExtraError, OmniSourceError
from omnisource.fiftyone_io.ready import FOLDER, pushed_before, require_fiftyone, why_off
from omnisource.workspace import Workspace


def test_require_fiftyone__is_there():
    require_fiftyone()
    assert why_off() is None


def test_require_fiftyone__is_not_installed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "fiftyone", None)
    with pytest.raises(MissingExtraError) as raised:
        require_fiftyone()
    assert str(raised.value) == (
        "exploring in FiftyOne needs fiftyone, which is not installed: pip install 'omnisource[fiftyone]'"
    )


@pytest.fixture
def without_mongod(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """FiftyOne as it is installed where its download of mongod failed."""
    module = types.ModuleType("fiftyone")
    module.__spec__ = importlib.machinery.ModuleSpec("fiftyone", None, is_package=True)
    module.__spec__.submodule_search_locations.append(str(tmp_path))
    monkeypatch.setitem(sys.modules, "fiftyone", module)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("FIFTYONE_DATABASE_URI", raising=False)


def test_require_fiftyone__without_a_database(without_mongod: None):
    with pytest.raises(OmniSourceError, match="FiftyOne needs MongoDB's mongod, and none was found; `make setup`"):
        require_fiftyone()


def test_require_fiftyone__a_server_elsewhere_will_do(without_mongod: None, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("FIFTYONE_DATABASE_URI", "mongodb://127.0.0.1:27017")
    assert why_off() is None


def test_pushed_before__nothing_and_something(workspace: Workspace):
    assert pushed_before(workspace) is None
    folder = workspace.root / FOLDER
    folder.mkdir()
    told = {
        "datasets": {"w-images": 6},
        "finished_s": 5.0,
        "recipe": None,
        "app_url": "http://a",
        "where": ["class=red"],
    }
    (folder / "pushed.json").write_text(json.dumps(told | {"limit": 10, "added": 6}), encoding="utf-8")
    found = pushed_before(workspace)
    assert (found.datasets, found.where, found.limit) == ({"w-images": 6}, ("class=red",), 10)
