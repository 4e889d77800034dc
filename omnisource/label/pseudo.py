"""Measured facts and a recipe -> the auxiliary examples: drop, pseudo-label, cap (paper 3.4; design: The recipe).

One query, no model: the same recipe on the same facts gives the same examples. The steps, in order: valid, not a
duplicate, confident, label source, what a person said, near copies within the web data where they are left out, cap. A
person's word wins: `not_duplicate` over the similarity and over the released lists, `keep` and `relabel` over the
confidence and over near copies. For an untrimmed video a word about the whole
item chooses the class of its positive segments; only a word about a segment makes that segment positive.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pyarrow as pa

from omnisource.catalog import Catalog, source
from omnisource.config import Recipe
from omnisource.errors import ConfigError, WorkspaceError
from omnisource.label.listed import listed_duplicates
from omnisource.label.recipe_facts import facts_sql, of_sources
from omnisource.recipe_sql import judged_columns, least_confidence
from omnisource.reviews import Review, Verdict
from omnisource.types import Taxonomy


@dataclass(frozen=True, kw_only=True, slots=True)
class Funnel:
    """Items left after each step of a recipe, for one source."""

    source: str
    """The web resource."""
    valid: int
    """Items that could be decoded and scored, or that a released list names."""
    not_duplicate: int
    """Of these, not similar to the target set, and no duplicates by a released list."""
    confident: int
    """Of these, with a segment that the teacher is confident of, or that a released list keeps."""
    labelled: int
    """Of these, that the label source lets through."""
    reviewed: int
    """After people's keep, drop and relabel."""
    examples: int
    """Examples without near copies, after the cap; an untrimmed video yields one per class found in it."""


