"""Queries and tags of the workspace's classes: proposed, edited as revisions, and accepted before any search (3.3).

Every edit writes a whole new revision, and the last one counts; nothing is searched that a person has not accepted.
Proposals add to what is there and never change or bring back what a person edited or removed.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from omnisource.collect import query_lists
from omnisource.collect.queries import TEXT_KINDS, Query, TextKind, propose
from omnisource.errors import WorkspaceError
from omnisource.files import write_atomically
from omnisource.reviews import this_person
from omnisource.tables import Table
from omnisource.workspace import Workspace

_ROWS_PER_PART = 10**9


@dataclass(frozen=True, kw_only=True, slots=True)
class Acceptance:
    """Who looked through a revision and let it be searched."""

    revision: int
    """The revision."""
    author: str
    """Who accepted it."""
    accepted_utc: str
    """When, ISO time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Revision:
    """All queries and tags as they were written at once."""

    number: int
    """From 1; 0: nothing has been written yet."""
    queries: tuple[Query, ...]
    """In order of class, kind and rank."""
    accepted: Acceptance | None
    """None: it may not be searched yet."""


def current(workspace: Workspace) -> Revision:
    """The last revision; without any text, number 0."""
    number = max(_table(workspace).read(["revision"])["revision"].to_pylist(), default=0)
    acceptance = _acceptance(workspace)
    is_accepted = acceptance is not None and acceptance.revision == number
    return Revision(number=number, queries=_revision(workspace, number), accepted=acceptance if is_accepted else None)


def propose_queries(workspace: Workspace, *, anew: bool = False) -> Revision:
    """Write proposals for classes that no revision had a text of a kind for; with `anew`, also every text that the
    rules give now and no revision has ever had. What is there stays as it is.

    Raises WorkspaceError where the classes are numbers.
    """
    names = workspace.taxonomy().names
    if all(name.isdigit() for name in names):
        raise WorkspaceError(
            f"{workspace.root} knows its classes by number only, and numbers cannot be searched; name them with "
            "target.classes in study.yaml (one name a line), in a new workspace"
        )
    rows = _table(workspace).read().to_pylist()
    texts = {(row["class_index"], row["text_kind"], row["text"]) for row in rows}
    groups = {(row["class_index"], row["text_kind"]) for row in rows}

    def is_missing(one: Query) -> bool:
        if anew:
            return (one.class_index, one.text_kind, one.text) not in texts
        return (one.class_index, one.text_kind) not in groups

    before = current(workspace)
    taken = {(one.text_kind, one.text.casefold()) for one in before.queries if one.use}
    missing = [
        replace(one, use=one.use and (one.text_kind, one.text.casefold()) not in taken)
        for one in propose(names)
        if is_missing(one)
    ]
    return save(workspace, [*before.queries, *missing], based_on=before.number) if missing else before


def save(workspace: Workspace, queries: Sequence[Query], *, based_on: int) -> Revision:
    """Write a revision, which waits to be accepted; the same texts as before write nothing.

    `based_on` is the revision that was edited. Raises DataError that names what cannot be searched, WorkspaceError
    where somebody else has written another revision since.
    """
    wanted = query_lists.ranked(queries)
    query_lists.check(wanted, workspace.taxonomy())
    if not wanted:
        raise WorkspaceError("a revision without any text would leave nothing to search; keep at least one")
    with _table(workspace).writer(rows_per_part=_ROWS_PER_PART) as writer:
        before = current(workspace)
        if before.number != based_on:
            raise WorkspaceError(
                f"revision {before.number} of the queries was written since you began from {based_on}; load it and "
                "make your changes again"
            )
        if list(before.queries) != wanted:
            writer.add([{"revision": based_on + 1} | asdict(query) for query in wanted])
    return current(workspace)


def restore(workspace: Workspace, number: int, *, based_on: int) -> Revision:
    """Write an earlier revision once more, as the last one.

    Raises WorkspaceError where there is none, or where somebody has written another since `based_on`.
    """
    queries = _revision(workspace, number)
    if not queries:
        raise WorkspaceError(f"{workspace.root} has no revision {number} of the queries; the last one stays")
    return save(workspace, queries, based_on=based_on)


def accept(workspace: Workspace, revision: int, *, author: str | None = None) -> Revision:
    """Let a revision be searched; raises WorkspaceError unless it is the last one."""
    last = current(workspace)
    if last.number == 0:
        raise WorkspaceError(f"{workspace.root} has no queries yet; `omnisource queries` proposes them")
    if last.number != revision:
        raise WorkspaceError(
            f"revision {revision} of the queries is not the last one, {last.number}; look at that before you accept it"
        )
    said = Acceptance(
        revision=revision,
        author=author or this_person(),
        accepted_utc=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    write_atomically(_accepted_path(workspace), json.dumps(asdict(said)))
    return current(workspace)


def withdraw(workspace: Workspace, revision: int) -> Revision:
    """Take an acceptance back; raises WorkspaceError where another revision was accepted since."""
    accepted = _acceptance(workspace)
    if accepted is None or accepted.revision != revision:
        raise WorkspaceError(f"revision {revision} of the queries is not the accepted one; there is nothing to undo")
    _accepted_path(workspace).unlink()
    return current(workspace)


def accepted_queries(workspace: Workspace) -> dict[TextKind, list[tuple[int, str]]]:
    """What is searched: (class index, text) of each kind, the best of a class first.

    Raises WorkspaceError before a person has accepted the last revision.
    """
    last = current(workspace)
    if last.number == 0:
        raise WorkspaceError(
            f"{workspace.root} has no queries yet; `omnisource queries` proposes them, and with --accept they are used"
        )
    if last.accepted is None:
        raise WorkspaceError(
            f"revision {last.number} of the queries was not accepted; look through it with `omnisource queries`, then "
            "`omnisource queries --accept`"
        )
    return used_texts(last)


def used_texts(revision: Revision) -> dict[TextKind, list[tuple[int, str]]]:
    """What a revision would search: (class index, text) of each kind, the best of a class first."""
    return {
        kind: [(one.class_index, one.text) for one in revision.queries if one.use and one.text_kind == kind]
        for kind in TEXT_KINDS
    }


def _revision(workspace: Workspace, number: int) -> tuple[Query, ...]:
    rows = _table(workspace).read().to_pylist()
    queries = [Query(**{name: row[name] for name in Query.__slots__}) for row in rows if row["revision"] == number]
    return tuple(query_lists.ranked(queries))


def _table(workspace: Workspace) -> Table:
    return workspace.table("queries")


def _accepted_path(workspace: Workspace) -> Path:
    return _table(workspace).folder / "accepted.json"


def _acceptance(workspace: Workspace) -> Acceptance | None:
    path = _accepted_path(workspace)
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        return Acceptance(
            revision=int(said["revision"]), author=str(said["author"]), accepted_utc=str(said["accepted_utc"])
        )
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        raise WorkspaceError(f"{path} is damaged; remove it and accept the queries again") from None
