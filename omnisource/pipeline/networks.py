"""Trained networks of a workspace: what their runs are called, how they are read back."""

import hashlib
import os
from pathlib import Path

import torch

from omnisource import config
from omnisource.errors import ConfigError, WorkspaceError
from omnisource.models import checkpoints, zoo
from omnisource.models.video_net import VideoNet

BASELINE = "baseline"


def baseline_name(network: str) -> str:
    """The run that trains a network on the target set alone: the baseline, and the teacher."""
    return run_name(network, None)


def run_name(network: str, recipe: str | None) -> str:
    """The run of a network with a recipe's examples; raises ConfigError for a recipe called like the baseline."""
    if recipe == BASELINE:
        raise ConfigError(f"a recipe may not be called {BASELINE!r}: that is the run on the labelled clips alone")
    return f"{network}-{recipe or BASELINE}"


def load_network(folder: Path, device: torch.device) -> tuple[VideoNet, config.NetworkConfig]:
    """The trained network of a run, in evaluation mode; raises WorkspaceError before it is finished."""
    path = _weights(folder)
    saved = checkpoints.load_network(path)
    network_config = config.parse(config.NetworkConfig, saved.config, where=str(path))
    untrained = network_config.model.model_copy(update={"pretrained": "none"})
    network = zoo.build(untrained, int(saved.extra["num_classes"]))
    network.load_state_dict(saved.state_dict)
    return network.to(device).eval(), network_config


def weights_fingerprint(folder: Path) -> str:
    """Hash of a run's weights, by which facts say what they were measured with."""
    with _weights(folder).open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


def share_cores(device: torch.device, workers: int) -> None:
    """Leave a core to each loader process: threads that wait for a busy core cost more than they bring."""
    if device.type == "cpu" and workers:
        torch.set_num_threads(max(1, min(torch.get_num_threads(), (os.cpu_count() or 1) - workers)))


def pick_device(wanted: str) -> torch.device:
    """What the study asks for; "auto" is a GPU where there is one. Raises ConfigError for a GPU that is not there."""
    if wanted == "cuda" and not torch.cuda.is_available():
        raise ConfigError("device is cuda, but torch finds no GPU here; set device: auto in study.yaml")
    if wanted == "auto":
        wanted = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(wanted)


def _weights(folder: Path) -> Path:
    path = folder / "network.pt"
    if not path.is_file():
        raise WorkspaceError(f"run {folder.name!r} has no trained network yet; `omnisource teach` or `train` makes it")
    return path
