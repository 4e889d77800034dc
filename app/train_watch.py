"""Runs and the queue as they go: progress, curves, log, what could not be read; stop, go on, test, clone."""

import shlex
from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from app import jobs_panel, shared
from app.browse_words import link
from app.run_table import run_table
from app.train_form import take_run
from app.train_words import STATES, span
from omnisource import jobs
from omnisource.errors import OmniSourceError
from omnisource.figures.train import MOST_RUNS, accuracy_figure, in_words, loss_figure, pace_figure, rate_figure
from omnisource.pipeline import run_watch
from omnisource.pipeline.curves import Curves, read_curves
from omnisource.pipeline.run_watch import RunView
from omnisource.previews import item_token
from omnisource.workspace import Workspace

POLL = "2s"
SMOOTHING = {"None": 0.0, "Some": 0.02, "Much": 0.08}
"""Share of a curve's points that a running mean takes in."""
FEWEST = 5
"""Points of a running mean, at least."""
CHART = {"displayModeBar": False}


def live(workspace: Workspace) -> None:
    """Everything about the runs; looks again every two seconds while something is alive, and not otherwise."""
    jobs_panel.jobs_panel(workspace.root, version=lambda: "")
    is_alive = _is_alive(workspace)
    st.fragment(_live, run_every=POLL if is_alive else None)(workspace, is_alive)


def _live(workspace: Workspace, was_alive: bool) -> None:
    if was_alive and not _is_alive(workspace):
        st.rerun()  # and stop looking again
    try:
        _everything(workspace)
    except OmniSourceError as error:
        st.error(shared.plain(str(error)), icon=":material/error:")


def _everything(workspace: Workspace) -> None:
    runs = run_watch.runs(workspace)
    if not runs:
        shared.empty("No run yet", "Its curves appear here as soon as the first update is done.", icon="show_chart")
        return
    run_table(runs, key="train_table")
    chosen = _choose(runs)
    for run in chosen:
        _details(workspace, run)
    _charts(workspace, chosen)


def _is_alive(workspace: Workspace) -> bool:
    return any(job.is_alive for job in jobs.jobs(workspace.root)) or any(
        run.is_alive for run in run_watch.runs(workspace)
    )


def _choose(runs: Sequence[RunView]) -> list[RunView]:
    """The runs of the charts; where none is chosen, those that are alive, else the last one."""
    by_name = {run.name: run for run in runs}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        names = st.multiselect(
            "Curves of",
            list(by_name),
            key="train_runs",
            bind="query-params",
            max_selections=MOST_RUNS,
            placeholder="The newest; choose several to lay them over each other",
        )
        st.segmented_control(
            "Smoothing",
            list(SMOOTHING),
            default="Some",
            required=True,
            key="train_smooth",
            bind="query-params",
            wrap=False,
        )
    chosen = [by_name[name] for name in names if name in by_name]
    return chosen or [run for run in runs if run.is_alive] or list(runs[:1])


@st.cache_data(max_entries=64, show_spinner=False)
def _curves(run: str, size: int, changed_ns: int) -> Curves:
    return read_curves(Path(run))


def _curves_of(workspace: Workspace, run: RunView) -> Curves:
    path = workspace.run(run.name) / "metrics.jsonl"
    written = path.stat() if path.is_file() else None
    return _curves(str(path.parent), written.st_size if written else 0, written.st_mtime_ns if written else 0)


def _charts(workspace: Workspace, chosen: Sequence[RunView]) -> None:
    curves = {run.name: _curves_of(workspace, run) for run in chosen}
    if not any(len(one.update) for one in curves.values()):
        shared.empty("No update yet", "The run reads its data and starts its loader.", icon="hourglass_empty")
        return
    colours = run_watch.drawn_colours(workspace.study())
    share = SMOOTHING[st.session_state.get("train_smooth") or "Some"]
    width = max(FEWEST, round(share * max(len(one.update) for one in curves.values()))) if share else 1
    left, right = st.columns(2)
    with left:
        _chart("Loss", loss_figure(curves, colours, width=width), in_words(curves, "loss/", "Loss of each source"))
        _chart("Learning rate", rate_figure(curves), in_words(curves, "lr", "Learning rate"))
    with right:
        said = in_words(curves, "top1/", "Share of right answers in training batches, by source")
        _chart("Accuracy", accuracy_figure(curves, colours, width=width), said)
        _chart("Pace", pace_figure(curves, width=width), in_words(curves, "seconds", "Seconds an update"))


def _chart(title: str, figure: object, alt: str) -> None:
    with st.container(border=True):
        st.markdown(f"**{title}**")
        st.plotly_chart(figure, key=f"train_chart_{title}", alt=alt, config=CHART)


