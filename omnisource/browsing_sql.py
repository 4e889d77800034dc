"""Filters and an order -> SQL that names the items of a page, reading no table that they do not speak of."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from omnisource.catalog import passes_validity, source
from omnisource.errors import OmniSourceError, WorkspaceError
from omnisource.filters import Filters, Order, Said, Sort, Stage
from omnisource.recipe_sql import judged_columns, least_confidence
from omnisource.reviews import Review, Verdict
from omnisource.workspace import Workspace


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """SQL whose rows are the items of the wall in `place`, best first, with what it needs."""

    sql: str
    """A SELECT; its column `place` is the order, ties broken."""
    parameters: dict[str, object] = field(default_factory=dict)
    """Values of $names in the SQL."""
    tables: dict[str, pa.Table] = field(default_factory=dict)
    """Tables in memory that the SQL names."""


_POSITION = "file_index::BIGINT * 4294967296 + file_row_number AS position"
"""Where a row lies among all rows of its table: breaks ties, and costs nothing."""
_SCORED = (
    "key, NULL::VARCHAR AS path, source, format, query_class, start_s, end_s, top_class, confidence, query_prob,"
    " top_probs, NULL::VARCHAR AS dropped_by, NULL::VARCHAR AS reason, NULL::VARCHAR AS detail, " + _POSITION
)
_NOT_SCORED = (
    "NULL::DOUBLE AS start_s, NULL::DOUBLE AS end_s, NULL::SMALLINT AS top_class, NULL::FLOAT AS confidence,"
    " NULL::FLOAT AS query_prob, NULL::FLOAT[] AS top_probs"
)
UNKNOWN_PLACE = 2.0
"""In the order by similarity, of items without features: behind the least alike, whose place is 1."""
_PAGE_COLUMNS = (
    "key, path, source, format, query_class, start_s, end_s, top_class, confidence, query_prob,"
    " dropped_by, reason, detail, position"
)


def compose(
    workspace: Workspace,
    filters: Filters,
    order: Order,
    reviews: Sequence[Review],
    *,
    has_untrimmed: bool,
    nearest: pa.Table | None = None,
) -> Question | None:
    """The question whose answer is the whole wall; None where a table it needs is empty.

    `reviews`: the decisions in force, where the filters speak of them. `nearest`: (key, similarity) of items, for the
    order by similarity; items that it does not hold come last. Raises WorkspaceError for a recipe that has
    yielded nothing yet, OmniSourceError for an order that its stage does not know.
    """
    if order.sort.speaks_of_scores and not filters.reads_scores:
        raise OmniSourceError(f"order {order.sort.value!r} needs scores; choose the stage 'scored', or another order")
    rows = _rows(workspace, filters)
    if rows is None:
        return None
    conditions, parameters = _conditions(filters)
    tables: dict[str, pa.Table] = {}
    if filters.stage is Stage.VALID and not filters.reads_scores:
        conditions.append(passes_validity(workspace, "s"))
    if filters.stage.speaks_of_recipe:
        tables["kept_keys"] = kept_keys(workspace, filters.recipe)
        conditions.append(_among("kept_keys", filters.stage is Stage.KEPT))
    if filters.asks_people:
        tables["said_keys"] = _said_keys(filters, reviews)
        conditions.append(_among("said_keys", filters.said is not Said.NOTHING))
    if order.sort is Sort.SIMILAR:
        if nearest is None:
            raise OmniSourceError("order 'similar' needs an item or words that items are to be like")
        tables["nearest"] = nearest
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    place = _place(workspace, order)
    sql = f"SELECT {_PAGE_COLUMNS}, 1 AS num_segments, {place} AS place FROM ({rows}) s{where}"
    if filters.reads_scores and has_untrimmed:
        sql = _one_row_each(sql)
    return Question(sql=sql, parameters=parameters | {"seed": order.seed}, tables=tables)


def kept_keys(workspace: Workspace, recipe: str | None) -> pa.Table:
    """Keys of the examples that a recipe yielded, mapped from its files; raises WorkspaceError before it did."""
    if recipe is None:
        raise OmniSourceError("the stages 'kept' and 'left_out' need a recipe: name one that was applied")
    folder = workspace.auxiliary(recipe)
    if not (folder / "done.json").is_file():
        raise WorkspaceError(f"recipe {recipe!r} has no examples yet; `omnisource label --recipe {recipe}` makes them")
    files = [pa.ipc.open_file(pa.memory_map(str(path))).read_all() for path in sorted(folder.glob("*.arrow"))]
    keys = [file.select(["key"]) for file in files]
    return pa.concat_tables(keys) if keys else pa.table({"key": pa.array([], pa.binary(16))})


def dropped_tables(workspace: Workspace) -> list[str]:
    """Names of the tables beside which a stage has written what it dropped."""
    root = workspace.root / "tables" / "dropped"
    folders = sorted({part.parent for part in root.glob("**/part-*.parquet")})
    return [folder.relative_to(root).as_posix() for folder in folders if folder.relative_to(root).parts[0] != "target"]


def dropped_rows(workspace: Workspace) -> str:
    """SQL for everything that the stages over web items dropped: dropped_by, key, path, reason, detail, position."""
    selects = []
    for number, name in enumerate(dropped_tables(workspace)):
        table = workspace.table(name).dropped()
        selects.append(
            f"SELECT '{name}' AS dropped_by, key, path, reason, detail,"
            f" ({number} * 65536 + file_index)::BIGINT * 4294967296 + file_row_number AS position FROM {source(table)}"
        )
    return " UNION ALL ".join(selects)


def _rows(workspace: Workspace, filters: Filters) -> str | None:
    """The table that a wall is found in, with the same columns whichever it is."""
    items = workspace.table("items")
    if filters.reads_scores:
        scores = workspace.table(f"scores/{filters.teacher}") if filters.teacher else None
        return f"SELECT {_SCORED} FROM {source(scores)}" if scores and scores.parts() else None
    if filters.stage is Stage.DROPPED:
        dropped = dropped_rows(workspace)
        if not dropped:
            return None
        return (
            "SELECT d.key, coalesce(d.path, i.path) AS path, i.source, i.format, i.class_index AS query_class,"
            f" {_NOT_SCORED}, d.dropped_by, d.reason, d.detail, d.position"
            f" FROM ({dropped}) d LEFT JOIN {source(items)} i ON i.key = d.key"
        )
    if not items.parts():
        return None
    return (
        "SELECT key, NULL::VARCHAR AS path, source, format, class_index AS query_class, NULL::VARCHAR AS dropped_by,"
        f" NULL::VARCHAR AS reason, NULL::VARCHAR AS detail, {_NOT_SCORED}, {_POSITION} FROM {source(items)}"
    )


def _conditions(filters: Filters) -> tuple[list[str], dict[str, object]]:
    conditions: list[str] = []
    parameters: dict[str, object] = {}
    for column, value in (
        ("top_class", filters.top_class),
        ("query_class", filters.query_class),
        ("dropped_by", filters.dropped_by),
        ("reason", filters.reason),
    ):
        if value is not None:
            conditions.append(f"s.{column} = ${column}")
            parameters[column] = value
    for column, values in (("source", filters.sources), ("format", [str(one) for one in filters.formats])):
        if values:
            conditions.append(f"list_contains(${column}s, s.{column})")
            parameters[f"{column}s"] = list(values)
    if filters.agrees is not None:
        conditions.append(f"coalesce(s.top_class = s.query_class, false) = {filters.agrees}")
    if filters.confidence != (0.0, 1.0):
        conditions.append("s.confidence BETWEEN $least::FLOAT AND $most::FLOAT")
        parameters |= {"least": filters.confidence[0], "most": filters.confidence[1]}
    return conditions, parameters


def _among(table: str, wanted: bool) -> str:
    return f"{'' if wanted else 'NOT '}EXISTS (SELECT 1 FROM {table} k WHERE k.key = s.key)"


def _said_keys(filters: Filters, reviews: Sequence[Review]) -> pa.Table:
    """Keys of whole items with the wanted decision; with any decision where those without one are wanted."""
    wanted = (
        {Said.KEEP, Said.DROP, Said.RELABEL} if filters.said in (None, Said.NOTHING, Said.ANYTHING) else {filters.said}
    )
    keys = [
        review.subject.key
        for review in reviews
        if str(review.verdict) in wanted and is_about_item(review) and filters.author in (None, review.author)
    ]
    return pa.table({"key": pa.array(keys, pa.binary())})


def is_about_item(review: Review) -> bool:
    """Whether a decision says how to use a whole item: not a segment of it, and not a pair."""
    uses = (Verdict.KEEP, Verdict.DROP, Verdict.RELABEL)
    return review.verdict in uses and review.subject.start_s is None and review.subject.target_path is None


def _place(workspace: Workspace, order: Order) -> str:
    """The order as a number, least first."""
    places = {
        Sort.NEWEST: "-position",
        Sort.CONFIDENT: "-confidence",
        Sort.UNSURE: "confidence",
        Sort.MARGIN: "top_probs[1] - coalesce(top_probs[2], 0)",
        Sort.DISAGREEMENT: "coalesce(query_prob, confidence) - confidence",
        Sort.RANDOM: "hash(position, $seed)",
        Sort.SIMILAR: f"coalesce((SELECT -max(n.similarity) FROM nearest n WHERE n.key = s.key), {UNKNOWN_PLACE})",
    }
    if order.sort is not Sort.THRESHOLD:
        return places[order.sort]
    if order.recipe is None:
        raise OmniSourceError("order 'threshold' needs a recipe, whose threshold it means")
    recipe = workspace.recipe(order.recipe)
    tested, probability = judged_columns(recipe)
    least = least_confidence(recipe, workspace.taxonomy(), class_column=tested, source_column="source")
    return f"abs(coalesce({probability}, 0) - {least})"


def _one_row_each(sql: str) -> str:
    """Untrimmed videos once each, at the segment that comes first in the order."""
    columns = [column.strip() for column in _PAGE_COLUMNS.split(",")]
    packed = ", ".join(f"'{column}': {column}" for column in ("place", "position", *columns[:-1]))
    unpacked = ", ".join(f"best.{column}" for column in columns)
    once = (
        f"SELECT min({{{packed}}}) AS best, count(*) AS num_segments FROM found WHERE format = 'untrimmed' GROUP BY key"
    )
    return (
        f"WITH found AS NOT MATERIALIZED ({sql})"
        f" SELECT {', '.join(columns)}, num_segments, place FROM found WHERE format <> 'untrimmed'"
        f" UNION ALL SELECT {unpacked}, num_segments, best.place FROM ({once})"
    )
