"""How alike the suspected pairs are, with the verdicts so far and the thresholds (paper 3.3)."""

import numpy as np
import plotly.graph_objects as go

from omnisource.figures.look import ON_ANY_PAGE
from omnisource.palette import DOUBTFUL, DROPPED, KEPT, TARGET


def similarity_figure(
    edges: np.ndarray,
    counts: np.ndarray,
    duplicates: np.ndarray,
    not_duplicates: np.ndarray,
    *,
    threshold: float,
    measured: float | None,
) -> go.Figure:
    """Pairs per bin of similarity on a logarithmic axis: all of them behind, verdicts side by side before them.

    `edges` (bins + 1,); the others (bins,). `measured` is the crop threshold, `threshold` the one that is tried.
    """
    figure = go.Figure(layout={"xaxis": {"range": [float(edges[0]), 1.0]}})
    middles, width = (edges[:-1] + edges[1:]) / 2, float(edges[1] - edges[0])
    spans = [f"{low:.2f} to {high:.2f}" for low, high in zip(edges, edges[1:])]
    _bars(figure, "all pairs", middles, counts, spans, width=width, colour=TARGET, opacity=0.45)
    slim = width / 2.4
    _bars(figure, "duplicates", middles - slim / 2, duplicates, spans, width=slim, colour=DROPPED)
    _bars(figure, "not duplicates", middles + slim / 2, not_duplicates, spans, width=slim, colour=KEPT)
    if measured is not None:
        _line(figure, measured, f"crops of one frame {measured:.3f}", DOUBTFUL, place=1.0, dash="dash")
    _line(figure, threshold, f"threshold {threshold:.3f}", DROPPED, place=1.09, dash="solid")
    figure.update_layout(barmode="overlay", height=320, margin={"l": 10, "r": 10, "t": 60, "b": 10}, bargap=0)
    figure.update_layout(**ON_ANY_PAGE)
    figure.update_layout(legend={"orientation": "h", "x": 0, "y": -0.3, "yanchor": "top"})
    figure.update_xaxes(title="similarity of web item and labelled clip")
    most = max(int(counts.max(initial=1)), 2)
    figure.update_yaxes(
        title="pairs (log scale)", type="log", range=[-0.3, float(np.log10(most)) + 0.15], dtick=1, tickformat=",d"
    )
    return figure


def similarity_alt(counts: np.ndarray, duplicates: np.ndarray, not_duplicates: np.ndarray, threshold: float) -> str:
    """The figure in words."""
    return (
        f"Histogram of the similarities of {int(counts.sum()):,} pairs with {int(duplicates.sum()):,} verdicts "
        f"duplicate, {int(not_duplicates.sum()):,} verdicts not a duplicate, and the threshold at {threshold:.3f}."
    )


def _bars(
    figure: go.Figure,
    name: str,
    x: np.ndarray,
    counts: np.ndarray,
    spans: list[str],
    *,
    width: float,
    colour: str,
    opacity: float = 1.0,
) -> None:
    figure.add_bar(
        x=x,
        y=counts,
        width=width,
        name=name,
        customdata=spans,
        marker={"color": colour, "opacity": opacity, "line": {"width": 0}},
        hovertemplate=f"%{{y:,}} {name}, similarity %{{customdata}}<extra></extra>",
    )


def _line(figure: go.Figure, x: float, text: str, colour: str, *, place: float, dash: str) -> None:
    """A threshold with its name above the figure, on the side where there is room."""
    side = "right" if x > sum(figure.layout.xaxis.range) / 2 else "left"
    figure.add_vline(x=x, line={"color": colour, "width": 2.5, "dash": dash})
    figure.add_annotation(
        x=x, y=place, yref="paper", yanchor="bottom", xanchor=side, text=text, showarrow=False, font={"color": colour}
    )
