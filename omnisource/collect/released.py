"""A folder of the released Mini-Kinetics web data -> its items with what the lists say of each (paper 4.2).

The folder has `annotations/`, with a folder of lists per source, and the media in folders beside it. Items are those
that any list names; the ones that the teacher kept come first, so that of two files with one content they stay.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from omnisource.collect.local import FoundFile, really_inside
from omnisource.collect.released_classes import class_indices
from omnisource.collect.released_lists import Line, ListFile, find_lists, read_list
from omnisource.config import SourceConfig
from omnisource.errors import DataError
from omnisource.types import Format, Taxonomy

UNION = "webimage_200"
"""The union of both image sources' lists."""
TARGET = "kinetics_200"
"""The labelled clips; their lists are counted here, and read by the target stage."""
UNCUT_SUFFIXES = (".mp4", ".mkv", ".webm")
"""An untrimmed video may also be one file: part i is its seconds 10 i to 10 (i + 1)."""
EXPECTED = {
    "k200_train.txt": 76_030,
    "k200_val.txt": 4_838,
    "googleimage_200.txt": 3_050_880,
    "tsn_8seg_googleimage_200.txt": 1_188_695,
    "tsn_8seg_googleimage_200_duplicate.txt": 967,
    "insimage_200.txt": 3_654_650,
    "tsn_8seg_insimage_200.txt": 879_726,
    "tsn_8seg_insimage_200_duplicate.txt": 116,
    "insvideo_200.txt": 732_855,
    "slowonly_8x8_insvideo_200.txt": 330_680,
    "slowonly_8x8_insvideo_200_duplicate.txt": 956,
    "slowonly_8x8_kinetics_raw_200.json": 76_027,
}
"""Lines of each list, as the README of the release counts them."""
_KEPT, _DUPLICATE, _WODUP = 1, 2, 4
_LABEL = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class Released:
    """One source of the release."""

    name: str
    """Source, and the folder of its lists in annotations/."""
    format: Format
    """What is in it."""
    media: str
    """Folder of its media."""


