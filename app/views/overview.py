"""Overview: what the web gave, what each stage did with it, what to do next; without a workspace, the beginning."""

from collections.abc import Sequence

import streamlit as st

from app import jobs_panel, overview_words, shared, step_samples, story, welcome, workspaces
from app.browse_words import link
from app.fiftyone_panel import fiftyone_panel, is_serving
from app.funnel_panel import failures_of, funnel_panel, go_where_asked, yields_of
from app.run_table import run_table
from app.source_form import released_form, source_form
from omnisource import jobs
from omnisource.browsing import applied_recipes
from omnisource.errors import OmniSourceError
from omnisource.filters import Stage
from omnisource.pipeline import overview, progress, run_watch
from omnisource.pipeline.stage_views import StageView, stage_views
from omnisource.workspace import Workspace

NUM_REASONS = 6


@st.cache_data(max_entries=64, show_spinner=False)
def stages_of(root: str, version: str, _workspace: Workspace) -> tuple[list[StageView], progress.Step]:
    found = progress.facts_of(_workspace)
    return stage_views(_workspace, found), progress.next_step(_workspace, found)


def header(workspace: Workspace) -> None:
    """What the workspace is about."""
    told = overview.project(workspace, shared.catalog(workspace))
    st.title(shared.plain(workspace.root.name))
    clips = " and ".join(f"{count:,} {split}" for split, count in sorted(told.num_clips.items()))
    facts = [
        f"{told.num_classes:,} classes with {clips} clips" if told.num_clips else "no labelled clips yet",
        f"student {told.student} ({told.student_kind})",
        f"{told.num_decisions:,} decisions of people",
    ]
    st.caption(shared.plain("; ".join(facts) + "."))


def what_next(workspace: Workspace, step: progress.Step) -> None:
    """The first thing that is left to do, as a button."""
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            if step.is_question and step.stage == "search":
                st.markdown("**Next: say what is searched.** A query and tags for each class wait for you.")
                page_link("collect", "Look through them", "manage_search", {}, workspace)
            elif step.is_question:
                st.markdown("**Next: add web data.** Folders of pictures, clips or long videos, sorted by class.")
            elif step.is_pending:
                st.markdown(f"**Next: {lowered(overview_words.STAGES[step.stage])}**", width="content")
                start_buttons(workspace, step)
            else:
                st.markdown(":green[:material/check_circle:] **Every stage is done.**", width="content")
                page_link("results", "See what the web data changed", "insights", {}, workspace)
                page_link("thresholds", "Decide anew", "tune", {}, workspace)
            st.space("stretch")
            shared.copy_as(command=command(workspace, step), cell=cell(workspace), key="overview_copy_next")
        if step.is_question and step.stage == "add":
            own, given = st.tabs(["A folder of web data", "The released Mini-Kinetics data"])
            with own:
                source_form(workspace)
            with given:
                released_form(workspace)


def start_buttons(workspace: Workspace, step: progress.Step) -> None:
    """Do the next thing, or everything that is left; one at a time."""
    is_busy = any(job.is_alive and not is_serving(job) for job in jobs.jobs(workspace.root))
    title = overview_words.STAGES[step.stage]
    why = "Something is running; it is shown below." if is_busy else None
    shown = {"disabled": is_busy, "on_click": start, "help": why}
    what = (workspace, step.arguments_for(workspace), title, step.needs_device)
    st.button(title, args=what, type="primary", icon=":material/play_arrow:", key="overview_next", **shown)
    what = (workspace, ["run", "-w", str(workspace.root)], "Run every stage", True)
    st.button("Run all that is left", args=what, icon=":material/fast_forward:", key="overview_all", **shown)


def start(workspace: Workspace, arguments: list[str], title: str, needs_device: bool) -> None:
    jobs_panel.start(workspace.root, arguments, title=title, needs_device=needs_device)


def page_link(page: str, label: str, icon: str, query: dict[str, str], workspace: Workspace) -> None:
    here = {"workspace": str(workspace.root)}
    st.page_link(f"views/{page}.py", label=label, icon=f":material/{icon}:", query_params=here | query)


def command(workspace: Workspace, step: progress.Step) -> str:
    return f"{step.command} {shared.shell_quoted(workspace)}"


def cell(workspace: Workspace) -> str:
    return f"""from pathlib import Path

from omnisource.pipeline.progress import next_step
from omnisource.pipeline.stage_views import stage_views
from omnisource.workspace import Workspace

workspace = Workspace(Path({str(workspace.root)!r}))
stage_views(workspace), next_step(workspace)"""


def lowered(text: str) -> str:
    return text[0].lower() + text[1:]


