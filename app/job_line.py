"""A button that starts long work, and in its place, while that works, one line that says how it goes."""

from collections.abc import Sequence

import streamlit as st

from app import jobs_panel, shared
from omnisource import jobs
from omnisource.errors import WorkspaceError
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
            said = shared.plain(jobs_panel.last_line(found))
            st.error(f"{title} {found.state}: {said}", icon=":material/error:")
        st.button(
            title,
            icon=icon,
            type="primary" if is_primary else "secondary",
            key=key,
            on_click=jobs_panel.start,
            args=(workspace.root, arguments),
            kwargs={"title": title, "needs_device": needs_device},
        )
        return
    st.fragment(_watch, run_every=POLL)(found, title)


def stages_line(workspace: Workspace, last: str, *, title: str, key: str, recipe: str | None = None) -> None:
    """Offer every stage that is left, up to the last one that a page needs; nothing where there is no web data."""
    if workspace.study().sources:
        only = () if recipe is None else ("--recipe", recipe)
        arguments = ("run", "-w", str(workspace.root), "--to", last, *only)
        job_line(workspace, arguments, title=title, needs_device=True, key=key, icon=":material/play_arrow:")


def _watch(job: jobs.Job, title: str) -> None:
    try:
        now = jobs.load(job.folder)
    except WorkspaceError:
        now = None  # its workspace is gone; the whole page says so
    if now is None or not now.is_alive:
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f":material/progress_activity: **{title}** {now.state}")
        st.caption(shared.plain(jobs_panel.last_line(now)))


def _newest(workspace: Workspace, arguments: Sequence[str]) -> jobs.Job | None:
    return next((job for job in jobs.jobs(workspace.root) if job.arguments == tuple(arguments)), None)
