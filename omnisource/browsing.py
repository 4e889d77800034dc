"""Filters and an order -> one page of a wall of web items, with what is known of each (design: the catalog).

The table of scores repeats an item's source, format and class, so a page is found in one table; only the items of that
page are then looked up in the others. An untrimmed video is one item of the wall, at the segment that comes first in
the order.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from omnisource.browsing_sql import UNKNOWN_PLACE, Question, compose, dropped_rows, dropped_tables, is_about_item
from omnisource.catalog import Catalog, source
from omnisource.filters import Filters, Order, Sort, Stage
from omnisource.reviews import Review, Reviews
from omnisource.types import Format
from omnisource.workspace import Workspace

_PAGE_KEYS = "SELECT unnest($keys)"


@dataclass(frozen=True, kw_only=True, slots=True)
class WallItem:
    """One item of the wall."""

    key: bytes | None
    """The item's key; None for a file that was dropped before it became an item."""
    path: str
    """Where it lies."""
    source: str | None
    """The web resource; None for a file that never became an item."""
    format: Format | None
    """Picture, clip or long video; None for a file that never became an item."""
    query_class: int | None
    """What it was searched for."""
    top_class: int | None
    """What the teacher takes it, or its shown segment, for; None before it was scored."""
    confidence: float | None
    """Probability of that class."""
    query_prob: float | None
    """Probability of the query's class."""
    start_s: float | None
    """Start of the shown segment in seconds."""
    end_s: float | None
    """End of the shown segment in seconds; 0 like the start for a picture."""
    num_segments: int
    """Segments of it that pass the filters."""
    dropped_by: str | None
    """The table whose stage dropped it, on a wall of dropped items."""
    reason: str | None
    """Why it was dropped."""
    detail: str | None
    """The same for a person."""
    similarity: float | None = None
    """How alike it is, in the order by similarity; None for an item without features."""

    @property
    def agrees(self) -> bool | None:
        """Whether the teacher takes it for what was searched; None where one of the two is unknown."""
        if self.top_class is None or self.query_class is None:
            return None
        return self.top_class == self.query_class


@dataclass(frozen=True, kw_only=True, slots=True)
class Choices:
    """What there is to filter by in a workspace."""

    teachers: tuple[str, ...]
    """Teachers that have scored something; the first is the one to begin with."""
    recipes: tuple[str, ...]
    """Recipes that have yielded examples."""
    sources: tuple[str, ...]
    """Sources with items, in the study's order."""
    formats: tuple[Format, ...]
    """Formats with items."""
    reasons: tuple[tuple[str, str, int], ...]
    """(table, reason, number of items) of what was dropped, most frequent first."""
    num_checked: int
    """Items whose validity is known."""

    @property
    def stages(self) -> list[Stage]:
        """The stages that have anything to show."""
        shown = [Stage.FOUND]
        shown += [Stage.VALID] if self.num_checked else []
        shown += [Stage.DROPPED] if self.reasons else []
        shown += [Stage.SCORED] if self.teachers else []
        return shown + ([Stage.KEPT, Stage.LEFT_OUT] if self.teachers and self.recipes else [])

    @property
    def usual_stage(self) -> Stage:
        """The stage to begin with: what was scored, where anything was."""
        return Stage.SCORED if self.teachers else Stage.FOUND

    def tells_reasons(self, stage: Stage) -> bool:
        """Whether the items of a stage have a reason to be there."""
        return stage is Stage.DROPPED

    def sorts(self, filters: Filters) -> list[Sort]:
        """The orders that make sense for what is filtered."""
        known = [sort for sort in Sort if filters.reads_scores or not sort.speaks_of_scores]
        without_meaning = set() if self.recipes else {Sort.THRESHOLD}
        if not self.num_checked or filters.stage is Stage.DROPPED:
            without_meaning.add(Sort.SIMILAR)  # only valid items have features
        return [sort for sort in known if sort not in without_meaning]


