"""What is known of an item, and what people decided about it -> the fields of its sample."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import fiftyone as fo

from omnisource.fiftyone_io.edits import NOTHING, QUESTIONS, WORDS, Said, in_force, review_of, shown_tags
from omnisource.fiftyone_io.known_items import KnownItem, KnownSegment
from omnisource.fiftyone_io.sample_edits import is_scored
from omnisource.reviews import Review
from omnisource.types import Format

VALUES = 1
"""Raised whenever `fact_values` says the same facts otherwise, so that samples that are there are updated."""
SIDES = ("positive", "negative")
"""Tags of segments: how a recipe's example takes them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Words:
    """How classes and teachers are called in FiftyOne."""

    names: tuple[str, ...]
    """The classes."""
    fields: Mapping[str, str]
    """Field of each teacher's own answer."""

    def name(self, class_index: int | None) -> str | None:
        """A class by its index."""
        return None if class_index is None else self.names[class_index]


@dataclass(frozen=True, kw_only=True, slots=True)
class Decisions:
    """The decisions in force about one item and its segments."""

    said: Said
    """About the item."""
    newest: Review | None
    """The one about the item that was made last."""
    of_segments: Mapping[tuple[float, float], Said]
    """About its segments, by start and end."""


def decisions_of(item: KnownItem, reviews: Sequence[Review], words: Words) -> Decisions:
    """Sort the decisions in force about an item by what they are about; those about pairs are left aside."""
    mine = [review for review in reviews if review.subject.target_path is None]
    whole = [review for review in mine if review.subject.start_s is None]
    tested = words.name(item.tested_class)
    said = in_force(whole, words.names, tested)
    shown = [review_of(question, whole, words.names, tested) for question in QUESTIONS]
    of_segments: dict[tuple[float, float], Said] = {}
    for segment in item.segments:
        span = (segment.start_s, segment.end_s)
        about = [review for review in mine if (review.subject.start_s, review.subject.end_s) == span]
        if about:
            of_segments[span] = in_force(about, words.names, words.name(segment.top_class))
    newest = max((one for one in shown if one), key=lambda review: review.id, default=None)
    return Decisions(said=said, newest=newest, of_segments=of_segments)


def fact_values(item: KnownItem, words: Words) -> dict[str, object]:
    """Fields that no decision changes, by name."""
    top, query = item.top, words.name(item.query_class)
    values: dict[str, object] = {
        "source": item.source,
        "format": str(item.format),
        "stage": item.stage,
        "reason": item.reason,
        "query": None if query is None else fo.Classification(label=query),
        "teacher": _answer(top, words),
        "confidence": None if top is None else top[1],  # once more by itself, since tiles show a label's class alone
        "agrees": None if top is None or query is None else words.names[top[0]] == query,
        "query_prob": item.query_prob,
        "margin": item.margin,
        "similarity": item.similarity,
        "similar_to": item.similar_to,
        "suspect": item.is_suspect,
        "provenance": fo.DynamicEmbeddedDocument(**item.origin),
        "quality": fo.DynamicEmbeddedDocument(**item.quality),
        "metadata": _metadata(item),
    }
    return values | {field: _answer(item.teachers.get(teacher), words) for teacher, field in words.fields.items()}


def base_label(item: KnownItem, words: Words) -> str | None:
    """The class that an item shows where nobody decided: the teacher's, else the query's."""
    return words.names[item.top[0]] if item.top else words.name(item.query_class)


def decision_values(
    item: KnownItem, decisions: Decisions, words: Words, tags: Sequence[str], pushed: Mapping[str, str | None]
) -> dict[str, object]:
    """Fields that show what is decided; `tags` are those of the sample now, `pushed` its other bookkeeping."""
    said, newest, base = decisions.said, decisions.newest, base_label(item, words)
    label = said.relabelled or base
    told = {} if newest is None else {"by": newest.author, "at": newest.made_at, "made_in": newest.made_in}
    verdicts = [word for word in (said.use, said.relevance, said.pair) if word != NOTHING]
    decided = fo.DynamicEmbeddedDocument(verdict=", ".join(verdicts), **told) if newest else None
    return {
        "tags": shown_tags(tags, said),
        "label": None if label is None else fo.Classification(label=label),
        "decided": decided,
        "overruled": is_overruled(item, said, words),
        "pushed": fo.DynamicEmbeddedDocument(
            **(dict(pushed) | asdict(said) | {"base": base, "tested": words.name(item.tested_class)})
        ),
    }


