"""Confidences of what a dataset shows -> a histogram, and the views on both sides of a threshold (paper 3.4)."""

from dataclasses import dataclass

import fiftyone as fo
from fiftyone import ViewField as F

from omnisource.palette import DOUBTFUL, KEPT

NUM_BINS = 40
_BEYOND_ONE = 1.0 + 1e-6  # FiftyOne's last bin leaves its end out


@dataclass(frozen=True, kw_only=True, slots=True)
class Histogram:
    """Items per bin of the teacher's confidence, from 0 to 1."""

    edges: tuple[float, ...]
    """Where the bins begin, and where the last one ends."""
    agreeing: tuple[int, ...]
    """Items that the teacher takes for what they were searched for."""
    others: tuple[int, ...]
    """All others."""


def is_scored(dataset: fo.Dataset) -> bool:
    """Whether a dataset shows any confidence."""
    return dataset.has_sample_field("teacher.confidence") and len(dataset.exists("teacher").limit(1)) > 0


def histogram(dataset: fo.Dataset, class_name: str | None) -> Histogram:
    """Of everything that was scored, or of what the teacher takes for one class."""
    scored = _of_class(dataset, class_name)
    counts = []
    for view in (scored.match(F("agrees").is_in([True])), scored.match(~F("agrees").is_in([True]))):
        found, _, _ = view.histogram_values("teacher.confidence", bins=NUM_BINS, range=(0.0, _BEYOND_ONE))
        counts.append(tuple(found))
    edges = tuple(number / NUM_BINS for number in range(NUM_BINS + 1))
    return Histogram(edges=edges, agreeing=counts[0], others=counts[1])


def side_of(dataset: fo.Dataset, class_name: str | None, threshold: float, *, above: bool = True) -> fo.DatasetView:
    """Items on one side of a threshold, the nearest to it first."""
    scored, confidence = _of_class(dataset, class_name), F("teacher.confidence")
    if above:
        return scored.match(confidence >= threshold).sort_by("teacher.confidence")
    return scored.match(confidence < threshold).sort_by("teacher.confidence", reverse=True)


def bars(counted: Histogram) -> list[dict]:
    """Plotly's traces of a histogram: stacked, in the app's colours."""
    middles = [(low + high) / 2 for low, high in zip(counted.edges, counted.edges[1:])]
    shown = (("agrees with its query", counted.agreeing, KEPT), ("other class", counted.others, DOUBTFUL))
    return [
        {"type": "bar", "name": name, "x": middles, "y": list(counts), "marker": {"color": colour}}
        for name, counts, colour in shown
    ]


def layout(threshold: float) -> dict:
    """Plotly's layout of a histogram, with the line."""
    return {
        "barmode": "stack",
        "showlegend": True,
        "bargap": 0.05,
        "height": 320,
        "margin": {"t": 24, "r": 16, "b": 48, "l": 48},
        "xaxis": {"title": {"text": "confidence"}, "range": [0, 1]},
        "yaxis": {"title": {"text": "items"}},
        "legend": {"orientation": "h", "y": 1.15},
        "shapes": [
            {"type": "line", "x0": threshold, "x1": threshold, "y0": 0, "y1": 1, "yref": "paper"}
            | {"line": {"dash": "dash", "width": 2, "color": "#888888"}}
        ],
    }


def _of_class(dataset: fo.Dataset, class_name: str | None) -> fo.DatasetView:
    scored = dataset.exists("teacher")
    return scored if class_name is None else scored.match(F("teacher.label") == class_name)
