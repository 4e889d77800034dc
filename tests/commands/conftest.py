"""What the tests of the commands share: a small world, a workspace in it, and the command line in this process."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from omnisource import config
from omnisource.__main__ import main
from omnisource.workspace import Workspace
from tests import micro_world


def omnisource(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "omnisource", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False)


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("world")
    micro_world.build(root)
    return root


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
def labelled(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace whose stages up to the labels ran, with the shortest training."""
    epochs = [f"networks.{name}.optim.epochs=1" for name in ("tsn", "slowonly")]
    study = config.override(micro_world.study(world), epochs)
    root = Workspace.create(tmp_path_factory.mktemp("labelled") / "w", study).root
    result = omnisource("run", "--to", "label", "-w", str(root))
    assert result.returncode == 0, result.stderr
    return root
