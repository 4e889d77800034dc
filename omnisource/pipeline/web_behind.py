"""A run and some classes -> the web examples that it may have learnt them from, surest or least sure first (paper 5.2).

Until web data and clips share features, which examples lie nearest to a clip is not known: those
of the classes themselves stand for them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import pyarrow as pa

from omnisource.catalog import Catalog
from omnisource.errors import WorkspaceError
from omnisource.types import Format


class Certainty(StrEnum):
    """Which examples come first."""

    SUREST = "surest"
    LEAST_SURE = "least_sure"


@dataclass(frozen=True, kw_only=True, slots=True)
class WebExample:
    """One example that a recipe yielded."""

    key: bytes
    """The item."""
    path: str
    """Its file."""
    format: Format
    """Picture, clip or long video."""
    source: str
    """Web resource."""
    class_index: int
    """The label that it was trained with."""
    confidence: float | None
    """How sure the teacher is; None where the recipe did not ask."""
    start_s: float
    """Where its first segment begins."""


class WebBehind:
    """The examples that a recipe yielded for some classes."""

    def __init__(self, catalog: Catalog, recipe: str, class_indices: Sequence[int]) -> None:
        """Raises WorkspaceError for a recipe that yielded nothing yet."""
        folder = catalog.workspace.auxiliary(recipe)
        if not (folder / "done.json").is_file():
            raise WorkspaceError(
                f"recipe {recipe!r} has no examples yet; `omnisource label --recipe {recipe}` makes them"
            )
        files = [pa.ipc.open_file(pa.memory_map(str(path))).read_all() for path in sorted(folder.glob("*.arrow"))]
        self._catalog = catalog
        self._tables = {"examples": pa.concat_tables(files)} if files else {}
        self._classes = list(class_indices)

    def count(self) -> int:
        """How many there are."""
        if not self._tables:
            return 0
        sql = "SELECT count(*) AS n FROM examples WHERE class_index IN (SELECT unnest($classes))"
        return int(self._ask(sql)["n"][0].as_py())

    def page(self, certainty: Certainty, *, offset: int = 0, limit: int) -> list[WebExample]:
        """Those from a place on."""
        if not self._tables:
            return []
        way = "DESC" if certainty is Certainty.SUREST else "ASC"
        rows = self._ask(
            "SELECT key, path, format, source, class_index, confidence, coalesce(segments[1].start_s, 0) AS start_s"
            " FROM examples WHERE class_index IN (SELECT unnest($classes))"
            f" ORDER BY confidence {way} NULLS LAST, key LIMIT {int(limit)} OFFSET {int(offset)}"
        )
        return [WebExample(**row | {"format": Format(row["format"])}) for row in rows.to_pylist()]

    def _ask(self, sql: str) -> pa.Table:
        return self._catalog.rows(sql, {"classes": self._classes}, tables=self._tables).read_all()
