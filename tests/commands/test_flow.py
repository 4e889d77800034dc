"""`flow` and `fuse` as a person meets them."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from omnisource.workspace import Workspace
from tests import workspaces
from tests.commands.conftest import Answer


@pytest.fixture
def own(labelled: Path, tmp_path: Path) -> Path:
    """A copy of the labelled workspace to change at will."""
    shutil.copytree(labelled, tmp_path / "w")
    workspaces.change(Workspace(tmp_path / "w"), "flow.short_side_px=40", "flow.workers=0")
    return tmp_path / "w"


def test_flow__measures_target_clips_then_web_videos_then_nothing(here: Callable[..., Answer], own: Path):
    where = ["-w", str(own)]
    # 24 labelled clips; 6 clips and 3 long videos of the web, without the empty file
    assert "flow dis-40-20: 24 new videos, 24 in all; dropped: none" in here("flow", "--only", "target", *where).stdout
    assert json.loads(here("flow", "--json", *where).stdout) == {
        "name": "dis-40-20",
        "num_new": 9,
        "num_videos": 33,
        "dropped": {},
    }
    assert "0 new videos, 33 in all" in here("flow", *where).stdout


def test_flow__the_method_is_kept_in_the_study(here: Callable[..., Answer], own: Path):
    workspaces.change(Workspace(own), "flow.raft_weights=weights.pth")
    answer = here("flow", "--method", "raft", "-w", str(own))
    assert answer.returncode == 1
    assert "weights.pth' is no file" in answer.stderr.replace("\n", "")
    assert Workspace(own).study().flow.method == "raft"


def test_fuse__prints_both_runs_and_their_fusion(here: Callable[..., Answer], own: Path):
    where = ["-w", str(own)]
    results = json.loads(here("evaluate", "--json", *where).stdout)
    runs = ["tsn-baseline", "slowonly-baseline"]
    fused = json.loads(here("fuse", *runs, "--weight", "0", "--json", *where).stdout)
    assert fused["run"] == "tsn-baseline+slowonly-baseline"
    assert fused["results"]["tsn-baseline"] == results["tsn-baseline"]
    assert fused["results"][fused["run"]]["top1"] == results["tsn-baseline"]["top1"]  # weight 0 is the first alone
    shown = here("fuse", *runs, "--weight", "0.6", "--space", "logits", *where).stdout
    assert "tsn-baseline+slowonly-baseline: weight 0.6 of slowonly-baseline" in shown
    compared = here("compare", "tsn-baseline", "tsn-baseline+slowonly-baseline", *where)
    assert compared.returncode == 0, compared.stderr


def test_fuse__sweep_tries_weights_and_keeps_nothing(here: Callable[..., Answer], own: Path):
    where = ["-w", str(own)]
    results = json.loads(here("evaluate", "--json", *where).stdout)
    arguments = ["fuse", "tsn-baseline", "slowonly-baseline", "--sweep", *where]
    points = json.loads(here(*arguments, "--json").stdout)
    assert [point["weight"] for point in points] == [step / 10 for step in range(11)]
    assert points[0]["top1"] == results["tsn-baseline"]["top1"]
    assert points[-1]["top1"] == results["slowonly-baseline"]["top1"]
    shown = here(*arguments).stdout
    assert f"weight 0.0: top-1 {points[0]['top1']:.1%}" in shown
    assert "flatters" in shown
    assert not (own / "runs" / "tsn-baseline+slowonly-baseline").exists()


def test_fuse__of_a_run_that_was_not_evaluated(here: Callable[..., Answer], own: Path):
    answer = here("fuse", "tsn-baseline", "slowonly-omnisource", "-w", str(own))
    assert answer.returncode == 1
    assert "has no predictions yet; `omnisource evaluate " in answer.stderr
