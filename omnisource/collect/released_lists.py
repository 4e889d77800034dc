"""The lists of the released Mini-Kinetics web data -> one record per line (paper 4.2; released with mmaction2).

A text list has `path label` a line, parted by white space, so no path has spaces in it. The released code stumbles over
an empty line; here it is passed over, as every list reader of this house does. The list of the untrimmed videos is JSON
(`video_dir`, `label`, `num_clips`, `positive_clip_inds`), or text: `video_dir label num_clips [positive part ...]`.
"""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from omnisource.errors import DataError

Kind = Literal["crawled", "kept", "duplicate", "wodup"]
"""What a list tells by its name: all; what the teacher kept; what of it resembles a validation clip; what does not."""

_NAME = r"(?:(?P<teacher>\w+)_)?{folder}(?:_(?P<suffix>duplicate|wodup))?\.(?:txt|json)"


@dataclass(frozen=True, kw_only=True, slots=True)
class ListFile:
    """One list, as its name describes it."""

    path: Path
    """Where it lies."""
    kind: Kind
    """What it tells of its lines."""
    teacher: str | None
    """The network that kept the lines, such as "tsn_8seg"; None where no teacher was asked."""
    prefix: str = ""
    """What its lines begin with if they speak of this source: the union of both image lists names the folder too."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One line of a list."""

    where: str
    """`file:line`, for messages."""
    path: str
    """Relative to the folder of the list's media."""
    label: int
    """Class, from 0, as the list counts."""
    num_parts: int | None = None
    """Ten-second parts of an untrimmed video; None for a picture or clip."""
    positives: tuple[int, ...] = ()
    """Parts that show the class."""


def find_lists(annotations: Path, folder: str, source: str) -> tuple[list[ListFile], list[str]]:
    """The lists in annotations/`folder` that speak of `source`, and the files there whose names tell nothing.

    The teacher's own come first. Raises DataError for lists of two teachers.
    """
    lists: list[ListFile] = []
    unread: list[str] = []
    for path in sorted((annotations / folder).glob("*")):
        found = re.fullmatch(_NAME.format(folder=re.escape(folder)), path.name)
        if found is None or not path.is_file():
            unread.append(f"{folder}/{path.name}")
            continue
        kind = found["suffix"] or ("kept" if found["teacher"] else "crawled")
        prefix = "" if folder == source else f"{source}/"
        lists.append(ListFile(path=path, kind=kind, teacher=found["teacher"], prefix=prefix))
    teachers = sorted({one.teacher for one in lists if one.teacher})
    if len(teachers) > 1:
        raise DataError(
            f"{annotations / folder} holds lists of several teachers: {', '.join(teachers)}; leave those of one there"
        )
    order = ("wodup", "kept", "duplicate", "crawled")
    return sorted(lists, key=lambda one: order.index(one.kind)), unread


def read_list(listed: ListFile, *, untrimmed: bool) -> Iterator[Line]:
    """Every line of a list, lazily, without the prefix; lines of other sources are passed over.

    Raises DataError that names file and line for what is no line of such a list, and for a path that is absolute or
    leads out of the folder.
    """
    if listed.path.suffix == ".json":
        lines = _json_lines(listed.path, untrimmed)
    else:
        lines = _text_lines(listed.path, untrimmed)
    for line in lines:
        if os.path.isabs(line.path) or ".." in line.path.split("/"):
            raise DataError(
                f"{line.where}: path {line.path!r} leads out of the released folder; write it relative to its media"
            )
        if not listed.prefix:
            yield line
        elif line.path.startswith(listed.prefix):
            yield Line(where=line.where, path=line.path.removeprefix(listed.prefix), label=line.label)


def _text_lines(path: Path, untrimmed: bool) -> Iterator[Line]:
    form = "`video_dir label num_clips [part ...]`" if untrimmed else "`path label`"
    try:
        with path.open(encoding="utf-8-sig") as file:
            for number, text in enumerate(file, start=1):
                fields = text.split()
                if not fields:
                    continue
                where = f"{path}:{number}"
                numbers = [int(field) for field in fields[1:] if field.isascii() and field.isdigit()]
                few = len(fields) < 3 if untrimmed else len(fields) != 2
                if few or len(numbers) != len(fields) - 1:
                    raise DataError(
                        f"{where}: {text.strip()!r} is not {form}, with numbers from 0 and no further space"
                    )
                yield _line(where, fields[0], numbers[0], numbers[1:] if untrimmed else None)
    except UnicodeDecodeError:
        raise DataError(f"{path} is not UTF-8 text; save it as UTF-8") from None


def _json_lines(path: Path, untrimmed: bool) -> Iterator[Line]:
    try:
        entries = json.loads(path.read_text(encoding="utf-8-sig"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{path} is not JSON: {error}; fetch it again") from None
    if not isinstance(entries, list):
        raise DataError(f"{path} is not a list of objects; fetch it again")
    for number, entry in enumerate(entries):
        where = f"{path}: entry {number}"
        yield _of_video(where, entry) if untrimmed else _of_file(where, entry)


def _of_video(where: str, entry: object) -> Line:
    match entry:
        case {"video_dir": str(path), "label": int(label), "num_clips": int(num), "positive_clip_inds": [*positives]}:
            if path and all(_is_count(value) for value in (label, num, *positives)):
                return _line(where, path, label, [num, *positives])
    raise DataError(f"{where}: {entry!r} is no object of video_dir, label, num_clips and positive_clip_inds")


def _of_file(where: str, entry: object) -> Line:
    """The form that the released code's datasets of pictures and clips read: the label is a list of one."""
    match entry:
        case {"filename": str(path), "label": [int(label)]} if path and _is_count(label):
            return _line(where, path, label, None)
    raise DataError(f"{where}: {entry!r} is no object of a filename and a label in a list of one")


def _line(where: str, path: str, label: int, counts: list[int] | None) -> Line:
    if counts is None:
        return Line(where=where, path=path, label=label)
    num_parts, *positives = counts
    if beyond := [part for part in positives if part >= num_parts]:
        raise DataError(f"{where}: part {beyond[0]} of {path} cannot be positive: it has {num_parts} parts, from 0")
    return Line(where=where, path=path, label=label, num_parts=num_parts, positives=tuple(sorted(set(positives))))


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