def became(workspace: Workspace, version: str) -> None:
    """How far the items of every source came."""
    names = applied_recipes(workspace)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.subheader("What became of the web data", anchor=False, width="content")
        st.space("stretch")
        recipe = None
        if names:
            recipe = st.selectbox("Recipe", names, key="overview_recipe", bind="query-params", width=200)
        shared.copy_as(
            command=f"omnisource status {shared.shell_quoted(workspace)} --json",
            cell=funnel_cell(workspace, recipe),
            key="overview_copy_funnel",
        )
    sources = yields_of(str(workspace.root), version, recipe, workspace, shared.catalog(workspace))
    if not sources:
        shared.empty("No web data yet", "Its items appear here as soon as a folder was added.", icon="travel_explore")
        return
    notes = {one.source: overview_words.FORMATS[one.format] for one in sources}
    funnel_panel(workspace, sources, recipe, key="overview_funnel", notes=notes)


def funnel_cell(workspace: Workspace, recipe: str | None) -> str:
    return f"""from pathlib import Path

from omnisource.pipeline.overview import yields
from omnisource.workspace import Workspace

workspace = Workspace(Path({str(workspace.root)!r}))
yields(workspace, Catalog(workspace), {recipe!r})"""


def stages_panel(views: Sequence[StageView]) -> None:
    """What each stage has done, and when."""
    st.subheader("Stages", anchor=False)
    st.table(
        {
            "Stage": [f"{overview_words.STATES[view.state]} {overview_words.STAGES[view.name]}" for view in views],
            "What it has done": [shared.plain(view.text if view.state != "to_do" else "not yet") for view in views],
            "When": [overview_words.ago(view.changed_s) for view in views],
        },
        border="horizontal",
        hide_index=True,
    )


def left_out_panel(workspace: Workspace, version: str) -> None:
    """What was left out, by reason, with the items behind each."""
    found = failures_of(str(workspace.root), version, workspace, shared.catalog(workspace))
    st.subheader("Left out", anchor=False)
    if not found:
        st.caption("Nothing was left out so far.")
        return
    counts: dict[tuple[str, str], int] = {}
    for one in found:
        counts[one.table, one.reason] = counts.get((one.table, one.reason), 0) + one.count
    for (table, reason), count in list(counts.items())[:NUM_REASONS]:
        label = f"{count:,} {shared.plain(reason.replace('_', ' '))}"
        page_link("browse", label, "block", link(stage=Stage.DROPPED, reason=(table, reason)), workspace)
    page_link("collect", "By source, with examples", "travel_explore", {}, workspace)


def runs_panel(workspace: Workspace) -> None:
    """Runs, and how good they are."""
    st.subheader("Runs and results", anchor=False)
    is_alive = any(run.is_alive for run in run_watch.runs(workspace))
    st.fragment(runs_table, run_every=jobs_panel.POLL if is_alive else None)(workspace)


def runs_table(workspace: Workspace) -> None:
    """Drawn anew while one of them is trained."""
    runs = run_watch.runs(workspace)
    if not runs:
        shared.empty("No run yet", "Training the teachers makes the first one.", icon="model_training")
        return
    run_table(runs, key="overview_runs", columns=("run", "state", "progress", "top1"))
    with st.container(horizontal=True):
        page_link("results", "Compare them", "insights", {}, workspace)
        page_link("train", "Train another", "model_training", {}, workspace)


def page(workspace: Workspace) -> None:
    """The whole page of a workspace."""
    version = progress.progress_version(workspace)
    header(workspace)
    first = st.container()  # what is next takes seconds to find among millions of items; the rest is there before
    jobs_panel.jobs_panel(workspace.root, version=lambda: progress.progress_version(workspace))
    became(workspace, version)
    left, right = st.columns([3, 2], gap="large")
    with left:
        runs_panel(workspace)
    with right:
        left_out_panel(workspace, version)
    with first, st.spinner("Looking what is left to do"):
        views, step = stages_of(str(workspace.root), version, workspace)
        what_next(workspace, step)
    stages_panel(views)
    st.subheader("FiftyOne", anchor=False)
    fiftyone_panel(workspace, key="overview_fiftyone")
    go_where_asked()
    if story.is_asked_for():
        story.show(workspace, on_step=None, on_close=story.close)
    elif step_samples.is_asked_for():
        step_samples.show(workspace)


try:
    current = workspaces.current()
except OmniSourceError:
    current = None  # the sidebar says why
if current is None or welcome.NEW in st.query_params:
    welcome.welcome()
else:
    try:
        page(current)
    except OmniSourceError as error:
        st.error(shared.plain(str(error)), icon=":material/error:")
