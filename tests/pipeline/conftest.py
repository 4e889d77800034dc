"""A micro world, and a workspace on it whose stages up to the labels ran once."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from omnisource import config
from omnisource.pipeline import stages
from omnisource.workspace import Workspace
from tests import micro_world


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the micro world."""
    root = tmp_path_factory.mktemp("world")
    micro_world.build(root)
    for path in root.rglob("*"):
        if path.is_file():  # a test that changes the world would change it for all others
            path.chmod(0o444)
    return root


@pytest.fixture(scope="session")
def one_epoch(world: Path) -> config.Study:
    """The micro world's study with the shortest training."""
    settings = ["networks.tsn.optim.epochs=1", "networks.slowonly.optim.epochs=1"]
    return config.override(micro_world.study(world), settings)


@pytest.fixture
def fresh(one_epoch: config.Study, tmp_path: Path) -> Workspace:
    """A workspace in which nothing was run."""
    return Workspace.create(tmp_path / "fresh", one_epoch)


@pytest.fixture(scope="session")
def _labelled_once(one_epoch: config.Study, tmp_path_factory: pytest.TempPathFactory) -> Path:
    workspace = Workspace.create(tmp_path_factory.mktemp("labelled") / "work", one_epoch)
    options = stages.Options(recipes=("unfiltered", "omnisource"), progress=False)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    stages.run(workspace, options, lambda _: None, stop="label")
    torch.set_num_threads(threads)
    return workspace.root


@pytest.fixture
def labelled(_labelled_once: Path, tmp_path: Path) -> Workspace:
    """A copy of a workspace that is ready for its students, to change at will."""
    shutil.copytree(_labelled_once, tmp_path / "labelled")
    return Workspace(tmp_path / "labelled")


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def no_weights(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No published weights on the disk, and a network that leads to a closed port."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    for name in ("https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
