"""What became of the sources' items, on the overview and on Collect: a funnel whose numbers lead to them."""

from collections.abc import Mapping, Sequence

import streamlit as st

from app import overview_words, shared, step_samples
from app.components.funnel import Cell, Column, Row, funnel, opened
from omnisource.catalog import Catalog
from omnisource.pipeline import overview
from omnisource.pipeline.failures import Failure, failures
from omnisource.pipeline.overview import Reached, SourceYield
from omnisource.workspace import Workspace

Lead = tuple[str, dict[str, str]]
"""A page, and what its link says."""


@st.cache_data(max_entries=64, show_spinner=False)
def yields_of(
    root: str, version: str, recipe: str | None, _workspace: Workspace, _catalog: Catalog
) -> list[SourceYield]:
    """The sources as they are, counted once for each state of the workspace."""
    return overview.yields(_workspace, _catalog, recipe)


@st.cache_data(max_entries=64, show_spinner=False)
def failures_of(root: str, version: str, _workspace: Workspace, _catalog: Catalog) -> list[Failure]:
    """What was left out, counted once for each state of the workspace."""
    return failures(_workspace, _catalog)


def funnel_panel(
    workspace: Workspace, sources: Sequence[SourceYield], recipe: str | None, *, key: str, notes: Mapping[str, str]
) -> None:
    """Draw it, one row per source and one for all; `notes`: what stands below the name of each source."""
    steps, colours = overview.shown_steps(sources), shared.source_colours(workspace)
    rows, leads = [], []
    for one in sources:
        leads.append([overview_words.destination(workspace, step, one.source, recipe, one.teacher) for step in steps])
        cells = _cells(one.counts, steps, leads[-1])
        rows.append(Row(name=one.source, note=notes[one.source], colour=colours.get(one.source, ""), cells=cells))
    if len(sources) > 1:
        teacher = overview.only_teacher(sources)
        leads.append([overview_words.destination(workspace, step, None, recipe, teacher) for step in steps])
        cells = _cells(overview.total(sources), steps, leads[-1])
        rows.append(Row(name="All sources", note="", colour="", cells=cells))
    columns = [Column(title=overview_words.STEPS[step][0], hint=overview_words.STEPS[step][1]) for step in steps]
    alt = "Items of every source after each step"
    funnel(columns, rows, key=key, alt=alt, on_open=lambda: _ask(key, leads))
    if recipe is None:
        st.caption("The steps of a recipe appear here once one has been applied.")


def go_where_asked() -> None:
    """What a click on a number asked for: another page, or a dialog over this one."""
    if "funnel_go" not in st.session_state:
        return
    page, query = st.session_state.pop("funnel_go")
    if page == "browse":
        st.switch_page("views/browse.py", query_params=query)
    step_samples.ask_for(query[overview_words.LOOK])


def _cells(counts: Mapping[Reached, int | None], steps: Sequence[Reached], leads: Sequence[Lead]) -> tuple[Cell, ...]:
    losses = overview.losses(counts, steps)
    found = max(counts[Reached.FOUND] or 0, 1)
    return tuple(
        Cell(
            count=counts[step],
            share=(counts[step] or 0) / found,
            lost=losses[step],
            href=overview_words.href(*lead) if counts[step] else "",
        )
        for step, lead in zip(steps, leads)
    )


def _ask(key: str, leads: Sequence[Sequence[Lead]]) -> None:
    row, column = opened(key)
    st.session_state["funnel_go"] = leads[row][column]
