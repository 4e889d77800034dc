"""Tables of results on the page, and the files that a person takes away."""

import html
from collections.abc import Callable, Sequence

import streamlit as st

from app.result_words import TABLES
from omnisource.errors import OmniSourceError
from omnisource.pipeline.reporting import html_report
from omnisource.pipeline.result_tables import Column, ResultTable, as_csv, as_latex
from omnisource.workspace import Workspace

HIDDEN = ("top-1 low", "top-1 high", "change low", "change high")
"""What the figure beside the table shows better."""
_WORDS = ("run", "clips", "top-1", "top-5", "change", "top-5 change", "gained", "lost", "class mean", "recipe")
_WORDS += ("procedure", "network", "web examples")
"""Headings that begin with a capital on the page; others are names, or symbols."""
_FORMATS = {
    "count": "localized",
    "share": "%.1f%%",
    "change": "%+.1f",
    "score": "%.3f",
    "score_change": "%+.3f",
    "p_value": "%.2g",
}
_HELP = {
    "change": "In points of 100, against the baseline.",
    "p": "Chance of so uneven a split of gained and lost clips if neither run were better (exact McNemar test).",
    "class mean": "Accuracy of each class, averaged over the classes.",
    "mAP": "Average precision of each class, averaged over the classes.",
    "gained": "Clips that only this run has right.",
    "lost": "Clips that only the baseline has right.",
}


def show_table(table: ResultTable, *, key: str, on_choose: Callable[[], None] | None = None) -> None:
    """A table whose columns sort as numbers; `on_choose` is called when a row is chosen."""
    shown = [(place, column) for place, column in enumerate(table.columns) if column.title not in HIDDEN]
    st.dataframe(
        {f"c{place}": _values(table, place, column) for place, column in shown},
        hide_index=True,
        placeholder="",
        key=key,
        column_config={f"c{place}": _config(column) for place, column in shown},
        on_select=on_choose or "ignore",
        selection_mode="single-row",
        alt=table.caption,
    )


def export_button(
    workspace: Workspace, tables: dict[str, Callable[[], ResultTable]], *, baseline: str, runs: Sequence[str]
) -> None:
    """Tables as CSV and LaTeX, and everything as one HTML file, made when the button is pressed."""
    with st.popover("Export", icon=":material/download:", key="res_export"):
        st.caption("One HTML file with figures, clips and recipes in it")
        st.download_button(
            "HTML report",
            lambda: _report(workspace, baseline, runs),
            file_name=f"{workspace.root.name}.html",
            mime="text/html",
            icon=":material/description:",
            key="res_html",
            on_click="ignore",
            disabled=not runs,
            width="stretch",
        )
        for name, make in tables.items():
            st.caption(TABLES.get(name, name.capitalize()))
            with st.container(horizontal=True):
                for ending, write, mime in (("csv", as_csv, "text/csv"), ("tex", as_latex, "text/x-tex")):
                    st.download_button(
                        {"csv": "CSV", "tex": "LaTeX"}[ending],
                        lambda make=make, write=write: write(make()),
                        file_name=f"{name}.{ending}",
                        mime=mime,
                        key=f"res_{name}_{ending}",
                        on_click="ignore",
                        width="stretch",
                    )


def _report(workspace: Workspace, baseline: str, runs: Sequence[str]) -> str:
    try:
        return html_report(workspace, baseline, runs)
    except OmniSourceError as error:  # a run may be gone since the page was drawn
        return f"No report could be written: {html.escape(str(error))}"


def _values(table: ResultTable, place: int, column: Column) -> list[str | float | None]:
    values = [row[place] for row in table.rows]
    if column.unit != "text" and any(isinstance(value, str) for value in values):
        return [None if value is None else f"{value:,}" if isinstance(value, int) else str(value) for value in values]
    in_percent = column.unit in ("share", "change")
    return [100 * value if in_percent and value is not None else value for value in values]


def _config(column: Column):
    label = column.title.capitalize() if column.title in _WORDS else column.title
    hint = _HELP.get(column.title)
    if column.unit == "text":
        return st.column_config.TextColumn(label, help=hint)
    return st.column_config.NumberColumn(label, format=_FORMATS[column.unit], help=hint)
