"""`fiftyone push`, `pull` and `app` as a person meets them."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from omnisource import config
from omnisource.reviews import Reviews, Subject, Verdict
from omnisource.types import Taxonomy
from omnisource.workspace import Workspace
from tests import fiftyone_fixtures  # FiftyOne reads its home when it is imported
from tests.commands.conftest import Answer
from tests.workspaces import key

workspace, database, pushed = fiftyone_fixtures.workspace, fiftyone_fixtures.database, fiftyone_fixtures.pushed


@pytest.fixture
def root(workspace: Workspace, database: None) -> Path:
    """Of a workspace of which nothing was pushed."""
    return workspace.root


def test_push__says_what_it_did(here: Callable[..., Answer], root: Path):
    lines = here("fiftyone", "push", "-w", str(root)).stdout.splitlines()
    assert lines == [
        "8 added, 0 updated, 0 unchanged, 0 removed",
        "2 pairs added or changed, 0 items with a new embedding",
        "w-images: 6 samples",
        "w-videos: 2 samples",
        "w-pairs: 2 pairs",
    ]
    assert here("fiftyone", "push", "-w", str(root)).stdout.startswith("0 added, 0 updated, 8 unchanged")


def test_push__the_limit_is_stated(here: Callable[..., Answer], root: Path):
    asked = ["fiftyone", "push", "-w", str(root), "--where", "format=image", "--limit", "2"]
    assert here(*asked).stdout.startswith("2 of 6 items (--limit); narrow them with --where, or raise --limit")
    told = json.loads(here(*asked, "--json").stdout)
    assert (told["passing"], told["limit"], told["unchanged"]) == (6, 2, 2)


def test_push__a_filter_that_is_none(here: Callable[..., Answer], workspace: Workspace):
    result = here("fiftyone", "push", "-w", str(workspace.root), "--where", "klass=red")
    assert (result.returncode, "'klass=red' is no filter" in result.stderr) == (1, True)


def test_pull__decisions_and_conflicts(here: Callable[..., Answer], pushed: Workspace):
    import fiftyone as fo
    from fiftyone import ViewField as F

    root = pushed.root
    images = fo.load_dataset("w-images")
    images.match(F("item_key").is_in([key(2).hex(), key(3).hex()])).tag_samples("drop")
    images.match(F("item_key") == key(4).hex()).tag_samples(["keep", "drop"])
    Reviews(pushed.reviews_path).decide(Subject(key=key(3)), Verdict.KEEP, made_in="app", author="ann")
    lines = here("fiftyone", "pull", "-w", str(root), "--author", "bob").stdout.splitlines()
    assert lines[0] == "1 decisions and 0 undoings recorded, 0 known already"
    assert lines[1].startswith(f"conflict: {key(3).hex()}: FiftyOne says drop, OmniSource keep by ann at ")
    assert lines[2].startswith("settle them with --prefer fiftyone")
    assert lines[3] == f"unclear: {key(4).hex()}: tagged keep and drop at once; take one of them back"
    assert here("fiftyone", "push", "-w", str(root)).stdout.count("2 edits in FiftyOne were left alone") == 1
    told = json.loads(here("fiftyone", "pull", "-w", str(root), "--prefer", "fiftyone", "--json").stdout)
    assert (len(told["decided"]), told["conflicts"]) == (1, [])


def test_pull__nothing_was_pushed(here: Callable[..., Answer], root: Path):
    result = here("fiftyone", "pull", "-w", str(root))
    assert "is in FiftyOne yet; `omnisource fiftyone push`" in result.stderr


@pytest.mark.usefixtures("database")
def test_app__there_is_no_web_data(here: Callable[..., Answer], tmp_path: Path):
    empty = Workspace.create(tmp_path / "empty", config.Study())
    empty.save_taxonomy(Taxonomy(names=("red",)))
    result = here("fiftyone", "app", "-w", str(empty.root), "--no-browser")
    assert (result.returncode, "is in FiftyOne; collect web data first" in result.stderr) == (1, True)


@pytest.mark.parametrize("command", ["push", "pull", "app"])
def test_fiftyone__is_not_installed(
    here: Callable[..., Answer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
):
    monkeypatch.setitem(sys.modules, "fiftyone", None)
    result = here("fiftyone", command, "-w", str(tmp_path))
    assert (result.returncode, "pip install 'omnisource[fiftyone]'" in result.stderr) == (1, True)


def test_fiftyone__every_command_has_an_example(here: Callable[..., Answer]):
    for command in ("push", "pull", "app"):
        assert f"Example: omnisource fiftyone {command}" in here("fiftyone", command, "--help").stdout
