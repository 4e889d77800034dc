"""torchvision's RAFT, with weights from a file or from torchvision's cache (paper 5.2: the flow stream)."""

from pathlib import Path

import torch
from torch import nn
from torchvision.models.optical_flow import Raft_Large_Weights, raft_large

from omnisource.errors import CheckpointError
from omnisource.models.checkpoints import fit_into, load_weights


def load_raft(weights: Path | None, device: torch.device) -> nn.Module:
    """raft_large in evaluation mode; None: torchvision's weights, downloaded where its cache lacks them.

    Raises CheckpointError where they cannot be had or do not fit.
    """
    network = raft_large(weights=None)
    fit_into(network, _published() if weights is None else _local(weights), fresh_head_ok=False)
    return network.to(device).eval()


def _local(path: Path) -> dict[str, torch.Tensor]:
    if not path.is_file():
        raise CheckpointError(
            f"flow.raft_weights {str(path)!r} is no file; download {Raft_Large_Weights.DEFAULT.url} and name it"
        )
    return load_weights(path)


def _published() -> dict[str, torch.Tensor]:
    weights = Raft_Large_Weights.DEFAULT
    try:
        return dict(weights.get_state_dict(progress=False, check_hash=True, weights_only=True))
    except (OSError, RuntimeError) as error:  # unreachable host; hash that does not fit
        raise CheckpointError(
            f"RAFT's weights could not be had ({error}); download {weights.url} where there is a network and set "
            "flow.raft_weights to that file, or set flow.method to dis, which needs none"
        ) from error
