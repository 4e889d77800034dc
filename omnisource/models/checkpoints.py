"""Files of weights -> tensors that fit a network, and back (paper 5.1). `starting` chooses the file."""

import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from omnisource.errors import CheckpointError
from omnisource.files import save_atomically
from omnisource.models.looks import looks_like
from omnisource.models.video_net import VideoNet

_NUM_NAMED = 5
_NUM_COLOURS = 3
_HEAD_NAMES = {"classifier": "the classifier", "image_classifier": "the classifier of pictures"}
# Numbers of NumPy's, which mmcv keeps beside the weights as the best score so far; they run no code.
_PLAIN_NUMBERS = (
    np._core.multiarray.scalar,
    (np._core.multiarray.scalar, "numpy.core.multiarray.scalar"),  # its name before NumPy 2
    np.dtype,
    *(type(np.dtype(name)) for name in ("float64", "float32", "int64", "int32", "bool")),
)


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
    return _tensors(path, _read(path))


def load_either(path: Path) -> SavedNetwork | dict[str, torch.Tensor]:
    """`load_network` where `save_network` wrote the file, else `load_weights`."""
    content = _read(path)
    return SavedNetwork(**content) if _is_ours(content) else _tensors(path, content)


def save_network(
    path: Path, network: nn.Module, config: Mapping[str, object], extra: Mapping[str, object] | None = None
) -> None:
    """Write weights, settings and `extra` (plain values and tensors), whole or not at all."""
    content = {"state_dict": network.state_dict(), "config": dict(config), "extra": dict(extra or {})}
    save_atomically(path, lambda partial: torch.save(content, partial))


def load_network(path: Path) -> SavedNetwork:
    """What `save_network` wrote, on the CPU; raises CheckpointError for any other file."""
    content = _read(path)
    if not _is_ours(content):
        raise CheckpointError(f"{path} was not written by OmniSource; set pretrained to it to start from its weights")
    return SavedNetwork(**content)


def fit_into(
    network: nn.Module, state_dict: Mapping[str, torch.Tensor], *, fresh_head_ok: bool, looks: str | None = None
) -> list[str]:
    """Load `state_dict` into `network` and return notes for a person.

    With `fresh_head_ok` a head of a VideoNet that is absent or counts other classes keeps the network's own start.
    Absent `num_batches_tracked` never matter. Raises CheckpointError, which names missing, surplus and misshapen keys
    and what model the weights look like: `looks`, or what these names tell.
    """
    own = network.state_dict()
    given = dict(state_dict)
    notes = []
    for head in network.heads if fresh_head_ok and isinstance(network, VideoNet) else ():
        if why := _why_fresh(head, given, own):
            notes.append(f"{_HEAD_NAMES.get(head[-1], head[-1])} starts fresh: {why}")
            given = {key: tensor for key, tensor in given.items() if not _is_of(head, key)}
            given |= {key: tensor for key, tensor in own.items() if _is_of(head, key)}
    given |= {key: own[key] for key in own.keys() - given.keys() if key.endswith(".num_batches_tracked")}
    if problems := misfits(own, given):
        looks = looks or looks_like(state_dict)
        raise CheckpointError(
            f"the weights do not fit the network; {problems}; "
            + (f"they look like {looks}: " if looks else "")
            + "are arch, backbone, width, format and the number of classes those that the weights were trained with?"
        )
    own.update(given)  # it knows the versions of the network's modules, which some of torchvision's ask for
    network.load_state_dict(own)
    return notes


def misfits(own: Mapping[str, torch.Tensor], given: Mapping[str, torch.Tensor]) -> str:
    """What keeps `given` from being loaded where `own` is: missing, surplus and misshapen keys; "" where all fits."""
    wrong = [key for key in own if key in given and given[key].shape != own[key].shape]
    problems = [
        _listed("missing", [key for key in own if key not in given]),
        _listed("surplus", [key for key in given if key not in own]),
        _listed("misshapen", [f"{k} (is {tuple(given[k].shape)}, should be {tuple(own[k].shape)})" for k in wrong]),
    ]
    return "; ".join(filter(None, problems))


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


def spread_colours(state_dict: Mapping[str, torch.Tensor], network: nn.Module) -> dict[str, torch.Tensor]:
    """Kernels that read RGB -> those of `network`, where it reads another number of channels (flow).

    Each of its channels gets the mean over the three colours: TSN's cross-modality initialisation (paper, Table 6).
    """
    own = network.state_dict()
    spread = {}
    for key, tensor in state_dict.items():
        if key in own and tensor.ndim == own[key].ndim >= 4 and tensor.shape[1] == _NUM_COLOURS != own[key].shape[1]:
            channels = [1] * tensor.ndim
            channels[1] = own[key].shape[1]
            tensor = tensor.mean(dim=1, keepdim=True).repeat(channels)  # (O, 3, ...) -> (O, C, ...)
        spread[key] = tensor
    return spread


def _is_ours(content: object) -> bool:
    return isinstance(content, dict) and content.keys() == {"state_dict", "config", "extra"}


def _tensors(path: Path, content: object) -> dict[str, torch.Tensor]:
    state_dict = content.get("state_dict", content) if isinstance(content, dict) else content
    if not isinstance(state_dict, dict) or not all(isinstance(t, torch.Tensor) for t in state_dict.values()):
        raise CheckpointError(f"{path} holds no tensors by name, neither directly nor under 'state_dict'")
    return {key.removeprefix("module."): tensor for key, tensor in state_dict.items()}


def _read(path: Path) -> object:
    if not path.is_file():
        raise CheckpointError(f"there is no file of weights at {path}")
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        with torch.serialization.safe_globals(list(_PLAIN_NUMBERS)):
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise CheckpointError(
            f"{path} is no file of weights, or holds Python objects beside tensors, which could run code and are not "
            "read; where you trust it, save its state_dict again as .safetensors"
        ) from error
    except (SafetensorError, RuntimeError, EOFError, OSError) as error:
        raise CheckpointError(f"{path} is damaged or no file of weights: {error}; fetch it again") from error


def _why_fresh(head: Sequence[str], given: Mapping[str, torch.Tensor], own: Mapping[str, torch.Tensor]) -> str | None:
    """None where the head is to be loaded, or is neither absent nor another one's, so that it must be named."""
    if not any(_is_of(head, key) for key in given):
        return "the file has none"
    if any(not any(_is_of([name], key) for key in given) for name in head):
        return "the file's belongs to another kind of network"
    weight = f"{head[-1]}.weight"
    if weight in given and len(given[weight]) != len(own[weight]):
        return f"the file's tells {len(given[weight])} classes apart, this one {len(own[weight])}"
    return None


def _is_of(head: Sequence[str], key: str) -> bool:
    return key.startswith(tuple(f"{name}." for name in head))


def _listed(what: str, keys: Sequence[str]) -> str:
    if not keys:
        return ""
    more = f" and {len(keys) - _NUM_NAMED} more" if len(keys) > _NUM_NAMED else ""
    return f"{len(keys)} {what}: {', '.join(keys[:_NUM_NAMED])}{more}"