SOURCES = (
    Released(name="googleimage_200", format=Format.IMAGE, media="googleimage_200"),
    Released(name="insimage_200", format=Format.IMAGE, media="insimage_200"),
    Released(name="insvideo_200", format=Format.TRIMMED, media="insvideo_200"),
    Released(name="kinetics_raw_200", format=Format.UNTRIMMED, media="kinetics_raw_200_train"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Listed:
    """What the lists say of one item."""

    path: Path
    """Where it should lie."""
    class_index: int
    """Its class in the study."""
    teacher: str | None
    """Whose lists keep items; None if there are only lists of what was crawled."""
    kept: bool
    """Whether that teacher keeps a picture or clip; for an untrimmed video, `positives` tell."""
    duplicate: bool
    """Whether it resembles a validation clip."""
    num_parts: int | None = None
    """Ten-second parts of an untrimmed video."""
    positives: tuple[int, ...] = ()
    """Parts of an untrimmed video that the teacher keeps."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ListCount:
    """One list that is there."""

    list: str
    """Its path in annotations/."""
    expected: int | None
    """Lines that the README of the release counts; None where it counts none."""
    found: int
    """Lines that it has."""


def lists_of(annotations: Path, name: str) -> list[ListFile]:
    """Every list that speaks of a source, the union of the image lists too; the teacher's own come first."""
    own, _ = find_lists(annotations, name, name)
    is_image = any(one.name == name and one.format is Format.IMAGE for one in SOURCES)
    union, _ = find_lists(annotations, UNION, name) if is_image else ([], [])
    return [*union, *own]


def count_lists(annotations: Path, num_labels: int) -> tuple[list[ListCount], list[str]]:
    """How many lines each list has, and the files that are no list by their names; reads and checks every line.

    Raises DataError for a line that is none, or whose label is not below `num_labels`.
    """
    counts: list[ListCount] = []
    unread: list[str] = []
    for folder in (TARGET, UNION, *(one.name for one in SOURCES)):
        if folder == TARGET:
            known = [path for path in sorted((annotations / folder).glob("*.txt")) if path.name in EXPECTED]
            lists = [ListFile(path=path, kind="crawled", teacher=None) for path in known]
        else:
            lists, others = find_lists(annotations, folder, folder)
            unread += others
        untrimmed = any(one.name == folder and one.format is Format.UNTRIMMED for one in SOURCES)
        for one in lists:
            found = 0
            for line in read_list(one, untrimmed=untrimmed):
                _same_label(line, None, num_labels)
                found += 1
            name = f"{folder}/{one.path.name}"
            counts.append(ListCount(list=name, expected=EXPECTED.get(one.path.name), found=found))
    return counts, unread


def scan_lists(source: SourceConfig, taxonomy: Taxonomy) -> Iterator[FoundFile]:
    """Yield the files that a source's lists name, as scan_folder does those of a folder.

    Single missing files are yielded, and dropped with a reason when they are opened. Raises DataError, at the call if
    there is no list or none of its files, and on the way for bad lines and for links that lead out of the folder.
    """
    if not any(listed.path.exists() for listed in read_source(source, taxonomy)):
        raise DataError(
            f"source {source.name}: none of the files that its lists in {source.lists} name is in {source.path}; "
            "unpack the released volumes there"
        )
    return (
        FoundFile(path=listed.path, class_index=listed.class_index, num_parts=_parts_to_find(listed))
        for listed in read_source(source, taxonomy)
    )


def read_source(source: SourceConfig, taxonomy: Taxonomy) -> Iterator[Listed]:
    """What the lists say of every item that one of them names, each item once; what the teacher kept comes first.

    Raises DataError: no list, a label out of range, a path that leads out, two labels for one path.
    """
    assert source.lists is not None
    annotations, root = source.lists.absolute(), source.path.absolute()
    lists = lists_of(annotations, source.name)
    if not lists:
        raise DataError(
            f"source {source.name}: no list of it in {annotations / source.name} or {annotations / UNION}; "
            f"such a list is called {source.name}.txt or TEACHER_{source.name}_wodup.txt"
        )
    labels = class_indices(annotations, taxonomy)
    inside = _Inside(root)
    read = _read_videos if source.format is Format.UNTRIMMED else _read_files
    for line, kept, duplicate in read(lists, len(labels)):
        path = _uncut(root / line.path) if line.num_parts is not None else root / line.path
        inside.require(path, line.where)
        yield Listed(
            path=path,
            class_index=labels[line.label],
            teacher=next((one.teacher for one in lists if one.teacher), None),
            kept=kept,
            duplicate=duplicate,
            num_parts=line.num_parts,
            positives=line.positives if kept else (),
        )


class _Inside:
    """Refuses links that lead out of a folder; files share folders, so each folder is looked at once."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._known: dict[str, bool] = {}

    def require(self, path: Path, where: str) -> None:
        folder = os.path.dirname(path)
        if folder not in self._known:
            self._known[folder] = really_inside(folder, self._root)
        if not self._known[folder] or (os.path.islink(path) and not really_inside(path, self._root)):
            raise DataError(f"{where}: {path} is a link that leads out of {self._root}; replace it by the file")


def _read_files(lists: list[ListFile], num_labels: int) -> Iterator[tuple[Line, bool, bool]]:
    """(line, kept, duplicate) of pictures and clips.

    What the teacher kept is held in memory as one number a path, the several times longer list of what was crawled is
    not.
    """
    facts: dict[str, int] = {}  # label * 8 + what is known
    bits = {"wodup": _KEPT | _WODUP, "kept": _KEPT, "duplicate": _KEPT | _DUPLICATE}
    crawled = [one for one in lists if one.kind == "crawled"]
    for one in lists:
        if one.kind == "crawled":
            continue
        for line in read_list(one, untrimmed=False):
            known = _same_label(line, facts.get(line.path), num_labels)
            facts[line.path] = known | bits[one.kind]
    tells_rest = any(one.kind == "wodup" for one in lists)
    for path, fact in facts.items():
        line = Line(where=f"the lists of {path}", path=path, label=fact // _LABEL)
        yield line, True, bool(fact & _DUPLICATE) or (tells_rest and not fact & _WODUP)
    for one in crawled:
        for line in read_list(one, untrimmed=False):
            known = facts.get(line.path)
            _same_label(line, known, num_labels)
            if known is None:
                yield line, False, False


def _read_videos(lists: list[ListFile], num_labels: int) -> Iterator[tuple[Line, bool, bool]]:
    """(line, kept, duplicate) of untrimmed videos; there are few enough to hold all."""
    first: dict[str, tuple[Line, bool]] = {}
    kinds: dict[str, set[str]] = {}
    for one in lists:
        for line in read_list(one, untrimmed=True):
            known, _ = first.setdefault(line.path, (line, one.kind != "crawled"))
            _same_label(line, known.label * _LABEL, num_labels)
            if one.kind != "crawled" and (known.num_parts, known.positives) != (line.num_parts, line.positives):
                raise DataError(f"{line.where}: other parts of {line.path} than at {known.where}; keep one of the two")
            kinds.setdefault(line.path, set()).add(one.kind)
    tells_rest = any(one.kind == "wodup" for one in lists)
    for path, (line, kept) in first.items():
        yield line, kept, "duplicate" in kinds[path] or (kept and tells_rest and "wodup" not in kinds[path])


def _same_label(line: Line, known: int | None, num_labels: int) -> int:
    """The known facts, or just the label; raises DataError for a label out of range or another than before."""
    if line.label >= num_labels:
        raise DataError(
            f"{line.where}: label {line.label} is out of range: the study knows labels 0 to {num_labels - 1}"
        )
    if known is None:
        return line.label * _LABEL
    if known // _LABEL != line.label:
        raise DataError(
            f"{line.where}: {line.path} has label {line.label} here, {known // _LABEL} in another list; correct one"
        )
    return known


def _uncut(path: Path) -> Path:
    """The folder of parts, or the whole video where it was never cut."""
    if not path.is_dir():
        for suffix in UNCUT_SUFFIXES:
            if (whole := path.with_name(path.name + suffix)).is_file():
                return whole
    return path


def _parts_to_find(listed: Listed) -> int | None:
    return None if listed.num_parts is None or listed.path.suffix in UNCUT_SUFFIXES else listed.num_parts
