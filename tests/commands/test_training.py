"""`teach`, `train`, `evaluate` and `compare` as a person meets them."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import micro_world
from tests.commands.conftest import Answer


def test_evaluate_compare__json_and_tables(here: Callable[..., Answer], labelled: Path):
    where = ["-w", str(labelled)]
    results = json.loads(here("evaluate", "--json", *where).stdout)
    assert results.keys() == {"slowonly-baseline", "tsn-baseline"}
    assert all(row["num_examples"] == 12 for row in results.values())
    table = here("evaluate", "tsn-baseline", *where).stdout
    assert f"{results['tsn-baseline']['top1']:.1%}" in table
    assert max(map(len, table.splitlines())) <= 80
    compared = json.loads(here("compare", "--json", "tsn-baseline", "slowonly-baseline", *where).stdout)
    change = results["slowonly-baseline"]["top1"] - results["tsn-baseline"]["top1"]
    assert compared["overall"]["top1_change"] == pytest.approx(change)
    assert {row["class_name"] for row in compared["classes"]} == set(micro_world.CLASSES)
    shown = here("compare", "tsn-baseline", "slowonly-baseline", *where).stdout
    assert "slowonly-baseline against tsn-baseline: top-1" in shown


def test_evaluate__without_a_trained_run(here: Callable[..., Answer], world: Path, tmp_path: Path):
    here("init", "w", "--target", str(world / "target"), cwd=tmp_path)
    result = here("evaluate", "-w", "w", cwd=tmp_path)
    assert result.returncode == 1
    assert "has no evaluated run yet; `omnisource teach`, then `evaluate`" in result.stderr


@pytest.mark.parametrize("command", [["train"], ["run", "--from", "train", "--to", "train"]])
def test_train__asked_to_stop_it_has_status_3(
    here: Callable[..., Answer], labelled: Path, tmp_path: Path, command: list[str]
):
    shutil.copytree(labelled, tmp_path / "w")
    folder = tmp_path / "w" / "runs" / "slowonly-unfiltered"
    folder.mkdir()
    (folder / "STOP").touch()
    result = here(*command, "-w", str(tmp_path / "w"))
    assert result.returncode == 3, result.stderr
    assert "stopped" in result.stdout
    assert "slowonly-omnisource" not in result.stdout  # the recipe after it


TRAIN_TWICE = """
import sys
from omnisource.__main__ import main

arguments = sys.argv[1:]
for procedure in ("joint", "pretrain_finetune"):
    sys.argv = ["omnisource", "train", *arguments, "--procedure", procedure]
    try:
        main()
    except SystemExit as ended:
        assert not ended.code
"""


@pytest.mark.slow
def test_train__several_processes_of_torchrun_share_every_run(labelled: Path, tmp_path: Path):
    shutil.copytree(labelled, tmp_path / "w")
    (tmp_path / "train_twice.py").write_text(TRAIN_TWICE)  # torch is imported once for both
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    command += [str(tmp_path / "train_twice.py"), "-w", str(tmp_path / "w"), "-r", "unfiltered"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    for run in ("slowonly-unfiltered", "slowonly-unfiltered.pretrain", "slowonly-unfiltered.finetune"):
        assert result.stdout.count(f"{run}: done") == 2
        lines = (tmp_path / "w" / "runs" / run / "metrics.jsonl").read_text().splitlines()
        assert [json.loads(line)["update"] for line in lines] == [1, 2, 3]
