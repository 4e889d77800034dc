"""Arrays by name -> one .npz file that is whole or absent, and is read back without pickle."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from omnisource.files import save_atomically


def save_arrays(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write the arrays; what was there before stays until they are on the disk."""

    def save(partial: Path) -> None:
        with partial.open("wb") as file:  # np.savez would add an ending to a name
            np.savez(file, allow_pickle=False, **arrays)

    save_atomically(path, save)
