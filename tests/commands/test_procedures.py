"""Table 1's procedures as a person trains and compares them."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.commands.conftest import Answer


def test_train__procedure_names_both_runs_and_procedures_compares_them(
    here: Callable[..., Answer], labelled: Path, tmp_path: Path
):
    where = ["-w", str(shutil.copytree(labelled, tmp_path / "w"))]
    trained = here("train", "--network", "tsn", "-r", "unfiltered", "--procedure", "pretrain_finetune", *where)
    assert trained.stdout.splitlines() == [
        "tsn-unfiltered.pretrain: done",
        "tsn-unfiltered.finetune: done, from tsn-unfiltered.pretrain with its classifier",
    ]
    assert here("train", "--network", "tsn", "-r", "omnisource", *where).stdout == "tsn-omnisource: done\n"
    results = json.loads(here("evaluate", "--json", *where).stdout)
    rows = json.loads(here("procedures", "--json", *where).stdout)
    assert [(row["procedure"], row["recipe"], row["run"]) for row in rows] == [
        ("labelled_alone", None, "tsn-baseline"),
        ("webly_supervised_pretraining", "unfiltered", "tsn-unfiltered.finetune"),
        ("joint", "omnisource", "tsn-omnisource"),
        ("labelled_alone", None, "slowonly-baseline"),
    ]
    assert rows[1]["num_web_examples"] == 12 + 6 + 3  # pictures, clips and long videos, as they were found
    assert rows[1]["top1"] == results["tsn-unfiltered.finetune"]["top1"]
    shown = here("procedures", *where).stdout
    assert "tsn: the procedures of Table 1" in shown
    assert "pre-training, filtered: not evaluated yet" in shown
    assert max(map(len, shown.splitlines())) <= 80


@pytest.mark.parametrize("command", [["train"], ["run", "--from", "train", "--to", "train"]])
def test_train__a_procedure_asked_to_stop_has_status_3_and_status_says_how_to_go_on(
    here: Callable[..., Answer], labelled: Path, tmp_path: Path, command: list[str]
):
    where = ["-w", str(shutil.copytree(labelled, tmp_path / "w"))]
    folder = tmp_path / "w" / "runs" / "slowonly-unfiltered.pretrain"
    folder.mkdir()
    (folder / "STOP").touch()
    result = here(*command, "-r", "unfiltered", "--procedure", "pretrain_finetune", *where)
    assert result.returncode == 3, result.stderr
    assert "slowonly-unfiltered.pretrain" in result.stdout and "stopped" in result.stdout
    assert "finetune" not in result.stdout
    following = json.loads(here("status", "--json", *where).stdout)["next"]
    assert following == "omnisource train --procedure pretrain_finetune -r unfiltered"


def test_train__an_unknown_procedure(here: Callable[..., Answer], labelled: Path):
    result = here("train", "--procedure", "finetune", "-w", str(labelled))
    assert result.returncode == 2
    said = " ".join(result.stderr.replace("│", " ").split())  # without its box
    assert "'finetune' is not one of 'joint', 'pretrain_finetune'" in said


def test_procedures__before_anything_was_evaluated(here: Callable[..., Answer], labelled: Path, tmp_path: Path):
    root = shutil.copytree(labelled, tmp_path / "w")
    for path in root.glob("runs/*/metrics.json"):  # another test may have evaluated
        path.unlink()
    result = here("procedures", "-w", str(root))
    assert result.returncode == 1
    assert "has no evaluated baseline yet; `omnisource teach`, then `evaluate`" in result.stderr
