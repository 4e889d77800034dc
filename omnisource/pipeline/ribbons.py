"""One untrimmed video under a recipe -> what each second is to it, and what training would draw from it (paper 3.5).

A recipe is asked with today's facts and decisions, for this video alone; with another threshold, it is asked again.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np

from omnisource import config
from omnisource.catalog import Catalog, source
from omnisource.clean.pair_index import crop_threshold
from omnisource.errors import WorkspaceError
from omnisource.label.pseudo import Labelling
from omnisource.media import open_video
from omnisource.pipeline.recipes import resolve
from omnisource.reviews import Reviews
from omnisource.train.frame_choice import choose_frames, num_stacked
from omnisource.types import Example, Format, Segment, WebItem
from omnisource.workspace import Workspace


class Role(StrEnum):
    """What a segment is to the example of one class."""

    POSITIVE = "positive"
    OTHER = "other"
    NEGATIVE = "negative"


@dataclass(frozen=True, kw_only=True, slots=True)
class RibbonSegment:
    """One segment of a video, as the teacher and the recipe see it."""

    start_s: float
    """Start in seconds."""
    end_s: float
    """End in seconds."""
    prob: float | None
    """Of the ribbon's class; None where it is not among the classes that the teacher kept."""
    top_class: int
    """The teacher's likeliest class."""
    confidence: float
    """Its probability."""
    role: Role
    """Positive of the ribbon's class, positive of another one, or negative."""
    least: float
    """The probability that the recipe asks for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ribbon:
    """One video from its first second to its last."""

    item: WebItem
    """The video."""
    class_index: int
    """The class that is looked at."""
    classes: tuple[int, ...]
    """Classes that it could be looked at for: those found in it first, then the query's, then the likeliest."""
    only_class: int | None
    """The one class that the recipe asks for, that of the query; None: any class."""
    duration_s: float
    """Length."""
    segments: tuple[RibbonSegment, ...]
    """In their order."""

    @property
    def example(self) -> Example | None:
        """What training would read; None where no segment is positive."""
        spans = {role: tuple(self._spans(role)) for role in Role}
        if not spans[Role.POSITIVE]:
            return None
        return Example(
            path=self.item.path,
            format=Format.UNTRIMMED,
            source=self.item.source,
            class_index=self.class_index,
            segments=spans[Role.POSITIVE],
            negatives=spans[Role.NEGATIVE],
        )

    @property
    def least(self) -> float:
        """The probability that the recipe asks for, of this class."""
        asked = [one.least for one in self.segments if one.top_class == self.class_index]
        return (asked or [one.least for one in self.segments])[0]

    def count(self, role: Role) -> int:
        """Segments of a role."""
        return sum(one.role is role for one in self.segments)

    def _spans(self, role: Role) -> Iterable[Segment]:
        return (
            Segment(key=self.item.key, start_s=one.start_s, end_s=one.end_s)
            for one in self.segments
            if one.role is role
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class DrawnFrame:
    """One frame that a training step would read."""

    time_s: float
    """When it is shown."""
    role: Role
    """Of the segment it lies in."""


def ribbon(
    workspace: Workspace,
    key: bytes,
    recipe_name: str,
    *,
    class_index: int | None = None,
    confidence: float | None = None,
) -> Ribbon | None:
    """A video as a recipe sees it; None where its teacher has not scored it.

    `class_index` None: the class found most often, else the query's, else the likeliest. `confidence` replaces every
    threshold of the recipe.
    """
    recipe = resolve(workspace.recipe(recipe_name), workspace.study())
    if confidence is not None:
        everywhere = {"confidence": confidence, "confidence_by_source": {}, "confidence_by_class": {}}
        recipe = recipe.model_copy(update=everywhere)
    catalog = Catalog(workspace)  # of its own: a labelling leaves tables of decisions in it
    item = catalog.item(key)
    rows = _judged(catalog, recipe, key) if item else []
    if item is None or not rows:
        return None
    classes = _classes(rows, item.class_index)
    chosen = classes[0] if class_index is None else class_index
    probs = _probs(catalog, recipe, key, chosen)
    return Ribbon(
        item=item,
        class_index=chosen,
        classes=classes,
        only_class=item.class_index if recipe.label_source == "query" else None,
        duration_s=rows[-1]["end_s"],
        segments=tuple(_segment(row, chosen, probs) for row in rows),
    )


def key_at(workspace: Workspace, path: Path) -> bytes:
    """The item that lies at a path; raises WorkspaceError where there is none."""
    items = source(workspace.table("items"))
    sql = f"SELECT key FROM {items} WHERE path = $path LIMIT 1"
    rows = Catalog(workspace).table(sql, {"path": str(path.resolve())}).to_pylist()
    if not rows:
        raise WorkspaceError(f"{path} is no item of {workspace.root}; give the path of a file that was added")
    return rows[0]["key"]


def draws(
    example: Example, network: config.NetworkConfig, snippets: config.SnippetConfig, seeds: Iterable[int]
) -> list[list[DrawnFrame]]:
    """The frames that training reads of an example with each of the seeds; raises ItemError for an unreadable video."""
    with open_video(example.path) as video:
        chosen = [
            choose_frames(example, video, network.model, snippets.composition, np.random.default_rng(seed))
            for seed in seeds
        ]
        seen = [indices[:: num_stacked(network.model)] for indices in chosen]
        return [[_drawn(example, video.shown_at(int(index))) for index in indices] for indices in seen]


def _judged(catalog: Catalog, recipe: config.Recipe, key: bytes) -> list[dict[str, object]]:
    """Every segment of the video in its order, with what the recipe makes of it."""
    workspace = catalog.workspace
    labelling = Labelling(
        catalog,
        recipe,
        workspace.taxonomy(),
        Reviews(workspace.reviews_path).about([key]),
        duplicate_similarity=crop_threshold(workspace),
    )
    columns = "start_s, end_s, top_class, confidence, kept, class_index, least"
    sql = f"SELECT {columns} FROM {labelling.judged} WHERE key = $key ORDER BY start_s, end_s"
    return catalog.table(sql, {"key": key}).to_pylist()


def _classes(rows: list[dict[str, object]], query_class: int | None) -> tuple[int, ...]:
    kept = [row["class_index"] for row in rows if row["kept"]]
    found = sorted(set(kept), key=lambda index: (-kept.count(index), index))
    seen = [row["top_class"] for row in sorted(rows, key=lambda row: -row["confidence"])]
    asked = [] if query_class is None else [query_class]
    return tuple(dict.fromkeys([*found, *asked, *seen]))


def _probs(catalog: Catalog, recipe: config.Recipe, key: bytes, class_index: int) -> dict[float, float | None]:
    """Probability of a class in every segment, by its start, where the teacher kept it."""
    teacher = recipe.teachers.get(Format.UNTRIMMED)
    if teacher is None:
        return {}
    rows = catalog.table(
        "SELECT start_s, CASE WHEN query_class = $class_index THEN query_prob"
        " ELSE top_probs[list_position(top_classes, $class_index::SMALLINT)] END AS prob"
        f" FROM {source(catalog.workspace.table(f'scores/{teacher}'))} WHERE key = $key",
        {"key": key, "class_index": class_index},
    )
    return dict(zip(rows["start_s"].to_pylist(), rows["prob"].to_pylist()))


def _segment(row: dict[str, object], class_index: int, probs: dict[float, float | None]) -> RibbonSegment:
    role = Role.NEGATIVE
    if row["kept"]:
        role = Role.POSITIVE if row["class_index"] == class_index else Role.OTHER
    return RibbonSegment(
        start_s=row["start_s"],
        end_s=row["end_s"],
        prob=probs.get(row["start_s"]),
        top_class=row["top_class"],
        confidence=row["confidence"],
        role=role,
        least=row["least"],
    )


def _drawn(example: Example, time_s: float) -> DrawnFrame:
    inside = any(one.start_s <= time_s < one.end_s for one in example.segments)
    return DrawnFrame(time_s=time_s, role=Role.POSITIVE if inside else Role.NEGATIVE)
