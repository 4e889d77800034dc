"""A recipe -> SQL for the facts that it decides on: what its teachers, or the released lists, say of segments (3.4)."""

from collections.abc import Collection

from omnisource.catalog import source
from omnisource.config import Recipe
from omnisource.label.listed import listed_segments
from omnisource.types import Format
from omnisource.workspace import Workspace

_COLUMNS = "key, start_s, end_s, top_class, confidence, query_class, query_prob, source, format"
_NOBODY = "-"
"""A teacher that has scored nothing: the study's cannot have this name."""


def facts_sql(workspace: Workspace, recipe: Recipe, formats: Collection[Format] = tuple(Format)) -> str:
    """SQL for segments of these formats, each as the recipe's teacher of its format sees it; of every source.

    A format without a teacher has no rows. Raises WorkspaceError like `listed_segments`.
    """
    if recipe.label_source == "listed":
        return _of_formats(f"({listed_segments(workspace)})", formats)
    by_teacher: dict[str, list[Format]] = {}
    for item_format in formats:
        by_teacher.setdefault(recipe.teachers.get(item_format, _NOBODY), []).append(item_format)
    return " UNION ALL ".join(
        _of_formats(source(workspace.table(f"scores/{teacher}")), of_teacher)
        for teacher, of_teacher in by_teacher.items()
    )


def of_sources(recipe: Recipe) -> str:
    """SQL condition on the column source: that the recipe uses it."""
    if recipe.sources is None:
        return "true"
    listed = ", ".join(f"'{name}'" for name in recipe.sources)
    return f"source IN ({listed})" if listed else "false"


def _of_formats(rows: str, formats: Collection[Format]) -> str:
    listed = ", ".join(f"'{item_format}'" for item_format in formats)
    return f"SELECT {_COLUMNS} FROM {rows} WHERE format IN ({listed})"
