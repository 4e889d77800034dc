"""State dicts of the released checkpoints <-> ours, by rule, both ways and without loss (protocols 1).

The rules are in `released_names`, what a file looks like in `looks`.
"""

from collections.abc import Mapping

import torch

from omnisource.errors import CheckpointError
from omnisource.models.looks import has_released_names, looks_like
from omnisource.models.released_names import ROWS, Arch, Layout, from_ours, to_ours

__all__ = ["Arch", "Layout", "from_released", "is_released", "looks_like", "to_released"]

_NUM_NAMED = 5


def is_released(state_dict: Mapping[str, torch.Tensor]) -> bool:
    """Whether the keys are those of a released checkpoint, which its classifier or its first convolution tells."""
    return has_released_names(state_dict)


def from_released(state_dict: Mapping[str, torch.Tensor], arch: Arch) -> dict[str, torch.Tensor]:
    """Released names, of either layout -> ours; raises CheckpointError for keys that no rule knows."""
    _check_dims(state_dict, arch)
    nested = any(key.endswith(".conv.weight") for key in state_dict)
    layout: Layout = "mmaction2" if nested or arch == "omni" else "mmaction0"
    return _rename(state_dict, to_ours(state_dict, arch, layout), f"the {layout} layout of {arch}")


def to_released(
    state_dict: Mapping[str, torch.Tensor], arch: Arch, layout: Layout = "mmaction2"
) -> dict[str, torch.Tensor]:
    """Our names -> released ones, in the released order; raises CheckpointError for keys that no rule knows.

    Nobody released BNInception in the layout mmaction2 or OmniResNet in the layout mmaction0: CheckpointError.
    """
    _check_dims(state_dict, arch)
    if (arch, layout) not in ROWS:
        raise CheckpointError(f"{layout} has no names for {arch}; its only layout is mmaction2")
    if layout == "mmaction2" and any(key.startswith("backbone.inception_") for key in state_dict):
        raise CheckpointError("mmaction2 has no names for BNInception; its only layout is mmaction0")
    return _rename(state_dict, from_ours(state_dict, arch, layout), f"our names of {arch}")


def _rename(
    state_dict: Mapping[str, torch.Tensor], renamed: Mapping[str, str | None], where: str
) -> dict[str, torch.Tensor]:
    if unknown := [key for key in state_dict if renamed[key] is None]:
        looks = looks_like(state_dict)
        raise CheckpointError(
            f"{len(unknown)} keys are unknown in {where}: {', '.join(unknown[:_NUM_NAMED])}"
            + (f"; the weights look like {looks}" if looks else "")
        )
    return {new: state_dict[old] for old, new in renamed.items() if new is not None}


def _check_dims(state_dict: Mapping[str, torch.Tensor], arch: Arch) -> None:
    dims = 2 if arch == "tsn" else 3
    for key, tensor in state_dict.items():
        if tensor.ndim >= 4 and tensor.ndim != dims + 2:
            looks = looks_like(state_dict)
            raise CheckpointError(
                f"{key} has shape {tuple(tensor.shape)}, a {tensor.ndim - 2}D kernel, but {arch} is {dims}D; "
                + (f"the weights look like {looks}" if looks else "is it a checkpoint of another network?")
            )
