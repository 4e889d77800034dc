"""Key names of the released checkpoints <-> ours, by rule, both ways (protocols: the models).

Ours are torchvision's: backbone.layer1.0.conv1.weight, backbone.layer1.0.bn1.weight, classifier.weight.
"mmaction2" nests both: backbone.layer1.0.conv1.conv.weight, backbone.layer1.0.conv1.bn.weight, cls_head.fc_cls.weight.
"mmaction0" (mmaction 0.x) differs from ours in the classifier's name and in the order inside a bottleneck.
"""

import re
from collections.abc import Mapping
from typing import Literal

import torch

from omnisource.errors import CheckpointError

Arch = Literal["tsn", "slowonly"]
Layout = Literal["mmaction2", "mmaction0"]

_DIMS = {"tsn": 2, "slowonly": 3}
# One row is one rule on the name of a module: released, ours. {block} is the stem or one residual block.
_RULES: dict[Layout, tuple[tuple[str, str], ...]] = {
    "mmaction2": (
        ("{block}conv{n}.conv", "{block}conv{n}"),
        ("{block}conv{n}.bn", "{block}bn{n}"),
        ("{block}downsample.conv", "{block}downsample.0"),
        ("{block}downsample.bn", "{block}downsample.1"),
        ("cls_head.fc_cls", "classifier"),
    ),
    "mmaction0": (
        ("{block}conv{n}", "{block}conv{n}"),
        ("{block}bn{n}", "{block}bn{n}"),
        ("{block}downsample.{n}", "{block}downsample.{n}"),
        ("cls_head.fc_cls", "classifier"),
    ),
}
_PLACEHOLDERS = {"{block}": r"(?P<block>backbone\.(?:layer\d+\.\d+\.)?)", "{n}": r"(?P<n>\d+)"}
_MMACTION0_BOTTLENECK = ("conv1", "conv2", "bn1", "bn2", "conv3", "bn3", "downsample")


def is_released(state_dict: Mapping[str, torch.Tensor]) -> bool:
    """Whether the keys are those of a released checkpoint: its classifier has its own name."""
    return any(key.startswith("cls_head.") for key in state_dict)


def from_released(state_dict: Mapping[str, torch.Tensor], arch: Arch) -> dict[str, torch.Tensor]:
    """Released names, of either layout -> ours; raises CheckpointError for keys that no rule knows."""
    _check_dims(state_dict, arch)
    layout: Layout = "mmaction2" if any(key.endswith(".conv.weight") for key in state_dict) else "mmaction0"
    return _rename(state_dict, list(_RULES[layout]), f"the {layout} layout of {arch}")


def to_released(
    state_dict: Mapping[str, torch.Tensor], arch: Arch, layout: Layout = "mmaction2"
) -> dict[str, torch.Tensor]:
    """Our names -> released ones, in the released order; raises CheckpointError for keys that no rule knows."""
    _check_dims(state_dict, arch)
    released = _rename(state_dict, [(ours, released) for released, ours in _RULES[layout]], f"ResNets of {arch}")
    return _in_mmaction0_order(released) if layout == "mmaction0" else released


def _rename(
    state_dict: Mapping[str, torch.Tensor], rules: list[tuple[str, str]], where: str
) -> dict[str, torch.Tensor]:
    compiled = [(re.compile(_pattern(old)), new) for old, new in rules]
    renamed, unknown = {}, []
    for key, tensor in state_dict.items():
        module, _, leaf = key.rpartition(".")
        for pattern, new in compiled:
            if match := pattern.fullmatch(module):
                renamed[f"{new.format(**match.groupdict())}.{leaf}"] = tensor
                break
        else:
            unknown.append(key)
    if unknown:
        raise CheckpointError(f"{len(unknown)} keys are unknown in {where}: {', '.join(unknown[:5])}")
    return renamed


def _pattern(template: str) -> str:
    pattern = re.escape(template)
    for placeholder, expression in _PLACEHOLDERS.items():
        pattern = pattern.replace(re.escape(placeholder), expression)
    return pattern


def _check_dims(state_dict: Mapping[str, torch.Tensor], arch: Arch) -> None:
    for key, tensor in state_dict.items():
        if tensor.ndim >= 4 and tensor.ndim != _DIMS[arch] + 2:
            raise CheckpointError(
                f"{key} has shape {tuple(tensor.shape)}, a {tensor.ndim - 2}D kernel, but {arch} is {_DIMS[arch]}D; "
                "is it a checkpoint of another network?"
            )


def _in_mmaction0_order(state_dict: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Inside a bottleneck mmaction 0.x has two convolutions, then their norms; basic blocks stay as they are."""
    first_of_block: dict[str, int] = {}
    for i, key in enumerate(state_dict):
        first_of_block.setdefault(_block(key), i)

    def place(key: str) -> tuple[int, int]:
        block = _block(key)
        if f"{block}.conv3.weight" not in state_dict:
            return first_of_block[block], 0
        return first_of_block[block], _MMACTION0_BOTTLENECK.index(key.split(".")[3])

    return {key: state_dict[key] for key in sorted(state_dict, key=place)}


def _block(key: str) -> str:
    return ".".join(key.split(".")[:3])  # backbone.layer1.0
