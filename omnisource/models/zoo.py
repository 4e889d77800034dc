"""ModelConfig -> a video network with its starting weights (paper 5.1)."""

import logging
import re
from collections.abc import Mapping
from pathlib import Path

import torch

from omnisource.config import ModelConfig
from omnisource.errors import CheckpointError, ConfigError
from omnisource.models.backbones import imagenet_state_dict, own_backbone, torchvision_backbone
from omnisource.models.checkpoints import fit_into, from_released, inflate_2d, is_released, load_weights
from omnisource.models.resnet import BLOCKS_PER_STAGE, ResNet
from omnisource.models.slowonly import SlowOnly
from omnisource.models.tsn import TSN
from omnisource.models.video_net import VideoNet

__all__ = ["VideoNet", "build"]

logger = logging.getLogger(__name__)

_DROPOUT = {"tsn": 0.4, "slowonly": 0.5}
_CLASSIFIER_NAMES = re.compile(r"(fc|classifier|heads?)\.")


def build(config: ModelConfig, num_classes: int) -> VideoNet:
    """The network that `config` describes, on the CPU, in training mode.

    ResNets and the classifier start as the released code's do; other torchvision networks as torchvision's; a person's
    own as its factory leaves it. Random starts follow torch's global seed. Raises ConfigError, CheckpointError.
    """
    _check(config)
    network = _build_slowonly(config, num_classes) if config.arch == "slowonly" else _build_tsn(config, num_classes)
    if config.pretrained == "imagenet":
        if config.backbone in BLOCKS_PER_STAGE:  # torchvision_backbone brings its own
            _start_from(network, imagenet_state_dict(config.backbone), config)
    elif config.pretrained != "none":
        _start_from(network, load_weights(Path(config.pretrained)), config)
    return network


def _check(config: ModelConfig) -> None:
    is_resnet = config.backbone in BLOCKS_PER_STAGE
    if config.arch == "slowonly" and not is_resnet:
        raise ConfigError(f"slowonly needs one of {', '.join(BLOCKS_PER_STAGE)} as backbone, not {config.backbone!r}")
    if not is_resnet and (config.width != 1 or config.zero_init_residual):
        raise ConfigError(
            f"width and zero_init_residual are for {', '.join(BLOCKS_PER_STAGE)}, not {config.backbone!r}"
        )
    if config.pretrained == "imagenet" and config.width != 1:
        raise ConfigError(
            f"there are no ImageNet weights for width {config.width}; set pretrained to none or to a file"
        )
    if config.pretrained == "imagenet" and ":" in config.backbone:
        raise ConfigError(
            f"{config.backbone!r} makes its own network: load ImageNet weights there and set pretrained to none"
        )
    if config.pretrained not in ("none", "imagenet") and not Path(config.pretrained).is_file():
        raise CheckpointError(f"pretrained {config.pretrained!r} is neither none, imagenet nor a file of weights")


def _build_slowonly(config: ModelConfig, num_classes: int) -> SlowOnly:
    return SlowOnly(_resnet(config), num_classes=num_classes, dropout=_dropout(config), init_std=config.init_std)


def _build_tsn(config: ModelConfig, num_classes: int) -> TSN:
    if config.backbone in BLOCKS_PER_STAGE:
        backbone = _resnet(config)
        num_features = backbone.num_features
    elif ":" in config.backbone:
        backbone, num_features = own_backbone(config.backbone)
    else:
        backbone, num_features = torchvision_backbone(config.backbone, imagenet=config.pretrained == "imagenet")
    return TSN(
        backbone,
        num_features=num_features,
        num_classes=num_classes,
        dropout=_dropout(config),
        init_std=config.init_std,
    )


def _resnet(config: ModelConfig) -> ResNet:
    return ResNet(config.backbone, dims=config.dims, width=config.width, zero_init_residual=config.zero_init_residual)


def _dropout(config: ModelConfig) -> float:
    return _DROPOUT[config.arch] if config.dropout is None else config.dropout


def _start_from(network: VideoNet, weights: Mapping[str, torch.Tensor], config: ModelConfig) -> None:
    """Weights of a released checkpoint, of one of ours, or of a plain 2D or 3D classifier."""
    if is_released(weights):
        is_2d = all(tensor.ndim <= 4 for tensor in weights.values())
        state_dict = from_released(weights, "tsn" if is_2d else config.arch)  # a 2D file may start a 3D network
    elif any(key.startswith("backbone.") for key in weights):
        state_dict = dict(weights)
    else:
        state_dict = _backbone_part(network, weights)
    if config.arch == "slowonly":
        state_dict = inflate_2d(state_dict, network)
    for note in fit_into(network, state_dict, fresh_head_ok=True):
        logger.info("%s from %s: %s", config.backbone, config.pretrained, note)


def _backbone_part(network: VideoNet, weights: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """A plain classifier's weights without its head, under our names."""
    own = network.backbone.state_dict()
    return {
        f"backbone.{key}": tensor for key, tensor in weights.items() if key in own or not _CLASSIFIER_NAMES.match(key)
    }
