"""The lists that Kinetics, UCF101 and HMDB51 are published with -> labelled entries of the two splits (paper 4.1).

What their rules promise, and `read_target` verifies: a YouTube video of Kinetics is in one split; a group gNN of a
UCF101 class is in one split; for HMDB51, clips of one source video are in one split *within a class* (the same film
does serve one class for training and another for testing in the official lists, so that is not refused).
"""

import csv
import logging
import os
import re
from collections.abc import Iterator
from pathlib import Path

from omnisource.config import TargetConfig
from omnisource.errors import DataError
from omnisource.target_lists import (
    Entry,
    Lists,
    find_class,
    is_clip_name,
    read_classes,
    read_lines,
    taxonomy_of,
)
from omnisource.types import Taxonomy

logger = logging.getLogger(__name__)

KINETICS_COLUMNS = ("label", "youtube_id", "time_start", "time_end")


def read_kinetics(config: TargetConfig) -> Lists:
    """Read the CSV files of Kinetics: label,youtube_id,time_start,time_end[,split[,is_cc]].

    A clip is any file below the root called <id>_<start>_<end> (six digits each) or <id>. Videos vanish from YouTube,
    so a missing one is counted and listed; it is an error only if a split has none. Where `split` is filled in, rows
    of the other split are passed over, so that both may be written in one file.
    """
    root = config.root.absolute()
    train_rows = list(_kinetics_rows(root / config.train, training=True))
    val_rows = list(_kinetics_rows(root / config.val, training=False))
    if config.classes is not None:
        taxonomy = read_classes(root / config.classes)
    else:
        taxonomy = taxonomy_of(sorted({row["label"] for _, row in train_rows}), where=str(root / config.train))
    media = _media_by_stem(root)
    missing: list[str] = []
    train = _kinetics_entries(train_rows, taxonomy, media, missing)
    val = _kinetics_entries(val_rows, taxonomy, media, missing)
    for rows, entries, list_path in ((train_rows, train, config.train), (val_rows, val, config.val)):
        if rows and not entries:
            raise DataError(
                f"none of the {len(rows)} videos of {root / list_path} is below {root}; set target.root to the folder "
                "that holds them, as <youtube id>_<start>_<end>.mp4 or <youtube id>.mp4"
            )
    if missing:
        logger.warning("%d Kinetics videos are listed and not on disk, for example %s", len(missing), missing[0])
    return Lists(taxonomy=taxonomy, train=train, val=val, missing=missing)


def read_ucf101(config: TargetConfig) -> Lists:
    """Read trainlist0N.txt, testlist0N.txt and classInd.txt; the root holds the class folders.

    `train` and `val` name the lists, or the folder that holds the official ones; else they are looked for in the root.
    """
    root = config.root.absolute()
    train_list = _official_list(root, config.train, f"trainlist{config.split:02d}.txt")
    val_list = _official_list(root, config.val, f"testlist{config.split:02d}.txt", train_list.parent)
    classes = root / config.classes if config.classes is not None else train_list.parent / "classInd.txt"
    taxonomy = _numbered_classes(classes)
    return Lists(
        taxonomy=taxonomy,
        train=[_ucf101_entry(root, taxonomy, where, line) for where, line in read_lines(train_list)],
        val=[_ucf101_entry(root, taxonomy, where, line) for where, line in read_lines(val_list)],
        missing=[],
    )


def read_hmdb51(config: TargetConfig) -> Lists:
    """Read CLASS_test_splitN.txt, lines `name 0|1|2`: 1 trains, 2 tests, 0 is unused; the root holds class folders.

    `train` is the folder of these files (both splits are in each); else they are looked for in the root.
    """
    root = config.root.absolute()
    ending = f"_test_split{config.split}.txt"
    folders = [root / config.train, root]
    files = next((found for folder in folders if (found := sorted(folder.glob(f"*{ending}")))), None)
    if files is None:
        raise DataError(
            f"no CLASS{ending} in {folders[0]} or {root}; set target.train to the folder of the HMDB51 split files"
        )
    by_class = {file.name.removesuffix(ending): file for file in files}
    if config.classes is not None:
        taxonomy = read_classes(root / config.classes)
    else:
        taxonomy = taxonomy_of(sorted(by_class), where=str(files[0].parent))
    splits: dict[str, list[Entry]] = {"1": [], "2": [], "0": []}
    for class_name, file in by_class.items():
        class_index = find_class(taxonomy, class_name, where=str(file))
        for where, line in read_lines(file):
            name, number = (*line.rsplit(maxsplit=1), "")[:2]
            if number not in splits:
                raise DataError(f"{where}: {line!r} is not `name 0`, `name 1` or `name 2`; take the official list")
            source = Path(name).stem.rpartition(f"_{class_name}_")[0] or Path(name).stem
            path = root / class_name / name
            group = f"{class_name}: {source}"
            splits[number].append(Entry(path=path, class_index=class_index, where=where, group=group))
    return Lists(taxonomy=taxonomy, train=splits["1"], val=splits["2"], missing=[])