class Browsing:
    """Walls of one workspace; safe to use from several threads."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._workspace = catalog.workspace
        self._reviews = Reviews(catalog.workspace.reviews_path)

    def choices(self) -> Choices:
        """What there is to filter by; looks once through the items, so keep the answer until `version` changes."""
        items = source(self._workspace.table("items"))
        found = self._catalog.kept(f"SELECT source, format FROM {items} GROUP BY ALL").to_pylist()
        names = {row["source"] for row in found}
        known = [one.name for one in self._workspace.study().sources]
        return Choices(
            teachers=tuple(scoring_teachers(self._workspace)),
            recipes=tuple(applied_recipes(self._workspace)),
            sources=tuple([name for name in known if name in names] + sorted(names - set(known))),
            formats=tuple(one for one in Format if one in {row["format"] for row in found}),
            reasons=self._reasons(),
            num_checked=self._workspace.table("validity").num_rows(),
        )

    def with_teacher(self, filters: Filters) -> Filters:
        """The filters with a teacher whose scores are meant, where they name none and one has scored."""
        teachers = scoring_teachers(self._workspace)
        return filters if filters.teacher or not teachers else replace(filters, teacher=teachers[0])

    def count(self, filters: Filters) -> int:
        """Number of items on the whole wall."""
        question = self._question(filters, Order())
        if question is None:
            return 0
        return int(self._ask(f"SELECT count(*) AS n FROM ({question.sql})", question)["n"][0].as_py())

    def page(
        self, filters: Filters, order: Order, *, offset: int, limit: int, nearest: pa.Table | None = None
    ) -> list[WallItem]:
        """The items of the wall from a place on; raises WorkspaceError, OmniSourceError like `compose`.

        `nearest` is what `pipeline.feature_search.near` tells, for the order by similarity.
        """
        question = self._question(filters, order, nearest)
        if question is None:
            return []
        sql = f"SELECT * FROM ({question.sql}) ORDER BY place, position LIMIT {int(limit)} OFFSET {int(offset)}"
        rows = self._ask(sql, question).to_pylist()
        keys = [row["key"] for row in rows if row["key"] is not None]
        paths = self._paths(keys) if any(row["path"] is None for row in rows) else {}
        scores = {} if filters.reads_scores else self._best_scores(filters.teacher, keys)
        found = [_wall_item(row | scores.get(row["key"], {}), paths) for row in rows]
        if order.sort is not Sort.SIMILAR:
            return found
        places = [row["place"] for row in rows]
        return [
            replace(item, similarity=None if place == UNKNOWN_PLACE else -place) for item, place in zip(found, places)
        ]

    def decisions(self, items: Iterable[WallItem]) -> dict[bytes, Review]:
        """The decisions in force about using the items of a page, by key."""
        keys = [item.key for item in items if item.key is not None]
        return {review.subject.key: review for review in self._reviews.about(keys) if is_about_item(review)}

    def version(self, filters: Filters) -> str:
        """Changes whenever the answers may: with the tables, the recipes' examples, and decisions if asked for."""
        root = self._workspace.root
        names = ["items", "validity", *(f"scores/{name}" for name in scoring_teachers(self._workspace))]
        parts = [part for name in names for part in self._workspace.table(name).parts()]
        seen: list[object] = [(str(part), part.stat().st_mtime_ns) for part in parts]  # forgetting replaces parts
        seen += [(name, len(self._workspace.table(name).dropped().parts())) for name in dropped_tables(self._workspace)]
        watched = [self._workspace.study_path, *root.glob("auxiliary/*/done.json"), *root.glob("recipes/*.yaml")]
        watched += root.glob("reviews.sqlite*") if filters.asks_people else []
        seen += [(str(path), path.stat().st_mtime_ns) for path in sorted(watched)]
        return hashlib.blake2b(json.dumps(seen).encode(), digest_size=12).hexdigest()

    def _question(self, filters: Filters, order: Order, nearest: pa.Table | None = None) -> Question | None:
        reviews = self._reviews.current() if filters.asks_people else []
        may_be_untrimmed = not filters.formats or Format.UNTRIMMED in filters.formats
        has_untrimmed = filters.reads_scores and may_be_untrimmed and self._has_untrimmed(filters)
        return compose(self._workspace, filters, order, reviews, has_untrimmed=has_untrimmed, nearest=nearest)

    def _has_untrimmed(self, filters: Filters) -> bool:
        scores = self._workspace.table(f"scores/{filters.teacher}")
        sql = f"SELECT 1 AS found FROM {source(scores)} WHERE format = 'untrimmed' LIMIT 1"
        return self._catalog.table(sql).num_rows > 0

    def _ask(self, sql: str, question: Question) -> pa.Table:
        used = {name: value for name, value in question.parameters.items() if f"${name}" in sql}
        return self._catalog.rows(sql, used, tables=question.tables).read_all()

    def _paths(self, keys: Sequence[bytes]) -> dict[bytes, str]:
        items = source(self._workspace.table("items"))
        rows = self._catalog.table(f"SELECT key, path FROM {items} WHERE key IN ({_PAGE_KEYS})", {"keys": list(keys)})
        return dict(zip(rows["key"].to_pylist(), rows["path"].to_pylist()))

    def _best_scores(self, teacher: str | None, keys: Sequence[bytes]) -> dict[bytes, dict[str, object]]:
        """What the teacher is surest of in each item."""
        if teacher is None:
            return {}
        scores = source(self._workspace.table(f"scores/{teacher}"))
        rows = self._catalog.table(
            "SELECT key, top_class, confidence, query_prob, start_s, end_s"
            f" FROM {scores} WHERE key IN ({_PAGE_KEYS})"
            " QUALIFY row_number() OVER (PARTITION BY key ORDER BY confidence DESC, start_s) = 1",
            {"keys": list(keys)},
        )
        return {row["key"]: row for row in rows.to_pylist()}

    def _reasons(self) -> tuple[tuple[str, str, int], ...]:
        dropped = dropped_rows(self._workspace)
        if not dropped:
            return ()
        sql = f"SELECT dropped_by, reason, count(*) AS n FROM ({dropped}) GROUP BY ALL ORDER BY 3 DESC, 1, 2"
        return tuple((row["dropped_by"], row["reason"], row["n"]) for row in self._catalog.kept(sql).to_pylist())


def scoring_teachers(workspace: Workspace) -> list[str]:
    """Teachers that have scored something; those of the study first."""
    folder = workspace.root / "tables" / "scores"
    found = sorted({part.parent.name for part in folder.glob("*/part-*.parquet")})
    named = [name for name in workspace.study().teachers if name in found]
    return list(dict.fromkeys([*named, *found]))


def applied_recipes(workspace: Workspace) -> list[str]:
    """Recipes that have yielded examples; those of the study first."""
    found = sorted(path.parent.name for path in (workspace.root / "auxiliary").glob("*/done.json"))
    named = [name for name in workspace.recipes() if name in found]
    return list(dict.fromkeys([*named, *found]))


def _wall_item(row: dict[str, object], paths: dict[bytes, str]) -> WallItem:
    key = row["key"]
    return WallItem(
        key=key,
        path=row["path"] or paths.get(key, ""),
        source=row["source"],
        format=Format(row["format"]) if row["format"] else None,
        query_class=row["query_class"],
        top_class=row["top_class"],
        confidence=row["confidence"],
        query_prob=row["query_prob"],
        start_s=row["start_s"],
        end_s=row["end_s"],
        num_segments=row["num_segments"],
        dropped_by=row["dropped_by"],
        reason=row["reason"],
        detail=row["detail"],
    )
