"""Results: runs side by side, and what lies behind a change, down to the clips and the web data."""

import streamlit as st

from app import result_clips, result_words, shared, story
from app.job_line import job_line
from app.result_changes import LISTED_PAIRS, QUIET, classes_panel, pairs_panel
from app.result_choice import chosen_row, forget_mark, marked_key
from app.result_clips import choose_scope, flips_panel, pair_panel
from app.result_tables import export_button, show_table
from app.result_web import web_panel
from omnisource.errors import OmniSourceError
from omnisource.figures.results import intervals_figure
from omnisource.pipeline.comparing import ProcedureResult, results, tried_procedures
from omnisource.pipeline.evaluated import not_evaluated
from omnisource.pipeline.gains import Gains
from omnisource.pipeline.reporting import headline
from omnisource.pipeline.result_tables import (
    classes_table,
    pairs_table,
    procedures_table,
    runs_table,
    sources_table,
)
from omnisource.pipeline.side_by_side import (
    RunResult,
    best_run,
    results_version,
    side_by_side,
    used_sources,
    usual_baseline,
)
from omnisource.workspace import Workspace

workspace = shared.open_workspace()


@st.cache_data(max_entries=32, show_spinner=False)
def rows_of(root: str, version: str, baseline: str, _workspace: Workspace) -> list[RunResult]:
    return side_by_side(_workspace, baseline)


@st.cache_data(max_entries=8, show_spinner=False)
def procedures_of(root: str, version: str, _workspace: Workspace) -> list[ProcedureResult]:
    return tried_procedures(_workspace)


@st.cache_resource(max_entries=16, show_spinner=False)
def gains_of(root: str, version: str, baseline: str, run: str) -> Gains:
    return Gains(workspace, baseline, run)


def evaluate_missing(is_primary: bool) -> None:
    """Trained runs that were not tested, and the button that tests them."""
    missing = not_evaluated(workspace)
    if missing:
        with st.container(horizontal=True, vertical_alignment="center"):
            named = ", ".join(shared.plain(run) for run in missing)
            st.caption(f":material/pending: Trained, but not tested on the validation clips: {named}")
            job_line(
                workspace,
                ["evaluate", "-w", str(workspace.root)],
                title="Evaluate",
                needs_device=True,
                key="res_evaluate",
                icon=":material/play_arrow:",
                is_primary=is_primary,
            )


def nothing_yet() -> None:
    """No run was evaluated."""
    shared.empty(
        "No results yet",
        "A run has results once it is trained and tested on the validation clips.",
        icon="insights",
    )
    evaluate_missing(is_primary=True)
    st.page_link("views/train.py", label="Go to training", icon=":material/model_training:")


def choose_run() -> None:
    """A row of the table of runs was chosen."""
    row = chosen_row("res_runs")
    if row is not None and rows[row].run != baseline:
        st.session_state["res_run"] = rows[row].run


def tables_panel() -> None:
    """Every run in one table, by what it scored, what it learnt from, or how (Table 1)."""
    shown = ["runs", *(["sources"] if used_sources(rows) else []), *(["procedures"] if compared_procedures else [])]
    view = shown[0]
    if len(shown) > 1:
        view = shared.switch("Table", {name: result_words.TABLES[name] for name in shown}, key="res_table")
    if view == "procedures":
        show_table(procedures_table(compared_procedures), key="res_procedures")
        st.caption("Pre-training learns from the web data first, then from the labelled clips; joint training mixes.")
    elif view == "sources":
        show_table(sources_table(rows), key="res_sources")
        st.caption("Web examples of each source that a run could draw from; ?: the recipe has other ones by now.")
    else:
        show_table(runs_table(rows), key=marked_key("res_runs"), on_choose=choose_run)
    for one in rows:
        if one.trouble:
            st.caption(f":material/warning: {shared.plain(one.run)}: {shared.plain(one.trouble)}")


def intervals_panel(run: str) -> None:
    """How sure the changes are."""
    told = "; ".join(f"{one.run} {100 * one.change.top1_change:+.1f} points" for one in rows if one.change)
    st.plotly_chart(
        intervals_figure(rows, run),
        key="res_intervals",
        config=QUIET,
        alt=f"Change of top-1 against {baseline} with 95 % intervals: {told}",
    )


