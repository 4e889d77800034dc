"""RAFT's weights: from a file, or named where they cannot be had."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torchvision.models.optical_flow import raft_large

from omnisource.errors import CheckpointError
from omnisource.models.raft import load_raft
from omnisource.transform.optical_flow import estimate_raft

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random ones."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("raft") / "raft.pth"
    torch.save(raft_large(weights=None).state_dict(), path)
    return path


def test_load_raft__reads_a_local_file_and_sees_frames(weights: Path, rng):
    network = load_raft(weights, CPU)
    assert not network.training
    frames = rng.integers(0, 256, (2, 40, 60, 3), dtype=np.uint8)
    flow = estimate_raft(frames, network)
    assert flow.shape == (1, 40, 60, 2) and np.isfinite(flow).all()
    assert np.array_equal(flow, estimate_raft(frames, load_raft(weights, CPU)))


def test_load_raft__of_no_file_names_where_to_get_it(tmp_path: Path):
    with pytest.raises(CheckpointError, match="flow.raft_weights .*nothing.pth' is no file; download https://.*raft"):
        load_raft(tmp_path / "nothing.pth", CPU)


def test_load_raft__of_other_weights_names_what_is_missing(tmp_path: Path):
    torch.save({"fc.weight": torch.zeros(2, 2)}, tmp_path / "other.pth")
    with pytest.raises(CheckpointError, match="do not fit the network; .*missing.*surplus"):
        load_raft(tmp_path / "other.pth", CPU)


def test_load_raft__published_weights_that_cannot_be_had_say_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))  # an empty cache
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")  # and no way out
    with pytest.raises(CheckpointError, match="set flow.raft_weights to that file, or set flow.method to dis"):
        load_raft(None, CPU)
