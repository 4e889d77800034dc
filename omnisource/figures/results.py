"""Figures of results: changes with their intervals, accuracy per class, confusion pairs (paper 5.2; Fig. 5, Eq. 3)."""

from collections.abc import Callable, Sequence

import numpy as np
import plotly.graph_objects as go

from omnisource.figures.look import ON_ANY_PAGE, shown_name
from omnisource.palette import DROPPED, KEPT, TARGET
from omnisource.pipeline.gains import ClassGain, PairGain
from omnisource.pipeline.side_by_side import RunResult

MOST_NAMES = 30
"""Classes whose names stand at an axis; where there are more, only the mouse tells them."""
MOST_CLASSES = 40
"""Classes of a matrix: those of the pairs that changed most."""
MATRIX_PX = 400
FIGURE_PX = MATRIX_PX + 90
"""With the scale above and the names below."""
_MARGIN = {"l": 10, "r": 10, "t": 10, "b": 10}
_SCALE = [[0.0, KEPT], [0.499, "rgba(42,157,111,0.22)"], [0.501, "rgba(201,67,63,0.22)"], [1.0, DROPPED]]
"""From told apart better, over pale where little changed, to worse; on any background."""
_COLOURBAR = {
    "title": {"text": "change of the confusion score", "side": "top"},
    "orientation": "h",
    "thickness": 10,
    "outlinewidth": 0,
    "y": 1.0,
    "yanchor": "bottom",
}
"""Above the squares: beside them it would take their width where two panels share a page."""


def intervals_figure(results: Sequence[RunResult], chosen: str | None) -> go.Figure:
    """The change of top-1 of every run with its 95 % interval; hollow unless it is the `chosen` one."""
    shown = [one for one in results if one.change is not None]
    changes = [one.change for one in shown]
    middles = [100 * change.top1_change for change in changes]
    figure = go.Figure()
    figure.add_vline(0, line={"color": TARGET, "width": 1.5, "dash": "dot"})
    colours = [
        KEPT if change.top1_change_low > 0 else DROPPED if change.top1_change_high < 0 else TARGET for change in changes
    ]
    labels = [shown_name(one.run) for one in shown]
    for row, (one, label, middle, colour) in enumerate(zip(shown, labels, middles, colours)):
        low, high = 100 * one.change.top1_change_low, 100 * one.change.top1_change_high
        figure.add_scatter(
            x=[low, high],
            y=[row, row],  # two runs may have names that look alike
            mode="lines",
            line={"color": colour, "width": 3},
            hoverinfo="skip",
        )
        figure.add_scatter(
            x=[middle],
            y=[row],
            mode="markers",
            marker={
                "color": colour,
                "size": 13,
                "symbol": "circle" if one.run == chosen else "circle-open",
                "line": {"width": 3, "color": colour},
            },
            hovertemplate=f"{label}: {middle:+.1f} points, {low:+.1f} to {high:+.1f}<extra></extra>",
        )
    figure.update_layout(height=90 + 34 * max(len(shown), 1), showlegend=False, **_layout())
    figure.update_xaxes(title="change of top-1, in points", zeroline=False, ticksuffix=" ")
    rows = list(range(len(shown)))
    figure.update_yaxes(tickvals=rows, ticktext=labels, range=[len(rows) - 0.5, -0.5], showgrid=False, zeroline=False)
    return figure


def classes_figure(classes: Sequence[ClassGain], names: Sequence[str]) -> go.Figure:
    """One bar per class, most improved first; a bar's customdata is [class index, ...]."""
    changes = [100 * one.change for one in classes]
    labels = [shown_name(names[one.class_index]) for one in classes]
    figure = go.Figure()
    figure.add_bar(
        x=list(range(len(classes))),  # two classes may have names that look alike
        y=changes,
        marker={"color": [KEPT if change >= 0 else DROPPED for change in changes], "line": {"width": 0}},
        customdata=[
            [one.class_index, label, 100 * one.before, 100 * one.after, one.num_examples]
            for one, label in zip(classes, labels)
        ],
        hovertemplate="%{customdata[1]}: %{customdata[2]:.1f} % to %{customdata[3]:.1f} % of %{customdata[4]} clips"
        " (%{y:+.1f})<extra></extra>",
    )
    figure.update_layout(height=330, bargap=0.2 if len(classes) <= 60 else 0, showlegend=False, **_layout())
    _name_axis(figure.update_xaxes, labels, angle=-40)
    figure.update_xaxes(showgrid=False)
    figure.update_yaxes(title="change of accuracy, in points", ticksuffix=" ")
    return figure


