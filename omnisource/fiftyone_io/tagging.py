"""A verdict on what is selected in FiftyOne -> tags and labels there; `pull` makes decisions of them (design 8)."""

from collections.abc import Collection, Sequence

import fiftyone as fo
from fiftyone import ViewField as F

from omnisource.fiftyone_io.datasets import SLICES
from omnisource.fiftyone_io.edits import PAIR, RELEVANCE, USE
from omnisource.reviews import Verdict


def tag_samples(dataset: fo.Dataset, sample_ids: Sequence[str], verdict: Verdict) -> int:
    """Tag items, and take the opposite verdict away; returns how many there are."""
    view = dataset.select(list(sample_ids))
    _tag_view(view, verdict)
    return len(view)


def tag_pairs(dataset: fo.Dataset, sample_ids: Sequence[str], verdict: Verdict) -> int:
    """Tag the web item of each pair of which a picture is named; returns how many pairs there are."""
    flat = dataset.select_group_slices(list(SLICES))
    names = flat.select(list(sample_ids)).distinct("pair_key")
    of_pairs = flat.match(F("pair_key").is_in(names))
    of_pairs.untag_samples([str(one) for one in PAIR])  # the other picture may have been tagged by hand
    web = of_pairs.match(F("pair.name") == SLICES[0])
    web.tag_samples(str(verdict))
    return len(web)


def tag_segments(view: fo.core.collections.SampleCollection, verdict: Verdict) -> int:
    """Tag the segments that a view shows: selected labels of videos, or clips; returns how many there are."""
    view.untag_labels(_opposites(verdict), label_fields="segments")
    view.tag_labels(str(verdict), label_fields="segments")
    return view.count("segments" if isinstance(view, fo.core.clips.ClipsView) else "segments.detections")


def relabel_samples(dataset: fo.Dataset, sample_ids: Sequence[str], name: str) -> int:
    """Give items a class; a verdict to drop them is taken away. Returns how many there are."""
    view = dataset.select(list(sample_ids))
    view.untag_samples(str(Verdict.DROP))
    labels = {sample_id: fo.Classification(label=name) for sample_id in view.values("id")}
    dataset.set_values("label", labels, key_field="id", progress=False)
    return len(labels)


def relabel_segments(view: fo.core.collections.SampleCollection, name: str) -> int:
    """Give the segments that a view shows a class; returns how many there are."""
    view.untag_labels(str(Verdict.DROP), label_fields="segments")
    if isinstance(view, fo.core.clips.ClipsView):
        for sample in view.iter_samples(autosave=True):
            sample["segments"].label = name
        return len(view)
    path = "segments.detections"
    found = [[name] * len(labels or ()) for labels in view.values(f"{path}.label")]
    view.set_values(f"{path}.label", found)
    return sum(map(len, found))


def selected_segments(dataset: fo.Dataset, labels: Collection[dict]) -> fo.DatasetView | None:
    """The segments among selected labels; None where none is one."""
    mine = [one for one in labels if one.get("field") == "segments"]
    return dataset.select_labels(labels=mine, fields="segments") if mine else None


def _tag_view(view: fo.DatasetView, verdict: Verdict) -> None:
    view.untag_samples(_opposites(verdict))
    view.tag_samples(str(verdict))


def _opposites(verdict: Verdict) -> list[str]:
    question = next(question for question in (USE, RELEVANCE, PAIR) if verdict in question)
    return [str(other) for other in question if other is not verdict]
