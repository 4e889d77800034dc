"""`suspects` as a person meets it."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from omnisource.workspace import Workspace
from tests.commands.conftest import Answer
from tests.similar_tables import small_workspace
from tests.workspaces import key


@pytest.fixture
def root(tmp_path: Path) -> str:
    return str(small_workspace(tmp_path / "w").root)


def test_suspects__most_alike_first_and_advice(here: Callable[..., Answer], root: str):
    lines = here("suspects", "-w", root, "--limit", "2").stdout.splitlines()
    assert [line.split("\t")[:4] for line in lines[:2]] == [
        ["0.990", "open", key(1).hex(), "/web/1.jpg"],
        ["0.950", "open", key(1).hex(), "/web/1.jpg"],
    ]
    assert lines[2].startswith("Nobody has judged a suspect")


def test_suspects__json_of_a_filter(here: Callable[..., Answer], root: str):
    found = json.loads(here("suspects", "-w", root, "-f", "source=other", "--json").stdout)
    assert [pair["target_path"] for pair in found["pairs"]] == ["/target/c.mp4"]
    assert (found["expected"], found["may_stop"]) == (None, False)


def test_suspects__saves_the_threshold(here: Callable[..., Answer], root: str):
    recipe = next(iter(Workspace(Path(root)).recipes()))
    assert "from a similarity of 0.9 on" in here("suspects", "-w", root, "--threshold", "0.9", "--save", recipe).stdout
    assert Workspace(Path(root)).recipe(recipe).duplicate_similarity == 0.9
    told = json.loads(here("suspects", "-w", root, "--threshold", "0.7", "--save", recipe, "--json").stdout)
    assert told == {"recipe": recipe, "duplicate_similarity": 0.7}


def test_suspects__a_threshold_but_nothing_compared(here: Callable[..., Answer], root: str):
    shutil.rmtree(Path(root) / "tables" / "similar")
    result = here("suspects", "-w", root, "--threshold", "0.9")
    assert "nothing has compared web data with labelled clips; `omnisource duplicates` does" in result.stderr


def test_suspects__a_number_of_pairs_below_one(here: Callable[..., Answer], root: str):
    result = here("suspects", "-w", root, "--limit", "-1")
    assert (result.returncode, "'--limit'" in result.stderr) == (2, True)


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        (
            "crop_threshold.json",
            "has no measured crop threshold yet; `omnisource duplicates` measures it, or give one with --threshold",
        ),
        ("part-000000.parquet", "has no suspects: no web frame is nearly as alike to a labelled one"),
    ],
)
def test_suspects__says_what_is_missing(here: Callable[..., Answer], root: str, missing: str, message: str):
    (Path(root) / "tables" / "similar" / missing).unlink()
    result = here("suspects", "-w", root)
    assert (result.returncode, message in result.stderr) == (1, True)
