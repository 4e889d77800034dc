"""A run and some classes -> the web examples that it may have learnt them from, in one of three orders (paper 5.2).

Those that look most like some clips come first where a network has seen both web data and clips; else the examples of
the classes themselves stand for them, surest or least sure first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

import pyarrow as pa

from omnisource.catalog import Catalog
from omnisource.errors import WorkspaceError
from omnisource.types import Format


class Certainty(StrEnum):
    """Which examples come first."""

    SUREST = "surest"
    LEAST_SURE = "least_sure"
    NEAREST = "nearest"


_WAYS = {
    Certainty.SUREST: "confidence DESC",
    Certainty.LEAST_SURE: "confidence ASC",
    Certainty.NEAREST: "similarity DESC",
}


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
    similarity: float | None = None
    """How much it looks like the clips that it was asked to be near to; None where that was not asked or is unknown."""


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

    def page(
        self, certainty: Certainty, *, offset: int = 0, limit: int, nearest: pa.Table | None = None
    ) -> list[WebExample]:
        """Those from a place on; NEAREST needs what `feature_search.near_clips` tells."""
        if not self._tables:
            return []
        by_looks = certainty is Certainty.NEAREST
        if by_looks and nearest is None:
            raise WorkspaceError("the order 'nearest' needs clips that the examples are to be like")
        like = "(SELECT max(n.similarity) FROM nearest n WHERE n.key = examples.key)" if by_looks else "NULL::FLOAT"
        rows = self._ask(
            "SELECT key, path, format, source, class_index, confidence, coalesce(segments[1].start_s, 0) AS start_s,"
            f" {like} AS similarity FROM examples WHERE class_index IN (SELECT unnest($classes))"
            f" ORDER BY {_WAYS[certainty]} NULLS LAST, key LIMIT {int(limit)} OFFSET {int(offset)}",
            {"nearest": nearest} if nearest is not None else {},
        )
        return [WebExample(**row | {"format": Format(row["format"])}) for row in rows.to_pylist()]

    def _ask(self, sql: str, more: Mapping[str, pa.Table] = MappingProxyType({})) -> pa.Table:
        return self._catalog.rows(sql, {"classes": self._classes}, tables=self._tables | dict(more)).read_all()
