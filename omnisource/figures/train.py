"""Figures of training runs: losses and accuracies per source, learning rate, time per update (paper 3.6)."""

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go

from omnisource.figures.look import ON_ANY_PAGE
from omnisource.palette import TARGET
from omnisource.pipeline.curves import Curves

DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
"""One per run; its sources keep their colours."""
MOST_RUNS = len(DASHES)
"""Runs that one chart can tell apart."""
_WAITING = "#e07b1a"


def loss_figure(runs: Mapping[str, Curves], colours: Mapping[str, str], *, width: int = 1) -> go.Figure:
    """Cross-entropy of each source over updates; `width`: points of the running mean."""
    figure = _per_source(runs, colours, "loss/", scale=1.0, width=width)
    figure.update_yaxes(title="cross-entropy of an example", rangemode="tozero")
    return _finished(figure, runs)


def accuracy_figure(runs: Mapping[str, Curves], colours: Mapping[str, str], *, width: int = 1) -> go.Figure:
    """Top-1 of each source's training batches over updates, and of the validations."""
    figure = _per_source(runs, colours, "top1/", scale=100.0, width=width)
    for dash, (run, curves) in zip(DASHES, runs.items()):
        if "top1" in curves.validations:
            updates, values = curves.validations["top1"]
            figure.add_scatter(
                x=updates,
                y=100 * values,
                name="validation clips",
                legendgroup="validation",
                mode="lines+markers",
                line={"color": TARGET, "dash": dash, "width": 1.5},
                marker={"symbol": "diamond-open", "size": 9},
                showlegend=not any(trace.name == "validation clips" for trace in figure.data),
                hovertemplate=f"{run}, validation: %{{y:.2f}} %<extra></extra>",
            )
    figure.update_yaxes(title="top-1 of a batch", range=[0, 101], ticksuffix=" %")
    return _finished(figure, runs)


def rate_figure(runs: Mapping[str, Curves]) -> go.Figure:
    """Learning rate over updates."""
    figure = go.Figure()
    for dash, (run, curves) in zip(DASHES, runs.items()):
        _line(figure, run, curves.update, curves.values.get("lr"), colour=TARGET, dash=dash, unit="")
    figure.update_yaxes(title="learning rate", rangemode="tozero", exponentformat="power")
    return _finished(figure, runs, shows_sources=False)


def pace_figure(runs: Mapping[str, Curves], *, width: int = 1) -> go.Figure:
    """Seconds of an update over updates, and how many of them it waited for data."""
    figure = go.Figure()
    names = {"seconds": ("whole update", TARGET), "data_seconds": ("waiting for data", _WAITING)}
    for dash, (run, curves) in zip(DASHES, runs.items()):
        for column, (name, colour) in names.items():
            values = curves.values.get(column)
            smooth = None if values is None else running_mean(values, width)
            _line(figure, f"{run}, {name}", curves.update, smooth, colour=colour, dash=dash, unit=" s", group=name)
    _legend_of(figure, {name: colour for name, colour in names.values()})
    figure.update_yaxes(title="seconds an update", rangemode="tozero")
    highest = [np.nanquantile(curves.values["seconds"], 0.98) for curves in runs.values() if len(curves.update)]
    if highest:
        figure.update_yaxes(range=[0, 1.4 * max(highest)])  # the first update starts the loader and would hide the rest
    return _finished(figure, runs)


def running_mean(values: np.ndarray, width: int) -> np.ndarray:
    """Mean of each value (N,) and its neighbours, `width` in all; NaN is left out, and stays where all are NaN."""
    if width <= 1 or len(values) < 2:
        return values
    is_known = ~np.isnan(values)
    kernel = np.ones(min(width | 1, 2 * len(values) - 1))
    sums = np.convolve(np.where(is_known, values, 0.0), kernel, "full")
    counts = np.convolve(is_known.astype(np.float64), kernel, "full")
    half = len(kernel) // 2
    inner = slice(half, half + len(values))
    return np.where(is_known, sums[inner] / np.maximum(counts[inner], 1), np.nan)


def in_words(runs: Mapping[str, Curves], prefix: str, what: str) -> str:
    """A chart's content for who cannot see it: the newest value of each source of each run."""
    sentences = []
    for run, curves in runs.items():
        found = {source: curves.values[prefix + source] for source in curves.sources(prefix)}
        finite = {source: values[~np.isnan(values)] for source, values in found.items()}
        known = [f"{source} {values[-1]:.3g}" for source, values in finite.items() if len(values)]
        update = f"{curves.update[-1]:.0f}" if len(curves.update) else "no"
        sentences.append(f"{run} after {update} updates: {', '.join(known) or 'nothing yet'}")
    return f"{what}. " + ". ".join(sentences)


def _per_source(
    runs: Mapping[str, Curves], colours: Mapping[str, str], prefix: str, *, scale: float, width: int
) -> go.Figure:
    figure = go.Figure()
    shown: dict[str, str] = {}
    for dash, (run, curves) in zip(DASHES, runs.items()):
        for source in curves.sources(prefix):
            colour = colours.get(source, TARGET)
            shown[source] = colour
            values = scale * curves.values[prefix + source]
            if width > 1 and len(runs) == 1:
                figure.add_scatter(
                    x=curves.update,
                    y=values,
                    mode="lines",
                    line={"color": colour, "width": 1},
                    opacity=0.22,
                    legendgroup=source,
                    showlegend=False,
                    hoverinfo="skip",
                )
            smooth = running_mean(values, width)
            unit = " %" if scale == 100 else ""
            name = f"{run}, {source}" if len(runs) > 1 else source
            _line(figure, name, curves.update, smooth, colour=colour, dash=dash, unit=unit, group=source)
    _legend_of(figure, shown)
    return figure


def _line(
    figure: go.Figure,
    name: str,
    x: np.ndarray,
    y: np.ndarray | None,
    *,
    colour: str,
    dash: str,
    unit: str,
    group: str | None = None,
) -> None:
    if y is None:
        return
    figure.add_scatter(
        x=x,
        y=y,
        mode="lines" if len(x) > 1 else "markers",
        line={"color": colour, "dash": dash, "width": 2},
        legendgroup=group or name,
        showlegend=False,
        connectgaps=True,
        hovertemplate=f"{name}: %{{y:.4g}}{unit}<extra></extra>",
    )


def _legend_of(figure: go.Figure, colours: Mapping[str, str]) -> None:
    """One entry per source, whatever the number of runs; a click on it hides the source in all of them."""
    for name, colour in colours.items():
        line = {"color": colour, "width": 3}
        figure.add_scatter(x=[None], y=[None], mode="lines", line=line, name=name, legendgroup=name, hoverinfo="skip")


def _finished(figure: go.Figure, runs: Mapping[str, Curves], *, shows_sources: bool = True) -> go.Figure:
    if len(runs) > 1:
        for dash, run in zip(DASHES, runs):
            line = {"color": "#8b94a3", "dash": dash, "width": 2}
            figure.add_scatter(x=[None], y=[None], mode="lines", line=line, name=run, legendgroup=f"run {run}")
    figure.update_layout(
        height=300,
        margin={"l": 10, "r": 10, "t": 30, "b": 10},
        **ON_ANY_PAGE,
        hovermode="x unified",
        uirevision="kept",  # zoom and hidden sources survive new points
        showlegend=shows_sources or len(runs) > 1,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "traceorder": "normal"},
    )
    figure.update_xaxes(title="updates", rangemode="tozero")
    return figure
