"""Files that are whole or absent: written as `.partial`, forced to the disk, then renamed (design: The workspace)."""

import os
import tempfile
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


def save_apart(path: Path, save: Callable[[Path], object]) -> None:
    """Like save_atomically, for a file that several may make at once: each writes into a folder of its own.

    For what can be made again: nothing is forced to the disk. The file's folder must be there.
    """
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        partial = Path(folder) / path.name
        save(partial)
        partial.replace(path)


def write_atomically(path: Path, text: str) -> None:
    """Write a text file whole or not at all."""
    save_atomically(path, lambda partial: partial.write_text(text, encoding="utf-8"))
