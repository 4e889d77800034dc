"""A released model's name, or a file of weights -> a network that is ready to recognise (paper 5; protocols 3)."""

import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch

from omnisource import settings
from omnisource.errors import CheckpointError, ConfigError
from omnisource.models import downloads, released_models, zoo
from omnisource.models.checkpoints import SavedNetwork, fit_into, load_either, load_weights, misfits
from omnisource.models.looks import looks_like
from omnisource.models.resnet import BLOCKS_PER_STAGE, STEM_CHANNELS
from omnisource.models.starting import fitted, under_our_names
from omnisource.models.video_net import VideoNet
from omnisource.network_config import ModelConfig, NetworkConfig

logger = logging.getLogger(__name__)

Weights = Mapping[str, torch.Tensor]

_ARCHS = ("tsn", "slowonly", "i3d", "ircsn", "omni")
_BLOCK = re.compile(r"layer[1-4]\.\w+\.")


@dataclass(frozen=True, kw_only=True, slots=True)
class Recogniser:
    """What a file with a classifier turned out to be."""

    network: NetworkConfig
    """Its settings: its own, or those of a released model of the same shape."""
    num_classes: int
    """Classes that it tells apart."""
    like: str | None
    """The released model whose settings these are; None for a file of ours, or where the paper's kind has none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Examination:
    """What a file of weights is good for."""

    looks: str | None
    """What model its names and shapes are those of; None where no rule recognises it."""
    num_tensors: int
    """Weights and buffers in it."""
    recogniser: Recogniser | None
    """What it recognises with; None where it has no classifier, or fits no network of the family."""
    starts: tuple[str, ...]
    """`arch of backbone` of the networks that training can start from it, but for the classifier."""


def load_released(name_or_path: str, *, cache: Path | None = None) -> tuple[VideoNet, NetworkConfig]:
    """A released model by name, or a network in a file: ours, or with released names; in evaluation mode on the CPU.

    A name's file is fetched into `cache` (default: torch's) unless it is there. The settings of a file with released
    names are those of the released model of that shape, which is logged. Class names are not in such files. Raises
    CheckpointError for what cannot be had, only is a start, or fits no network of the family.
    """
    if released_models.is_known(name_or_path):
        model = released_models.find_recogniser(name_or_path)
        weights = load_weights(released_models.fetch(model, cache))
        return _build(model.network, weights, model.num_classes), model.network
    path = Path(name_or_path)
    if not path.is_file():
        raise CheckpointError(
            f"{name_or_path!r} is neither a released model nor a file of weights; {released_models.near(path.name)}"
        )
    content = load_either(path)
    found = _recognise(path, content)
    if found is None:
        raise CheckpointError(
            f"{path} is no recogniser of the family (it looks like {looks_like(_weights_of(content)) or 'none known'})"
            "; train a network that starts from it (pretrained: its path), or take one of `omnisource models`"
        )
    if not isinstance(content, SavedNetwork):
        logger.warning(
            "%s says nothing of its test; it is tested as %s", path, found.like or "the paper tests its kind"
        )
    return _build(found.network, _weights_of(content), found.num_classes), found.network


def examine(path: Path) -> Examination:
    """What a file of weights looks like, and which networks it fits; raises CheckpointError for any other file."""
    content = load_either(path)
    weights = _weights_of(content)
    starts = [model for model in _candidates(weights, inflated=True) if _fits_backbone(weights, model)]
    return Examination(
        looks=looks_like(weights),
        num_tensors=len(weights),
        recogniser=_recognise(path, content),
        starts=tuple(f"{model.arch} of {model.backbone}" for model in starts),
    )


def _weights_of(content: SavedNetwork | dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return content.state_dict if isinstance(content, SavedNetwork) else content


def _build(config: NetworkConfig, weights: Weights, num_classes: int) -> VideoNet:
    """The trained network, without fetching what its own training started from."""
    model = config.model.model_copy(update={"pretrained": "none"})
    network = zoo.build(model, num_classes)
    fit_into(network, under_our_names(weights, network, model.arch), fresh_head_ok=False, looks=looks_like(weights))
    return network.eval()


def _recognise(path: Path, content: SavedNetwork | dict[str, torch.Tensor]) -> Recogniser | None:
    """None where the weights have no classifier, or fit no network of the family."""
    if isinstance(content, SavedNetwork):
        num_classes = content.extra.get("num_classes")
        network = settings.parse(NetworkConfig, content.config, where=str(path))
        is_known = isinstance(num_classes, int)
        return Recogniser(network=network, num_classes=num_classes, like=None) if is_known else None
    for model in _candidates(content, inflated=False):
        if num_classes := _num_classes(content, model):
            return _published(path, model, num_classes)
    return None


def _published(path: Path, model: ModelConfig, num_classes: int) -> Recogniser:
    """As the released model that the file is or is shaped like; else with what the paper gives its kind."""
    alike = [
        one
        for one in released_models.released_models()
        if (one.network.model.arch, one.network.model.backbone) == (model.arch, model.backbone)
        and (model.width, model.format) == (1, "rgb")
    ]
    alike.sort(key=lambda one: (downloads.file_name(one.url) != path.name, one.num_classes != num_classes))
    if not alike:
        return Recogniser(network=NetworkConfig(model=model), num_classes=num_classes, like=None)
    return Recogniser(network=alike[0].network, num_classes=num_classes, like=alike[0].name)


def _candidates(weights: Weights, *, inflated: bool) -> Iterator[ModelConfig]:
    """Networks of as many blocks as the file has, of its channels and width; 3D ones of 2D weights if `inflated`."""
    stem = next((tensor for tensor in weights.values() if tensor.ndim in (4, 5)), None)
    if stem is None:
        return
    num_blocks = len({match[0] for match in map(_BLOCK.search, weights) if match})
    names = [name for name, blocks in BLOCKS_PER_STAGE.items() if sum(blocks) == num_blocks] or [zoo.BNINCEPTION]
    for arch in _ARCHS:
        is_flat = arch == "tsn"
        if (is_flat and stem.ndim == 5) or (not is_flat and stem.ndim == 4 and not inflated):
            continue
        channels = {} if stem.shape[1] == 3 else {"format": "flow", "flow_frames": max(1, stem.shape[1] // 2)}
        for name in names:
            width = min(1.0, stem.shape[0] / STEM_CHANNELS) if name != zoo.BNINCEPTION else 1.0
            yield ModelConfig(arch=arch, backbone=name, pretrained="none", width=width, **channels)


def _num_classes(weights: Weights, model: ModelConfig) -> int | None:
    """Classes of the recogniser that the weights are of this shape; None where they are not."""
    try:
        ours = under_our_names(weights, _without_data(model, 2), model.arch)
        num_classes = len(ours["classifier.weight"])
        images = len(ours.get("image_classifier.weight", ()))
        network = _without_data(model.model_copy(update={"num_image_classes": images} if images else {}), num_classes)
    except (CheckpointError, ConfigError, KeyError):  # other names; no such network; no classifier
        return None
    return None if misfits(network.state_dict(), _counted(ours, network)) else num_classes


def _fits_backbone(weights: Weights, model: ModelConfig) -> bool:
    try:
        network = _without_data(model, 2)
        ours = _counted(fitted(under_our_names(weights, network, model.arch), network), network)
    except (CheckpointError, ConfigError):
        return False
    own = network.state_dict()
    both = ({key: t for key, t in part.items() if key.startswith("backbone.")} for part in (own, ours))
    return not misfits(*both)


def _without_data(model: ModelConfig, num_classes: int) -> VideoNet:
    with torch.device("meta"):
        return zoo.build(model, num_classes)


def _counted(ours: Weights, network: VideoNet) -> dict[str, torch.Tensor]:
    """With the counters of batches that older files lack."""
    own = network.state_dict()
    return {key: tensor for key, tensor in own.items() if key.endswith(".num_batches_tracked")} | dict(ours)
