"""The micro world's workspaces at two points of the job, made by the command line."""

import os
import subprocess
import sys
from pathlib import Path

from omnisource import config
from omnisource.workspace import Workspace
from tests import micro_world

REPOSITORY = Path(__file__).resolve().parents[1]


def half_done_in(root: Path, world: Path) -> Path:
    """Web data was added and checked; nothing was scored. One epoch each, should somebody train."""
    epochs = [f"networks.{name}.optim.epochs=1" for name in ("tsn", "slowonly")]
    workspace = Workspace.create(root, config.override(micro_world.study(world), epochs))
    run(workspace.root, "--to", "check")
    return workspace.root


def run(root: Path, *arguments: str) -> None:
    """`omnisource run` in a workspace; the stages that are left."""
    command = [sys.executable, "-m", "omnisource", "run", "-w", str(root), *arguments]
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    result = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert result.returncode == 0, result.stderr
