"""`pretrained` -> a network's starting weights: ImageNet, IG-1B, IG-65M, a released model or a file (paper 5.1).

A file may have our names, those of either release, torchvision's, or those that Facebook's VMZ gave IG-65M's networks.
"""

import logging
import re
from collections.abc import Mapping
from pathlib import Path

import torch

from omnisource.errors import CheckpointError, ConfigError
from omnisource.models import released_models
from omnisource.models.backbones import imagenet_state_dict
from omnisource.models.checkpoints import fit_into, inflate_2d, load_weights, spread_colours
from omnisource.models.looks import looks_like
from omnisource.models.released import from_released
from omnisource.models.released_models import ReleasedModel, Start
from omnisource.models.released_names import is_lettered
from omnisource.models.video_net import VideoNet
from omnisource.network_config import ModelConfig
from omnisource.report import Report

logger = logging.getLogger(__name__)

Weights = Mapping[str, torch.Tensor]

_BNINCEPTION = "bninception"
_FROM_2D = ("slowonly", "i3d", "omni")
"""3D networks that a 2D ResNet's kernels can be inflated to; irCSN's are depthwise."""
_CLASSIFIER_NAMES = re.compile(r"(fc|classifier|heads?|last_linear)\.")
_NESTED = re.compile(r"backbone\.(layer\d+\.\d+\.)?conv\d+\.(0\.)?conv\.weight")
_VMZ_RULES = (  # VMZ's networks are torchvision's VideoResNet: each convolution with its norm in a Sequential
    (re.compile(r"stem\.0\."), "backbone.conv1."),
    (re.compile(r"stem\.1\."), "backbone.bn1."),
    (re.compile(r"(layer\d+\.\d+)\.conv(\d+)\.0\."), r"backbone.\1.conv\2."),
    (re.compile(r"(layer\d+\.\d+)\.conv(\d+)\.1\."), r"backbone.\1.bn\2."),
    (re.compile(r"(layer\d+\.\d+\.downsample)\."), r"backbone.\1."),
    (re.compile(r"fc\."), "classifier."),
)


def check(config: ModelConfig) -> None:
    """Before anything is built or fetched: raises ConfigError or CheckpointError where `pretrained` cannot be had."""
    if config.pretrained == "none":
        return
    entry = _entry(config)
    if entry is None:
        if not Path(config.pretrained).is_file():
            raise CheckpointError(
                f"pretrained {config.pretrained!r} is neither none, imagenet, ig1b, ig65m, a released model nor a file "
                f"of weights; {released_models.near(Path(config.pretrained).name)}"
            )
        return
    if config.width != 1:
        raise ConfigError(
            f"there are no {_spoken(entry)} weights for width {config.width}; set pretrained to none or to a file"
        )
    if isinstance(entry, Start):
        _check_start(config, entry)
    else:
        _check_model(config, entry)


def start(network: VideoNet, config: ModelConfig) -> None:
    """Put the weights that `config.pretrained` names into `network`, fetching them where they are not there yet.

    2D kernels are inflated for a 3D network, RGB ones averaged for flow. A classifier of other classes starts fresh,
    which is logged as a warning. Raises CheckpointError for what cannot be had or does not fit.
    """
    if config.pretrained == "none":
        return
    check(config)
    weights = _weights(config)
    state_dict = fitted(under_our_names(weights, network, config.arch), network)
    for note in fit_into(network, state_dict, fresh_head_ok=True, looks=looks_like(weights)):
        level = logging.INFO if note.endswith("the file has none") else logging.WARNING
        logger.log(level, "%s %s from %s: %s", config.arch, config.backbone, config.pretrained, note)


def under_our_names(weights: Weights, network: VideoNet, arch: str) -> dict[str, torch.Tensor]:
    """Weights of any layout under the names of our networks; raises CheckpointError for keys that no rule knows."""
    if "stem.0.weight" in weights:
        return _from_vmz(weights)
    if not any(key.startswith(("backbone.", "cls_head.")) for key in weights):
        weights = _backbone_part(network, weights)
    if not _has_released_names(weights):
        return dict(weights)
    is_2d = all(tensor.ndim <= 4 for tensor in weights.values())
    return from_released(weights, "tsn" if is_2d else arch)  # a 2D file may start a 3D network


