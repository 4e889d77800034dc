"""Figures of the mixture: what an update reads, which classes are drawn, how often one example is read (paper 3.6)."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from omnisource.figures.look import ON_ANY_PAGE, shown_name
from omnisource.palette import TARGET
from omnisource.train.planning import MOST_READS, DrawPlan, SourceDraws

MOST_NAMES = 14
"""Classes whose names stand below the axis; where there are more, only the mouse tells them."""
MOST_LABELS = 44
"""Names below all charts that stand side by side; more would run into each other at 1280 pixels."""
_MARGIN = {"l": 10, "r": 10, "t": 34, "b": 10}


def batch_figure(plan: DrawPlan, colours: Mapping[str, str]) -> go.Figure:
    """One bar: the examples that an update reads on average, target first."""
    figure = go.Figure()
    for name, size in plan.batch.items():
        figure.add_bar(
            x=[size],
            y=["an update"],
            orientation="h",
            name=name,
            marker={"color": colours.get(name, TARGET)},
            text=f"{name} {size:.4g}",
            textposition="inside",
            insidetextanchor="middle",
            textfont={"color": "white"},
            hovertemplate=f"{name}: {size:.5g} examples<extra></extra>",
        )
    figure.update_layout(barmode="stack", showlegend=False, height=112, margin={"l": 10, "r": 10, "t": 4, "b": 44})
    figure.update_layout(**ON_ANY_PAGE)
    figure.update_yaxes(visible=False)
    figure.update_xaxes(title="examples in an update, on average", title_standoff=6, showgrid=False, zeroline=False)
    return figure


def class_order(plan: DrawPlan, target: np.ndarray) -> np.ndarray:
    """(K,) class indices, most web examples first; all charts of a plan share it."""
    examples = sum((one.counts for one in plan.sources), np.zeros(len(target), np.int64))
    return np.lexsort((-target, -examples))


def distribution_figure(
    plan: DrawPlan, target: np.ndarray, names: Sequence[str], colours: Mapping[str, str]
) -> go.Figure:
    """For every source the share of each class: bars, what there is; line, what is drawn; dots, the labelled clips."""
    titles = [f"{one.source}: {one.num_examples:,} examples" for one in plan.sources]
    figure = _columns(plan, titles)
    for column, one in enumerate(plan.sources, start=1):
        order = _order_of(one, plan, target)
        colour, first = colours.get(one.source, TARGET), column == 1
        # by place, since two classes may have names that look alike
        shared = {"customdata": [shown_name(names[index]) for index in order], "x": list(range(len(order)))}
        figure.add_bar(
            **shared,
            y=100 * one.counts[order] / one.num_examples,
            name="examples that there are",
            marker={"color": colour, "opacity": 0.38},
            legendgroup="there",
            showlegend=first,
            hovertemplate="%{customdata}: %{y:.2f} % of the examples<extra></extra>",
            row=1,
            col=column,
        )
        figure.add_scatter(
            **shared,
            y=100 * one.probabilities[order],
            name="drawn in training",
            mode="lines+markers" if len(order) <= MOST_NAMES else "lines",
            line={"color": colour, "width": 2, "shape": "hvh"},
            marker={"size": 5},
            legendgroup="drawn",
            showlegend=first,
            hovertemplate="%{customdata}: %{y:.2f} % of the draws<extra></extra>",
            row=1,
            col=column,
        )
        figure.add_scatter(
            **shared,
            y=100 * target[order] / target.sum(),
            name="labelled clips",
            mode="lines",
            line={"color": TARGET, "width": 1.5, "dash": "dot", "shape": "hvh"},
            legendgroup="target",
            showlegend=first,
            hovertemplate="%{customdata}: %{y:.2f} % of the labelled clips<extra></extra>",
            row=1,
            col=column,
        )
    _class_axis(figure, plan, target, names)
    figure.update_layout(bargap=0.2 if len(names) <= MOST_NAMES else 0)
    figure.update_yaxes(rangemode="tozero", ticksuffix=" %")
    figure.update_yaxes(title="share of the source", col=1)
    return figure


def reads_figure(plan: DrawPlan, target: np.ndarray, names: Sequence[str], colours: Mapping[str, str]) -> go.Figure:
    """For every source the times that an epoch reads one example of each class, beside once for a labelled clip."""
    figure = _columns(plan, [f"{one.source}: {one.mean_reads:.3g} reads on average" for one in plan.sources])
    for column, one in enumerate(plan.sources, start=1):
        order = _order_of(one, plan, target)
        labels = [shown_name(names[index]) for index in order]
        reads = one.reads[order]
        too_often = reads > MOST_READS
        figure.add_scatter(
            x=list(range(len(order))),
            y=reads,
            customdata=list(zip(labels, one.counts[order].tolist(), (reads * plan.epochs).tolist())),
            mode="markers",
            marker={
                "color": colours.get(one.source, TARGET),
                "size": 8 if len(order) <= MOST_NAMES else 5,
                "symbol": np.where(too_often, "diamond", "circle").tolist(),
            },
            showlegend=False,
            hovertemplate="%{customdata[0]}: each of %{customdata[1]} examples is read %{y:.3g} times an epoch,"
            " %{customdata[2]:.4g} times in the run<extra></extra>",
            row=1,
            col=column,
        )
    figure.add_hline(MOST_READS, line={"color": TARGET, "width": 1.5, "dash": "dot"})
    _class_axis(figure, plan, target, names)
    low, high = _decades(plan.sources)
    figure.update_yaxes(type="log", range=[low, high], dtick=1, exponentformat="none")
    figure.update_yaxes(title="reads per example and epoch", col=1)
    return figure


def _columns(plan: DrawPlan, titles: list[str]) -> go.Figure:
    figure = make_subplots(
        rows=1, cols=max(len(plan.sources), 1), shared_yaxes=True, subplot_titles=titles, horizontal_spacing=0.03
    )
    figure.update_annotations(font={"size": 13})
    figure.update_layout(
        height=330,
        margin=_MARGIN,
        **ON_ANY_PAGE,
        legend={"orientation": "h", "y": 1.14, "yanchor": "bottom", "x": 0},
    )
    return figure


def _order_of(one: SourceDraws, plan: DrawPlan, target: np.ndarray) -> np.ndarray:
    """A few classes stand in one order in all charts; of many, every source shows its own long tail (Fig. 3)."""
    return class_order(plan, target) if len(target) <= MOST_NAMES else np.argsort(-one.counts, kind="stable")


def _class_axis(figure: go.Figure, plan: DrawPlan, target: np.ndarray, names: Sequence[str]) -> None:
    if len(names) <= MOST_NAMES and len(names) * len(plan.sources) <= MOST_LABELS:
        labels = [shown_name(names[index]) for index in class_order(plan, target)]
        figure.update_xaxes(tickvals=list(range(len(labels))), ticktext=labels, tickangle=-60)
    else:
        figure.update_xaxes(title=f"{len(names)} classes, those with most examples first", showticklabels=False)
    figure.update_xaxes(showgrid=False, zeroline=False)


def _decades(sources: Sequence[SourceDraws]) -> tuple[float, float]:
    """Ends of a log axis that shows every class and the labelled clips."""
    reads = np.concatenate([one.reads[one.reads > 0] for one in sources] + [np.array([MOST_READS])])
    return float(np.floor(np.log10(reads.min()) - 0.1)), float(np.ceil(np.log10(reads.max()) + 0.1))
