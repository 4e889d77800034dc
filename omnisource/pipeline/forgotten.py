"""Addresses, domains and contents that a workspace was told to forget, so that no later fetch brings them back (3.3).

The file holds hashes only: a list of what must not be shown would show it.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from omnisource.errors import WorkspaceError
from omnisource.files import write_atomically
from omnisource.tables import sole_writer
from omnisource.workspace import Workspace

Kind = Literal["url", "domain", "content"]
FOLDER = "forgotten"


@dataclass(frozen=True, kw_only=True, slots=True)
class Forgotten:
    """What must not come back; made by `read_forgotten`, to ask about many addresses."""

    hashes: frozenset[str]
    """Of everything that is forgotten, each with its kind."""

    def holds_url(self, url: str) -> bool:
        """Whether the address, its host, or a domain above its host is forgotten."""
        if not self.hashes:
            return False
        if _hash("url", same_url(url)) in self.hashes:
            return True
        labels = host_of(url).split(".")
        return any(_hash("domain", ".".join(labels[i:])) in self.hashes for i in range(len(labels)))

    def holds_content(self, key: bytes) -> bool:
        """Whether the very same content was forgotten, whatever address it comes from."""
        return bool(self.hashes) and _hash("content", key.hex()) in self.hashes


def forgotten_path(workspace: Workspace) -> Path:
    """One JSON object a line: kind, hash, and when a person said so."""
    return workspace.root / FOLDER / "list.jsonl"


def read_forgotten(workspace: Workspace) -> Forgotten:
    """Everything that the workspace was told to forget; raises WorkspaceError for a damaged list."""
    return Forgotten(hashes=frozenset(line["hash"] for line in _lines(workspace)))


def remember_forgotten(workspace: Workspace, things: Iterable[tuple[Kind, str]]) -> None:
    """Add addresses, domains and contents (keys in hex) to the list; what is there already is not added again."""
    with sole_writer(workspace.root / FOLDER, what="the list of what is forgotten"):
        lines = _lines(workspace)
        known = {line["hash"] for line in lines}
        now = datetime.now(UTC).isoformat(timespec="seconds")
        wanted = {_hash(kind, same_url(text) if kind == "url" else text): kind for kind, text in things}
        lines += [{"kind": kind, "hash": found, "at": now} for found, kind in wanted.items() if found not in known]
        write_atomically(forgotten_path(workspace), "".join(json.dumps(line) + "\n" for line in lines))


def same_url(url: str) -> str:
    """One spelling for an address: host in small letters, default port and fragment left out."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:  # no address at all: it stays as it is
        return url
    scheme = parts.scheme.lower()
    default = {"http": 80, "https": 443}.get(scheme)
    host = host_of(url)
    port = _port(url)
    authority = host if port in (None, default) else f"{host}:{port}"
    query = f"?{parts.query}" if parts.query else ""
    return f"{scheme}://{authority}{parts.path or '/'}{query}"


def host_of(url: str) -> str:
    """The address's host in small letters, as DNS writes it; "" where it has none."""
    try:
        host = (urlsplit(url.strip()).hostname or "").rstrip(".").lower()
        return host.encode("idna").decode("ascii") if not host.isascii() else host
    except ValueError:  # no address at all: nothing is fetched from it
        return ""


def _port(url: str) -> int | None:
    try:
        return urlsplit(url.strip()).port
    except ValueError:
        return None


def _hash(kind: Kind, text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16, person=kind.encode()).hexdigest()


def _lines(workspace: Workspace) -> list[dict[str, str]]:
    path = forgotten_path(workspace)
    if not path.is_file():
        return []
    try:
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    except ValueError:
        raise WorkspaceError(f"{path} is damaged; put it back from a backup before anything is fetched") from None
