"""Trained networks of a workspace: what their runs are called, how they are read back."""

import hashlib
from pathlib import Path

import torch

from omnisource import config
from omnisource.errors import WorkspaceError
from omnisource.models import zoo

BASELINE = "baseline"


def baseline_name(network: str) -> str:
    """The run that trains a network on the target set alone: the baseline, and the teacher."""
    return run_name(network, None)


def run_name(network: str, recipe: str | None) -> str:
    """The run of a network with a recipe's examples."""
    return f"{network}-{recipe or BASELINE}"


def load_network(folder: Path) -> tuple[torch.nn.Module, config.NetworkConfig]:
    """The trained network of a run, in evaluation mode; raises WorkspaceError before it is finished."""
    saved = torch.load(_weights(folder), map_location="cpu", weights_only=True)
    network_config = config.parse(config.NetworkConfig, saved["config"], where=str(_weights(folder)))
    untrained = network_config.model.model_copy(update={"pretrained": "none"})
    network = zoo.build(untrained, saved["num_classes"])
    network.load_state_dict(saved["state_dict"])
    return network.eval(), network_config


def weights_fingerprint(folder: Path) -> str:
    """Hash of a run's weights, by which facts say what they were measured with."""
    with _weights(folder).open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


def pick_device(wanted: str) -> str:
    """ "cpu" or "cuda": what the study asks for, or what there is."""
    if wanted == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    return wanted


def _weights(folder: Path) -> Path:
    path = folder / "network.pt"
    if not path.is_file():
        raise WorkspaceError(f"run {folder.name!r} has no trained network yet; `omnisource teach` or `train` makes it")
    return path
