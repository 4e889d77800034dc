"""A recipe -> the scored segments around its lines: the nearest on either side, and samples to judge (paper 3.4).

The margin of a segment is its tested probability minus the line of its class and source. One segment of an item is
shown, so that a long video does not fill a wall.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from omnisource.catalog import Catalog, source
from omnisource.config import Recipe
from omnisource.errors import WorkspaceError
from omnisource.label.recipe_facts import facts_sql, of_sources
from omnisource.recipe_sql import judged_columns, least_confidence
from omnisource.reviews import Review, Subject, Verdict
from omnisource.types import Format, Taxonomy

NEAR = 0.1
"""What counts as around the line, on either side."""
DRAWN = {"well above": (NEAR, 2.0, 9), "above": (0.0, NEAR, 5), "below": (-NEAR, 0.0, 5), "far below": (-2.0, -NEAR, 5)}
"""Stratum -> least margin, margin that it ends before, and samples of it in one draw; most of what is kept lies well
above, so that a precision is known no better than it is there."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Selection:
    """Which of a recipe's segments are looked at; what is left open lets all through."""

    sources: tuple[str, ...] = ()
    """Web resources."""
    class_index: int | None = None
    """The class that the label source tests."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LineSample:
    """One scored segment as a recipe sees it."""

    key: bytes
    """The item's key."""
    path: str
    """Where the item lies."""
    source: str
    """The web resource."""
    format: Format
    """Picture, clip or long video."""
    start_s: float
    """Start of the segment."""
    end_s: float
    """End of the segment."""
    class_index: int
    """The class that is tested."""
    probability: float
    """Of that class."""
    least: float
    """What it needs to be kept."""
    top_class: int
    """What the teacher takes it for."""
    confidence: float
    """Probability of that class."""
    query_class: int | None
    """What the item was searched for."""

    @property
    def middle_s(self) -> float | None:
        """The middle of the segment of a long video; None for what is one segment."""
        return (self.start_s + self.end_s) / 2 if self.format is Format.UNTRIMMED else None

    @property
    def subject(self) -> Subject:
        """What a judgement of it is about: the item, or the segment of a long video."""
        if self.format is Format.UNTRIMMED:
            return Subject(key=self.key, start_s=self.start_s, end_s=self.end_s)
        return Subject(key=self.key)


