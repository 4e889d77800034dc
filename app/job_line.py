"""A button that starts long work, and in its place, while that works, one line that says how it goes."""

from collections.abc import Sequence

import streamlit as st

from app import shared
from omnisource import jobs
from omnisource.errors import OmniSourceError
from omnisource.workspace import Workspace

POLL = "1s"


def job_line(
    workspace: Workspace,
    arguments: Sequence[str],
    *,
    title: str,
    needs_device: bool,
    key: str,
    icon: str,
    is_primary: bool = True,
) -> None:
    """Offer `omnisource ARGUMENTS`; while it is alive the page looks again every second, and once more when it ends."""
    found = _newest(workspace, arguments)
    if found is None or not found.is_alive:
        if found is not None and found.state in ("failed", "lost"):
            st.error(f"{title} {found.state}: {shared.plain(_last_line(found))}", icon=":material/error:")
        st.button(
            title,
            icon=icon,
            type="primary" if is_primary else "secondary",
            key=key,
            on_click=_start,
            args=(workspace, arguments, title, needs_device),
        )
        return
    st.fragment(_watch, run_every=POLL)(workspace, found, title)


def stages_line(workspace: Workspace, last: str, *, title: str, key: str, recipe: str | None = None) -> None:
    """Offer every stage that is left, up to the last one that a page needs; nothing where there is no web data."""
    if workspace.study().sources:
        only = () if recipe is None else ("--recipe", recipe)
        arguments = ("run", "-w", str(workspace.root), "--to", last, *only)
        job_line(workspace, arguments, title=title, needs_device=True, key=key, icon=":material/play_arrow:")


def _watch(workspace: Workspace, job: jobs.Job, title: str) -> None:
    now = jobs.load(job.folder)
    if not now.is_alive:
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f":material/progress_activity: **{title}** {now.state}")
        st.caption(shared.plain(_last_line(now)))


def _start(workspace: Workspace, arguments: Sequence[str], title: str, needs_device: bool) -> None:
    try:
        jobs.start(workspace, arguments, title=title, needs_device=needs_device)
    except OmniSourceError as error:
        st.toast(shared.plain(str(error)), icon=":material/error:")


def _newest(workspace: Workspace, arguments: Sequence[str]) -> jobs.Job | None:
    return next((job for job in jobs.jobs(workspace.root) if job.arguments == tuple(arguments)), None)


def _last_line(job: jobs.Job) -> str:
    text, _ = jobs.log_since(job, 0, limit=4000)
    lines = [line.strip() for line in text.replace("\r", "\n").splitlines() if line.strip()]
    return lines[-1][-160:] if lines else ""
