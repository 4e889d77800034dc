"""What people decided: append-only, undoable, safe for several people at once (SQLite in WAL mode; design 8).

A decision is a row and so is its undoing; nothing is ever changed or removed. The decision in force is a view: of the
rows about one subject and one question that are not undone, the newest.
"""

import getpass
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from filelock import FileLock

from omnisource.errors import OmniSourceError

_SCHEMA = """
CREATE TABLE IF NOT EXISTS reviews (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key BLOB NOT NULL,
    start_s REAL, end_s REAL,
    target_path TEXT,
    question TEXT NOT NULL,
    verdict TEXT NOT NULL,
    class_index INTEGER,
    author TEXT NOT NULL,
    made_in TEXT NOT NULL,
    made_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    undoes INTEGER REFERENCES reviews (id)
);
CREATE INDEX IF NOT EXISTS reviews_by_key ON reviews (key);
CREATE VIEW IF NOT EXISTS current AS
    SELECT * FROM reviews WHERE id IN (
        SELECT max(id) FROM reviews
        WHERE undoes IS NULL AND id NOT IN (SELECT undoes FROM reviews WHERE undoes IS NOT NULL)
        GROUP BY key, start_s, end_s, target_path, question
    );
"""

_COLUMNS = "id, key, start_s, end_s, target_path, verdict, class_index, author, made_in, made_at"


class Verdict(StrEnum):
    """What a person can say of an item, a segment or a pair."""

    DUPLICATE = "duplicate"
    NOT_DUPLICATE = "not_duplicate"
    KEEP = "keep"
    DROP = "drop"
    RELABEL = "relabel"
    RELEVANT = "relevant"
    IRRELEVANT = "irrelevant"


