"""Keys of web items -> everything that FiftyOne shows of them, asked in chunks and never as whole tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from omnisource import config
from omnisource.browsing import applied_recipes, scoring_teachers
from omnisource.browsing_sql import dropped_rows, kept_keys
from omnisource.catalog import Catalog, source
from omnisource.clean.pair_index import crop_threshold
from omnisource.config import Recipe
from omnisource.recipe_sql import judged_columns, least_confidence
from omnisource.types import Format

_ASKED = "key IN (SELECT unnest($keys))"
ORIGIN = ("page_url", "title", "author", "licence", "query", "published_after", "published_before", "fetched_utc")
QUALITY = ("width", "height", "num_frames", "fps", "duration_s")


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownSegment:
    """One scored segment of a long video."""

    start_s: float
    """Start in seconds."""
    end_s: float
    """End in seconds."""
    top_class: int
    """What the teacher takes it for."""
    confidence: float
    """Probability of that class."""
    side: str | None
    """positive or negative, as the recipe's example takes it; None where no example holds it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownItem:
    """All that FiftyOne shows of one item, but for what people decided."""

    key: bytes
    """The item's key."""
    path: str
    """Where it lies."""
    source: str
    """Web resource."""
    format: Format
    """Picture, clip or long video."""
    query_class: int | None
    """What it was searched for."""
    stage: str
    """found, dropped, valid, scored, kept or left_out: how far it came."""
    reason: str | None
    """Why a stage dropped it."""
    quality: Mapping[str, int | float | None]
    """QUALITY as it was measured."""
    origin: Mapping[str, str | None]
    """The URL and ORIGIN, as far as they are known."""
    teachers: Mapping[str, tuple[int, float]]
    """(top class, confidence) by teacher, of the segment that it is surest of."""
    teacher: str | None
    """The one that decides about this format."""
    query_prob: float | None
    """Probability of the query's class by that teacher."""
    margin: float | None
    """By how much it lies above the recipe's line, its best segment counting."""
    tested_class: int | None
    """The class that the recipe tests."""
    similarity: float | None
    """To the labelled clip that it resembles most."""
    similar_to: str | None
    """That clip."""
    is_suspect: bool | None
    """Whether it resembles a labelled clip as crops of one frame resemble each other; None before that was measured."""
    segments: tuple[KnownSegment, ...] = ()
    """Of a long video."""

    @property
    def top(self) -> tuple[int, float] | None:
        """(top class, confidence) by the teacher that decides."""
        return self.teachers.get(self.teacher) if self.teacher else None