def _kinetics_rows(path: Path, *, training: bool) -> Iterator[tuple[str, dict[str, str]]]:
    """(`file:line`, row) of the rows of one split; every row has the columns' text, stripped."""
    lines = read_lines(path)
    reader = csv.DictReader(line for _, line in lines)
    if lacking := [c for c in KINETICS_COLUMNS if c not in (reader.fieldnames or ())]:
        raise DataError(
            f"{path}:1: no column {', '.join(lacking)}; a Kinetics list begins with the line "
            "label,youtube_id,time_start,time_end,split"
        )
    for row in reader:
        where = lines[reader.line_num - 1][0]
        values = {column: (row.get(column) or "").strip() for column in (*KINETICS_COLUMNS, "split")}
        if not all(values[column] for column in KINETICS_COLUMNS):
            raise DataError(f"{where}: {', '.join(KINETICS_COLUMNS)} must all be filled in; take a list with labels")
        if values["split"] and values["split"].startswith("train") != training:
            continue
        yield where, values


def _kinetics_entries(
    rows: list[tuple[str, dict[str, str]]], taxonomy: Taxonomy, media: dict[str, list[Path]], missing: list[str]
) -> list[Entry]:
    """Entries of the rows whose video is on disk; the others are added to `missing`."""
    entries = []
    for where, row in rows:
        class_index = find_class(taxonomy, row["label"], where)
        try:
            start_s, end_s = (int(float(row[column])) for column in ("time_start", "time_end"))
        except ValueError:
            raise DataError(f"{where}: time_start and time_end must be seconds, such as 12; correct the line") from None
        name = f"{row['youtube_id']}_{start_s:06d}_{end_s:06d}"
        found = media.get(name) or media.get(row["youtube_id"])
        if not found:
            missing.append(f"{where}: {name}")
            continue
        folder = row["label"].replace(" ", "_")
        path = min(found, key=lambda p: (p.parent.name.replace(" ", "_") != folder, p))
        entries.append(Entry(path=path, class_index=class_index, where=where, group=row["youtube_id"]))
    return entries


def _media_by_stem(root: Path) -> dict[str, list[Path]]:
    """Every file below the root by its name without ending: one walk is cheaper than a look-up for each line."""
    media: dict[str, list[Path]] = {}
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in filter(is_clip_name, names):
            media.setdefault(os.path.splitext(name)[0], []).append(Path(folder, name))
    return media


def _official_list(root: Path, given: Path, name: str, *beside: Path) -> Path:
    places = [root / given, root / given / name, root / name, root / "ucfTrainTestlist" / name]
    places += [folder / name for folder in beside]
    for place in places:
        if place.is_file():
            return place
    looked = ", ".join(str(place) for place in places[1:])
    raise DataError(
        f"no {name}: looked for {looked}; set target.train and target.val to the folder of the UCF101 lists"
    )


def _numbered_classes(path: Path) -> Taxonomy:
    """Read classInd.txt, lines `1 ApplyEyeMakeup` from 1 without a gap."""
    names = []
    for where, line in read_lines(path):
        number, _, name = line.partition(" ")
        if number != str(len(names) + 1) or not name.strip():
            raise DataError(f"{where}: expected `{len(names) + 1} ClassName`, found {line!r}; take the official list")
        names.append(name.strip())
    return taxonomy_of(names, where=str(path))


def _ucf101_entry(root: Path, taxonomy: Taxonomy, where: str, line: str) -> Entry:
    name, _, number = line.partition(" ")
    folder, _, file_name = name.rpartition("/")
    class_index = find_class(taxonomy, folder, where)
    if number.strip() and number.strip() != str(class_index + 1):
        raise DataError(
            f"{where}: label {number.strip()} is not that of {folder}, which is {class_index + 1} in classInd.txt; "
            "take the three lists from the same release"
        )
    group = re.search(r"_g(\d+)_c\d+", file_name)
    if group is None:
        raise DataError(f"{where}: {file_name!r} has no group gNN in its name; UCF101 clips are called v_Class_gNN_cNN")
    return Entry(
        path=root / name, class_index=class_index, where=where, group=f"{taxonomy.names[class_index]} g{group[1]}"
    )
