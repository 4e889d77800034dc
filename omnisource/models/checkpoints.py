"""Files of weights -> tensors that fit a network, and back (paper 5.1). `released` holds the released files' names."""

import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from omnisource.errors import CheckpointError
from omnisource.files import save_atomically
from omnisource.models.released import from_released, is_released, to_released

__all__ = [
    "SavedNetwork",
    "fit_into",
    "from_released",
    "inflate_2d",
    "is_released",
    "load_network",
    "load_weights",
    "save_network",
    "to_released",
]

_HEAD = ("classifier.weight", "classifier.bias")
_NUM_NAMED = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class SavedNetwork:
    """What `save_network` wrote."""

    state_dict: dict[str, torch.Tensor]
    """The weights."""
    config: dict[str, object]
    """The settings that the network was built with, as plain values."""
    extra: dict[str, object]
    """What else its writer kept, as plain values and tensors."""


def load_weights(path: Path) -> dict[str, torch.Tensor]:
    """Tensors by name from a .pth or .safetensors file, on the CPU; raises CheckpointError.

    A .pth may hold them directly or under "state_dict" (released files, `save_network`); names lose a "module." prefix.
    """
    content = _read(path)
    state_dict = content.get("state_dict", content) if isinstance(content, dict) else content
    if not isinstance(state_dict, dict) or not all(isinstance(t, torch.Tensor) for t in state_dict.values()):
        raise CheckpointError(f"{path} holds no tensors by name, neither directly nor under 'state_dict'")
    return {key.removeprefix("module."): tensor for key, tensor in state_dict.items()}


def save_network(
    path: Path, network: nn.Module, config: Mapping[str, object], extra: Mapping[str, object] | None = None
) -> None:
    """Write weights, settings and `extra` (plain values and tensors), whole or not at all."""
    content = {"state_dict": network.state_dict(), "config": dict(config), "extra": dict(extra or {})}
    save_atomically(path, lambda partial: torch.save(content, partial))


def load_network(path: Path) -> SavedNetwork:
    """What `save_network` wrote, on the CPU; raises CheckpointError for any other file."""
    content = _read(path)
    if not isinstance(content, dict) or content.keys() != {"state_dict", "config", "extra"}:
        raise CheckpointError(f"{path} was not written by OmniSource; set pretrained to it to start from its weights")
    return SavedNetwork(**content)


def fit_into(network: nn.Module, state_dict: Mapping[str, torch.Tensor], *, fresh_head_ok: bool) -> list[str]:
    """Load `state_dict` into `network` and return notes for a person.

    With `fresh_head_ok` a classifier that is absent or counts other classes keeps the network's own start. Absent
    `num_batches_tracked` never matter. Raises CheckpointError, which names missing, surplus and misshapen keys.
    """
    own = network.state_dict()
    given = dict(state_dict)
    notes = []
    if fresh_head_ok and (why := _why_fresh(given, own)):
        notes.append(f"the classifier starts fresh: {why}")
        given |= {key: own[key] for key in _HEAD}
    given |= {key: own[key] for key in own.keys() - given.keys() if key.endswith(".num_batches_tracked")}
    problems = [
        _listed("missing", [key for key in own if key not in given]),
        _listed("surplus", [key for key in given if key not in own]),
        _listed(
            "misshapen",
            [
                f"{key} (is {tuple(given[key].shape)}, should be {tuple(own[key].shape)})"
                for key in own
                if key in given and given[key].shape != own[key].shape
            ],
        ),
    ]
    if any(problems):
        raise CheckpointError(
            "the weights do not fit the network; " + "; ".join(filter(None, problems)) + "; are arch, backbone, width "
            "and the number of classes those that the weights were trained with?"
        )
    network.load_state_dict(given)
    return notes


def inflate_2d(state_dict: Mapping[str, torch.Tensor], network: nn.Module) -> dict[str, torch.Tensor]:
    """2D kernels -> the 3D kernels of `network`: repeated along time and divided by the temporal size.

    A clip of identical frames then gives, away from the clip's ends, what the 2D network gives for one of them. Norms
    keep their statistics. Keys that `network` lacks stay, so that `fit_into` can name them.
    """
    own = network.state_dict()
    inflated = {}
    for key, tensor in state_dict.items():
        if tensor.ndim == 4 and key in own and own[key].ndim == 5:
            num_frames = own[key].shape[2]
            tensor = tensor.unsqueeze(2).repeat(1, 1, num_frames, 1, 1) / num_frames  # (O, I, h, w) -> (O, I, t, h, w)
        inflated[key] = tensor
    return inflated


def _read(path: Path) -> object:
    if not path.is_file():
        raise CheckpointError(f"there is no file of weights at {path}")
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise CheckpointError(
            f"{path} is no file of weights, or holds Python objects beside tensors, which could run code and are not "
            "read; where you trust it, save its state_dict again as .safetensors"
        ) from error
    except (SafetensorError, RuntimeError, EOFError, OSError) as error:
        raise CheckpointError(f"{path} is damaged or no file of weights: {error}; fetch it again") from error


def _why_fresh(given: Mapping[str, torch.Tensor], own: Mapping[str, torch.Tensor]) -> str | None:
    weight, bias = _HEAD
    if weight not in given and bias not in given:
        return "the file has none"
    if weight in given and bias in given and len(given[weight]) != len(own[weight]):
        return f"the file's tells {len(given[weight])} classes apart, this one {len(own[weight])}"
    return None


def _listed(what: str, keys: Sequence[str]) -> str:
    if not keys:
        return ""
    more = f" and {len(keys) - _NUM_NAMED} more" if len(keys) > _NUM_NAMED else ""
    return f"{len(keys)} {what}: {', '.join(keys[:_NUM_NAMED])}{more}"
