"""Collect: the sources, what each of them yielded, class by class, what failed and why; and more web data."""

import shlex
from collections.abc import Sequence

import streamlit as st

from app import collect_plan, collect_yields, jobs_panel, overview_words, query_table, shared, step_samples, story
from app.browse_words import link
from app.funnel_panel import failures_of, funnel_panel, go_where_asked, yields_of
from app.search_form import search_form
from app.source_form import released_form, source_form
from omnisource.browsing import applied_recipes
from omnisource.catalog import Catalog
from omnisource.errors import OmniSourceError
from omnisource.filters import Stage
from omnisource.pipeline import overview, progress
from omnisource.pipeline.overview import Reached
from omnisource.workspace import Workspace

NUM_FAILURES = 12  # at first
VIEWS = ("Sources", "Queries and tags", "Search")
"""The two others are for sources that are searched."""

workspace = shared.open_workspace()
here = {"workspace": str(workspace.root)}


@st.cache_data(max_entries=64, show_spinner=False)
def classes_of(
    root: str, version: str, source: str, recipe: str | None, _workspace: Workspace, _catalog: Catalog
) -> list[overview.ClassYield]:
    return overview.class_yields(_workspace, _catalog, source, recipe)


def add_more() -> None:
    """The forms, and the button that reads all folders again."""
    with st.popover("Add web data", icon=":material/create_new_folder:", key="collect_add", width="content"):
        own, searched, given = st.tabs(["A folder", "A search", "The released Mini-Kinetics data"])
        with own:
            source_form(workspace)
        with searched:
            search_form(workspace)
        with given:
            released_form(workspace)


def read_again() -> None:
    arguments = ["run", "-w", str(workspace.root), "--from", "add", "--to", "check"]
    jobs_panel.start(workspace.root, arguments, title="Read the folders again", needs_device=False)


def sources_panel(sources: Sequence[overview.SourceYield], recipe: str | None) -> None:
    """Every source with its folder, and how far its items came."""
    notes = {}
    engines = {one.name: one.search.engine for one in workspace.study().searched if one.search is not None}
    for one in sources:
        gone = "the study no longer names it"
        where = f"searched by {engines[one.source]}" if one.source in engines else str(one.folder or gone)
        notes[one.source] = f"{overview_words.FORMATS[one.format]}, {where}"
    funnel_panel(workspace, sources, recipe, key="collect_funnel", notes=notes)
    for one in sources:
        if one.folder is not None and not one.is_there:
            gone = f"The folder of {shared.plain(one.source)} is not there now: {shared.plain(str(one.folder))}"
            st.warning(gone, icon=":material/folder_off:")


def classes_panel(sources: Sequence[overview.SourceYield], recipe: str | None, version: str) -> None:
    """What the queries of one source gave, class by class."""
    names = [one.source for one in sources if one.counts[Reached.FOUND]]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.subheader("Yield of each class", anchor=False, width="content")
        st.space("stretch")
        source = st.selectbox("Source", names, key="collect_source", bind="query-params", width=200)
        shared.copy_as(
            command=f"omnisource items -f {shlex.quote(f'source={source}')} --json {shared.shell_quoted(workspace)}",
            cell=classes_cell(source, recipe),
            key="collect_copy_classes",
        )
    found = classes_of(str(workspace.root), version, source, recipe, workspace, shared.catalog(workspace))
    taxonomy = workspace.taxonomy().names
    rows = [
        {
            "class": "not known" if one.class_index is None else taxonomy[one.class_index],
            "found": one.found,
            "valid": one.valid,
            "kept": one.kept,
            "share": None if one.kept_share is None else 100 * one.kept_share,
        }
        for one in found
    ]
    chosen = st.dataframe(
        rows,
        hide_index=True,
        key=f"collect_classes_{source}",
        alt=f"Items of {source} by the class that was searched for",
        height=shared.table_height(len(rows)),
        placeholder="",
        on_select="rerun",
        selection_mode="single-row",
        column_config={
            "class": st.column_config.TextColumn("Searched for", width="medium"),
            "found": st.column_config.NumberColumn("Found", format="localized", width="small"),
            "valid": st.column_config.NumberColumn("Valid", format="localized", width="small"),
            "kept": st.column_config.NumberColumn(
                "In the recipe", format="localized", width="small", help="Whatever label the recipe gives them."
            ),
            "share": st.column_config.ProgressColumn("Of what was found", format="%.1f%%", min_value=0, max_value=100),
        },
        column_order=("class", "found", "valid", *(("kept", "share") if recipe else ())),
    )
    class_links(found, chosen.selection.rows, source, recipe)


