"""Tables of a search, of downloads and of their items, written by hand."""

from pathlib import Path

from omnisource import config
from omnisource.types import Taxonomy
from omnisource.workspace import Workspace

SEARCHED = {
    "name": "web",
    "format": "image",
    "search": {"engine": "page", "endpoint": "http://pictures.example/search?q={query}&page={page}"},
}


def searching(root: Path, **fetch: object) -> Workspace:
    """A workspace with one searched source and two classes."""
    study = config.parse(config.Study, {"sources": [SEARCHED], "fetch": fetch}, where="test")
    workspace = Workspace.create(root, study)
    workspace.save_taxonomy(Taxonomy(names=("kick", "yoyo")))
    return workspace


def find(workspace: Workspace, *urls: str, **changes: object) -> None:
    """Rows of the table of candidates, as a search leaves them."""
    row = {"source": "web", "format": "image", "query": "kick", "class_index": 0, "is_new": True}
    with workspace.table("candidates").writer(rows_per_part=10**6) as writer:
        writer.add([row | {"url": url} | changes for url in urls])


def attempt(workspace: Workspace, url: str, reason: str, **changes: object) -> None:
    """A row of the table of attempts."""
    row = {"source": "web", "host": url.split("/")[2], "started_utc": "2020-01-01T00:00:00.000+00:00", "detail": ""}
    row |= {"url": url, "reason": reason, "retry": False, "elapsed_s": 0.1}
    with workspace.table("attempts").writer(rows_per_part=10**6) as writer:
        writer.add([row | changes])


def ask(workspace: Workspace, query: str, *, class_index: int) -> None:
    """A row of the table of cells: the query was asked to its end."""
    row = {"source": "web", "class_index": class_index, "query": query, "returned": 1, "new": 1, "requests": 1}
    with workspace.table("cells").writer(rows_per_part=10) as writer:
        writer.add([row | {"outcome": "complete", "detail": ""}])
