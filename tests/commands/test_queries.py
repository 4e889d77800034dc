"""`queries` as a person meets it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from omnisource.errors import WorkspaceError
from omnisource.pipeline.queries import accepted_queries
from omnisource.workspace import Workspace
from tests import micro_world
from tests.commands.conftest import Answer
from tests.search_tables import searched_workspace


@pytest.fixture
def root(world: Path, tmp_path: Path) -> Path:
    return Workspace.create(tmp_path / "w", micro_world.study(world)).root


def test_queries__proposes_shows_and_does_not_accept(here: Callable[..., Answer], root: Path):
    printed = here("queries", "-w", str(root)).stdout
    assert "red right" in printed
    assert "revision 1 waits for you" in printed
    with pytest.raises(WorkspaceError, match="was not accepted"):
        accepted_queries(Workspace(root))


def test_queries__goes_out_and_comes_back(here: Callable[..., Answer], root: Path, tmp_path: Path):
    path = tmp_path / "q.csv"
    assert f"{path}: edit it" in here("queries", "-w", str(root), "--export", str(path)).stdout
    path.write_text(path.read_text().replace("red right", "red square"))
    printed = here("queries", "-w", str(root), "--import", str(path), "--accept").stdout
    assert "revision 2 was accepted by" in printed
    assert (0, "blue still") in accepted_queries(Workspace(root))["query"]
    assert (2, "red square") in accepted_queries(Workspace(root))["query"]
    answer = here("queries", "-w", str(root), "--export", str(path))
    assert answer.returncode == 1
    assert "q.csv is there already, perhaps with your changes; choose another name or remove it" in answer.stderr


def test_queries__json_while_they_are_written(here: Callable[..., Answer], root: Path, tmp_path: Path):
    answer = here("queries", "-w", str(root), "--export", str(tmp_path / "q.csv"), "--json")
    assert json.loads(answer.stdout)["revision"] == 1  # nothing else is printed there
    assert (tmp_path / "q.csv").is_file()


def test_queries__says_which_line_is_wrong(here: Callable[..., Answer], root: Path, tmp_path: Path):
    path = tmp_path / "q.csv"
    path.write_text("class,kind,text\nred_left,query,red\n")
    answer = here("queries", "-w", str(root), "--import", str(path))
    assert (answer.returncode, "q.csv:2: unknown class 'red_left'" in answer.stderr) == (1, True)


def test_queries__names_classes_that_nothing_is_searched_for(here: Callable[..., Answer], root: Path, tmp_path: Path):
    path = tmp_path / "q.csv"
    path.write_text("class,kind,text\nred_right,query,red\n")
    printed = here("queries", "-w", str(root), "--import", str(path)).stdout
    assert "no query is used for blue_still, green_down: nothing would be searched for them" in printed
    assert "no tag is used for blue_still, green_down, red_right" in printed


def test_queries__json(here: Callable[..., Answer], root: Path):
    document = json.loads(here("queries", "-w", str(root), "--json").stdout)
    assert (document["revision"], document["accepted"]) == (1, None)
    assert document["queries"][0] == {
        **{"class_index": 0, "text_kind": "query", "text": "blue still", "rank": 1, "rule": "class name"},
        **{"use": True, "class": "blue_still"},
    }


def test_queries__anew_keeps_edits(here: Callable[..., Answer], root: Path, tmp_path: Path):
    path = tmp_path / "q.csv"
    path.write_text("class,kind,text\nred_right,query,red\n")
    here("queries", "-w", str(root), "--import", str(path))
    document = json.loads(here("queries", "-w", str(root), "--anew", "--json").stdout)
    of_red = [one["text"] for one in document["queries"] if one["class"] == "red_right"]
    assert of_red == ["red"]  # what was removed is not brought back


def test_queries__yield_of_every_cell(here: Callable[..., Answer], tmp_path: Path):
    root = str(searched_workspace(tmp_path / "w").root)
    rows = json.loads(here("queries", "-w", root, "--yield", "-r", "strict", "--json").stdout)
    assert [(row["query"], row["new"], row["kept"]) for row in rows] == [
        *[("boxing", 1, 0), ("boxing", 4, 1), ("yo yo", 0, 0), ("yo yo", 2, 0)],
    ]
    printed = here("queries", "-w", root, "--yield", "-r", "strict").stdout
    assert "Yield of pictures, by recipe strict" in printed
    assert "capped" in printed


def test_queries__no_yield_before_a_search(here: Callable[..., Answer], root: Path):
    assert "nothing has been searched yet" in here("queries", "-w", str(root), "--yield").stdout
