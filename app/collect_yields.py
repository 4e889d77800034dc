"""What the search of the web gave: each query and window with its items, and the addresses that gave nothing (3.3)."""

import shlex
from collections.abc import Sequence

import streamlit as st

from app import shared
from app.browse_words import link
from app.collect_plan import counts_of
from omnisource.catalog import Catalog
from omnisource.figures.collect import Measure, yield_figure
from omnisource.filters import Stage
from omnisource.pipeline.yields import CellYield, by_query, cell_yields, top_windows
from omnisource.workspace import Workspace

MEASURES: dict[Measure, str] = {
    "new": "New",
    "fetched": "Fetched",
    "valid": "Valid",
    "confident": "Teacher is sure",
    "kept": "In the recipe",
    "kept_share": "Share kept",
}


@st.cache_data(max_entries=64, show_spinner=False)
def _yields_of(
    root: str, version: str, recipe: str | None, _workspace: Workspace, _catalog: Catalog
) -> list[CellYield]:
    return cell_yields(_workspace, _catalog, recipe)


def yield_panel(workspace: Workspace, version: str, recipe: str | None) -> None:
    """Query x date window of one source, and each query with its items."""
    cells = _yields_of(str(workspace.root), version, recipe, workspace, shared.catalog(workspace))
    if not cells:
        shared.empty("Nothing has been searched yet", "The yield of each query and window appears here.", icon="search")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.subheader("Yield", anchor=False, width="content")
        st.space("stretch")
        there = {one.source for one in cells}
        sources = [one.name for one in workspace.study().sources if one.name in there] or sorted(there)
        source = st.selectbox("Source", sources, key="yield_source", bind="query-params", width=180)
        measure = st.selectbox(
            "Count",
            list(MEASURES),
            format_func=MEASURES.get,
            key="yield_measure",
            bind="query-params",
            width=170,
            help="A result counts for the cell that found it first.",
        )
        shared.copy_as(
            command=f"omnisource queries --yield {shared.shell_quoted(workspace)}"
            + (f" -r {shlex.quote(recipe)}" if recipe else ""),
            cell=_yield_cell(workspace, recipe),
            key="yield_copy",
        )
    of_source = [one for one in cells if one.source == source]
    if len(top_windows(of_source)) > 1:
        figure = yield_figure(of_source, measure, title=MEASURES[measure])
        with st.container(height=min(figure.layout.height + 20, 520), border=False):
            st.plotly_chart(figure, key=f"yield_{source}_{measure}", config={"displayModeBar": False})
    _queries_table(workspace, of_source, source)


def _queries_table(workspace: Workspace, cells: Sequence[CellYield], source: str) -> None:
    names = workspace.taxonomy().names
    queried = by_query(cells)
    rows = [
        {
            "query": one.query,
            "class": "" if one.class_index is None else names[one.class_index],
            "returned": one.returned,
            "new": one.new,
            "fetched": one.fetched,
            "valid": one.valid,
            "confident": one.confident,
            "kept": one.kept,
            "share": one.kept_share,
        }
        for one in queried
    ]
    number = {"format": "localized", "width": 58}
    chosen = st.dataframe(
        rows,
        hide_index=True,
        key=f"yield_rows_{source}",
        alt=f"What each query of {source} gave",
        height=shared.table_height(len(rows)),
        on_select="rerun",
        selection_mode="single-row",
        column_config={
            "query": st.column_config.TextColumn("Searched", width=130),
            "class": st.column_config.TextColumn("Class", width=120),
            "returned": st.column_config.NumberColumn("Returned", format="localized", width=72),
            "new": st.column_config.NumberColumn("New", **number),
            "fetched": st.column_config.NumberColumn("Fetched", **number),
            "valid": st.column_config.NumberColumn("Valid", **number),
            "confident": st.column_config.NumberColumn(
                "Sure", help="The recipe's teacher is, by its threshold.", **number
            ),
            "kept": st.column_config.NumberColumn("Kept", help="In the recipe.", **number),
            "share": st.column_config.ProgressColumn(
                "Of the new", format="percent", min_value=0, max_value=1, width=140
            ),
        },
    )
    picked = [queried[row] for row in chosen.selection.rows if row < len(queried)]
    if not picked or picked[0].class_index is None:
        st.caption("Choose a row to see what was found for its class.")
        return
    name = names[picked[0].class_index]
    query = {"workspace": str(workspace.root)} | link(stage=Stage.FOUND, source=source, query=name)
    label = f"What {shared.plain(source)} has for {shared.plain(name)}"
    st.page_link("views/browse.py", label=label, icon=":material/grid_view:", query_params=query)


def refusals_panel(workspace: Workspace, version: str) -> None:
    """Addresses that gave nothing, by host and reason."""
    _, fetched = counts_of(str(workspace.root), version, workspace, shared.catalog(workspace))
    failed = [one for one in fetched if one.reason != "ok"]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.subheader("Downloads that failed, by host and reason", anchor=False, width="content")
        st.space("stretch")
        command = f"omnisource collect --only fetch --json {shared.shell_quoted(workspace)}"
        shared.copy_as(command=command, cell=_refusals_cell(workspace), key="refusals_copy")
    if not failed:
        st.caption("Every address that was tried gave something." if fetched else "Nothing was downloaded yet.")
        return
    st.dataframe(
        [
            {
                "host": one.host,
                "reason": one.reason.replace("_", " "),
                "source": one.source,
                "addresses": one.addresses,
                "attempts": one.attempts,
                "retry": one.may_retry,
                "example": one.example,
            }
            for one in failed
        ],
        hide_index=True,
        alt="Failed downloads by host and reason",
        height=shared.table_height(len(failed)),
        column_config={
            "host": st.column_config.TextColumn("Host", width=150),
            "reason": st.column_config.TextColumn("Reason", width=130),
            "source": st.column_config.TextColumn("Source", width=100),
            "addresses": st.column_config.NumberColumn("Addresses", format="localized", width=80),
            "attempts": st.column_config.NumberColumn("Attempts", format="localized", width=80),
            "retry": st.column_config.CheckboxColumn("Again", width=60, help="Tried again by the next run."),
            "example": st.column_config.TextColumn("For example", width="large"),
        },
    )


def _yield_cell(workspace: Workspace, recipe: str | None) -> str:
    return f"""from pathlib import Path

from omnisource.catalog import Catalog
from omnisource.pipeline.yields import cell_yields
from omnisource.workspace import Workspace

workspace = Workspace(Path({str(workspace.root)!r}))
cell_yields(workspace, Catalog(workspace), {recipe!r})"""


def _refusals_cell(workspace: Workspace) -> str:
    return f"""from pathlib import Path

from omnisource.catalog import Catalog
from omnisource.pipeline.fetch_outcomes import fetch_outcomes
from omnisource.workspace import Workspace

workspace = Workspace(Path({str(workspace.root)!r}))
fetch_outcomes(workspace, Catalog(workspace))"""
