"""What people decided: append-only, undoable, safe for several people at once (SQLite in WAL mode; design 8).

A decision is a row and so is its undoing; nothing is ever changed or removed. The decision in force is a view: of the
rows about one subject and one question that are not undone, the newest.
"""

import getpass
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

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
    """The class of a relabelling."""
    author: str
    """Who decided."""
    made_in: str
    """Where: app, fiftyone, notebook, command line."""
    made_at: str
    """When, UTC."""


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
        if (verdict is Verdict.RELABEL) != (class_index is not None):
            raise OmniSourceError(f"{verdict} with class {class_index}: a class belongs to relabel, and only to it")
        with self._connect() as connection:
            row = connection.execute(
                "INSERT INTO reviews"
                " (key, start_s, end_s, target_path, question, verdict, class_index, author, made_in)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (subject.key, subject.start_s, subject.end_s, subject.target_path, _QUESTIONS[verdict], verdict)
                + (class_index, author or getpass.getuser(), made_in),
            )
            return int(row.lastrowid)

    def undo(self, review_id: int, *, made_in: str, author: str | None = None) -> int:
        """Take a decision back, as one more row; the decision before it is in force again."""
        with self._connect() as connection:
            row = connection.execute(
                "INSERT INTO reviews"
                " (key, start_s, end_s, target_path, question, verdict, class_index, author, made_in, undoes)"
                " SELECT key, start_s, end_s, target_path, question, verdict, class_index, ?, ?, id FROM reviews"
                " WHERE id = ? AND undoes IS NULL",
                (author or getpass.getuser(), made_in, review_id),
            )
            if row.rowcount != 1:
                raise OmniSourceError(f"there is no decision {review_id} to undo")
            return int(row.lastrowid)

    def current(self) -> list[Review]:
        """The decisions in force, oldest first."""
        if not self.path.is_file():
            return []
        with self._connect() as connection:
            rows = connection.execute(
                "SELECT id, key, start_s, end_s, target_path, verdict, class_index, author, made_in, made_at"
                " FROM current ORDER BY id"
            ).fetchall()
        return [
            Review(
                id=row[0],
                subject=Subject(key=row[1], start_s=row[2], end_s=row[3], target_path=row[4]),
                verdict=Verdict(row[5]),
                class_index=row[6],
                author=row[7],
                made_in=row[8],
                made_at=row[9],
            )
            for row in rows
        ]

    @contextmanager
    def _connect(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.path, timeout=30)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            connection.executescript(_SCHEMA)
            with connection:
                yield connection