def is_overruled(item: KnownItem, said: Said, words: Words) -> bool:
    """Whether a person decided otherwise than the recipe's line, or than the teacher's class."""
    if item.margin is None:
        return said.relabelled is not None and said.relabelled != base_label(item, words)
    if said.use == "keep":
        return item.margin < 0
    if said.use == "drop":
        return item.margin >= 0
    return said.relabelled is not None and (item.margin < 0 or said.relabelled != base_label(item, words))


def segment_values(
    item: KnownItem, decisions: Decisions, words: Words, there: Sequence[fo.TemporalDetection] = ()
) -> fo.TemporalDetections | None:
    """The scored segments of a long video, with frames that neighbours do not share; None for anything else.

    `there`: what its sample holds now; segments that a person drew stay, and so do a person's own tags.
    """
    fps = item.quality.get("fps")
    num_frames = int(item.quality.get("num_frames") or 0)
    pushed = {(one.start_s, one.end_s): one for one in there if is_scored(one)}
    shown = []
    for segment in item.segments if fps else ():
        values = _segment(segment, decisions, words, float(fps), num_frames)
        known = pushed.get((segment.start_s, segment.end_s))
        own = [tag for tag in (known.tags if known else ()) if tag not in (*SIDES, *WORDS)]
        values["tags"] = [*values["tags"], *own]
        shown.append(fo.TemporalDetection(**values, **({"id": known.id} if known else {})))
    shown += [one for one in there if not is_scored(one)]
    return fo.TemporalDetections(detections=shown) if shown else None


def fingerprint(item: KnownItem, words: Words) -> str:
    """Changes whenever the facts do."""
    return _hash((VALUES, asdict(item), tuple(words.fields.items()), words.names))


def decision_fingerprint(decisions: Decisions) -> str:
    """Changes whenever a decision does, or who made it."""
    newest = decisions.newest
    return _hash((decisions.said, sorted(decisions.of_segments.items()), None if newest is None else newest.id))


def _segment(
    segment: KnownSegment, decisions: Decisions, words: Words, fps: float, num_frames: int
) -> dict[str, object]:
    """Fields of one temporal detection."""
    first = round(segment.start_s * fps) + 1
    last = max(first, min(round(segment.end_s * fps), num_frames or round(segment.end_s * fps)))
    said = decisions.of_segments.get((segment.start_s, segment.end_s), Said())
    base = words.names[segment.top_class]
    return {
        "label": said.relabelled or base,
        "confidence": segment.confidence,
        "support": [first, last],
        "tags": [*([segment.side] if segment.side else []), *said.tags],
        "start_s": segment.start_s,
        "end_s": segment.end_s,
        "base": base,
        "pushed_use": said.use,
        "pushed_relevance": said.relevance,
    }


def _answer(top: tuple[int, float] | None, words: Words) -> fo.Classification | None:
    return None if top is None else fo.Classification(label=words.names[top[0]], confidence=top[1])


def _metadata(item: KnownItem) -> fo.Metadata | None:
    """What the validity stage measured, so that FiftyOne does not open every file again."""
    quality = item.quality
    if quality.get("width") is None:
        return None
    if item.format is Format.IMAGE:
        return fo.ImageMetadata(width=quality["width"], height=quality["height"])
    return fo.VideoMetadata(
        frame_width=quality["width"],
        frame_height=quality["height"],
        frame_rate=quality["fps"],
        total_frame_count=quality["num_frames"],
        duration=quality["duration_s"],
    )


def _hash(value: object) -> str:
    return hashlib.blake2b(repr(value).encode(), digest_size=12).hexdigest()
