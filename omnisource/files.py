"""Files that are whole or absent: written as `.partial`, forced to the disk, then renamed (design: The workspace)."""

import os
from collections.abc import Callable
from pathlib import Path


def save_atomically(path: Path, save: Callable[[Path], object]) -> None:
    """Let `save` write a `.partial`, then rename it; what was there before stays until the new file is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    save(partial)
    with partial.open("rb+") as file:
        os.fsync(file.fileno())
    partial.replace(path)


def write_atomically(path: Path, text: str) -> None:
    """Write a text file whole or not at all."""
    save_atomically(path, lambda partial: partial.write_text(text, encoding="utf-8"))
