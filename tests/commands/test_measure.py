"""`omnisource measure` says what training would cost."""

import json
import shutil
from pathlib import Path


def test_measure__prints_the_cost_of_the_whole_run(here, labelled: Path, tmp_path: Path):
    root = Path(shutil.copytree(labelled, tmp_path / "w"))
    arguments = ("measure", "-w", str(root), "-r", "unfiltered", "--network", "tsn", "--updates", "1")
    answer = here(*arguments)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.startswith("tsn-unfiltered on CPU, ")
    assert "s of it waiting for data; about" in answer.stdout and answer.stdout.endswith("GiB of memory\n")
    found = json.loads(here(*arguments, "--json").stdout)
    assert found["measurement"]["run"] == "tsn-unfiltered"
    assert found["seconds"] > 0
    assert not (root / "runs" / "tsn-unfiltered").exists()


def test_measure__an_unknown_recipe(here, labelled: Path):
    answer = here("measure", "-w", str(labelled), "-r", "nothing")
    assert answer.returncode == 1
    assert "recipe 'nothing' has no examples yet" in answer.stderr
