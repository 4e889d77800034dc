"""Long work as it goes: what waits and runs, its log, a button that ends it, and what ended lately."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st

from app import shared
from app.train_words import STATES, span
from omnisource import jobs
from omnisource.errors import OmniSourceError
from omnisource.pipeline import run_watch
from omnisource.workspace import Workspace

POLL = "2s"
NUM_ENDED = 3
"""Jobs that ended and are still listed."""
TAIL = 6000
"""Letters of a log that are shown."""
_STOP, _STOP_ELSEWHERE = "jobs_stop_{}", "jobs_elsewhere_{}"
"""Keys of the buttons that end a job, by its id, and a run of a terminal, by its name."""


def jobs_panel(root: Path, *, version: Callable[[], str]) -> None:
    """Everything of a folder's jobs. It looks again every two seconds while something is alive, and not otherwise.

    The whole page is drawn anew when `version()` changes: then a stage has written something.
    """
    watched = _alive(root)
    st.fragment(_panel, run_every=POLL if watched else None)(root, watched, version, version() if watched else "")


def start(root: Path, arguments: Sequence[str], *, title: str, needs_device: bool) -> bool:
    """Start a job from a button, and say so; False where it could not be started."""
    try:
        job = jobs.start_in(root, arguments, title=title, needs_device=needs_device)
    except OmniSourceError as error:
        st.toast(shared.plain(str(error)), icon=":material/error:")
        return False
    st.toast(f"{shared.plain(job.title)}: in the queue", icon=":material/rocket_launch:")
    return True


def stop_run(workspace: Workspace, run: str) -> None:
    """Ask a training to end, whoever started it, and say so."""
    try:
        run_watch.stop(workspace, run)
    except OmniSourceError as error:
        st.toast(shared.plain(str(error)), icon=":material/error:")
        return
    st.toast(f"{shared.plain(run)} saves itself and ends", icon=":material/stop_circle:")


def last_line(job: jobs.Job) -> str:
    """What a job said last."""
    lines = _log(job).splitlines()
    return lines[-1].strip()[-200:] if lines else ""


def _panel(root: Path, watched: frozenset[str], version: Callable[[], str], seen: str) -> None:
    _stop_what_was_clicked(root)
    if watched and (_alive(root) != watched or version() != seen):
        st.rerun()
    known = jobs.jobs(root)
    ended = [job for job in known if not job.is_alive]
    if not watched and not ended:
        return
    unwell = ended[:1] if ended and ended[0].state in ("failed", "lost") else []
    if watched or unwell:
        with st.container(border=True):
            st.markdown("**Work**")
            for name in _elsewhere(root):
                _run_elsewhere(root, name)
            for job in [*reversed([job for job in known if job.is_alive]), *unwell]:
                _job(job)
    _history([job for job in ended if job not in unwell][:NUM_ENDED])


def _history(ended: list[jobs.Job]) -> None:
    if not ended:
        return
    label = f"Ended lately: {shared.plain(ended[0].title)} {ended[0].state}"
    listed = st.expander(label, icon=":material/history:", key=f"jobs_ended_{ended[0].id}", on_change="rerun")
    if listed.open:
        with listed:
            for job in ended:
                _job(job)


def _job(job: jobs.Job) -> None:
    now = "stopping" if jobs.is_asked_to_stop(job) else job.state
    colour, icon = STATES[now]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge(now, icon=icon, color=colour)
        st.markdown(f"**{shared.plain(job.title)}**", width="content")
        st.caption(_when(job), width="content")
        st.space("stretch")
        with st.popover("Log", icon=":material/article:", key=f"jobs_log_{job.id}"):
            st.code(job.command, language="bash", wrap_lines=True)
            st.code(_log(job)[-TAIL:] or "Nothing was printed yet.", language=None, wrap_lines=True, height=300)
        if job.is_alive:
            st.button(
                "Stop",
                icon=":material/stop_circle:",
                disabled=now == "stopping",
                key=_STOP.format(job.id),
                help="Training saves a checkpoint first; every stage goes on later where it stopped.",
            )
    if said := last_line(job):
        show = st.error if job.state in ("failed", "lost") else st.caption
        show(shared.plain(said.removeprefix("error: ")))


def _run_elsewhere(root: Path, name: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge("running elsewhere", icon=":material/terminal:", color="blue")
        st.markdown(f"**{shared.plain(name)}**", width="content")
        st.caption("A training that was started in a terminal, or by another program.", width="content")
        st.space("stretch")
        help = "It saves a checkpoint first and can go on later."
        st.button("Stop", icon=":material/stop_circle:", key=_STOP_ELSEWHERE.format(name), help=help)


def _alive(root: Path) -> frozenset[str]:
    """What the panel watches, by name."""
    return frozenset([job.id for job in jobs.jobs(root) if job.is_alive] + _elsewhere(root))


def _elsewhere(root: Path) -> list[str]:
    return jobs.running_elsewhere(Workspace(root)) if (root / "study.yaml").is_file() else []


def _when(job: jobs.Job) -> str:
    now = time.time()
    elapsed = span(job.elapsed_s(now))
    if job.state == "queued":
        return f"waits for its turn since {elapsed}" if job.needs_device else "is starting"
    if job.is_alive:
        return f"for {elapsed}"
    if job.ended_s is None:
        return "its supervisor ended without a word"
    return f"{span(max(now - job.ended_s, 0))} ago, took {elapsed}"


def _log(job: jobs.Job) -> str:
    text, _ = jobs.log_since(job, 0, limit=20_000)
    return "\n".join(line for line in text.replace("\r", "\n").splitlines() if line.strip())


def _stop_what_was_clicked(root: Path) -> None:
    """Before anything is drawn, and in no callback: the toast of a fragment's callback has no place on the page."""
    for job in jobs.jobs(root):
        if st.session_state.get(_STOP.format(job.id)):
            jobs.stop(job)
            st.toast(f"{shared.plain(job.title)} was asked to end", icon=":material/stop_circle:")
    for name in _elsewhere(root):
        if st.session_state.get(_STOP_ELSEWHERE.format(name)):
            stop_run(Workspace(root), name)