def _details(workspace: Workspace, run: RunView) -> None:
    """What can be done with a run, its warnings, and the files that it could not read."""
    colour, icon = STATES.get(run.state, STATES["new"])
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{shared.plain(run.name)}**")
            st.badge(run.state, icon=icon, color=colour)
            st.caption(_progress(run))
            _actions(workspace, run)
        _dropped(workspace, run)
        log = run_watch.run_log(workspace, run.name)
        if log:
            with st.expander("Warnings", icon=":material/warning:", key=f"train_warnings_{run.name}"):
                st.code(log, language=None, wrap_lines=True, height=220)


def _progress(run: RunView) -> str:
    text = f"epoch {run.epoch}"
    if run.seconds_per_update is not None:
        text += f", {run.seconds_per_update:.3g} s an update"
    if run.seconds_left is not None:
        text += f", about {span(run.seconds_left)} left"
    return text


def _actions(workspace: Workspace, run: RunView) -> None:
    again = run.launch.train_arguments(workspace.root)
    asked = {job.arguments for job in jobs.jobs(workspace.root) if job.is_alive}
    if run.is_alive:
        is_ending, key = run.state == "stopping", f"train_stop_run_{run.name}"
        saved = "It saves a checkpoint first and can go on later."
        if st.button("Stop", icon=":material/stop_circle:", disabled=is_ending, key=key, help=saved):
            jobs_panel.stop_run(workspace, run.name)
    if run.is_resumable:
        resume = {"type": "primary", "icon": ":material/resume:", "key": f"train_resume_{run.name}"}
        if st.button("Go on", disabled=tuple(again) in asked, **resume):
            _start(workspace, again, run.launch.title)
    if run.state == "done" and run.top1 is None:
        test = ["evaluate", run.name, "-w", str(workspace.root)]
        is_asked, key = tuple(test) in asked, f"train_test_{run.name}"
        if st.button("Test it", icon=":material/quiz:", disabled=is_asked, key=key):
            _start(workspace, test, f"Test {run.name}")
    clone = {"icon": ":material/content_copy:", "key": f"train_clone_{run.name}"}
    if st.button("Clone", help="Put its settings into the form of a new run.", **clone):
        st.session_state["train_clone"] = run.name
        st.rerun()
    if run.top1 is not None:
        here = {"workspace": str(workspace.root)}
        st.page_link("views/results.py", label="Results", icon=":material/insights:", query_params=here)
    shared.copy_as(command=shlex.join(["omnisource", *again]), cell=_cell(workspace, run), key=f"train_copy_{run.name}")


def _dropped(workspace: Workspace, run: RunView) -> None:
    counts = run_watch.dropped_counts(workspace, run.name)
    if not counts:
        return
    label = f"{sum(counts.values()):,} draws could not be read"
    shown = st.expander(label, icon=":material/broken_image:", key=f"train_dropped_{run.name}", on_change="rerun")
    if not shown.open:
        return
    with shown:
        reasons = ", ".join(
            f"{source}: {reason.replace('_', ' ')} {count:,}" for (source, reason), count in counts.most_common(6)
        )
        st.caption(shared.plain(reasons))
        for draw in run_watch.dropped_draws(workspace, shared.catalog(workspace), run.name, limit=20):
            with st.container(horizontal=True, vertical_alignment="center"):
                st.text(draw.path)
                st.caption(shared.plain(f"{draw.reason.replace('_', ' ')}: {draw.detail}"))
                if draw.key is not None:
                    query = link(item=item_token(draw.key)) | {"workspace": str(workspace.root)}
                    st.page_link("views/browse.py", label="Its story", icon=":material/history:", query_params=query)


def _start(workspace: Workspace, arguments: list[str], title: str) -> None:
    """Queue a command, and look at the page anew so that it is watched."""
    if jobs_panel.start(workspace.root, arguments, title=title, needs_device=True):
        st.rerun()


def clone_if_asked(workspace: Workspace) -> None:
    """The button Clone lies in a part that is drawn alone; its wish is met where the whole page is drawn."""
    run = st.session_state.pop("train_clone", None)
    if run is not None:
        take_run(workspace, run)


def _cell(workspace: Workspace, run: RunView) -> str:
    return "\n".join(
        [
            "from pathlib import Path",
            "from omnisource.figures.train import loss_figure",
            "from omnisource.pipeline.curves import read_curves",
            "from omnisource.pipeline.run_watch import drawn_colours",
            "from omnisource.workspace import Workspace",
            "",
            f"workspace = Workspace(Path({str(workspace.root)!r}))",
            f"curves = {{{run.name!r}: read_curves(workspace.run({run.name!r}))}}",
            "loss_figure(curves, drawn_colours(workspace.study()), width=9)",
        ]
    )