_QUESTIONS = {
    Verdict.DUPLICATE: "duplicate",
    Verdict.NOT_DUPLICATE: "duplicate",
    Verdict.KEEP: "use",
    Verdict.DROP: "use",
    Verdict.RELABEL: "use",
    Verdict.RELEVANT: "relevance",
    Verdict.IRRELEVANT: "relevance",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """What a decision is about."""

    key: bytes
    """The web item."""
    start_s: float | None = None
    """Start of the segment; None for the whole item."""
    end_s: float | None = None
    """End of the segment; None for the whole item."""
    target_path: str | None = None
    """The target clip of a suspected pair; None where the decision is about the item alone."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Review:
    """One decision."""

    id: int
    """Its place in the order of all decisions."""
    subject: Subject
    """What it is about."""
    verdict: Verdict
    """What was decided."""
    class_index: int | None
    """The class of a relabelling, or of which a relevance speaks."""
    author: str
    """Who decided."""
    made_in: str
    """Where: app, fiftyone, notebook, command line."""
    made_at: str
    """When, UTC."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """One decision, and what became of it."""

    review: Review
    """What was decided."""
    is_in_force: bool
    """Whether it counts: neither undone, nor followed by another one about the same."""
    undone_by: str | None
    """Who took it back."""
    undone_at: str | None
    """When that was, UTC."""


class Reviews:
    """The decisions of one workspace; every call is on the disk when it returns."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def decide(
        self,
        subject: Subject,
        verdict: Verdict,
        *,
        class_index: int | None = None,
        made_in: str,
        author: str | None = None,
    ) -> int:
        """Record a decision; returns its id, which `undo` takes."""
        (made,) = self.decide_all([subject], verdict, class_index=class_index, made_in=made_in, author=author)
        return made

    def decide_all(
        self,
        subjects: Iterable[Subject],
        verdict: Verdict,
        *,
        class_index: int | None = None,
        made_in: str,
        author: str | None = None,
    ) -> list[int]:
        """Record the same decision about several subjects, all or none; returns their ids."""
        said = (_question(verdict, class_index), verdict, class_index, author or this_person(), made_in)
        with self._connect() as connection:
            return [
                int(
                    connection.execute(
                        "INSERT INTO reviews"
                        " (key, start_s, end_s, target_path, question, verdict, class_index, author, made_in)"
                        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                        (subject.key, subject.start_s, subject.end_s, subject.target_path, *said),
                    ).lastrowid
                )
                for subject in subjects
            ]

    def undo(self, review_id: int, *, made_in: str, author: str | None = None) -> int:
        """Take a decision back, as one more row; the decision before it is in force again."""
        (made,) = self.undo_all([review_id], made_in=made_in, author=author)
        return made

    def undo_all(self, review_ids: Iterable[int], *, made_in: str, author: str | None = None) -> list[int]:
        """Take several decisions back, all or none."""
        made: list[int] = []
        with self._connect() as connection:
            for review_id in review_ids:
                row = connection.execute(
                    "INSERT INTO reviews"
                    " (key, start_s, end_s, target_path, question, verdict, class_index, author, made_in, undoes)"
                    " SELECT key, start_s, end_s, target_path, question, verdict, class_index, ?, ?, id FROM reviews"
                    " WHERE id = ? AND undoes IS NULL",
                    (author or this_person(), made_in, review_id),
                )
                if row.rowcount != 1:
                    raise OmniSourceError(f"there is no decision {review_id} to undo")
                made.append(int(row.lastrowid))
        return made

    def current(self) -> list[Review]:
        """The decisions in force, oldest first."""
        if not self.path.is_file():
            return []
        with self._connect() as connection:
            return [_review(row) for row in connection.execute(f"SELECT {_COLUMNS} FROM current ORDER BY id")]

    def authors(self) -> list[str]:
        """Everyone who has decided something that is in force, by name."""
        if not self.path.is_file():
            return []
        with self._connect() as connection:
            return [row[0] for row in connection.execute("SELECT DISTINCT author FROM current ORDER BY author")]

    def about(self, keys: Sequence[bytes]) -> list[Review]:
        """The decisions in force about some items, oldest first; reads no row about any other item."""
        if not self.path.is_file():
            return []
        sql = (
            f"WITH mine AS (SELECT * FROM reviews WHERE key IN ({', '.join('?' * len(keys))}))"
            f" SELECT {_COLUMNS} FROM mine WHERE id IN (SELECT max(id) FROM mine WHERE undoes IS NULL AND id NOT IN"
            " (SELECT undoes FROM mine WHERE undoes IS NOT NULL) GROUP BY key, start_s, end_s, target_path, question)"
            " ORDER BY id"
        )
        with self._connect() as connection:
            return [_review(row) for row in connection.execute(sql, list(keys))]

    def history(self, key: bytes) -> list[Decision]:
        """Every decision about an item, its segments and its pairs, oldest first, with what became of it."""
        if not self.path.is_file():
            return []
        in_force = {review.id for review in self.about([key])}
        with self._connect() as connection:
            made = connection.execute(
                f"SELECT {_COLUMNS} FROM reviews WHERE key = ? AND undoes IS NULL ORDER BY id", (key,)
            ).fetchall()
            undone = connection.execute(
                "SELECT undoes, author, made_at FROM reviews WHERE key = ? AND undoes IS NOT NULL ORDER BY id", (key,)
            ).fetchall()
        undoing = {row[0]: row[1:] for row in undone}
        return [
            Decision(
                review=_review(row),
                is_in_force=row[0] in in_force,
                undone_by=undoing.get(row[0], (None, None))[0],
                undone_at=undoing.get(row[0], (None, None))[1],
            )
            for row in made
        ]

    @contextmanager
    def _connect(self) -> Iterator[sqlite3.Connection]:
        if not self.path.is_file():
            self._create()
        with closing(sqlite3.connect(self.path, timeout=30)) as connection:
            connection.execute("PRAGMA synchronous=FULL")
            connection.executescript(_SCHEMA)
            with connection:
                yield connection

    def _create(self) -> None:
        """The file, whole or not at all: SQLite lets nobody wait while another turns a new file to WAL."""
        with FileLock(self.path.with_name(self.path.name + ".lock")):
            if self.path.is_file():
                return
            partial = self.path.with_name(self.path.name + ".partial")
            partial.unlink(missing_ok=True)
            with closing(sqlite3.connect(partial)) as connection:
                connection.execute("PRAGMA journal_mode=WAL")
                connection.executescript(_SCHEMA)
            os.replace(partial, self.path)


def this_person() -> str:
    """Who is logged in; a container may run under a number that nobody's name belongs to."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # KeyError before Python 3.13
        return f"user {os.getuid()}"


def _question(verdict: Verdict, class_index: int | None) -> str:
    """What a verdict answers; an item may be relevant to one class and irrelevant to another."""
    is_of_class = _QUESTIONS[verdict] == "relevance"
    if class_index is not None and not is_of_class and verdict is not Verdict.RELABEL:
        raise OmniSourceError(
            f"{verdict} with class {class_index}: a class belongs to relabel, relevant and irrelevant"
        )
    if class_index is None and verdict is Verdict.RELABEL:
        raise OmniSourceError("relabel without a class: say which class it is")
    return f"relevance of {class_index}" if is_of_class and class_index is not None else _QUESTIONS[verdict]


def _review(row: tuple) -> Review:
    """A row of _COLUMNS as a record."""
    return Review(
        id=row[0],
        subject=Subject(key=row[1], start_s=row[2], end_s=row[3], target_path=row[4]),
        verdict=Verdict(row[5]),
        class_index=row[6],
        author=row[7],
        made_in=row[8],
        made_at=row[9],
    )
