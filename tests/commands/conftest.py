"""What the tests of the commands share: a small world, a workspace in it, and the command line in this process."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from omnisource.__main__ import main
from tests import micro_workspaces
from tests.built_once import built_once


def omnisource(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "omnisource", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False)


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once for all workers; no test changes it."""
    return micro_workspaces.world_once(tmp_path_factory)


@dataclass(frozen=True)
class Answer:
    """What a command printed, and its exit status."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Answer]:
    """The command line in this process: `import torch` is not paid for again by every command."""

    def run(*arguments: str, cwd: Path | None = None) -> Answer:
        monkeypatch.setattr(sys, "argv", ["omnisource", *arguments])
        if cwd is not None:
            monkeypatch.chdir(cwd)
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return Answer(returncode=ended.value.code, stdout=printed.out, stderr=printed.err)

    return run


@pytest.fixture(scope="session")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace whose stages up to the labels ran, with the shortest training; who changes it copies it first."""
    half_done = micro_workspaces.half_done_once(tmp_path_factory)

    def build(root: Path) -> None:
        shutil.copytree(half_done, root)
        micro_workspaces.run(root, "--to", "label")

    built = built_once(tmp_path_factory, "micro-labelled", build)
    return Path(shutil.copytree(built, tmp_path_factory.mktemp("labelled") / "w"))
