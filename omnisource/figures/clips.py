"""Figures of camera motion: where corners go in real and in drawn clips, and how fast they drift (paper 3.5)."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from omnisource.figures.look import ON_ANY_PAGE
from omnisource.palette import SOURCES, TARGET
from omnisource.pipeline.motion_paths import Comparison
from omnisource.transform.motion_likeness import drift

REAL, DRAWN = TARGET, SOURCES[1]
_KINDS = (("real", REAL), ("drawn", DRAWN))


def paths_figure(comparison: Comparison) -> go.Figure:
    """Where the upper left corner of a picture goes in every clip: real cameras beside drawn ones, at one scale."""
    titles = [f"{name}, {len(comparison.real)} clips" for name, _ in _KINDS]
    figure = make_subplots(rows=1, cols=2, shared_yaxes=True, horizontal_spacing=0.03, subplot_titles=titles)
    figure.update_annotations(font={"size": 13})
    sides = (comparison.real, comparison.drawn)
    for column, ((name, colour), paths) in enumerate(zip(_KINDS, sides), start=1):
        moved = [100 * (path[:, 0] - path[0, 0]) for path in paths]
        x, y = _polyline(moved)
        shared = {"mode": "lines", "hoverinfo": "skip", "name": name}
        figure.add_scatter(x=x, y=y, line={"color": colour, "width": 1.3}, opacity=0.85, **shared, row=1, col=column)
        ends = np.array([one[-1] for one in moved])
        figure.add_scatter(
            x=ends[:, 0],
            y=ends[:, 1],
            mode="markers",
            marker={"color": colour, "size": 5},
            hovertemplate="%{x:.1f} % to the right, %{y:.1f} % down at the end<extra></extra>",
            row=1,
            col=column,
        )
    reach = _reach([path for side in sides for path in side])
    figure.update_xaxes(range=[-reach, reach], title="to the right", ticksuffix=" %", zeroline=True)
    figure.update_yaxes(range=[reach, -reach], ticksuffix=" %", zeroline=True)
    figure.update_yaxes(title="down, of the short side", col=1)
    figure.update_layout(
        height=380,
        margin={"l": 10, "r": 10, "t": 34, "b": 10},
        showlegend=False,
        **ON_ANY_PAGE,
    )
    return figure


def drift_figure(comparison: Comparison) -> go.Figure:
    """How far the corners are from where they began, frame by frame: median clip and the middle 80 % of clips."""
    figure = go.Figure()
    for (name, colour), paths in zip(_KINDS, (comparison.real, comparison.drawn)):
        low, middle, high = _bands(paths)
        frames = np.arange(len(middle))
        figure.add_scatter(
            x=np.concatenate([frames, frames[::-1]]),
            y=np.concatenate([high, low[::-1]]),
            fill="toself",
            mode="lines",
            line={"width": 0},
            fillcolor=colour,
            opacity=0.18,
            hoverinfo="skip",
            showlegend=False,
        )
        figure.add_scatter(
            x=frames,
            y=middle,
            mode="lines",
            line={"color": colour, "width": 2.5},
            name=name,
            hovertemplate="frame %{x}: %{y:.1f} % of the short side<extra>" + name + "</extra>",
        )
    figure.update_layout(
        height=380,
        margin={"l": 10, "r": 10, "t": 34, "b": 10},
        **ON_ANY_PAGE,
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0},
    )
    figure.update_xaxes(title="frames since the first", showgrid=False, zeroline=False)
    figure.update_yaxes(title="corners moved, of the short side", ticksuffix=" %", rangemode="tozero", zeroline=False)
    return figure


def _polyline(paths: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Several (N, 2) paths as one line with gaps."""
    gap = np.full((1, 2), np.nan)
    joined = np.concatenate([piece for path in paths for piece in (path, gap)])
    return joined[:, 0], joined[:, 1]


def _reach(paths: Sequence[np.ndarray]) -> float:
    """In percent, what holds nearly all of it."""
    places = np.abs(np.concatenate([path[:, 0] - path[0, 0] for path in paths]))
    return float(100 * max(np.quantile(places.max(axis=1), 0.99) * 1.08, 0.01))


def _bands(paths: Sequence[np.ndarray]) -> np.ndarray:
    """(3, T): 10th, 50th and 90th percentile of the drift, in percent, while half of the clips go on."""
    length = int(np.median([len(path) for path in paths]))
    drifts = [np.pad(drift(path)[:length], (0, max(length - len(path), 0)), constant_values=np.nan) for path in paths]
    return 100 * np.nanquantile(np.stack(drifts), (0.1, 0.5, 0.9), axis=0)
