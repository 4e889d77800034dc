"""`add-released` as a person meets it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.commands.conftest import Answer
from tests.released_world import copy_examples, workspace_on


@pytest.fixture
def folder(facts: Path, tmp_path: Path) -> Path:
    return copy_examples(facts, tmp_path / "OmniSource")


def test_add_released__a_table_of_lists(here: Callable[..., Answer], folder: Path, tmp_path: Path):
    workspace = workspace_on(folder, tmp_path / "w")
    answer = here("add-released", str(folder), "-w", str(workspace.root))
    assert answer.returncode == 0, answer.stderr
    lines = [line.split() for line in answer.stdout.splitlines()]
    assert ["googleimage_200:", "3", "new", "items"] in lines
    assert ["left", "out:", "nothing"] in lines
    assert ["kinetics_200/k200_val.txt", "4838", "1", "-4837"] in lines


def test_add_released__json(here: Callable[..., Answer], folder: Path, tmp_path: Path):
    workspace = workspace_on(folder, tmp_path / "w")
    found = json.loads(here("add-released", str(folder), "-w", str(workspace.root), "--json").stdout)
    assert found["items"] == {
        "googleimage_200": 3,
        "insimage_200": 1,
        "insvideo_200": 2,
        "kinetics_raw_200": 2,
    }
    assert {"list": "kinetics_200/k200_val.txt", "expected": 4838, "found": 1} in found["differences"]
    assert found["unread"] == ["kinetics_raw_200/rawvideo_text_form.txt"]


def test_add_released__a_folder_without_lists(here: Callable[..., Answer], folder: Path, tmp_path: Path):
    workspace = workspace_on(folder, tmp_path / "w")
    answer = here("add-released", str(folder / "googleimage_200"), "-w", str(workspace.root))
    assert answer.returncode == 1
    assert "has no released list" in answer.stderr


def test_add_released__redo_reads_changed_lists(here: Callable[..., Answer], folder: Path, tmp_path: Path):
    workspace = workspace_on(folder, tmp_path / "w")
    arguments = ("add-released", str(folder), "-w", str(workspace.root))
    here(*arguments)
    (folder / "annotations" / "insvideo_200" / "insvideo_200.txt").write_text("001/abseiling/BzYsP0HIvbt.mp4 1\n")
    assert "--redo" in here(*arguments).stderr
    assert here(*arguments, "--redo").returncode == 0
