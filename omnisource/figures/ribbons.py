"""Figure of a long video: what the teacher says of every segment, and what the recipe makes of it (paper 3.4, 3.5)."""

import plotly.graph_objects as go

from omnisource.figures.look import ON_ANY_PAGE
from omnisource.palette import DOUBTFUL, KEPT, TARGET
from omnisource.pipeline.ribbons import Ribbon, Role

COLOURS = {Role.POSITIVE: KEPT, Role.OTHER: DOUBTFUL, Role.NEGATIVE: TARGET}
_NAMES = {Role.POSITIVE: "positive", Role.OTHER: "positive of another class", Role.NEGATIVE: "negative"}


def ribbon_figure(ribbon: Ribbon) -> go.Figure:
    """One bar per segment, as high as the probability of the ribbon's class; a dashed line is what the recipe asks for.

    A probability that the teacher did not keep, being none of its likeliest, is drawn as 0.
    """
    figure = go.Figure()
    for role, colour in COLOURS.items():
        shown = [one for one in ribbon.segments if one.role is role]
        if shown:
            figure.add_bar(
                x=[(one.start_s + one.end_s) / 2 for one in shown],
                y=[one.prob or 0.0 for one in shown],
                width=[one.end_s - one.start_s for one in shown],
                marker={"color": colour, "line": {"width": 0}},
                name=_NAMES[role],
                hovertemplate="%{x:.1f} s: %{y:.1%}<extra>" + _NAMES[role] + "</extra>",
            )
    figure.add_hline(y=ribbon.least, line={"dash": "dash", "width": 1.5}, annotation_text="least that is kept")
    figure.update_layout(
        height=260,
        bargap=0,
        margin={"l": 10, "r": 10, "t": 34, "b": 10},
        **ON_ANY_PAGE,
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0},
    )
    figure.update_xaxes(title="seconds", range=[0, ribbon.duration_s], showgrid=False, zeroline=False)
    figure.update_yaxes(title="probability", range=[0, 1], tickformat=".0%", zeroline=False)
    return figure
