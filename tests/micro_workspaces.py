"""The micro world's workspaces at two points of the job, made by the command line, once for all tests of a run."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from omnisource import config
from omnisource.workspace import Workspace
from tests import micro_world
from tests.built_once import built_once

REPOSITORY = Path(__file__).resolve().parents[1]


def world_once(factory: pytest.TempPathFactory) -> Path:
    """The files of the micro world."""
    return built_once(factory, "micro-world", micro_world.build)


def half_done_once(factory: pytest.TempPathFactory) -> Path:
    """Web data was added and checked; nothing was scored. One epoch each, should somebody train."""
    world = world_once(factory)
    epochs = [f"networks.{name}.optim.epochs=1" for name in ("tsn", "slowonly")]

    def build(root: Path) -> None:
        Workspace.create(root, config.override(micro_world.study(world), epochs))
        run(root, "--to", "check")

    return built_once(factory, "micro-half-done", build)


def finished_once(factory: pytest.TempPathFactory) -> Path:
    """Every stage ran, for the recipes "unfiltered" and "omnisource"."""
    half_done = half_done_once(factory)

    def build(root: Path) -> None:
        shutil.copytree(half_done, root)
        run(root)

    return built_once(factory, "micro-finished", build)


def run(root: Path, *arguments: str) -> None:
    """`omnisource run` in a workspace; the stages that are left."""
    command = [sys.executable, "-m", "omnisource", "run", "-w", str(root), *arguments]
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    result = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert result.returncode == 0, result.stderr
