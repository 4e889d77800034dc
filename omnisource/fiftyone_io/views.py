"""The views that people ask for first, saved in each dataset under names that links can use."""

import fiftyone as fo
from fiftyone import ViewField as F

from omnisource.palette import DOUBTFUL, DROPPED, KEPT

NEAR = 0.1
"""So near to the recipe's line a confidence is doubtful."""
LOW_ABOVE = 0.15
"""So little above the line the confidence of a kept item is low."""


def save_views(dataset: fo.Dataset, names: tuple[str, ...]) -> list[str]:
    """Save every view, and one for each class that has a sample; returns their names."""
    is_kept = F("stage") == "kept"
    nearest_first = dataset.match((F("stage") == "left_out") & (F("margin") < 0) & (F("margin") >= -NEAR))
    views = {
        "suspects": (dataset.match(F("suspect").is_in([True])).sort_by("similarity", reverse=True), DOUBTFUL),
        "rejected-near-threshold": (nearest_first.sort_by("margin", reverse=True), DROPPED),
        "kept-low-confidence": (
            dataset.match(is_kept & (F("margin") >= 0) & (F("margin") < LOW_ABOVE)).sort_by("margin"),
            KEPT,
        ),
        "teacher-disagrees": (
            dataset.match(F("agrees").is_in([False])).sort_by("teacher.confidence", reverse=True),
            DOUBTFUL,
        ),
        "overruled-by-a-person": (dataset.match(F("overruled").is_in([True])), KEPT),
    }
    shown = set(dataset.distinct("label.label"))
    views |= {
        f"class: {name}": (dataset.match(F("label.label") == name).sort_by("teacher.confidence", reverse=True), None)
        for name in names
        if name in shown
    }
    return _save(dataset, views)


def save_pair_views(dataset: fo.Dataset) -> list[str]:
    """Suspected pairs that nobody has judged, and those that were."""
    suspects = dataset.match(F("suspect").is_in([True]))
    states = {"open-suspects": ("open", DOUBTFUL), "duplicates": ("duplicate", DROPPED)}
    states["not-duplicates"] = ("not_duplicate", KEPT)
    views = {
        name: (
            (suspects if state == "open" else dataset).match(F("state") == state).sort_by("similarity", reverse=True),
            colour,
        )
        for name, (state, colour) in states.items()
    }
    return _save(dataset, views)


def _save(dataset: fo.Dataset, views: dict[str, tuple[fo.DatasetView, str | None]]) -> list[str]:
    """A view that is saved already is asked anew whenever it is opened, so it need not be saved again."""
    there = set(dataset.list_saved_views())
    for name, (view, colour) in views.items():
        if name not in there:
            dataset.save_view(name, view, color=colour)
    return list(views)
