"""ModelConfig -> a video network with its starting weights (paper 5.1)."""

from torch import nn

from omnisource.config import ModelConfig
from omnisource.errors import ConfigError
from omnisource.models import starting
from omnisource.models.backbones import own_backbone, torchvision_backbone
from omnisource.models.bninception import BNInception
from omnisource.models.clip_net import ClipNet
from omnisource.models.omni import OMNI, OmniNet
from omnisource.models.resnet import BASIC, BLOCKS_PER_STAGE, ResNet
from omnisource.models.resnet_designs import FLAT, I3D, IRCSN, SLOWONLY
from omnisource.models.tsn import TSN
from omnisource.models.video_net import VideoNet

__all__ = ["VideoNet", "build"]

BNINCEPTION = "bninception"
_DESIGNS = {"tsn": FLAT, "slowonly": SLOWONLY, "i3d": I3D, "ircsn": IRCSN, "omni": OMNI}
_DROPOUT = {"tsn": 0.4}
_DROPOUT_3D = 0.5
_FEWEST_I3D_FRAMES = 5  # the fewest of which its strides leave two to the pooling after stage 1


def build(config: ModelConfig, num_classes: int) -> VideoNet:
    """The network that `config` describes, on the CPU, in training mode.

    ResNets, BNInception and the classifier start as the released code's do, other torchvision networks as
    torchvision's, a person's own as its factory leaves it. Random starts follow torch's global seed. Raises
    ConfigError, CheckpointError.
    """
    _check(config)
    if config.arch == "tsn":
        network = _build_tsn(config, num_classes)
    elif config.arch == "omni":
        network = OmniNet(
            _resnet(config),
            num_classes=num_classes,
            num_image_classes=config.num_image_classes,
            dropout=_dropout(config),
        )
    else:
        network = ClipNet(_resnet(config), num_classes=num_classes, dropout=_dropout(config), init_std=config.init_std)
    network.freeze_norms(config.frozen_norms)
    starting.start(network, config)
    return network


def _check(config: ModelConfig) -> None:
    _check_backbone(config)
    if config.arch == "omni" and config.format == "flow":
        raise ConfigError("omni shares its weights with pictures, which have no flow; set format to rgb")
    if config.arch == "omni" and config.init_std != ModelConfig.model_fields["init_std"].default:
        raise ConfigError(f"omni's heads start as torch's do, not with init_std {config.init_std}; leave it out")
    if "clip_len" in config.model_fields_set and config.arch == "i3d" and config.clip_len < _FEWEST_I3D_FRAMES:
        raise ConfigError(
            f"i3d keeps an eighth of a clip's frames, of which clip_len {config.clip_len} leaves none; "
            f"set it to {_FEWEST_I3D_FRAMES} or more (paper: 32)"
        )
    starting.check(config)


def _check_backbone(config: ModelConfig) -> None:
    """Which backbones an arch and its settings go with."""
    names = [name for name in BLOCKS_PER_STAGE if config.arch != "ircsn" or name not in BASIC]
    if config.arch != "tsn" and config.backbone not in names:
        raise ConfigError(f"{config.arch} needs one of {', '.join(names)} as backbone, not {config.backbone!r}")
    if config.backbone not in names and (config.width != 1 or config.zero_init_residual):
        raise ConfigError(f"width and zero_init_residual are for {', '.join(names)}, not {config.backbone!r}")
    if config.format == "flow" and not _is_ours(config.backbone):
        raise ConfigError(f"format flow is for {BNINCEPTION} and {', '.join(names)}, not {config.backbone!r}")


def _is_ours(backbone: str) -> bool:
    return backbone == BNINCEPTION or backbone in BLOCKS_PER_STAGE


def _build_tsn(config: ModelConfig, num_classes: int) -> TSN:
    backbone, num_features = _flat_backbone(config)
    return TSN(
        backbone,
        num_features=num_features,
        num_classes=num_classes,
        dropout=_dropout(config),
        init_std=config.init_std,
    )


def _flat_backbone(config: ModelConfig) -> tuple[nn.Module, int]:
    """A 2D backbone and the width of its features."""
    if _is_ours(config.backbone):
        is_inception = config.backbone == BNINCEPTION
        backbone = BNInception(in_channels=config.num_channels) if is_inception else _resnet(config)
        return backbone, backbone.num_features
    if ":" in config.backbone:
        return own_backbone(config.backbone)
    return torchvision_backbone(config.backbone)


def _resnet(config: ModelConfig) -> ResNet:
    return ResNet(
        config.backbone,
        _DESIGNS[config.arch],
        in_channels=config.num_channels,
        width=config.width,
        zero_init_residual=config.zero_init_residual,
    )


def _dropout(config: ModelConfig) -> float:
    return _DROPOUT.get(config.arch, _DROPOUT_3D) if config.dropout is None else config.dropout
