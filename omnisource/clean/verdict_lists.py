"""A CSV of verdicts on suspected pairs -> decisions in the workspace, all or none (paper 3.3; design 8)."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from omnisource.catalog import Catalog, source
from omnisource.errors import DataError
from omnisource.previews import clip_token, key_of
from omnisource.reviews import Reviews, Subject, Verdict
from omnisource.workspace import Workspace

MADE_IN = "contact sheet"
VERDICTS = (Verdict.DUPLICATE, Verdict.NOT_DUPLICATE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Applied:
    """What a list of verdicts changed."""

    made: tuple[int, ...]
    """Ids of the new decisions, which `Reviews.undo` takes."""
    known: int
    """Verdicts that were in force already."""
    empty: int
    """Lines without a verdict."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Line:
    where: str
    item: str
    target: str
    verdict: Verdict


def apply_verdicts(workspace: Workspace, path: Path, *, author: str | None = None) -> Applied:
    """Record what a CSV with the columns item, target, verdict says; lines without a verdict are passed over.

    `item` is a token or a path of the table of items; `target` a path or token of a labelled clip, or nothing where
    the verdict is about the item whatever it resembles. Raises DataError that names the line; nothing is recorded then.
    """
    lines, num_empty = _read(path)
    verdicts = _agreed(lines, _subjects(workspace, lines))
    reviews = Reviews(workspace.reviews_path)
    in_force = {review.subject: review.verdict for review in reviews.current() if review.verdict in VERDICTS}
    made: list[int] = []
    num_known = 0
    for verdict in VERDICTS:
        said = [subject for subject, said_of_it in verdicts.items() if said_of_it is verdict]
        new = [subject for subject in said if in_force.get(subject) is not verdict]
        num_known += len(said) - len(new)
        made += reviews.decide_all(new, verdict, made_in=MADE_IN, author=author) if new else []
    return Applied(made=tuple(made), known=num_known, empty=num_empty)


def _read(path: Path) -> tuple[list[_Line], int]:
    """Lines with a verdict, and the number of those without."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = csv.DictReader(file)
            if missing := {"item", "verdict"} - set(rows.fieldnames or ()):
                raise DataError(
                    f"{path} has no column {', '.join(sorted(missing))}; its first line names item, target, verdict"
                )
            numbered = [(rows.line_num, row) for row in rows]
    except (FileNotFoundError, IsADirectoryError):
        raise DataError(
            f"{path} is not a file; `omnisource duplicates --contact-sheet FILE.html` writes a list beside it"
        ) from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} is no CSV in UTF-8: {error}") from None
    said = [(f"{path}:{number}", row) for number, row in numbered if (row["verdict"] or "").strip()]
    return [_line(where, row) for where, row in said], len(numbered) - len(said)


def _line(where: str, row: dict[str, str | None]) -> _Line:
    verdict = (row["verdict"] or "").strip().lower().replace(" ", "_")
    if verdict not in VERDICTS:
        raise DataError(f"{where}: verdict {row['verdict']!r} is neither {' nor '.join(VERDICTS)}; or leave it empty")
    return _Line(
        where=where,
        item=(row["item"] or "").strip(),
        target=(row.get("target") or "").strip(),
        verdict=Verdict(verdict),
    )


def _subjects(workspace: Workspace, lines: Sequence[_Line]) -> list[Subject]:
    keys = _known_items(workspace, [line.item for line in lines])
    rows = workspace.table("target").read(["path"])["path"].to_pylist()
    clips = {clip_token(clip): clip for clip in rows} | {clip: clip for clip in rows}
    subjects = []
    for line in lines:
        if line.item not in keys:
            raise DataError(
                f"{line.where}: {line.item!r} is no item of {workspace.root}; write its token or its path as "
                "`omnisource duplicates --list` prints them"
            )
        if line.target and line.target not in clips:
            raise DataError(f"{line.where}: {line.target!r} is no labelled clip of {workspace.root}; or leave it empty")
        subjects.append(Subject(key=keys[line.item], target_path=clips[line.target] if line.target else None))
    return subjects


def _agreed(lines: Sequence[_Line], subjects: Sequence[Subject]) -> dict[Subject, Verdict]:
    """One verdict for each subject; raises DataError for a line that contradicts an earlier one."""
    verdicts: dict[Subject, Verdict] = {}
    for line, subject in zip(lines, subjects):
        if verdicts.setdefault(subject, line.verdict) is not line.verdict:
            raise DataError(f"{line.where}: {line.verdict} contradicts an earlier line about {line.item!r}; remove one")
    return verdicts


def _known_items(workspace: Workspace, names: Sequence[str]) -> dict[str, bytes]:
    """The key of each token or path that is an item."""
    asked = pa.table(
        {"name": pa.array(names, pa.string()), "key": pa.array([key_of(name) for name in names], pa.binary())}
    )
    items = source(workspace.table("items"))
    found = Catalog(workspace).rows(
        f"SELECT a.name, i.key FROM asked a JOIN {items} i ON i.key = a.key"
        f" UNION SELECT a.name, i.key FROM asked a JOIN {items} i ON i.path = a.name",
        tables={"asked": asked},
    )
    return {row["name"]: bytes(row["key"]) for batch in found for row in batch.to_pylist()}
