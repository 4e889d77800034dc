"""Training state -> a file that is whole or absent, and back: the newest readable one resumes a run bit for bit.

There is no random state in it: every update seeds its own generators from (seed, update, process), see loop.py.
"""

import logging
import pickle
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from omnisource.errors import CheckpointError
from omnisource.files import save_atomically

logger = logging.getLogger(__name__)

_NAME = re.compile(r"update-(\d+)\.pt")


@dataclass(frozen=True, kw_only=True, slots=True)
class Checkpoint:
    """Everything that a run needs to go on."""

    network: Mapping[str, Tensor]
    """Its state_dict, batch norm statistics included."""
    optimizer: Mapping[str, object]
    """Its state_dict: momentum and settings."""
    scaler: Mapping[str, object]
    """State of 16-mixed's GradScaler; empty for other precisions."""
    update: int
    """Updates that are done."""
    epoch: int
    """Epochs that are done."""
    fingerprint: str
    """Of every setting and list that decides the result."""


def save(folder: Path, checkpoint: Checkpoint, *, keep: int) -> Path:
    """Write update-XXXXXXXX.pt and remove all but the `keep` newest checkpoints."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"update-{checkpoint.update:08d}.pt"
    content = {name: getattr(checkpoint, name) for name in Checkpoint.__slots__}
    save_atomically(path, lambda partial: torch.save(content, partial))
    for old in _newest_first(folder)[keep:]:
        old.unlink()
    return path


def load_newest(folder: Path, *, fingerprint: str, device: torch.device) -> Checkpoint | None:
    """The newest readable checkpoint, or None where there is none.

    Raises CheckpointError where it belongs to a run with other settings or data.
    """
    for path in _newest_first(folder):
        try:
            content = torch.load(path, map_location=device, weights_only=True)
        except (RuntimeError, EOFError, OSError, pickle.UnpicklingError, zipfile.BadZipFile) as error:
            logger.warning("%s cannot be read (%s); trying the one before", path, error)
            continue
        checkpoint = Checkpoint(**({"scaler": {}} | content))  # older checkpoints have none
        if checkpoint.fingerprint != fingerprint:
            raise CheckpointError(
                f"{path} was made with other settings, data or weights: "
                "restore them to resume the run, or train into a new run folder"
            )
        return checkpoint
    return None


def _newest_first(folder: Path) -> list[Path]:
    """Complete checkpoints; a .partial left by a killed run is none."""
    found = [path for path in folder.glob("update-*.pt") if _NAME.fullmatch(path.name)]
    return sorted(found, key=lambda path: int(_NAME.fullmatch(path.name)[1]), reverse=True)