def class_links(found: Sequence[overview.ClassYield], rows: Sequence[int], source: str, recipe: str | None) -> None:
    """The items behind the row that was chosen."""
    if not rows or rows[0] >= len(found) or found[rows[0]].class_index is None:
        st.caption("The class with the least yield comes first. Choose a row to see its items.")
        return
    one = found[rows[0]]
    name = workspace.taxonomy().names[one.class_index]
    with st.container(horizontal=True):
        shown = [(Stage.FOUND, one.found, "found"), (Stage.VALID, one.valid, "valid")]
        shown += [] if one.kept is None else [(Stage.KEPT, one.kept, "in the recipe")]
        for stage, count, word in shown:
            query = link(stage=stage, source=source, query=name, recipe=recipe if stage is Stage.KEPT else None)
            label = f"**{count:,}** {word}: {shared.plain(name)}"
            st.page_link("views/browse.py", label=label, icon=":material/grid_view:", query_params=here | query)


def classes_cell(source: str, recipe: str | None) -> str:
    return f"""from pathlib import Path

from omnisource.catalog import Catalog
from omnisource.pipeline.overview import class_yields
from omnisource.workspace import Workspace

workspace = Workspace(Path({str(workspace.root)!r}))
class_yields(workspace, Catalog(workspace), {source!r}, {recipe!r})"""


def failures_panel(version: str) -> None:
    """What was left out, by reason and source, with an example of each and the items behind it."""
    found = failures_of(str(workspace.root), version, workspace, shared.catalog(workspace))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.subheader("Failures", anchor=False, width="content")
        st.space("stretch")
        shared.copy_as(
            command=f"omnisource items -f stage=dropped --json {shared.shell_quoted(workspace)}",
            cell=failures_cell(),
            key="collect_copy_failures",
        )
    if not found:
        st.caption("Nothing was left out so far.")
        return
    shown = found if st.session_state.get("collect_all_failures") else found[:NUM_FAILURES]
    for one in shown:
        what, of, example = st.columns([3, 2, 7], vertical_alignment="center")
        query = link(stage=Stage.DROPPED, reason=(one.table, one.reason), source=one.browse_source)
        label = f"**{one.count:,}** {shared.plain(one.reason.replace('_', ' '))}"
        what.page_link("views/browse.py", label=label, icon=":material/block:", query_params=here | query)
        of.badge(shared.plain(one.source or "source unknown"), color="gray")
        example.caption(shared.plain(f"{one.table}: {one.example}"))
    if len(found) > NUM_FAILURES:
        st.toggle(f"All {len(found)} reasons", key="collect_all_failures")


def failures_cell() -> str:
    return f"""from pathlib import Path

from omnisource.catalog import Catalog
from omnisource.pipeline.failures import failures
from omnisource.workspace import Workspace

workspace = Workspace(Path({str(workspace.root)!r}))
failures(workspace, Catalog(workspace))"""


def page() -> None:
    version = progress.progress_version(workspace)
    names = applied_recipes(workspace)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        recipe = None
        if names:
            recipe = st.selectbox("Recipe", names, key="collect_recipe", bind="query-params", width=200)
        add_more()
        button = {"icon": ":material/refresh:", "key": "collect_again", "disabled": not workspace.study().sources}
        st.button("Read the folders again", on_click=read_again, help="New files are added and checked.", **button)
    view = VIEWS[0]
    if workspace.study().searched:
        view = st.segmented_control(
            "View", VIEWS, default=None if "collect_view" in st.session_state else VIEWS[0], required=True,
            key="collect_view", bind="query-params", label_visibility="collapsed", wrap=False,
        )  # fmt: skip
    jobs_panel.jobs_panel(workspace.root, version=lambda: progress.progress_version(workspace))
    if view == "Queries and tags":
        query_table.queries_panel(workspace)
    elif view == "Search":
        search_view(version, recipe)
    else:
        sources_view(version, recipe)


def search_view(version: str, recipe: str | None) -> None:
    """What is searched and how far it is, what it gave, and what was refused."""
    collect_plan.plan_panel(workspace, version)
    collect_plan.counts_panel(workspace, version)
    collect_yields.yield_panel(workspace, version, recipe)
    collect_yields.refusals_panel(workspace, version)


def sources_view(version: str, recipe: str | None) -> None:
    """Every source with what became of its items, class by class, and what was left out."""
    sources = yields_of(str(workspace.root), version, recipe, workspace, shared.catalog(workspace))
    if not sources:
        shared.empty("No source yet", "Add a folder of web data, sorted by class.", icon="travel_explore")
        return
    sources_panel(sources, recipe)
    if any(one.counts[Reached.FOUND] for one in sources):
        classes_panel(sources, recipe, version)
    failures_panel(version)
    go_where_asked()
    if story.is_asked_for():
        story.show(workspace, on_step=None, on_close=story.close)
    elif step_samples.is_asked_for():
        step_samples.show(workspace)


st.title("Collect")
st.caption("Where the web data comes from, what each source and class yielded, and what failed.")
try:
    page()
except OmniSourceError as error:
    st.error(shared.plain(str(error)), icon=":material/error:")
