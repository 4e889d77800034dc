"""A step of a recipe -> the items that it let through, or stopped, by today's facts and decisions (paper 3.4)."""

from dataclasses import dataclass
from pathlib import Path

from omnisource.catalog import Catalog, source
from omnisource.clean.pair_index import crop_threshold
from omnisource.label.pseudo import Labelling
from omnisource.pipeline.overview import Reached
from omnisource.pipeline.recipes import resolve
from omnisource.reviews import Reviews
from omnisource.types import Format
from omnisource.workspace import Workspace


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """One item that reached, or missed, a step."""

    key: bytes
    """The item's key."""
    path: Path
    """Where it lies."""
    source: str
    """The web resource."""
    format: Format
    """Picture, clip or long video."""
    class_index: int | None
    """What the recipe would call it."""
    confidence: float
    """What the recipe tests, of its best segment."""
    start_s: float
    """Where that segment begins."""


def samples(
    workspace: Workspace, recipe_name: str, source_name: str | None, step: Reached, *, passed: bool, limit: int = 60
) -> list[Sample]:
    """Items of a source, or of all (None), that a step of a recipe let through, or those that it stopped, surest first.

    `step`: SCORED, NOT_DUPLICATE, CONFIDENT or KEPT. Raises what `omnisource label` raises.
    """
    recipe = resolve(workspace.recipe(recipe_name), workspace.study())
    catalog = Catalog(workspace)  # of its own: a labelling leaves tables of decisions in it
    similarity = crop_threshold(workspace)
    reviews = Reviews(workspace.reviews_path).current()
    labelling = Labelling(catalog, recipe, workspace.taxonomy(), reviews, duplicate_similarity=similarity)
    before, at = _CONDITIONS[step]
    segments = (
        "SELECT key, source, format, class_index, candidate_confidence AS confidence, start_s,"
        f" {before} AS was_there, {before} AND {at} AS passes FROM {labelling.judged}"
    ) + ("" if source_name is None else " WHERE source = $source")
    items = (  # only a long video has several segments
        f"SELECT * FROM ({segments}) WHERE format <> 'untrimmed' UNION ALL SELECT key, any_value(source), 'untrimmed',"
        " arg_max(class_index, confidence), max(confidence), arg_max(start_s, confidence), bool_or(was_there),"
        f" bool_or(passes) FROM ({segments}) WHERE format = 'untrimmed' GROUP BY key"
    )
    rows = catalog.table(
        f"SELECT j.*, i.path FROM (SELECT * FROM ({items}) WHERE was_there AND passes = {passed}"
        " ORDER BY confidence DESC, key LIMIT $limit) j"
        f" JOIN {source(workspace.table('items'))} i USING (key) ORDER BY j.confidence DESC, key",
        {"limit": limit} | ({} if source_name is None else {"source": source_name}),
    )
    return [
        Sample(
            key=row["key"],
            path=Path(row["path"]),
            source=row["source"],
            format=Format(row["format"]),
            class_index=row["class_index"],
            confidence=row["confidence"],
            start_s=row["start_s"],
        )
        for row in rows.to_pylist()
    ]


_CONDITIONS = {
    Reached.SCORED: ("true", "true"),
    Reached.NOT_DUPLICATE: ("true", "unique_item"),
    Reached.CONFIDENT: ("unique_item", "sure"),
    Reached.KEPT: ("(kept OR (unique_item AND sure))", "kept"),
}
"""What an item had passed before a step, and what the step asks of it."""
