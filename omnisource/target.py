"""Labelled data on disk -> the taxonomy and the examples of the target dataset D_T (paper 4.1)."""

import dataclasses
import json
import logging
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from omnisource.config import TargetConfig
from omnisource.errors import DataError
from omnisource.target_lists import Entry, Lists, read_folders, read_path_label
from omnisource.target_official import read_hmdb51, read_kinetics, read_ucf101
from omnisource.types import Example, Taxonomy

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """The target dataset D_T: its classes and both splits."""

    taxonomy: Taxonomy
    """The classes, in the order of the class indices."""
    train: tuple[Example, ...]
    """Examples to train on, after `label_fraction`."""
    val: tuple[Example, ...]
    """Examples to validate on, always all of them."""
    missing: tuple[str, ...] = ()
    """Kinetics videos that a list names and the disk lacks, as `file:line: name`."""


def read_target(config: TargetConfig, *, seed: int) -> Target:
    """Read both splits and check them: every file is there, and no clip and no group is in both.

    Raises DataError that names the file and line, the value and the remedy.
    """
    root = config.root.absolute()
    lists = _read(config)
    for setting, given, entries in (("train", config.train, lists.train), ("val", config.val, lists.val)):
        if not entries:
            raise DataError(f"{root / given} holds no clip of this split; set target.root and target.{setting}")
    if config.reader in ("path_label", "ucf101", "hmdb51"):  # the other readers found the files on disk
        _require_files([*lists.train, *lists.val], root)
    _require_distinct_paths([*lists.train, *lists.val])
    train, val = lists.train, lists.val
    if config.groups is not None:
        groups = _read_groups(root, config.groups, example=train[0])
        train, val = _with_groups(train, groups), _with_groups(val, groups)
    _require_group_safety(train, val)
    kept = label_subset(train, fraction=config.label_fraction, seed=seed)
    _warn_of_empty_classes(kept, lists.taxonomy)
    logger.info("target: %d classes, %d of %d training examples", len(lists.taxonomy), len(kept), len(train))
    logger.info("target: %d validation examples, %d clips missing", len(val), len(lists.missing))
    return Target(
        taxonomy=lists.taxonomy,
        train=_examples(kept, config),
        val=_examples(val, config),
        missing=tuple(lists.missing),
    )


def label_subset(entries: list[Entry], *, fraction: float, seed: int) -> list[Entry]:
    """Keep about `fraction` of each class, at least one group, in the order given (paper Fig. 7).

    Within a class a group is kept or left out whole. Each class has its own seeded order of groups and keeps the
    beginning of it whose size is nearest to the share asked for; so for one seed a smaller fraction is a subset of a
    larger one, whatever the order of the list.
    """
    if fraction == 1:
        return entries
    units_by_class: dict[int, dict[tuple[bool, str], list[Entry]]] = {}
    for entry in entries:
        unit = (True, entry.group) if entry.group is not None else (False, str(entry.path))
        units_by_class.setdefault(entry.class_index, {}).setdefault(unit, []).append(entry)
    kept: set[Path] = set()
    for class_index, units in units_by_class.items():
        names = sorted(units)
        order = np.random.default_rng([seed, class_index]).permutation(len(names))
        sizes = np.cumsum([len(units[names[i]]) for i in order])  # of the first 1, 2, ... units
        num_units = int(np.argmin(np.abs(sizes - fraction * sizes[-1]))) + 1
        kept.update(entry.path for i in order[:num_units] for entry in units[names[i]])
    return [entry for entry in entries if entry.path in kept]


def _read(config: TargetConfig) -> Lists:
    match config.reader:
        case "folders":
            return read_folders(config)
        case "path_label":
            return read_path_label(config)
        case "kinetics":
            return read_kinetics(config)
        case "ucf101":
            return read_ucf101(config)
        case "hmdb51":
            return read_hmdb51(config)


def _require_files(entries: list[Entry], root: Path) -> None:
    missing = [entry for entry in entries if not entry.path.is_file()]
    if missing:
        others = f" (nor do the clips of {len(missing) - 1} other lines)" if len(missing) > 1 else ""
        raise DataError(
            f"{missing[0].where}: {missing[0].path} is not a file{others}; "
            f"set target.root, now {root}, to the folder that the paths start from, or take the lines out"
        )


def _require_distinct_paths(entries: list[Entry]) -> None:
    first: dict[str, Entry] = {}
    for entry in entries:
        other = first.setdefault(os.path.normpath(entry.path), entry)
        if other is not entry:
            raise DataError(f"{entry.where}: {entry.path} is already at {other.where}; keep one of the two lines")


def _require_group_safety(train: list[Entry], val: list[Entry]) -> None:
    in_val = {entry.group: entry for entry in val if entry.group is not None}
    for entry in train:
        if other := in_val.get(entry.group):
            raise DataError(
                f"group {entry.group!r} is in both splits, at {entry.where} and at {other.where}: the test would hold "
                "what was trained on; move the group to one split, or correct target.groups"
            )


def _read_groups(root: Path, given: Path, *, example: Entry) -> dict[str, str]:
    """Group by normal absolute path."""
    path = root / given
    try:
        values = json.loads(path.read_text(encoding="utf-8-sig"))
    except (FileNotFoundError, IsADirectoryError):
        raise DataError(f"{path} is not a file; target.groups is a JSON file of path -> group") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{path} is not JSON: {error}; write an object of path -> group") from None
    if not isinstance(values, dict) or not all(isinstance(group, str | int) for group in values.values()):
        raise DataError(f"{path} is not an object of path -> group; write one, with names or numbers as groups")
    groups = {os.path.normpath(root / name): str(group) for name, group in values.items()}
    if not any(Path(name).exists() for name in groups):
        raise DataError(
            f"{path} names no file; write its paths relative to target.root, such as "
            f"{os.path.relpath(example.path, root)}"
        )
    return groups


def _with_groups(entries: list[Entry], groups: dict[str, str]) -> list[Entry]:
    """The file's group where it names the clip, else the one that the list's own naming tells."""
    return [dataclasses.replace(e, group=groups.get(os.path.normpath(e.path), e.group)) for e in entries]


def _warn_of_empty_classes(entries: list[Entry], taxonomy: Taxonomy) -> None:
    counts = np.bincount([entry.class_index for entry in entries], minlength=len(taxonomy))
    if empty := [name for name, count in zip(taxonomy.names, counts) if count == 0]:
        logger.warning("%d classes have no training example: %s", len(empty), ", ".join(empty[:10]))


def _examples(entries: list[Entry], config: TargetConfig) -> tuple[Example, ...]:
    return tuple(
        Example(path=entry.path, format=config.format, source="target", class_index=entry.class_index)
        for entry in entries
    )
