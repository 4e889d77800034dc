"""Class folders and "path label" lists -> labelled entries of the two splits (paper 4.1)."""

import functools
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from omnisource.config import TargetConfig
from omnisource.errors import DataError, UnknownClassError
from omnisource.types import Taxonomy

COMPANION_SUFFIXES = frozenset(
    {".txt", ".json", ".csv", ".tsv", ".xml", ".md", ".html", ".vtt", ".srt", ".ini", ".db", ".log"}
    | {".part", ".partial", ".ytdl", ".npy", ".npz", ".pkl"}
)
"""Endings of files that lie beside clips and are none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One labelled clip, as a list or a folder names it."""

    path: Path
    """Where the clip should lie; absolute."""
    class_index: int
    """Its label."""
    where: str
    """The list's `file:line`, or the path itself; for messages."""
    group: str | None = None
    """What it was cut from; None if the list does not say."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Lists:
    """Both splits as written, before any check across them."""

    taxonomy: Taxonomy
    """The classes, in the order of their indices."""
    train: list[Entry]
    """Training entries, in the order of the list."""
    val: list[Entry]
    """Validation entries, in the order of the list."""
    missing: list[str]
    """Clips that the list names and the disk lacks, where a reader tolerates that."""


def read_folders(config: TargetConfig) -> Lists:
    """Read train/CLASS/clip and val/CLASS/clip; hidden and companion files are no clips."""
    root = config.root.absolute()
    train, val = _class_folders(root / config.train), _class_folders(root / config.val)
    if config.classes is not None:
        taxonomy = read_classes(root / config.classes)
    else:
        taxonomy = taxonomy_of(sorted(folder.name for folder in train), where=str(root / config.train))
    return Lists(taxonomy=taxonomy, train=_clips_in(train, taxonomy), val=_clips_in(val, taxonomy), missing=[])


def read_path_label(config: TargetConfig) -> Lists:
    """Read `path label` lists: the label is the last field, the rest is the path; an absolute path wins over the root.

    Without a classes file, a class is called like the folder that holds all its training clips and no other's, or else
    by its number.
    """
    root = config.root.absolute()
    train_list, val_list = root / config.train, root / config.val
    train = _labelled_paths(train_list, _base_of(train_list, root, "train"))
    val = _labelled_paths(val_list, _base_of(val_list, root, "val"))
    if config.classes is not None:
        taxonomy = read_classes(root / config.classes)
        counted = f"{root / config.classes} names {len(taxonomy)} classes"
    else:
        taxonomy = taxonomy_of(_names_from_folders(train, train_list), where=str(train_list))
        counted = f"{train_list} has labels up to {len(taxonomy) - 1}"
    for entry in (*train, *val):
        if entry.class_index >= len(taxonomy):
            raise DataError(
                f"{entry.where}: label {entry.class_index} is out of range: {counted} (labels count from 0); "
                "correct the label or target.classes"
            )
    return Lists(taxonomy=taxonomy, train=train, val=val, missing=[])


def read_classes(path: Path) -> Taxonomy:
    """Read one class name a line; the line number, from 0, is the class index."""
    return taxonomy_of([line for _, line in read_lines(path)], where=str(path))


def taxonomy_of(names: Iterable[str], *, where: str) -> Taxonomy:
    """Taxonomy of the names; raises DataError with `where` if there are none or two are the same."""
    try:
        taxonomy = Taxonomy(names=tuple(names))
    except ValueError as error:
        raise DataError(f"{where}: {error}") from None
    if not taxonomy.names:
        raise DataError(f"{where} holds no class; give target.classes, a file with one class name a line")
    return taxonomy


def read_lines(path: Path) -> list[tuple[str, str]]:
    """(`file:line`, stripped text) of every line that is not blank; a byte order mark is skipped."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        raise DataError(
            f"{path} is not a file; set target.root, and target.train, target.val and target.classes relative to it, "
            "or choose another target.reader"
        ) from None
    except UnicodeDecodeError:
        raise DataError(f"{path} is not UTF-8 text; save it as UTF-8") from None
    return [(f"{path}:{n}", line.strip()) for n, line in enumerate(text.split("\n"), start=1) if line.strip()]


