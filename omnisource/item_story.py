"""One web item -> everything the workspace knows of it: where it came from, what was measured, what people said."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from omnisource.browsing import scoring_teachers
from omnisource.browsing_sql import dropped_rows
from omnisource.catalog import Catalog, source
from omnisource.media_files import num_bytes
from omnisource.report import Dropped
from omnisource.reviews import Decision, Reviews
from omnisource.types import WebItem

MAX_SIMILAR = 12
MAX_TWINS = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """What the validity stage found."""

    ok: bool
    """Whether the item can be used."""
    reason: str | None
    """Why not."""
    width: int | None
    """In pixels."""
    height: int | None
    """In pixels."""
    num_frames: int | None
    """1 for a picture."""
    fps: float | None
    """Frames a second; None for a picture."""
    duration_s: float | None
    """Length in seconds."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ScoredSegment:
    """What one teacher says of one segment."""

    start_s: float
    """Start in seconds."""
    end_s: float
    """End in seconds; like the start for a picture."""
    classes: tuple[int, ...]
    """The likeliest classes, best first."""
    probs: tuple[float, ...]
    """Their probabilities."""
    query_prob: float | None
    """Probability of the query's class."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SimilarClip:
    """A labelled clip that an item resembles."""

    path: str
    """The labelled clip."""
    time_s: float
    """Where in the item, in seconds."""
    target_time_s: float
    """Where in the labelled clip, in seconds."""
    similarity: float
    """Of the two frames."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemStory:
    """All that is known of an item."""

    item: WebItem
    """Where it came from and where it lies."""
    num_bytes: int | None
    """Size of its file, or of the parts in its folder; None where the file is gone."""
    measured: Measured | None
    """None before it was checked."""
    drops: tuple[Dropped, ...]
    """What stages said when they left it out, or a file with the same content."""
    segments: dict[str, tuple[ScoredSegment, ...]]
    """What each teacher says of its segments, in their order."""
    similar: tuple[SimilarClip, ...]
    """The labelled clips most like it, most similar first."""
    decisions: tuple[Decision, ...]
    """What people decided, oldest first."""


def tell(catalog: Catalog, key: bytes) -> ItemStory | None:
    """The story of an item; None for a key that no item has."""
    workspace = catalog.workspace
    item = catalog.item(key)
    if item is None:
        return None
    validity = source(workspace.table("validity"))
    checked = catalog.table(
        f"SELECT * EXCLUDE (key) FROM {validity} WHERE key = $key LIMIT 1", {"key": key}
    ).to_pylist()
    return ItemStory(
        item=item,
        num_bytes=num_bytes(item.path) if item.path.exists() else None,
        measured=Measured(**checked[0]) if checked else None,
        drops=_drops(catalog, key, item.path),
        segments={teacher: _segments(catalog, teacher, key) for teacher in scoring_teachers(workspace)},
        similar=_similar(catalog, key),
        decisions=tuple(Reviews(workspace.reviews_path).history(key)),
    )


def best_segment(segments: Iterable[ScoredSegment]) -> ScoredSegment | None:
    """The segment that the teacher is surest of, the first of equals; None where there is none."""
    return max(segments, key=lambda segment: segment.probs[0], default=None)


def _drops(catalog: Catalog, key: bytes, path: Path) -> tuple[Dropped, ...]:
    """A file with the content of another is dropped without a key; the detail then names the file that was kept."""
    dropped = dropped_rows(catalog.workspace)
    if not dropped:
        return ()
    rows = catalog.table(
        f"SELECT key, path, reason, detail FROM ({dropped}) WHERE key = $key OR detail = $twin LIMIT {MAX_TWINS}",
        {"key": key, "twin": f"the same content as {path}"},
    )
    return tuple(Dropped(**row | {"path": Path(row["path"]) if row["path"] else None}) for row in rows.to_pylist())


def _segments(catalog: Catalog, teacher: str, key: bytes) -> tuple[ScoredSegment, ...]:
    scores = source(catalog.workspace.table(f"scores/{teacher}"))
    rows = catalog.table(
        "SELECT start_s, end_s, top_classes, top_probs, query_prob"
        f" FROM {scores} WHERE key = $key ORDER BY start_s, end_s",
        {"key": key},
    )
    return tuple(
        ScoredSegment(
            start_s=row["start_s"],
            end_s=row["end_s"],
            classes=tuple(row["top_classes"]),
            probs=tuple(row["top_probs"]),
            query_prob=row["query_prob"],
        )
        for row in rows.to_pylist()
    )


def _similar(catalog: Catalog, key: bytes) -> tuple[SimilarClip, ...]:
    pairs = source(catalog.workspace.table("similar"))
    rows = catalog.table(
        f"SELECT target_path AS path, time_s, target_time_s, similarity FROM {pairs} WHERE key = $key"
        " QUALIFY row_number() OVER (PARTITION BY target_path ORDER BY similarity DESC, time_s) = 1"
        f" ORDER BY similarity DESC, path LIMIT {MAX_SIMILAR}",
        {"key": key},
    )
    return tuple(SimilarClip(**row) for row in rows.to_pylist())
