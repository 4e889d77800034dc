"""The search of the web: what it would ask, its start, and how far it is (paper 3.3)."""

import shlex

import streamlit as st

from app import jobs_panel, overview_words, shared
from omnisource.catalog import Catalog
from omnisource.pipeline import queries
from omnisource.pipeline.fetch_outcomes import Outcome, SearchCounts, fetch_outcomes, search_counts
from omnisource.pipeline.plan_preview import SourcePlan, preview
from omnisource.workspace import Workspace

_STEPS = {"Search and download": None, "Only search": "search", "Only download": "fetch"}


@st.cache_data(max_entries=64, show_spinner=False)
def _plan_of(root: str, version: str, _workspace: Workspace) -> list[SourcePlan]:
    return preview(_workspace)


@st.cache_data(max_entries=64, show_spinner=False)
def counts_of(
    root: str, version: str, _workspace: Workspace, _catalog: Catalog
) -> tuple[list[SearchCounts], list[Outcome]]:
    return search_counts(_workspace, _catalog), fetch_outcomes(_workspace, _catalog)


def plan_panel(workspace: Workspace, version: str) -> None:
    """Every searched source with its cells and budget, and the buttons that start the search."""
    plans = _plan_of(str(workspace.root), version, workspace)
    is_accepted = queries.current(workspace).accepted is not None
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.subheader("Plan", anchor=False, width="content")
        st.space("stretch")
        step = st.selectbox("Step", list(_STEPS), key="plan_step", label_visibility="collapsed", width=200)
        start = {"icon": ":material/travel_explore:", "type": "primary", "key": "plan_start"}
        st.button("Start", disabled=not is_accepted, on_click=_start, args=(workspace, step), **start)
        shared.copy_as(
            command=shlex.join(_command(workspace, step)), cell=_start_cell(workspace, step), key="plan_copy"
        )
    if not is_accepted:
        st.caption(":material/pending: Nothing is searched before the queries are accepted: see Queries and tags.")
    st.dataframe(
        [
            {
                "source": one.source,
                "what": f"{overview_words.FORMATS[one.format]} by {one.engine}",
                "texts": f"{one.num_texts} {'queries' if one.text_kind == 'query' else 'tags'}"
                + (f" in {one.num_windows} windows" if one.num_windows > 1 else ""),
                "asked": one.num_asked,
                "waiting": one.num_waiting,
                "requests": one.requests,
                "budget": one.max_requests,
                "share": one.requests / one.max_requests,
            }
            for one in plans
        ],
        hide_index=True,
        alt="Cells and requests of every searched source",
        column_config={
            "source": st.column_config.TextColumn("Source", width=100),
            "what": st.column_config.TextColumn("Gives", width=130),
            "texts": st.column_config.TextColumn("Searches", width=150),
            "asked": st.column_config.NumberColumn(
                "Asked", format="localized", width=65, help="Cells: a cell is one text in one date window."
            ),
            "waiting": st.column_config.NumberColumn(
                "Waiting",
                format="localized",
                width=70,
                help="Cells to be asked; a window that hits the engine's cap adds its two halves.",
            ),
            "requests": st.column_config.NumberColumn(
                "Requests", format="localized", width=75, help="Result pages asked for."
            ),
            "budget": st.column_config.NumberColumn(
                "At most", format="localized", width=70, help="max_requests of the source."
            ),
            "share": st.column_config.ProgressColumn(
                "Budget spent", format="percent", min_value=0, max_value=1, width=130
            ),
        },
    )


def counts_panel(workspace: Workspace, version: str) -> None:
    """How far the search and the downloads are; drawn anew while a job writes."""
    searched, fetched = counts_of(str(workspace.root), version, workspace, shared.catalog(workspace))
    if not searched and not fetched:
        return
    got = sum(one.addresses for one in fetched if one.reason == "ok")
    numbers = {
        "Cells asked": sum(one.cells for one in searched),
        "Addresses found": sum(one.candidates for one in searched),
        "Downloaded": got,
        "Not to be had": sum(one.addresses for one in fetched if one.reason != "ok" and not one.may_retry),
        "To be tried again": sum(one.addresses for one in fetched if one.reason != "ok" and one.may_retry),
    }
    for place, (name, count) in zip(st.columns(len(numbers)), numbers.items()):
        place.metric(name, f"{count:,}", border=True)


def _start(workspace: Workspace, step: str) -> None:
    jobs_panel.start(workspace.root, _command(workspace, step)[1:], title=step, needs_device=False)


def _command(workspace: Workspace, step: str) -> list[str]:
    only = _STEPS[step]
    return ["omnisource", "collect", "-w", str(workspace.root), *(["--only", only] if only else [])]


def _start_cell(workspace: Workspace, step: str) -> str:
    only = _STEPS[step]
    calls = {"search": "searching.search(workspace)", "fetch": "fetching.fetch(workspace)"}
    asked = "\n".join(call for name, call in calls.items() if only in (None, name))
    return f"""from pathlib import Path

from omnisource.pipeline import fetching, searching
from omnisource.workspace import Workspace

workspace = Workspace(Path({str(workspace.root)!r}))
{asked}"""