@dataclass(frozen=True, kw_only=True, slots=True)
class Judged:
    """A segment of which a person has said whether it shows the class that is tested."""

    source: str
    """The web resource."""
    class_index: int
    """The class that is tested."""
    probability: float
    """Of that class."""
    is_relevant: bool
    """What the person said."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BothSides:
    """What lies next to the line, nearest first."""

    above: tuple[LineSample, ...]
    """Kept, but only just."""
    below: tuple[LineSample, ...]
    """Left out, but only just."""


class LineSamples:
    """The segments of one recipe; its teachers must be resolved. Raises UnknownClassError like `least_confidence`."""

    def __init__(self, catalog: Catalog, recipe: Recipe, taxonomy: Taxonomy) -> None:
        self._catalog = catalog
        self._recipe = recipe
        self._taxonomy = taxonomy

    def around(self, selection: Selection, *, limit: int, below: float = 1.0, above: float = 1.0) -> BothSides:
        """The segments next to their line; looks no further than `below` and `above` it."""
        side = "margin >= 0 AS is_above"
        lines = [self._recipe.confidence, *self._recipe.confidence_by_source.values()]
        lines += self._recipe.confidence_by_class.values()
        reach = (min(lines) - below - 1e-5, max(lines) + above + 1e-5)
        near = f"SELECT *, {side} FROM {self._selected(selection, reach)} WHERE margin >= -$below AND margin < $above"
        once = "row_number() OVER (PARTITION BY key, is_above ORDER BY abs(margin), start_s) = 1"
        sql = (
            f"SELECT * FROM (SELECT * FROM ({near}) QUALIFY {once})"
            f" QUALIFY row_number() OVER (PARTITION BY is_above ORDER BY abs(margin), key) <= {int(limit)}"
            " ORDER BY abs(margin), key"
        )
        found = self._samples(sql, self._parameters(selection) | {"below": below + 1e-5, "above": above + 1e-5})
        return BothSides(
            above=tuple(sample for sample in found if sample.probability >= sample.least),
            below=tuple(sample for sample in found if sample.probability < sample.least),
        )

    def drawn(self, selection: Selection, *, seed: int, share: float = 1.0) -> list[LineSample]:
        """Segments to judge, by chance within each stratum of DRAWN, in random order.

        `share` of all segments are looked at, chosen by chance too: for tables of millions.
        """
        place = "hash(key, start_s, $seed)"
        strata = " UNION ALL ".join(
            f"(SELECT *, place FROM few WHERE margin >= {least} AND margin < {end} ORDER BY place LIMIT {number})"
            for least, end, number in DRAWN.values()
        )
        few = f"SELECT *, {place} AS place FROM {self._selected(selection)} WHERE hash(key, $seed + 1) < $most"
        sql = (
            f"WITH few AS MATERIALIZED ({few}) SELECT * FROM ({strata})"
            " QUALIFY row_number() OVER (PARTITION BY key ORDER BY place) = 1 ORDER BY hash(place)"
        )
        most = min(int(share * 2**64), 2**64 - 1)
        return self._samples(sql, self._parameters(selection) | {"seed": seed, "most": most})

    def judged(self, reviews: Sequence[Review]) -> list[Judged]:
        """What people said of segments that this recipe tests, where they spoke of the class that it tests."""
        said = [review for review in reviews if review.verdict in (Verdict.RELEVANT, Verdict.IRRELEVANT)]
        if not said:
            return []
        rows = pa.table(
            {
                "key": pa.array([review.subject.key for review in said], pa.binary()),
                "said_start_s": pa.array([review.subject.start_s for review in said], pa.float64()),
                "said_class": pa.array([review.class_index for review in said], pa.int32()),
                "is_relevant": [review.verdict is Verdict.RELEVANT for review in said],
            }
        )
        sql = (
            "SELECT t.source, t.class_index, t.probability, j.is_relevant"
            f" FROM {self._segments()} t JOIN judged j USING (key)"
            " WHERE (j.said_class IS NULL OR j.said_class = t.class_index)"
            " AND CASE WHEN t.format = 'untrimmed' THEN j.said_start_s = t.start_s ELSE j.said_start_s IS NULL END"
        )
        return [Judged(**row) for row in self._catalog.rows(sql, tables={"judged": rows}).read_all().to_pylist()]

    def _selected(self, selection: Selection, reach: tuple[float, float] | None = None) -> str:
        conditions = ["true"]
        conditions += ["list_contains($sources, source)"] if selection.sources else []
        conditions += ["class_index = $class_index"] if selection.class_index is not None else []
        segments = self._segments(reach)
        return f"(SELECT *, probability - least AS margin FROM {segments} WHERE {' AND '.join(conditions)})"

    def _segments(self, reach: tuple[float, float] | None = None) -> str:
        """SQL for the segments that the recipe tests: class_index, probability, the `least` it needs, and the facts.

        `reach`: only probabilities in this range, which is tested before anything else is read.
        """
        workspace = self._catalog.workspace
        if self._recipe.label_source != "listed" and not self._recipe.teachers:
            raise WorkspaceError(
                f"no teacher of {workspace.root} decides; `omnisource score` lets one score the web data"
            )
        tested, probability = judged_columns(self._recipe)
        conditions = [f"{tested} IS NOT NULL", of_sources(self._recipe)]
        if reach is not None:
            least, most = reach
            conditions.append(f"{probability} BETWEEN {least!r}::FLOAT AND {most!r}::FLOAT")
        if self._recipe.label_source == "agreement":
            conditions.append("top_class = query_class")
        least_sql = least_confidence(self._recipe, self._taxonomy, class_column=tested, source_column="source")
        return (
            f"(SELECT key, start_s, end_s, source, format, top_class, confidence, query_class, {tested} AS class_index,"
            f" coalesce({probability}, 0) AS probability, {least_sql} AS least"
            f" FROM ({facts_sql(workspace, self._recipe)}) WHERE {' AND '.join(conditions)})"
        )

    def _parameters(self, selection: Selection) -> dict[str, object]:
        values = {"sources": list(selection.sources), "class_index": selection.class_index}
        return {name: value for name, value in values.items() if value not in ([], None)}

    def _samples(self, sql: str, parameters: dict[str, object]) -> list[LineSample]:
        rows = self._catalog.table(sql, parameters).to_pylist()
        items = source(self._catalog.workspace.table("items"))
        found = self._catalog.table(
            f"SELECT key, path FROM {items} WHERE key IN (SELECT unnest($keys))", {"keys": [row["key"] for row in rows]}
        )
        paths = dict(zip(found["key"].to_pylist(), found["path"].to_pylist()))
        fields = LineSample.__slots__
        return [
            LineSample(
                **{name: row[name] for name in fields if name not in ("path", "format")}
                | {"path": paths.get(row["key"], ""), "format": Format(row["format"])}
            )
            for row in rows
        ]