class KnownItems:
    """What is known of the items of one workspace, as one recipe decides about them."""

    def __init__(self, catalog: Catalog, recipe: str | None) -> None:
        """`recipe` None: no item is kept or left out. Raises WorkspaceError for one that was not applied."""
        self._catalog, self._workspace = catalog, catalog.workspace
        self._names = catalog.workspace.taxonomy()
        self.teachers = scoring_teachers(self._workspace)
        self._kept = None if recipe is None else kept_keys(self._workspace, recipe)
        self._examples = None if recipe is None else _examples(self._workspace.auxiliary(recipe))
        self._recipe = None if recipe is None else config.load_recipe(self._workspace.auxiliary(recipe) / "recipe.yaml")
        self.suspect_line = self._suspect_line(self._recipe)

    def tell(self, keys: Sequence[bytes]) -> list[KnownItem]:
        """What is known of some items; those that no table holds are left out."""
        items = self._rows("items", "SELECT key, path, source, format, class_index, url FROM {} WHERE " + _ASKED, keys)
        measured = self._rows("validity", "SELECT * FROM {} WHERE " + _ASKED, keys)
        best = {teacher: self._best(teacher, keys) for teacher in self.teachers}
        alike = self._rows(
            "similar",
            "SELECT key, max(similarity) AS similarity, arg_max(target_path, similarity) AS target_path"
            f" FROM {{}} WHERE {_ASKED} GROUP BY key",
            keys,
        )
        reasons, kept = self._reasons(keys), self._kept_among(keys)
        origins = self._origins([row["url"] for row in items.values() if row["url"]])
        told = []
        for key in dict.fromkeys(keys):
            if key in items:
                row = items[key] | {"measured": measured.get(key), "similar": alike.get(key)}
                row |= {"reason": reasons.get(key), "is_kept": key in kept}
                scores = {teacher: found[key] for teacher, found in best.items() if key in found}
                told.append(self._item(row, scores, origins.get(row["url"], {})))
        return self._with_segments(told)

    def decider(self, item_format: Format) -> str | None:
        """The teacher that decides about a format: the recipe's, else the first that is for it."""
        named = self._recipe.teachers.get(item_format) if self._recipe else None
        if named in self.teachers:
            return named
        settings = self._workspace.study().teachers
        able = [name for name in self.teachers if name not in settings or item_format in settings[name].formats]
        return next(iter(able), None)

    def _item(self, row: dict, scores: dict[str, dict], origin: dict[str, str | None]) -> KnownItem:
        item_format, measured = Format(row["format"]), row["measured"] or {}
        named = self.decider(item_format)
        teacher = named if named in scores else next(iter(scores), None)
        of_teacher = scores.get(teacher, {})
        similarity = row["similar"]["similarity"] if row["similar"] else None
        reason = row["reason"] or (measured.get("reason") if measured and not measured["ok"] else None)
        return KnownItem(
            key=row["key"],
            path=row["path"],
            source=row["source"],
            format=item_format,
            query_class=row["class_index"],
            stage=self._stage(measured, bool(of_teacher), row["is_kept"], reason),
            reason=reason,
            quality={name: measured.get(name) for name in QUALITY},
            origin={"url": row["url"]} | {name: origin.get(name) for name in ORIGIN},
            teachers={name: (found["top_class"], found["confidence"]) for name, found in scores.items()},
            teacher=teacher,
            query_prob=of_teacher.get("query_prob"),
            margin=of_teacher.get("margin"),
            tested_class=of_teacher.get("tested"),
            similarity=similarity,
            similar_to=row["similar"]["target_path"] if row["similar"] else None,
            is_suspect=self._is_suspect(similarity),
        )

    def _is_suspect(self, similarity: float | None) -> bool | None:
        if self.suspect_line is None:
            return None
        return similarity is not None and similarity >= self.suspect_line

    def _stage(self, measured: dict, is_scored: bool, is_kept: bool, reason: str | None) -> str:
        if is_kept:
            return "kept"
        if (measured and not measured["ok"]) or (reason and not is_scored):
            return "dropped"
        if is_scored:
            return "scored" if self._recipe is None else "left_out"
        return "valid" if measured else "found"

    def _best(self, teacher: str, keys: Sequence[bytes]) -> dict[bytes, dict]:
        tested, probability = judged_columns(self._recipe) if self._recipe else ("top_class", "confidence")
        margin = "NULL::FLOAT"
        if self._recipe is not None and self._recipe.label_source != "listed":
            least = least_confidence(self._recipe, self._names, class_column=tested, source_column="source")
            margin = f"max(coalesce({probability}, 0) - {least}) OVER (PARTITION BY key)"
        return self._rows(
            f"scores/{teacher}",
            f"SELECT key, top_class, confidence, query_prob, {tested} AS tested, {margin} AS margin FROM {{}}"
            f" WHERE {_ASKED} QUALIFY row_number() OVER (PARTITION BY key ORDER BY confidence DESC, start_s) = 1",
            keys,
        )

    def _with_segments(self, told: list[KnownItem]) -> list[KnownItem]:
        """Long videos with the segments that their teacher scored."""
        segments: dict[bytes, tuple[KnownSegment, ...]] = {}
        for teacher in self.teachers:
            mine = [item.key for item in told if item.format is Format.UNTRIMMED and item.teacher == teacher]
            if mine:
                segments |= self._segments(teacher, mine)
        return [replace(item, segments=segments[item.key]) if item.key in segments else item for item in told]

    def _segments(self, teacher: str, keys: list[bytes]) -> dict[bytes, tuple[KnownSegment, ...]]:
        scores = source(self._workspace.table(f"scores/{teacher}"))
        sides: dict[tuple[bytes, float], str] = {}
        if self._examples is not None:
            listed = self._catalog.rows(
                f"SELECT key, segments, negatives FROM examples WHERE {_ASKED}",
                {"keys": keys},
                tables={"examples": self._examples},
            )
            for row in listed.read_all().to_pylist():
                sides |= {(row["key"], span["start_s"]): "positive" for span in row["segments"] or ()}
                for span in row["negatives"] or ():
                    sides.setdefault((row["key"], span["start_s"]), "negative")
        rows = self._catalog.table(
            f"SELECT key, start_s, end_s, top_class, confidence FROM {scores} WHERE {_ASKED} ORDER BY key, start_s",
            {"keys": keys},
        )
        found: dict[bytes, list[KnownSegment]] = {}
        for row in rows.to_pylist():
            side = sides.get((row["key"], row["start_s"]))
            found.setdefault(row.pop("key"), []).append(KnownSegment(side=side, **row))
        return {key: tuple(segments) for key, segments in found.items()}

    def _rows(self, table: str, sql: str, keys: Sequence[bytes]) -> dict[bytes, dict]:
        rows = self._catalog.table(sql.format(source(self._workspace.table(table))), {"keys": list(keys)})
        return {row["key"]: row for row in rows.to_pylist()}

    def _reasons(self, keys: Sequence[bytes]) -> dict[bytes, str]:
        dropped = dropped_rows(self._workspace)
        if not dropped:
            return {}
        sql = f"SELECT key, min(reason) AS reason FROM ({dropped}) WHERE {_ASKED} GROUP BY key"
        return {row["key"]: row["reason"] for row in self._catalog.table(sql, {"keys": list(keys)}).to_pylist()}

    def _kept_among(self, keys: Sequence[bytes]) -> set[bytes]:
        if self._kept is None:
            return set()
        rows = self._catalog.rows(
            f"SELECT DISTINCT key FROM kept WHERE {_ASKED}", {"keys": list(keys)}, tables={"kept": self._kept}
        )
        return set(rows.read_all()["key"].to_pylist())

    def _origins(self, urls: list[str]) -> dict[str, dict[str, str | None]]:
        """What the site said beside each URL that was found by a search, and when it was fetched."""
        if not urls:
            return {}
        candidates, attempts = (source(self._workspace.table(name)) for name in ("candidates", "attempts"))
        said = ", ".join(f"min({name}) AS {name}" for name in ORIGIN[:-1])
        rows = self._catalog.table(
            f"SELECT url, {said}, (SELECT max(started_utc) FROM {attempts} a WHERE a.url = c.url AND a.key IS NOT NULL)"
            f" AS fetched_utc FROM {candidates} c WHERE url IN (SELECT unnest($urls)) GROUP BY url",
            {"urls": urls},
        )
        return {row.pop("url"): row for row in rows.to_pylist()}

    def _suspect_line(self, recipe: Recipe | None) -> float | None:
        chosen = recipe.duplicate_similarity if recipe else None
        return crop_threshold(self._workspace) if chosen is None else chosen


def chosen_recipe(catalog: Catalog, wanted: str | None) -> str | None:
    """The recipe whose decisions are shown: the wanted one, else the first that was applied, else none."""
    return wanted or next(iter(applied_recipes(catalog.workspace)), None)


def _examples(folder: Path) -> pa.Table:
    """Key, segments and negatives of a recipe's examples, mapped from its files."""
    columns = ["key", "segments", "negatives"]
    files = [pa.ipc.open_file(pa.memory_map(str(path))).read_all() for path in sorted(folder.glob("*.arrow"))]
    if not files:
        return pa.table({"key": pa.array([], pa.binary(16)), "segments": [], "negatives": []})
    return pa.concat_tables([file.select(columns) for file in files])