class Labelling:
    """One recipe over one workspace's facts; build it, read its funnel, then its examples."""

    def __init__(
        self,
        catalog: Catalog,
        recipe: Recipe,
        taxonomy: Taxonomy,
        reviews: list[Review],
        *,
        duplicate_similarity: float | None = None,
    ) -> None:
        """`duplicate_similarity`: the measured crop threshold, used where the recipe sets none (paper 3.3).

        Raises ConfigError for unknown classes, WorkspaceError for a teacher that has scored nothing, where the label
        source is "listed" and no released list is there or no item has been checked, or where near copies within the
        web data are to be left out and were not measured.
        """
        self._catalog = catalog
        self._recipe = recipe
        measured = duplicate_similarity
        self._similarity = measured if recipe.duplicate_similarity is None else recipe.duplicate_similarity
        self._copies = self._copies_sql(measured) if recipe.web_copies == "leave_out" else None
        self._has_verdicts = self._create_verdicts(reviews)
        self._has_pair_verdicts = self._create_pair_verdicts(reviews)
        self._listed_duplicates = listed_duplicates(catalog.workspace)
        self._least = least_confidence(recipe, taxonomy, class_column="s.candidate", source_column="s.source")
        self._judged = f"({self._judged_sql(self._least)})"

    @property
    def judged(self) -> str:
        """SQL for every scored segment: its candidate_confidence, the `least` it needs, the outcome of each step."""
        return f"(SELECT s.*, {self._least} AS least FROM {self._judged} s)"

    def funnel(self) -> list[Funnel]:
        """What each step leaves, per source."""
        steps = {
            "not_duplicate": "unique_item",
            "confident": "unique_item AND sure",
            "labelled": "unique_item AND sure AND agreed",
            "reviewed": "kept",
        }
        of_rows = ", ".join(f"{condition} AS {name}" for name, condition in steps.items())
        of_items = ", ".join(f"bool_or({condition}) AS {name}" for name, condition in steps.items())
        counted = ", ".join(f"count(*) FILTER ({name}) AS {name}" for name in steps)
        rows = self._catalog.table(
            f"SELECT source, count(*) AS valid, {counted} FROM ("
            f" SELECT source, {of_rows} FROM {self._judged} WHERE format <> 'untrimmed'"
            f" UNION ALL SELECT source, {of_items} FROM {self._judged} WHERE format = 'untrimmed' GROUP BY source, key"
            ") GROUP BY source ORDER BY source"
        )
        examples = self._catalog.table(f"SELECT source, count(*) AS n FROM ({self._examples_sql()}) GROUP BY source")
        num_examples = dict(zip(examples["source"].to_pylist(), examples["n"].to_pylist()))
        return [Funnel(**row, examples=num_examples.get(row["source"], 0)) for row in rows.to_pylist()]

    def num_web_copies(self) -> int:
        """Items that would be used, but that are near copies of better ones which are; 0 where they are kept."""
        return 0 if self._copies is None else self._count_copies("true", {})

    def is_web_copy(self, key: bytes) -> bool:
        """Whether an item is one of them."""
        return self._copies is not None and self._count_copies("key = $key", {"key": key}) > 0

    def _count_copies(self, condition: str, parameters: Mapping[str, object]) -> int:
        used = f"SELECT DISTINCT key FROM {self._judged} WHERE kept"
        counted = f"SELECT count(*) FROM ({self._copies}) WHERE {condition}"
        return int(self._catalog.value(f"WITH used AS MATERIALIZED ({used}) {counted}", parameters))

    def examples(self, source_name: str) -> Iterator[pa.RecordBatch]:
        """The examples of one source in the auxiliary schema, ordered by key and class."""
        items = source(self._catalog.workspace.table("items"))
        yield from self._catalog.rows(
            "SELECT i.path, e.format, e.source, e.class_index::INTEGER AS class_index,"
            " e.confidence::FLOAT AS confidence, e.segments, e.negatives, e.key"
            f" FROM ({self._examples_sql()}) e JOIN {items} i ON i.key = e.key"
            " WHERE e.source = $source ORDER BY e.key, e.class_index",
            {"source": source_name},
        )

    def _create_verdicts(self, reviews: list[Review]) -> bool:
        kept = [r for r in reviews if r.verdict in (Verdict.KEEP, Verdict.DROP, Verdict.RELABEL)]
        columns = {
            "key": [r.subject.key for r in kept],
            "start_s": [r.subject.start_s for r in kept],
            "end_s": [r.subject.end_s for r in kept],
            "verdict": [str(r.verdict) for r in kept],
            "class_index": [r.class_index for r in kept],
        }
        spans = [("start_s", pa.float64()), ("end_s", pa.float64())]
        types = pa.schema([("key", pa.binary()), *spans, ("verdict", pa.string()), ("class_index", pa.int16())])
        self._catalog.create("verdicts", pa.table(columns, schema=types))
        return bool(kept)

    def _create_pair_verdicts(self, reviews: list[Review]) -> bool:
        pairs = [r for r in reviews if r.verdict in (Verdict.DUPLICATE, Verdict.NOT_DUPLICATE)]
        columns = {
            "key": [r.subject.key for r in pairs],
            "target_path": [r.subject.target_path for r in pairs],
            "verdict": [str(r.verdict) for r in pairs],
        }
        types = pa.schema([("key", pa.binary()), ("target_path", pa.string()), ("verdict", pa.string())])
        self._catalog.create("pair_verdicts", pa.table(columns, schema=types))
        return bool(pairs)

    def _facts_sql(self) -> str:
        """Segments with what the teachers, or the released lists, say of them; of the recipe's sources only."""
        workspace, recipe = self._catalog.workspace, self._recipe
        if recipe.label_source != "listed":
            if not recipe.teachers:
                raise ConfigError("the recipe names no teachers; for example teachers: {image: tsn, trimmed: tsn}")
            for teacher in recipe.teachers.values():
                if not workspace.table(f"scores/{teacher}").parts():
                    raise WorkspaceError(f"teacher {teacher!r} has scored nothing yet; `omnisource score` does it")
        return f"SELECT * FROM ({facts_sql(workspace, recipe)}) WHERE {of_sources(recipe)}"

    def _copies_sql(self, measured: float | None) -> str:
        """Keys that are left out of those in `used`: a better item, which is used too, is as alike.

        Only a used one counts, so that nothing is lost for the sake of an item that another step leaves out.
        """
        least = measured if self._recipe.web_copy_similarity is None else self._recipe.web_copy_similarity
        table = self._catalog.workspace.table("alike")
        if least is None or not table.folder.is_dir():  # a comparison that found nothing leaves a folder without parts
            raise WorkspaceError(
                "the recipe leaves out near copies within the web data (web_copies), which nothing has measured yet; "
                "`omnisource duplicates --within-web` does"
            )
        return (
            f"SELECT DISTINCT a.key FROM {source(table)} a SEMI JOIN used u ON u.key = a.key"
            f" SEMI JOIN used b ON b.key = a.kept_key WHERE a.similarity >= {float(least)!r}"
            " AND a.key NOT IN (SELECT key FROM verdicts WHERE verdict IN ('keep', 'relabel'))"
        )

    def _duplicates_sql(self) -> str:
        """Keys of duplicates: by a person's word, else by similarity to any target clip or by a released list."""
        if self._similarity is None:
            measured = "SELECT NULL::BLOB AS key WHERE false"
        else:
            measured = (
                f"SELECT s.key FROM {source(self._catalog.workspace.table('similar'))} s"
                f" WHERE s.similarity >= {float(self._similarity)!r} AND NOT EXISTS (SELECT 1 FROM pair_verdicts p"
                " WHERE p.key = s.key AND (p.target_path IS NULL OR p.target_path = s.target_path)"
                " AND p.verdict = 'not_duplicate')"
            )
        said = "SELECT key FROM pair_verdicts WHERE verdict = 'duplicate'"
        return " UNION ".join(filter(None, (said, measured, self._listed_duplicates)))

    def _judged_sql(self, threshold: str) -> str:
        """Every scored segment with the outcome of each step: unique_item, sure, agreed, kept, class_index."""
        candidate, confidence = judged_columns(self._recipe)
        agreed = "coalesce(s.top_class = s.query_class, false)" if self._recipe.label_source == "agreement" else "true"
        invalid = source(self._catalog.workspace.table("validity"))
        unique, verdicts, joins = "true", "NULL AS segment_verdict, NULL AS item_verdict, NULL AS said_class", ""
        if self._has_pair_verdicts or self._similarity is not None or self._listed_duplicates:
            unique = f"NOT EXISTS (SELECT 1 FROM ({self._duplicates_sql()}) d WHERE d.key = s.key)"
        if self._has_verdicts:  # joins cost as much as everything else, so only where someone has said something
            verdicts = (
                "segment.verdict AS segment_verdict, item.verdict AS item_verdict,"
                " coalesce(segment.class_index, item.class_index) AS said_class"
            )
            joins = (
                "LEFT JOIN verdicts segment ON segment.key = s.key"
                " AND segment.start_s = s.start_s AND segment.end_s = s.end_s"
                " LEFT JOIN verdicts item ON item.key = s.key AND item.start_s IS NULL"
            )
        return f"""
            WITH scored AS (
                SELECT s.*, {candidate} AS candidate, coalesce({confidence}, 0) AS candidate_confidence
                FROM ({self._facts_sql()}) s
                WHERE NOT EXISTS (SELECT 1 FROM {invalid} v WHERE v.key = s.key AND NOT v.ok)
            ), tested AS (
                SELECT s.*, s.candidate IS NOT NULL AND s.candidate_confidence >= {threshold} AS sure,
                    {agreed} AS agreed, {unique} AS unique_item, {verdicts}
                FROM scored s {joins}
            ), decided AS (
                SELECT *, CASE
                    WHEN format = 'untrimmed' AND segment_verdict IS NULL AND item_verdict <> 'drop' THEN NULL
                    ELSE coalesce(segment_verdict, item_verdict) END AS verdict,
                FROM tested
            )
            SELECT *, unique_item AND CASE WHEN verdict IN ('keep', 'relabel') THEN true
                    WHEN verdict = 'drop' THEN false ELSE sure AND agreed END AS kept,
                coalesce(said_class, candidate, top_class) AS class_index,
                CASE WHEN said_class IS NULL THEN candidate_confidence ELSE 1 END AS class_confidence
            FROM decided
        """

    def _examples_sql(self) -> str:
        """One row per example: an image or trimmed clip as it is, an untrimmed video once per class found in it."""
        best = ""
        if self._recipe.max_per_class is not None:
            best = (
                " QUALIFY row_number() OVER (PARTITION BY source, class_index ORDER BY confidence DESC, key)"
                f" <= {int(self._recipe.max_per_class)}"
            )
        used, wanted = "", ""
        if self._copies is not None:
            used = "used AS (SELECT DISTINCT key FROM judged WHERE kept),"
            wanted = f" WHERE key NOT IN ({self._copies})"
        span = "{'start_s': start_s, 'end_s': end_s}"
        spans = "STRUCT(start_s DOUBLE, end_s DOUBLE)[]"
        return f"""
            WITH judged AS MATERIALIZED (SELECT * FROM {self._judged} WHERE format = 'untrimmed' OR kept),
            {used} positive AS (
                SELECT key, source, class_index, avg(class_confidence) AS confidence,
                    list({span} ORDER BY start_s) AS segments
                FROM judged WHERE format = 'untrimmed' AND kept GROUP BY key, source, class_index
            ), negative AS (
                SELECT key, list({span} ORDER BY start_s) AS negatives
                FROM judged WHERE format = 'untrimmed' AND NOT kept GROUP BY key
            ), joined AS (
                SELECT p.key, p.source, 'untrimmed' AS format, p.class_index, p.confidence, p.segments,
                    coalesce(n.negatives, []::{spans}) AS negatives
                FROM positive p LEFT JOIN negative n USING (key)
                UNION ALL
                SELECT key, source, format, class_index, class_confidence, []::{spans}, []::{spans}
                FROM judged WHERE format <> 'untrimmed'
            )
            SELECT * FROM joined{wanted}{best}
        """
