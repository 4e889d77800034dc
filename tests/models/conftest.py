"""What the tests of networks share: one thread, a fixed seed, and the facts' seeded weights."""

import importlib.util
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch


@pytest.fixture(autouse=True)
def one_seeded_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    yield
    torch.set_num_threads(threads)


@dataclass(frozen=True, kw_only=True, slots=True)
class Parity:
    """The measured answers of the released code for weights and inputs made from names alone."""

    folder: Path
    seeded: ModuleType
    shapes: Callable[[str], dict[str, tuple[int, ...]]]

    def weights(self, model: str) -> dict[str, torch.Tensor]:
        """The seeded state dict of `model` under its released names."""
        return {key: torch.as_tensor(value) for key, value in self.seeded.fill(self.shapes(model)).items()}

    def clip(self, name: str, shape: tuple[int, ...]) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(self.seeded.clip(name, shape)))


@pytest.fixture(scope="session")
def parity(facts: Path) -> Parity:
    folder = facts / "parity"
    spec = importlib.util.spec_from_file_location("seeded_weights", folder / "seeded_weights.py")
    seeded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(seeded)

    def shapes(model: str) -> dict[str, tuple[int, ...]]:
        keys = json.loads((facts / "state_dicts" / f"{model}.json").read_text())["keys"]
        return {key: tuple(shape) for key, shape, _ in keys}

    return Parity(folder=folder, seeded=seeded, shapes=shapes)
