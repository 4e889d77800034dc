"""Which workspace a page shows where no link says it, and the names of workspaces in the picker."""

import json
import sys
from pathlib import Path

import pytest

from app import workspaces
from omnisource import config
from omnisource.workspace import Workspace


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Workspace, Workspace]:
    """A workspace that was open before, and another one."""
    recent, other = (Workspace.create(tmp_path / name, config.Study()) for name in ("recent", "other"))
    workspaces.RECENT.write_text(json.dumps([str(recent.root), str(tmp_path / "gone")]))
    return recent, other


def test_default__the_command_lines_then_this_folder_then_the_last_one(
    folders: tuple[Workspace, Workspace], monkeypatch: pytest.MonkeyPatch
):
    recent, other = folders
    assert workspaces._default() == str(recent.root)
    monkeypatch.chdir(other.root)
    assert workspaces._default() == "."
    monkeypatch.setattr(sys, "argv", ["streamlit", "--flag", "given"])
    assert workspaces._default() == "given"  # though it is none: its error is shown, and no other workspace


def test_labels__no_two_folders_share_a_name():
    # a choice is told by its name: with two called "work", the next rerun would open the other one
    paths = ["/a/work", "/b/work", "/c/x/w", "/d/x/w", "/z", "/"]
    assert list(workspaces.labels(paths).values()) == ["a/work", "b/work", "c/x/w", "d/x/w", "z", "/"]