def fitted(state_dict: Weights, network: VideoNet) -> dict[str, torch.Tensor]:
    """Kernels for the network's dimensions and channels."""
    inflated = inflate_2d(state_dict, network) if network.dims == 3 else state_dict
    return spread_colours(inflated, network)


def _entry(config: ModelConfig) -> ReleasedModel | Start | None:
    """What a name stands for; None where `pretrained` is a file."""
    if not released_models.is_known(config.pretrained):
        return None
    is_inception = config.pretrained == "imagenet" and config.backbone == _BNINCEPTION
    return released_models.find("imagenet-bninception" if is_inception else config.pretrained)


def _spoken(entry: ReleasedModel | Start) -> str:
    return entry.name.replace("imagenet", "ImageNet") if isinstance(entry, Start) else entry.name


def _check_start(config: ModelConfig, entry: Start) -> None:
    if ":" in config.backbone:
        raise ConfigError(
            f"{config.backbone!r} makes its own network: load {_spoken(entry)} weights there and set pretrained to none"
        )
    if config.arch not in entry.archs or entry.backbone not in (None, config.backbone):
        fits = f"{' and '.join(entry.archs)} of {entry.backbone or 'torchvision backbones'}"
        others = [one.name for one in released_models.starts() if config.arch in one.archs and one != entry]
        raise ConfigError(
            f"{config.pretrained} starts {fits}, not {config.arch} of {config.backbone}; set pretrained to none, to "
            f"a file{''.join(f', or to {other}' for other in others)}"
        )


def _check_model(config: ModelConfig, entry: ReleasedModel) -> None:
    theirs = entry.network.model
    same_kind = config.arch == theirs.arch or (theirs.arch == "tsn" and config.arch in _FROM_2D)
    if not same_kind or config.backbone != theirs.backbone:
        raise ConfigError(
            f"{entry.name} is {theirs.arch} of {theirs.backbone}, and cannot start {config.arch} of {config.backbone}; "
            f"set arch and backbone to its, or pretrained to another model"
        )


def _weights(config: ModelConfig) -> dict[str, torch.Tensor]:
    entry = _entry(config)
    if entry is None:
        return load_weights(Path(config.pretrained))
    with Report(f"fetching {entry.name}") as report:

        def progress(done: int, total: int | None) -> None:
            report.progress(done // 1_000_000, total and total // 1_000_000, f"fetching {entry.name} (MB)")

        if entry.url is None:
            return imagenet_state_dict(config.backbone, progress=progress)
        return load_weights(released_models.fetch(entry, progress=progress))


def _has_released_names(weights: Weights) -> bool:
    """Those of a released file, with or without its head; ours and torchvision's are the same but for the head."""
    return (
        any(key.startswith("cls_head.") or _NESTED.fullmatch(key) for key in weights)
        or is_lettered(weights)
        or "backbone.conv1_7x7_s2.weight" in weights  # BNInception; ours is backbone.conv1_7x7_s2.conv.weight
    )


def _backbone_part(network: VideoNet, weights: Weights) -> dict[str, torch.Tensor]:
    """A plain classifier's weights without its head, as our backbone's."""
    own = network.backbone.state_dict()
    return {
        f"backbone.{key}": tensor for key, tensor in weights.items() if key in own or not _CLASSIFIER_NAMES.match(key)
    }


def _from_vmz(weights: Weights) -> dict[str, torch.Tensor]:
    renamed = {}
    for key, tensor in weights.items():
        rule = next(((pattern, ours) for pattern, ours in _VMZ_RULES if pattern.match(key)), None)
        renamed[key if rule is None else rule[0].sub(rule[1], key, count=1)] = tensor  # `fit_into` names the others
    return renamed
