"""A local folder of web data -> its files with the class each was collected for (paper 3.3, 4.2).

Nothing is opened: whether a file is what its name says is for `clean.validity` to find out. The class comes from the
first folder level that is called like a class (whatever case, spaces, hyphens, underscores) or, as in the released
Mini-Kinetics data, like a zero-padded class index: in `000/abseil/x.jpg`, `000` is the class and `abseil` a tag. Or it
comes from a CSV with the columns path,class.
"""

import csv
import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from omnisource.config import SourceConfig
from omnisource.errors import DataError, UnknownClassError
from omnisource.types import Taxonomy

MAX_PROBLEMS_SHOWN = 20
"""A wrong taxonomy makes every folder a problem; a message must stay readable."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundFile:
    """One file of a source."""

    path: Path
    """Where it lies: below the source's folder."""
    class_index: int
    """The class that its folder or its line in a list names."""
    num_parts: int | None = None
    """Parts that a list says a folder of parts has; None for a plain file."""


def scan_folder(source: SourceConfig, taxonomy: Taxonomy) -> Iterator[FoundFile]:
    """Yield the files of a source lazily: folders sorted by name, or the lines of the CSV in their order.

    Hidden files, `.partial` files and what is no regular file are passed over; every other ending is yielded.
    Every class name is checked before the first file is yielded. Raises DataError, at the call if classes are unknown
    or the source is empty, and on the way if a link or a path leads out of the folder.
    """
    root = source.path.absolute()
    if not root.is_dir():
        raise DataError(f"source {source.name}: {root} is not a folder; set its `path` to the folder of its files")
    if source.classes is not None:
        found = _scan_csv(source.classes.absolute(), root, taxonomy)
    else:
        found = _scan_class_folders(root, taxonomy)
    first = next(found, None)
    if first is None:
        raise DataError(
            f"source {source.name}: {root} holds no file; put files into folders called like the classes, "
            "or give `classes`, a CSV with the columns path,class"
        )
    return itertools.chain([first], found)


def _scan_class_folders(root: Path, taxonomy: Taxonomy) -> Iterator[FoundFile]:
    folders: list[tuple[Path, int]] = []
    problems: list[str] = []
    for folder, class_index in _class_folders(root, root, taxonomy, above=()):
        if class_index is None:
            problems.append(_explain_unknown_folder(folder.relative_to(root), taxonomy))
        else:
            folders.append((folder, class_index))
    _raise_if_any(
        problems, root, "rename or remove these folders, or give `classes`, a CSV with the columns path,class"
    )
    for folder, class_index in folders:
        for path in _walk(folder, root, above=()):
            yield FoundFile(path=path, class_index=class_index)


def _class_folders(
    folder: Path, root: Path, taxonomy: Taxonomy, above: tuple[Path, ...]
) -> Iterator[tuple[Path, int | None]]:
    """Topmost folders that stand for a class; None for folders above them that hold files themselves."""
    real = folder.resolve()
    if real in above:
        return
    names, subfolders = _children(folder, root)
    if names:
        yield folder, None
    for name in subfolders:
        class_index = _class_of_folder(name, taxonomy)
        if class_index is not None:
            yield (
                folder / name,
                None if _looks_like_a_shard(folder / name, class_index, root, taxonomy) else class_index,
            )
        else:
            yield from _class_folders(folder / name, root, taxonomy, (*above, real))


def _looks_like_a_shard(folder: Path, class_index: int, root: Path, taxonomy: Taxonomy) -> bool:
    """Whether a number is hardly a class index: most folders just below it bear the names of other classes."""
    if not folder.name.isdigit():
        return False
    below = [_class_of_name(name, taxonomy) for name in _children(folder, root)[1]]
    return sum(found not in (class_index, None) for found in below) * 2 > len(below)


def _class_of_name(name: str, taxonomy: Taxonomy) -> int | None:
    try:
        return taxonomy.index(name)
    except UnknownClassError:
        return None


def _class_of_folder(name: str, taxonomy: Taxonomy) -> int | None:
    """A class name wins over an index; an index has at least the digits of the largest one, so 7 is no class of 200."""
    by_name = _class_of_name(name, taxonomy)
    if by_name is not None:
        return by_name
    return _class_of_number(name, taxonomy) if len(name) >= len(str(len(taxonomy) - 1)) else None


def _class_of_number(text: str, taxonomy: Taxonomy) -> int | None:
    is_index = text.isascii() and text.isdigit() and int(text) < len(taxonomy)
    return int(text) if is_index else None


def _walk(folder: Path, root: Path, above: tuple[Path, ...]) -> Iterator[Path]:
    """Files below a folder: its own first, then those of its sub-folders, each sorted by name."""
    real = folder.resolve()
    if real in above:  # a link to a folder that we are in
        return
    names, subfolders = _children(folder, root)
    for name in names:
        yield folder / name
    for name in subfolders:
        yield from _walk(folder / name, root, (*above, real))


def _children(folder: Path, root: Path) -> tuple[list[str], list[str]]:
    """Sorted names of the files and of the folders in a folder."""
    names, subfolders = [], []
    with os.scandir(folder) as children:
        for child in children:
            if child.name.startswith(".") or child.name.endswith(".partial"):
                continue
            if child.is_symlink() and not really_inside(child.path, root):
                raise DataError(
                    f"{child.path} is a link that leads out of {root}, to {os.path.realpath(child.path)}; "
                    "replace it by the file, or make the other folder a source of its own"
                )
            if child.is_dir():
                subfolders.append(child.name)
            elif child.is_file():
                names.append(child.name)
    return sorted(names), sorted(subfolders)


