"""Two recipes -> the items whose scores both let through, and those that only one of them does (paper 3.4).

Like the counts of thresholds: before duplicates and people's decisions, which treat both recipes alike.
"""

from dataclasses import dataclass

from omnisource.catalog import Catalog
from omnisource.config import Recipe
from omnisource.label.recipe_facts import facts_sql, of_sources
from omnisource.recipe_sql import judged_columns, least_confidence
from omnisource.types import Format, Taxonomy
from omnisource.workspace import Workspace


@dataclass(frozen=True, kw_only=True, slots=True)
class Overlap:
    """Items of one source; a long video is kept where one of its segments is."""

    source: str
    """The web resource."""
    both: int
    """Items that both keep."""
    relabelled: int
    """Of these, those that they give different classes."""
    only_first: int
    """Items that only the first keeps."""
    only_second: int
    """Items that only the second keeps."""

    @property
    def share(self) -> float:
        """Items that both keep, of those that either keeps; nan where there is none."""
        either = self.both + self.only_first + self.only_second
        return self.both / either if either else float("nan")


def overlap(catalog: Catalog, first: Recipe, second: Recipe, taxonomy: Taxonomy) -> list[Overlap]:
    """What two recipes, whose teachers are resolved, have in common; only sources of which one keeps something.

    Where one teacher serves both, its scores are read once. Raises UnknownClassError like `least_confidence`.
    """
    parts = [_items_of(catalog.workspace, first, second, taxonomy, item_format) for item_format in Format]
    rows = catalog.table(
        "SELECT source, count(*) FILTER (is_first AND is_second) AS both,"
        " count(*) FILTER (is_first AND is_second AND first_classes <> second_classes) AS relabelled,"
        " count(*) FILTER (is_first AND NOT is_second) AS only_first,"
        " count(*) FILTER (is_second AND NOT is_first) AS only_second"
        f" FROM ({' UNION ALL '.join(parts)}) WHERE is_first OR is_second GROUP BY source ORDER BY source"
    )
    return [Overlap(**row) for row in rows.to_pylist()]


def _items_of(workspace: Workspace, first: Recipe, second: Recipe, taxonomy: Taxonomy, item_format: Format) -> str:
    """SQL: source, is_first, is_second and the classes that each gives, one row per item of a format."""
    facts = [facts_sql(workspace, recipe, [item_format]) for recipe in (first, second)]
    tests = [_test(recipe, taxonomy) for recipe in (first, second)]
    columns = "source, is_first, is_second, first_classes, second_classes"
    if facts[0] == facts[1]:
        tested = f"source, key, {tests[0]} AS first_class, {tests[1]} AS second_class FROM ({facts[0]})"
        return f"SELECT {columns} FROM ({_once(tested, item_format)})"
    kept = [
        _once(f"source, key, {test} AS first_class, NULL::INTEGER AS second_class FROM ({sql})", item_format)
        for sql, test in zip(facts, tests)
    ]
    return (
        "SELECT coalesce(a.source, b.source) AS source, coalesce(a.is_first, false) AS is_first,"
        " coalesce(b.is_first, false) AS is_second, a.first_classes, b.first_classes AS second_classes"
        f" FROM (SELECT * FROM ({kept[0]}) WHERE is_first) a"
        f" FULL JOIN (SELECT * FROM ({kept[1]}) WHERE is_first) b ON a.key = b.key"
    )


def _once(tested: str, item_format: Format) -> str:
    """One row per item; a class is NULL where the segment is not kept."""
    flags = "first_class IS NOT NULL AS is_first, second_class IS NOT NULL AS is_second"
    if item_format is not Format.UNTRIMMED:
        named = "first_class::UBIGINT AS first_classes, second_class::UBIGINT AS second_classes"
        return f"SELECT source, key, {flags}, {named} FROM (SELECT {tested})"
    gathered = ", ".join(
        f"count({name}_class) > 0 AS is_{name},"
        f" hash(list_sort(list(DISTINCT {name}_class) FILTER ({name}_class IS NOT NULL))) AS {name}_classes"
        for name in ("first", "second")
    )
    return f"SELECT source, key, {gathered} FROM (SELECT {tested}) GROUP BY source, key"


def _test(recipe: Recipe, taxonomy: Taxonomy) -> str:
    """SQL for the class that a recipe gives a segment; NULL where it does not keep it."""
    tested, probability = judged_columns(recipe)
    least = least_confidence(recipe, taxonomy, class_column=tested, source_column="source")
    conditions = [f"coalesce({probability}, 0) >= {least}", of_sources(recipe)]
    if recipe.label_source == "agreement":
        conditions.append("top_class = query_class")
    return f"(CASE WHEN {' AND '.join(conditions)} THEN {tested}::INTEGER END)"
