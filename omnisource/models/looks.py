"""Weights -> what network they most likely belong to, from names and shapes alone (protocols 1)."""

import re
from collections.abc import Mapping

import torch

from omnisource.models.bninception import STEM
from omnisource.models.released_names import Arch, Layout, is_lettered, to_ours
from omnisource.models.resnet import BASIC, BLOCKS_PER_STAGE, STEM_CHANNELS

_TITLES: dict[Arch, str] = {"tsn": "TSN", "slowonly": "SlowOnly", "i3d": "I3D", "ircsn": "irCSN", "omni": "Omni"}
_LAYOUTS: dict[Layout, str] = {"mmaction2": "mmaction2 names", "mmaction0": "mmaction 0.x names"}
_BLOCK = re.compile(r"backbone\.layer([1-4])\.(\d+)\.")

Weights = Mapping[str, torch.Tensor]


def looks_like(state_dict: Weights) -> str | None:
    """For people, such as "SlowOnly ResNet-50, 400 classes, mmaction2 names"; None for what no rule recognises."""
    if has_released_names(state_dict):
        arch = _released_arch(state_dict)
        layout: Layout = "mmaction2" if arch == "omni" or _is_nested(state_dict) else "mmaction0"
        ours = to_ours(state_dict, arch, layout)
        return _describe({ours[key] or key: tensor for key, tensor in state_dict.items()}, _LAYOUTS[layout])
    if any(key.startswith("backbone.") for key in state_dict):
        return _describe(state_dict, "our names")
    if "stem.0.weight" in state_dict:  # torchvision.models.video and VMZ, which IG-65M was released for
        return _describe_video(state_dict)
    plain = {f"backbone.{key}": tensor for key, tensor in state_dict.items() if not key.startswith("fc.")}
    plain |= {
        key.replace("fc.", "classifier."): state_dict[key] for key in ("fc.weight", "fc.bias") if key in state_dict
    }
    return _describe(plain, "torchvision names")


def has_released_names(state_dict: Weights) -> bool:
    """Whether names are those of a released checkpoint, with its head or (where they differ from ours) without."""
    return (
        any(key.startswith("cls_head.") for key in state_dict)
        or "backbone.conv1.conv.weight" in state_dict
        or f"backbone.{STEM[0]}.weight" in state_dict
        or is_lettered(state_dict)
    )


def _released_arch(state_dict: Weights) -> Arch:
    """The arch whose names these are; I3D has SlowOnly's."""
    if any(key.startswith(("cls_head.fc2d.", "cls_head.fc3d.")) for key in state_dict):
        return "omni"
    if is_lettered(state_dict) or any(".conv2.0.conv." in key for key in state_dict):
        return "ircsn"
    return "slowonly" if any(tensor.ndim == 5 for tensor in state_dict.values()) else "tsn"


def _is_nested(state_dict: Weights) -> bool:
    return any(key.endswith(".conv.weight") for key in state_dict)


def _describe(weights: Weights, names: str) -> str | None:
    """`weights` have our names; `names` says whose names they came with."""
    stem = weights.get("backbone.conv1.weight", weights.get(f"backbone.{STEM[0]}.conv.weight"))
    is_inception = f"backbone.{STEM[0]}.conv.weight" in weights
    if stem is None or stem.ndim not in (4, 5) or not (is_inception or any(map(_BLOCK.match, weights))):
        return None
    if is_inception:
        network = "TSN BNInception"
    elif names == "torchvision names" and stem.ndim == 4:
        network, names = _torchvision(weights), ""
    else:
        network = f"{_TITLES[arch]} {_depth(weights)}" if (arch := _arch(weights, stem)) else f"3D {_depth(weights)}"
    if stem.shape[0] != STEM_CHANNELS:
        network += f" of width {stem.shape[0] / STEM_CHANNELS:.2g}"
    if stem.shape[1] != 3:
        network += f" on flow ({stem.shape[1]} channels)"
    return ", ".join(filter(None, (network, _classes(weights), names)))


def _arch(weights: Weights, stem: torch.Tensor) -> Arch | None:
    if stem.ndim == 4:
        return "tsn"
    if "image_classifier.weight" in weights:
        return "omni"
    middle = weights.get("backbone.layer1.0.conv2.weight")
    if middle is not None and middle.shape[1] == 1 < middle.shape[0]:
        return "ircsn"
    return {1: "slowonly", 5: "i3d"}.get(stem.shape[2])


def _torchvision(weights: Weights) -> str:
    name = f"torchvision {_depth(weights).lower().replace('-', '')}"
    middle = weights.get("backbone.layer1.0.conv2.weight")
    is_plain = middle is not None and middle.shape[0] == middle.shape[1] == STEM_CHANNELS
    return name if is_plain else f"a wide or grouped relative of {name}"


def _depth(weights: Weights) -> str:
    blocks = [0, 0, 0, 0]
    for match in filter(None, map(_BLOCK.match, weights)):
        stage = int(match.group(1)) - 1
        blocks[stage] = max(blocks[stage], int(match.group(2)) + 1)
    is_basic = "backbone.layer1.0.conv3.weight" not in weights
    for name, known in BLOCKS_PER_STAGE.items():
        if known == tuple(blocks) and (name in BASIC) == is_basic:
            return name.replace("resnet", "ResNet-")
    return f"ResNet of {'-'.join(map(str, blocks))} blocks"


def _classes(weights: Weights) -> str:
    if "classifier.weight" not in weights:
        return "no classifier"
    classes = f"{len(weights['classifier.weight'])} classes"
    if "image_classifier.weight" in weights:
        classes += f" and {len(weights['image_classifier.weight'])} of pictures"
    return classes


def _describe_video(weights: Weights) -> str:
    numbered = {f"backbone.{key}": tensor for key, tensor in weights.items()}
    is_bottleneck = any(key.startswith("layer1.0.conv3.") for key in weights)
    if is_bottleneck:
        numbered["backbone.layer1.0.conv3.weight"] = weights["stem.0.weight"]
    classes = f"{len(weights['fc.weight'])} classes" if "fc.weight" in weights else "no classifier"
    return f"a video {_depth(numbered)}, {classes}, torchvision's or VMZ's video names"