def _explain_unknown_folder(folder: Path, taxonomy: Taxonomy) -> str:
    """Name a folder without a class, with the nearest class of the level that comes nearest to one."""
    if not folder.parts:
        return "files lie directly in the source's folder, in no class folder"
    if folder.name.isdigit() and _class_of_folder(folder.name, taxonomy) is not None:
        return f"{folder}/ may be class index {int(folder.name)} or a plain number: it holds folders of other classes"
    explanations = []
    for name in reversed(folder.parts):
        try:
            taxonomy.index(name)
        except UnknownClassError as error:
            if error.nearest:
                return f"{folder}/: {error}"
            explanations.append(f"{folder}/: {error}")
    return explanations[0]


def _scan_csv(path: Path, root: Path, taxonomy: Taxonomy) -> Iterator[FoundFile]:
    class_indices = _check_csv(path, root, taxonomy)
    real_folders: dict[str, bool] = {}  # whether a folder really lies in the root: files share folders, links are few
    for line, name, class_name in _csv_rows(path):
        file = root / name
        folder = os.path.dirname(file)
        if folder not in real_folders:
            real_folders[folder] = really_inside(folder, root)
        if not real_folders[folder] or (os.path.islink(file) and not really_inside(file, root)):
            raise DataError(f"{path}:{line}: {name} is a link that leads out of {root}; replace it by the file")
        yield FoundFile(path=file, class_index=class_indices[class_name])


def _check_csv(path: Path, root: Path, taxonomy: Taxonomy) -> dict[str, int]:
    """Class index of each text in the class column; raises DataError with everything that is wrong with the lines.

    Single missing files are web data as usual: they are yielded, and dropped with a reason when they are opened. But
    if no file is where the paths point, that is reported here.
    """
    class_indices: dict[str, int] = {}
    unknown: set[str] = set()  # a misspelt class is one problem, not a million
    problems: list[str] = []
    any_row = any_file = False
    for line, name, class_name in _csv_rows(path):
        if not name or not class_name:
            problems.append(f"line {line}: path and class must both be filled in")
        elif not stays_inside(name, root):
            problems.append(f"line {line}: path {name!r} leads out of {root}")
        elif class_name not in class_indices and class_name not in unknown:
            try:
                class_indices[class_name] = class_of_cell(class_name, taxonomy)
            except UnknownClassError as error:
                unknown.add(class_name)
                problems.append(f"line {line}: {error}")
        any_row, any_file = True, any_file or (root / name).is_file()
    _raise_if_any(problems, path, "correct these lines")
    if any_row and not any_file:
        raise DataError(f"{path}: none of its files is below {root}; write paths relative to that folder")
    return class_indices


def _csv_rows(path: Path) -> Iterator[tuple[int, str, str]]:
    """(line number, path, class) of each row that is not blank."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header = file.readline()
            delimiter, path_column, class_column = _find_columns(header, path)
            reader = csv.reader(file, delimiter=delimiter)
            for row in reader:
                if any(cell.strip() for cell in row):
                    padded = row + [""] * (max(path_column, class_column) + 1)
                    yield reader.line_num + 1, padded[path_column].strip(), padded[class_column].strip()
    except (FileNotFoundError, IsADirectoryError):
        raise DataError(
            f"{path} is not a file; set the source's `classes` to the CSV with the columns path,class"
        ) from None
    except UnicodeDecodeError:
        raise DataError(f"{path} is not UTF-8 text; save it as UTF-8") from None
    except csv.Error as error:
        raise DataError(f"{path} is not a CSV file: {error}; write the columns path,class") from None


def _find_columns(header: str, path: Path) -> tuple[str, int, int]:
    """(delimiter, position of path, position of class); the delimiter is the one that parts the header."""
    for delimiter in ",;\t|":
        columns = [cell.strip().casefold() for cell in next(csv.reader([header], delimiter=delimiter), [])]
        if {"path", "class"} <= set(columns):
            return delimiter, columns.index("path"), columns.index("class")
    raise DataError(f"{path}:1: header {header.strip()!r} lacks path or class; begin with the line `path,class`")


def class_of_cell(text: str, taxonomy: Taxonomy) -> int:
    """A class name or a class index, the name winning; raises UnknownClassError."""
    try:
        return taxonomy.index(text)
    except UnknownClassError:
        class_index = _class_of_number(text, taxonomy)
        if class_index is None:
            raise
        return class_index


def stays_inside(name: str, root: Path) -> bool:
    """Whether a path stays below the root by its text alone."""
    return (os.path.normpath(root / name) + os.sep).startswith(os.path.normpath(root) + os.sep)


def really_inside(path: str | Path, root: Path) -> bool:
    """Whether a path stays below the root when all its links are followed."""
    return (os.path.realpath(path) + os.sep).startswith(os.path.realpath(root) + os.sep)


def _raise_if_any(problems: list[str], where: Path, remedy: str) -> None:
    if problems:
        shown = "".join(f"\n  {problem}" for problem in problems[:MAX_PROBLEMS_SHOWN])
        more = f"\n  and {len(problems) - MAX_PROBLEMS_SHOWN} more" if len(problems) > MAX_PROBLEMS_SHOWN else ""
        raise DataError(f"{where}:{shown}{more}\n{remedy}")
