"""Edits of the samples of items, and of the segments of long videos, which are labels with tags of their own (3.5)."""

from collections.abc import Iterator, Mapping

import fiftyone as fo
from fiftyone import ViewField as F

from omnisource.fiftyone_io.datasets import BOOKKEEPING
from omnisource.fiftyone_io.edits import NOTHING, QUESTIONS, WORDS, Edit, Said, Shown, edit_of
from omnisource.reviews import Subject

COLUMNS = ("id", "item_key", "tags", "label.label", *(f"pushed.{name}" for name in BOOKKEEPING))
"""What `item_edit` reads of a sample."""


def rows_of(samples: fo.core.collections.SampleCollection) -> list[dict]:
    """COLUMNS of some samples, by name."""
    return [dict(zip(COLUMNS, row)) for row in zip(*samples.values(list(COLUMNS)))]


def item_edits(samples: fo.core.collections.SampleCollection) -> Iterator[Edit]:
    """Every edited item among some samples; only those that may be edited leave the database."""
    has_word = F("tags").intersection(list(WORDS)).length() > 0
    was_decided = F.any([F(f"pushed.{question}") != NOTHING for question in QUESTIONS])
    for row in rows_of(samples.match(has_word | was_decided | (F("label.label") != F("pushed.base")))):
        if (edit := item_edit(row)) is not None:
            yield edit


def item_edit(row: Mapping) -> Edit | None:
    """What was edited of an item, by COLUMNS of its sample; None where nothing was."""
    shown = Shown(tags=tuple(row["tags"]), label=row["label.label"], base=row["pushed.base"])
    pushed = Said(**{question: row[f"pushed.{question}"] or NOTHING for question in QUESTIONS})
    return edit_of(Subject(key=bytes.fromhex(row["item_key"])), shown, pushed, row["pushed.tested"])


def segment_edits(samples: fo.core.collections.SampleCollection) -> Iterator[Edit]:
    """Every edited segment among some videos; only segments that may be edited leave the database."""
    if not samples.has_sample_field("segments.detections.base"):
        return  # no long video was pushed yet
    has_word = F("tags").intersection(list(WORDS)).length() > 0
    was_decided = (F("pushed_use") != NOTHING) | (F("pushed_relevance") != NOTHING)
    view = samples.filter_labels("segments", has_word | was_decided | (F("label") != F("base")))
    for key, detections in zip(*view.values(["item_key", "segments.detections"])):
        for one in detections or ():
            if not is_scored(one):
                continue  # there is nothing to decide about
            subject = Subject(key=bytes.fromhex(key), start_s=one.start_s, end_s=one.end_s)
            shown = Shown(tags=tuple(one.tags), label=one.label, base=one.base)
            pushed = Said(use=one.pushed_use or NOTHING, relevance=one.pushed_relevance or NOTHING)
            if (edit := edit_of(subject, shown, pushed, one.base)) is not None:
                yield edit


def is_scored(segment: fo.TemporalDetection) -> bool:
    """Whether a segment was pushed; a person may have drawn it."""
    return segment.has_field("base")