def pairs_matrix(pairs: Sequence[PairGain], names: Sequence[str]) -> go.Figure:
    """Class by class, one square per pair that changed; its customdata is [a, b, ...].

    Squares instead of a heat map, since only points can be chosen.
    """
    classes = matrix_classes(pairs)
    place = {index: position for position, index in enumerate(classes)}
    shown = [one for one in pairs if one.a in place and one.b in place]
    labels = [shown_name(names[index]) for index in classes]
    side = max(len(classes), 2)
    figure = _pair_squares(
        [place[one.a] for one in shown],
        [place[one.b] for one in shown],
        shown,
        names,
        size=float(np.clip(0.46 * MATRIX_PX / side, 5, 26)),  # the narrowest column leaves half of MATRIX_PX to it
    )
    span = [-0.7, side - 0.3]
    _name_axis(figure.update_xaxes, labels, angle=-90)
    _name_axis(figure.update_yaxes, labels, angle=0)
    figure.update_xaxes(range=span, title="class")
    figure.update_yaxes(range=span[::-1], title="class")
    return figure


def pairs_scatter(pairs: Sequence[PairGain], names: Sequence[str]) -> go.Figure:
    """One square per pair that changed: its confusion score before and after; below the diagonal is better."""
    before, after = [one.before for one in pairs], [one.after for one in pairs]
    figure = _pair_squares(before, after, pairs, names, size=11)
    most = 1.06 * max([*before, *after], default=1.0)
    figure.add_shape(
        type="line", x0=0, y0=0, x1=most, y1=most, line={"color": TARGET, "width": 1.5, "dash": "dot"}, layer="below"
    )
    figure.update_xaxes(title="confusion score of the baseline", range=[-0.02 * most, most])
    figure.update_yaxes(title="confusion score of the run", range=[-0.02 * most, most])
    return figure


def matrix_classes(pairs: Sequence[PairGain]) -> list[int]:
    """The classes of the pairs that changed most, by index."""
    found: dict[int, None] = {}
    for one in sorted(pairs, key=lambda pair: -abs(pair.change)):
        new = [index for index in (one.a, one.b) if index not in found]
        if len(found) + len(new) > MOST_CLASSES:
            break
        found |= dict.fromkeys(new)
    return sorted(found)


def shown_in_matrix(pairs: Sequence[PairGain]) -> str:
    """What the matrix leaves out, for a reader."""
    num_classes = len({index for one in pairs for index in (one.a, one.b)})
    num_shown = len(matrix_classes(pairs))
    how = "Click a square, or a row of the list, for the clips of the pair."
    if num_shown == num_classes:
        return how
    return f"{how} Of {num_classes} classes, these {num_shown} have the pairs that changed most."


def _pair_squares(
    x: Sequence[float], y: Sequence[float], pairs: Sequence[PairGain], names: Sequence[str], *, size: float
) -> go.Figure:
    reach = max((abs(one.change) for one in pairs), default=1.0)
    figure = go.Figure()
    figure.add_scatter(
        x=x,
        y=y,
        mode="markers",
        marker={
            "symbol": "square",
            "size": size,
            "color": [one.change for one in pairs],
            "colorscale": _SCALE,
            "cmin": -reach,
            "cmax": reach,
            "line": {"width": 0},
            "colorbar": _COLOURBAR,
        },
        customdata=[
            [one.a, one.b, shown_name(names[one.a]), shown_name(names[one.b]), one.before, one.after] for one in pairs
        ],
        hovertemplate="%{customdata[2]} and %{customdata[3]}: %{customdata[4]:.3f} to %{customdata[5]:.3f}"
        " (%{marker.color:+.3f})<extra></extra>",
    )
    figure.update_layout(height=FIGURE_PX, showlegend=False, **_layout())
    figure.update_xaxes(zeroline=False)
    figure.update_yaxes(zeroline=False)
    return figure


def _name_axis(update: Callable[..., object], labels: Sequence[str], *, angle: int) -> None:
    if len(labels) <= MOST_NAMES:
        update(tickvals=list(range(len(labels))), ticktext=labels, tickangle=angle)
    else:
        update(title=f"{len(labels)} classes", showticklabels=False)


def _layout() -> dict[str, object]:
    return ON_ANY_PAGE | {"margin": _MARGIN}
