"""Figures of collecting: what each query gave in each date window (paper 3.3)."""

from collections.abc import Sequence
from html import escape
from typing import Literal

import plotly.graph_objects as go

from omnisource.figures.look import ON_ANY_PAGE
from omnisource.pipeline.yields import CellYield, by_top_window, top_windows

Measure = Literal["returned", "new", "fetched", "valid", "confident", "kept", "kept_share"]

_ROW_PX = 22
_MARGIN_PX = 90
_SCALE = [[0, "#e3edf8"], [1, "#1d5aa0"]]  # opaque, so that numbers are written in what can be read on it


def yield_figure(cells: Sequence[CellYield], measure: Measure, *, title: str) -> go.Figure:
    """Cells of one source -> a map of query x date window; a window that was split counts with its halves."""
    added = by_top_window(cells)
    windows = top_windows(cells)
    rows = list(dict.fromkeys((one.class_index, one.query) for one in added))
    values: dict[tuple[object, object, object], float | None] = {
        (one.class_index, one.query, (one.published_after, one.published_before)): getattr(one, measure)
        for one in added
    }
    shares = measure == "kept_share"
    shown = "%{z:.0%}" if shares else "%{z:,}"
    figure = go.Figure(
        go.Heatmap(
            z=[[values.get((*row, window)) for window in windows] for row in rows],
            x=[_window(*window) for window in windows],
            y=[escape(str(query), quote=False) for _, query in rows],  # Plotly knows no &quot;
            colorscale=_SCALE,
            zmin=0,
            xgap=2,
            ygap=2,
            texttemplate=shown,
            hovertemplate=f"%{{y}}, %{{x}}: {shown}<extra></extra>",
            colorbar={"title": {"text": title}, "thickness": 12, **({"tickformat": ".0%"} if shares else {})},
        )
    )
    figure.update_layout(
        height=_MARGIN_PX + _ROW_PX * max(len(rows), 3),
        margin={"l": 10, "r": 10, "t": 34, "b": 10},
        **ON_ANY_PAGE,
    )
    figure.update_xaxes(title="published", side="top", type="category", showgrid=False)
    figure.update_yaxes(title="query", autorange="reversed", type="category", showgrid=False, automargin=True)
    return figure


def _window(after: str | None, before: str | None) -> str:
    """Days of a window; a whole year is its number."""
    if after is None and before is None:
        return "any time"
    if after and before and after.endswith("-01-01") and before == f"{int(after[:4]) + 1}-01-01":
        return after[:4]
    return f"{after or ''} to<br>{before or ''}"
