"""Trained networks of a workspace: how they are read back, and on which device they run."""

import os
from pathlib import Path

import torch

from omnisource import config
from omnisource.errors import ConfigError
from omnisource.models import checkpoints, zoo
from omnisource.models.video_net import VideoNet
from omnisource.pipeline.run_names import weights_path


def load_network(folder: Path, device: torch.device) -> tuple[VideoNet, config.NetworkConfig]:
    """The trained network of a run, in evaluation mode; raises WorkspaceError before it is finished."""
    path = weights_path(folder)
    saved = checkpoints.load_network(path)
    network_config = config.parse(config.NetworkConfig, saved.config, where=str(path))
    untrained = network_config.model.model_copy(update={"pretrained": "none"})
    network = zoo.build(untrained, int(saved.extra["num_classes"]))
    network.load_state_dict(saved.state_dict)
    return network.to(device).eval(), network_config


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