def find_class(taxonomy: Taxonomy, name: str, where: str) -> int:
    """Class index of a name; raises DataError with `where` and the nearest names."""
    try:
        return _class_index(taxonomy, name)
    except UnknownClassError as error:
        raise DataError(f"{where}: {error}") from None


def is_clip_name(name: str) -> bool:
    """Whether a file of this name may be a clip: any ending or none, but not hidden and not a companion."""
    return not name.startswith(".") and os.path.splitext(name)[1].lower() not in COMPANION_SUFFIXES


@functools.lru_cache(maxsize=4096)  # lists repeat each name hundreds of times, and a look-up compares every class
def _class_index(taxonomy: Taxonomy, name: str) -> int:
    return taxonomy.index(name)


def _class_folders(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise DataError(
            f"{folder} is not a folder; target.reader = folders reads train/CLASS/clip and val/CLASS/clip: "
            "set target.root, target.train and target.val, or choose another reader"
        )
    children = sorted(child for child in folder.iterdir() if not child.name.startswith("."))
    for child in children:
        if not child.is_dir() and is_clip_name(child.name):
            raise DataError(f"{child} lies in no class folder; move it to {folder}/CLASS/ or out of {folder}")
    return [child for child in children if child.is_dir()]


def _clips_in(class_folders: Iterable[Path], taxonomy: Taxonomy) -> list[Entry]:
    entries = []
    for folder in class_folders:
        class_index = find_class(taxonomy, folder.name, where=str(folder))
        with os.scandir(folder) as children:
            clips = sorted((c for c in children if is_clip_name(c.name)), key=lambda c: c.name)
        for clip in clips:
            if clip.is_dir():
                raise DataError(f"{clip.path} is a folder; clips lie directly in {folder}, one video file each")
            entries.append(Entry(path=Path(clip.path), class_index=class_index, where=clip.path))
    return entries


def _base_of(list_path: Path, root: Path, split: str) -> Path:
    """Folder that the paths of a list start from: the root, or in it the folder of the released Mini-Kinetics layout.

    There annotations/kinetics_200/k200_train.txt is relative to kinetics_200_train, and k200_val.txt to
    kinetics_200_val.
    """
    released = root / f"{list_path.parent.name}_{split}"
    return released if released.is_dir() else root


def _labelled_paths(list_path: Path, base: Path) -> list[Entry]:
    entries = []
    for where, line in read_lines(list_path):
        path, *label = line.rsplit(maxsplit=1)
        if not label or not (label[0].isascii() and label[0].isdigit()):
            raise DataError(f"{where}: {line!r} does not end in a label; write `path label`, the label a number from 0")
        entries.append(Entry(path=base / path, class_index=int(label[0]), where=where))
    return entries


def _names_from_folders(entries: list[Entry], list_path: Path) -> list[str]:
    folders: dict[int, set[str]] = {}
    for entry in entries:
        folders.setdefault(entry.class_index, set()).add(entry.path.parent.name)
    num_classes = max(folders, default=-1) + 1
    if len(folders) < num_classes:
        skipped = next(i for i in range(num_classes) if i not in folders)
        raise DataError(
            f"{list_path}: no line has the label {skipped}, and there are labels up to {num_classes - 1}; "
            "correct the labels, or give target.classes, a file with one class name a line"
        )
    names = [min(folders[i]) for i in range(num_classes)]
    distinct = {re.sub(r"[\s_\-]+", " ", name).strip().casefold() for name in names}
    if all(len(folders[i]) == 1 for i in folders) and len(distinct) == num_classes and "" not in distinct:
        return names
    return [str(i) for i in range(num_classes)]
