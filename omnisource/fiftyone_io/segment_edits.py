"""Edits of the segments of long videos, which are labels with tags of their own in FiftyOne (paper 3.5)."""

from collections.abc import Iterator
from dataclasses import dataclass

import fiftyone as fo
from fiftyone import ViewField as F

from omnisource.errors import ItemError
from omnisource.fiftyone_io.edits import WORDS, Said, Shown, wanted


@dataclass(frozen=True, kw_only=True, slots=True)
class SegmentEdit:
    """One segment that shows something else than was pushed."""

    sample_id: str
    """Of its video."""
    item_key: str
    """The video, in hex."""
    start_s: float
    """Start in seconds."""
    end_s: float
    """End in seconds."""
    base: str
    """The teacher's class, whose relevance is meant."""
    pushed: Said
    """What was pushed."""
    wanted: Said | None
    """What a person wants; None where that is unclear."""
    detail: str = ""
    """Why it is unclear."""


def segment_edits(dataset: fo.Dataset) -> Iterator[SegmentEdit]:
    """Every edited segment of a dataset of videos; only segments that may be edited leave the database."""
    if not dataset.has_sample_field("segments.detections.base"):
        return  # no long video was pushed yet
    has_word = F("tags").intersection(list(WORDS)).length() > 0
    was_decided = (F("pushed_use") != "") | (F("pushed_relevance") != "")
    view = dataset.filter_labels("segments", has_word | was_decided | (F("label") != F("base")))
    for sample_id, key, detections in zip(*view.values(["id", "item_key", "segments.detections"])):
        yield from _edits(sample_id, key, detections or ())


def edited_segments(dataset: fo.Dataset, sample_id: str) -> list[SegmentEdit]:
    """The edited segments of one video; none for a picture."""
    if not dataset.has_sample_field("segments"):
        return []
    keys, detections = dataset.select(sample_id).values(["item_key", "segments.detections"])
    return list(_edits(sample_id, keys[0], detections[0] or ()))


def _edits(sample_id: str, key: str, detections: list[fo.TemporalDetection]) -> Iterator[SegmentEdit]:
    for one in detections:
        if not one.has_field("base"):
            continue  # a segment that a person drew: it has no scores, so there is nothing to decide about
        pushed = Said(use=one.pushed_use or "", relevance=one.pushed_relevance or "")
        told = {"sample_id": sample_id, "item_key": key, "start_s": one.start_s, "end_s": one.end_s}
        told |= {"base": one.base, "pushed": pushed}
        try:
            wish = wanted(Shown(tags=tuple(one.tags), label=one.label, base=one.base), pushed)
        except ItemError as error:
            yield SegmentEdit(**told, wanted=None, detail=error.detail)
            continue
        if wish != pushed:
            yield SegmentEdit(**told, wanted=wish)
