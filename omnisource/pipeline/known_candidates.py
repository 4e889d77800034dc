"""Which addresses searches have found already, without holding them in Python (paper 3.3).

A cell may be asked again: a search that was killed has written its candidates and not the cell itself, or it failed
half-way. Its rows stay and are not written twice; only those of a killed search count as new once more.
"""

from collections.abc import Iterable

import pyarrow as pa

from omnisource.catalog import Catalog, source
from omnisource.collect.search import Cell
from omnisource.workspace import Workspace

_CELL = ("source", "class_index", "query", "published_after", "published_before")


class KnownCandidates:
    """The addresses of the table of candidates, with those of this run."""

    def __init__(self, workspace: Workspace) -> None:
        self._catalog = Catalog(workspace)
        candidates, cells = source(workspace.table("candidates")), source(workspace.table("cells"))
        same = " AND ".join(f"cells.{name} IS NOT DISTINCT FROM c.{name}" for name in _CELL)
        asked = f"EXISTS (SELECT 1 FROM {cells} cells WHERE {same})"
        ended = f"{asked[:-1]} AND outcome NOT IN ('cut', 'failed'))"
        self._catalog.execute(f"CREATE TABLE known AS SELECT DISTINCT url FROM {candidates} c WHERE {asked}")
        left = self._catalog.table(f"SELECT url, {', '.join(_CELL)} FROM {candidates} c WHERE NOT {ended}")
        self._written: dict[tuple[object, ...], set[str]] = {}
        for row in left.to_pylist():
            self._written.setdefault(tuple(row[name] for name in _CELL), set()).add(row["url"])

    def new(self, urls: Iterable[str]) -> set[str]:
        """Those of the addresses that no finished cell has found."""
        asked = list(urls)
        self._catalog.create("asked", pa.table({"url": pa.array(asked, pa.string())}))
        found = self._catalog.table("SELECT url FROM known WHERE url IN (SELECT url FROM asked)")
        return set(asked) - set(found["url"].to_pylist())

    def written(self, cell: Cell) -> set[str]:
        """Addresses that the table has of this very cell, from an earlier run that did not ask it to its end."""
        days = [None if day is None else day.isoformat() for day in (cell.published_after, cell.published_before)]
        return self._written.get((cell.source, cell.class_index, cell.query, *days), set())

    def add(self, urls: Iterable[str]) -> None:
        """Remember new addresses."""
        self._catalog.create("asked", pa.table({"url": pa.array(list(urls), pa.string())}))
        self._catalog.execute("INSERT INTO known SELECT url FROM asked")