def headline_panel(result: RunResult) -> None:
    """The run in one sentence and in numbers."""
    change, measured = result.change, result.metrics
    st.caption(shared.plain(headline(result, baseline)))
    cells = st.columns(5)
    for cell, label, value, moved in (
        (cells[0], "Top-1", measured.top1, change.top1_change),
        (cells[1], "Top-5", measured.top5, result.top5_change),
        (cells[2], "Class mean", measured.mean_class_accuracy, result.class_mean_change),
        (cells[3], "mAP", measured.mean_ap, result.mean_ap_change),
    ):
        cell.metric(label, f"{value:.1%}", f"{100 * moved:+.1f} points", border=True)
    cells[4].metric(
        "Clips",
        f"{change.num_gained - change.num_lost:+,}",
        f"of {change.num_examples:,}",
        delta_color="off",
        delta_arrow="off",
        border=True,
        help="Clips that only this run has right, less those that only the baseline has right; see them below.",
    )


def behind_panel(gains: Gains, result: RunResult) -> None:
    """The clips that flipped and the web data, of all classes, one, or a pair."""
    st.subheader("Behind the change", anchor=False)
    scope = choose_scope(names)
    pair_panel(gains, scope, names)
    shown = flips_panel(workspace, gains, scope, names)
    st.subheader("Web data of these classes", anchor=False)
    web_panel(workspace, result.recipes, scope, names, shown)


st.title("Results")
st.caption("What the web data brought: which clips and classes, and the examples that they were learnt from.")
try:
    names = workspace.taxonomy().names
except OmniSourceError as error:
    shared.empty("No results yet", shared.sentence(error), icon="insights")
    st.page_link("views/overview.py", label="Go to the overview", icon=":material/home:")
    st.stop()
try:
    evaluated = list(results(workspace))
    if not evaluated:
        nothing_yet()
        st.stop()
    root, version = str(workspace.root), results_version(workspace)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        usual = usual_baseline(workspace)
        baseline = st.selectbox(
            "Baseline", evaluated, index=evaluated.index(usual), key="res_baseline", bind="query-params", width=250
        )
        rows = rows_of(root, version, baseline, workspace)
        comparable = [one.run for one in rows if one.change is not None]
        best = best_run(rows)
        run = st.selectbox(
            "Run",
            comparable,
            index=comparable.index(best) if best else None,
            key="res_run",
            bind="query-params",
            placeholder="No other run",
            on_change=forget_mark,
            args=("res_runs",),
            disabled=not comparable,
            width=250,
        )
        compared_procedures = procedures_of(root, version, workspace)
        gains = gains_of(root, version, baseline, run) if run else None
        st.space("stretch")
        tables = {"runs": lambda: runs_table(rows), "sources": lambda: sources_table(rows)}
        if compared_procedures:
            tables["procedures"] = lambda: procedures_table(compared_procedures)
        if gains is not None:
            tables["classes"] = lambda: classes_table(gains, workspace.taxonomy())
            tables["pairs"] = lambda: pairs_table(gains, workspace.taxonomy(), LISTED_PAIRS)
        export_button(workspace, tables, baseline=baseline, runs=comparable)
        if run:
            shared.copy_as(
                command=result_words.overall_command(shared.shell_quoted(workspace), baseline, run),
                cell=result_words.overall_cell(root, baseline, run),
                key="res_copy",
            )
except OmniSourceError as error:
    st.error(shared.plain(str(error)), icon=":material/error:")
    st.stop()
evaluate_missing(is_primary=False)
tables_panel()
if gains is None:
    shared.empty(
        "Nothing to compare with yet",
        "Train a student on a recipe's web data and test it; it then stands beside this run.",
        icon="compare_arrows",
    )
    st.page_link("views/train.py", label="Go to training", icon=":material/model_training:")
    st.stop()
intervals_panel(run)
chosen = next(one for one in rows if one.run == run)
st.subheader(f"{shared.plain(run)} against {shared.plain(baseline)}", anchor=False)
headline_panel(chosen)
classes_panel(gains, names)
pairs_panel(gains, names)
behind_panel(gains, chosen)

if result_clips.is_clip_asked_for():
    result_clips.show_clip(workspace, gains, names)
elif story.is_asked_for():
    story.show(workspace, on_step=None)
