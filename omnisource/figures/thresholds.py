"""Figures of the thresholds: confidences, classes before and after (Fig. 3), precision and recall (paper 3.4)."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from omnisource.figures.look import ON_ANY_PAGE, shown_name
from omnisource.label.calibrate import Audit, Estimate, JudgedRange
from omnisource.label.confidence_cube import NUM_EDGES, STEPS
from omnisource.palette import DOUBTFUL, KEPT, TARGET

MOST_NAMES = 30
"""Classes whose names stand below the axis; where there are more, only the mouse tells them."""
MOST_BARS = 60
"""Where there are more classes, their bars are drawn as one outline."""
_LEFT_OUT = 0.3
_LINE = {"color": DOUBTFUL, "width": 2}


def confidence_figure(
    sides: np.ndarray, sources: Sequence[str], colours: Mapping[str, str], lines: Sequence[float], *, tested: str
) -> go.Figure:
    """(R, 2, bars) segments left out and kept -> stacked bars, pale where left out; `lines` are the thresholds."""
    num_bars = sides.shape[-1]
    left = np.arange(num_bars) / num_bars
    figure = go.Figure()
    for row, name in enumerate(sources):
        for side, word in ((1, "kept"), (0, "left out")):
            figure.add_bar(
                x=left + 0.5 / num_bars,
                y=sides[row, side],
                width=1 / num_bars,
                name=name,
                legendgroup=name,
                showlegend=side == 1,
                marker={
                    "color": colours.get(name, TARGET),
                    "opacity": 1 if side else _LEFT_OUT,
                    "line": {"width": 0},
                },
                customdata=np.stack([left, left + 1 / num_bars], axis=1),
                hovertemplate=f"{name}, %{{customdata[0]:.2f}} to %{{customdata[1]:.2f}}:"
                f" %{{y:,}} segments {word}<extra></extra>",
            )
    for line in lines:
        figure.add_vline(line, line=_LINE)
    if len(lines) == 1:
        is_right = lines[0] > 0.85
        figure.add_annotation(
            x=lines[0], y=1, yref="paper", text=f"{lines[0]:.3f}", showarrow=False, yanchor="bottom",
            xanchor="right" if is_right else "left",
        )  # fmt: skip
    figure.update_layout(barmode="stack", bargap=0, height=330, **_layout())
    figure.update_xaxes(title=tested, range=[0, 1], dtick=0.1)
    figure.update_yaxes(title="segments", range=[0, _cut(figure, sides.sum(axis=(0, 1)))])
    return figure


def _cut(figure: go.Figure, totals: np.ndarray) -> float:
    """Top of the axis: few bars that tower above all others are cut, with their number written beside them."""
    highest = np.sort(totals)[::-1]
    usual = 1.4 * highest[3] if highest[0] > 3 * highest[3] > 0 else 1.05 * max(highest[0], 1)
    for index in np.flatnonzero(totals > usual):
        x = (index + 1) / len(totals)
        figure.add_annotation(
            x=min(x, 0.9), y=usual, text=f"{int(totals[index]):,} ▲", showarrow=False, xanchor="left", yanchor="top",
            yshift=-16 * int((totals[:index] > usual).sum()),
        )  # fmt: skip
    return float(usual)


def class_order(before: np.ndarray) -> np.ndarray:
    """(K,) class indices, most segments first."""
    return np.argsort(-before, kind="stable")


def distribution_figure(before: np.ndarray, kept: np.ndarray, names: Sequence[str], *, log: bool) -> go.Figure:
    """(K,) segments before and after -> Fig. 3: one pair of bars per class, most before first."""
    order = class_order(before)
    labels = [shown_name(names[index]) for index in order]
    figure = go.Figure()
    for values, name, colour, opacity in ((before, "scored", TARGET, 0.45), (kept, "kept", KEPT, 1)):
        shared = {
            "x": list(range(len(order))),
            "y": values[order],
            "customdata": labels,
            "name": name,
            "hovertemplate": f"%{{customdata}}: %{{y:,}} {name}<extra></extra>",
        }
        if len(order) <= MOST_BARS:
            figure.add_bar(**shared, marker={"color": colour, "opacity": opacity, "line": {"width": 0}})
        else:  # bars narrower than a pixel leave stripes
            figure.add_scatter(
                **shared,
                mode="lines",
                fill="tozeroy",
                fillcolor=_faint(colour, opacity),
                line={"width": 0, "shape": "hvh"},
            )
    figure.update_layout(barmode="overlay", bargap=0.15, height=340, **_layout())
    if len(labels) <= MOST_NAMES:
        figure.update_xaxes(tickvals=list(range(len(labels))), ticktext=labels, tickangle=-40)
    else:
        figure.update_xaxes(title=f"{len(labels)} classes, most scored first", showticklabels=False)
    figure.update_xaxes(showgrid=False, zeroline=False)
    figure.update_yaxes(title="segments", rangemode="tozero")
    if log:
        ticks = [step * 10**power for power in range(12) for step in (1, 2, 5)]
        low, high = max(kept[kept > 0].min(initial=before.max()), 1) / 2, max(before.max(), 1) * 1.3
        figure.update_yaxes(type="log", title="segments, log scale", range=[np.log10(low), np.log10(high)])
        figure.update_yaxes(tickvals=ticks, ticktext=[f"{tick:,}" for tick in ticks])
    return figure


def audit_figure(audited: Audit, *, line: float | None, wanted: float) -> go.Figure:
    """Precision and recall against the threshold, with their bands, the line now, and the precision that is wanted."""
    figure = go.Figure()
    _band(figure, audited.precision, "precision of what is kept", KEPT)
    _band(figure, audited.recall, "recall of what is relevant", TARGET, dash="dash")
    if line is not None:
        figure.add_vline(line, line=_LINE)
    figure.add_hline(wanted, line={"color": KEPT, "width": 1, "dash": "dot"})
    figure.update_layout(height=300, **_layout())
    figure.update_xaxes(title="threshold", range=[0, 1], dtick=0.2)
    figure.update_yaxes(title="share", range=[0, 1.02], tickformat=".0%")
    return figure


def relevance_figure(audited: Audit, ranges: Sequence[JudgedRange]) -> go.Figure:
    """How often a segment of some confidence is relevant: the fit with its band, and what was judged."""
    figure = go.Figure()
    _band(figure, audited.relevance, "fitted", KEPT)
    shares = np.array([one.share for one in ranges])
    figure.add_scatter(
        x=[one.probability for one in ranges],
        y=shares,
        error_y={
            "array": np.array([one.high for one in ranges]) - shares,
            "arrayminus": shares - np.array([one.low for one in ranges]),
            "thickness": 1.2,
        },
        mode="markers",
        marker={"color": DOUBTFUL, "size": 9},
        name="judged (Wilson's interval)",
        customdata=[[one.num_relevant, one.num_judged] for one in ranges],
        hovertemplate="around %{x:.2f}: %{customdata[0]} of %{customdata[1]} relevant<extra></extra>",
    )
    figure.update_layout(height=300, **_layout())
    figure.update_xaxes(title="confidence of a segment", range=[0, 1], dtick=0.2)
    figure.update_yaxes(title="relevant", range=[0, 1.02], tickformat=".0%")
    return figure


def _band(figure: go.Figure, estimate: Estimate, name: str, colour: str, *, dash: str = "solid") -> None:
    x = np.arange(NUM_EDGES)[::5] / STEPS
    low, middle, high = (values[::5] for values in (estimate.low, estimate.middle, estimate.high))
    known = ~np.isnan(middle)
    figure.add_scatter(
        x=np.concatenate([x[known], x[known][::-1]]),
        y=np.concatenate([high[known], low[known][::-1]]),
        fill="toself",
        mode="lines",
        line={"width": 0},
        fillcolor=_faint(colour),
        hoverinfo="skip",
        showlegend=False,
    )
    figure.add_scatter(
        x=x,
        y=middle,
        customdata=np.stack([low, high], axis=1),
        mode="lines",
        line={"color": colour, "width": 2, "dash": dash},
        name=name,
        hovertemplate=f"%{{x:.3f}}: {name} %{{y:.1%}}, %{{customdata[0]:.1%}} to %{{customdata[1]:.1%}}<extra></extra>",
    )


def _faint(colour: str, opacity: float = 0.16) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"


def _layout() -> dict[str, object]:
    return ON_ANY_PAGE | {
        "margin": {"l": 10, "r": 10, "t": 30, "b": 10},
        "legend": {"orientation": "h", "y": 1.04, "yanchor": "bottom", "x": 1, "xanchor": "right"},
    }
