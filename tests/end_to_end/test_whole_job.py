"""The whole job on a micro world: every stage, twice; killed at random moments it ends with the same tables."""

import hashlib
import json
import random
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import torch

from omnisource.pipeline.stages import STAGES
from omnisource.workspace import Workspace
from tests import micro_workspaces, micro_world
from tests.forked_processes import kill, start, status_of

TABLES = ("target", "items", "validity", "scores/flat", "scores/deep", "similar")
RUNS = ("tsn-baseline", "slowonly-baseline", "slowonly-unfiltered", "slowonly-omnisource")
KILLED = ("target", "add", "check", "teach", "score", "motion", "similar", "label", "train", "evaluate")
"""Stages that have something to do here and leave facts; ten of them."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return micro_workspaces.world_once(tmp_path_factory)


@pytest.fixture(scope="module")
def undisturbed(world: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, dict[str, float]]:
    """A workspace on which every stage ran once, and the seconds that each took."""
    workspace = Workspace.create(tmp_path_factory.mktemp("undisturbed") / "work", micro_world.study(world))
    seconds = {}
    for stage in STAGES:
        started_s = time.monotonic()
        assert status_of(start(*command(workspace, stage))) == 0, stage
        seconds[stage] = time.monotonic() - started_s
    return workspace, seconds


def command(workspace: Workspace, stage: str) -> list[str]:
    """`omnisource run` of one stage."""
    return ["run", "-w", str(workspace.root), "--from", stage, "--to", stage]


def facts(workspace: Workspace) -> dict[str, object]:
    """Everything that must not depend on interruptions."""
    found: dict[str, object] = {}
    for name in TABLES:
        table = workspace.table(name)
        found[name] = table.read().to_pylist()
        found[f"dropped/{name}"] = table.dropped().read().to_pylist()
    for path in sorted((workspace.root / "auxiliary").rglob("*.arrow")):
        found[str(path.relative_to(workspace.root))] = hashlib.sha256(path.read_bytes()).hexdigest()
    found["motion"] = hashlib.sha256(workspace.motion_path.read_bytes()).hexdigest()
    for run in RUNS:
        folder = workspace.run(run)
        weights = torch.load(folder / "network.pt", weights_only=True)["state_dict"]
        found[f"{run} weights"] = {name: tensor.tolist() for name, tensor in weights.items()}
        found[f"{run} predictions"] = pq.read_table(folder / "predictions.parquet").to_pylist()
        lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
        found[f"{run} metrics"] = [{k: v for k, v in line.items() if "seconds" not in k} for line in lines]
    return found


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_run__every_stage_leaves_what_it_should(undisturbed: tuple[Workspace, dict[str, float]]):
    workspace, _ = undisturbed
    assert len(workspace.taxonomy()) == 3
    assert (
        workspace.table("items").num_rows() == 13 + 7 + 3
    )  # images with a page, clips with an empty file, long videos
    assert workspace.table("validity").dropped_counts() == {"not_media": 1, "empty_file": 1}
    assert workspace.table("scores/flat").num_rows() == 12 + 6
    assert workspace.table("scores/deep").num_rows() == 6 + 3 * 6  # 11 s are five segments of 2 s and a last one of 1 s
    for run in RUNS:
        assert json.loads((workspace.run(run) / "metrics.json").read_text())["metrics"]["num_examples"] == 12


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_run__again_changes_nothing(undisturbed: tuple[Workspace, dict[str, float]]):
    workspace, _ = undisturbed
    before = facts(workspace)
    typed = [sys.executable, "-m", "omnisource", "run", "-w", str(workspace.root)]
    subprocess.run(typed, check=True, stdout=subprocess.DEVNULL)
    assert facts(workspace) == before


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_run__killed_ten_times_it_ends_with_the_same_tables(
    world: Path, undisturbed: tuple[Workspace, dict[str, float]], tmp_path: Path
):
    reference, seconds = undisturbed
    workspace = Workspace.create(tmp_path / "work", micro_world.study(world))
    chance = random.Random(0)
    num_killed = 0
    for stage in STAGES:
        if stage in KILLED:
            process = start(*command(workspace, stage))
            time.sleep(chance.uniform(0.3, 1.0) * seconds[stage])
            num_killed += kill(process)
        assert status_of(start(*command(workspace, stage))) == 0, stage
    assert num_killed >= len(KILLED) // 2, "most kills must hit a running stage"
    expected, found = facts(reference), facts(workspace)
    assert found.keys() == expected.keys()
    for name in expected:
        assert found[name] == expected[name], name
