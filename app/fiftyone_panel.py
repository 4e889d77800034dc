"""FiftyOne from the app: push what is shown, open it, fetch what was decided there; without it, one line says why."""

import shlex
from collections.abc import Sequence

import streamlit as st

from app import overview_words, shared
from app.job_line import POLL, job_line
from omnisource import jobs
from omnisource.fiftyone_io.ready import APP_URL, PushedBefore, pushed_before, served_at, why_off
from omnisource.jobs import Job
from omnisource.workspace import Workspace

SERVING = ("fiftyone", "app")
"""How the command begins that keeps FiftyOne open."""


def fiftyone_panel(workspace: Workspace, *, key: str, where: Sequence[str] = ()) -> None:
    """Three buttons, each a job, and what the last push left; `where`: filters as `omnisource items` reads them."""
    if (reason := why_off()) is not None:
        st.caption(f":material/link_off: {shared.plain(str(reason))}")
        return
    before, alive = pushed_before(workspace), [job for job in jobs.jobs(workspace.root) if job.is_alive]
    is_first = before is None and any(job.arguments[:2] in (("fiftyone", "push"), SERVING) for job in alive)
    st.caption(shared.plain(_told(before, is_first)))
    filters = [part for setting in where for part in ("--where", setting)]
    with st.container(horizontal=True, vertical_alignment="center"):
        _line(workspace, "push", filters, title="Push to FiftyOne", icon="upload", key=key)
        url = served_at(workspace)
        if url is None:
            there = ["--no-browser", "--app-url", _here()]
            _line(workspace, "app", there, title="Start FiftyOne", icon="play_arrow", key=key)
            if any(map(is_serving, alive)):
                st.fragment(_wait_for_it, run_every=POLL)(workspace)
        else:
            st.link_button("Open FiftyOne", url, icon=":material/open_in_new:")
        if before is not None:
            _line(workspace, "pull", [], title="Fetch decisions", icon="download", key=key)
        shared.copy_as(command=_command(workspace, where), cell=_cell(workspace, where), key=f"{key}_copy")


def is_serving(job: Job) -> bool:
    """Whether a job only keeps FiftyOne open: nothing has to wait for it."""
    return job.arguments[:2] == SERVING


def _line(workspace: Workspace, command: str, options: Sequence[str], *, title: str, icon: str, key: str) -> None:
    """A button for `omnisource fiftyone COMMAND` on this workspace."""
    arguments = ["fiftyone", command, "-w", str(workspace.root), *options]
    how = {"title": title, "icon": f":material/{icon}:", "is_primary": False, "needs_device": False}
    job_line(workspace, arguments, key=f"{key}_{command}", **how)


def _wait_for_it(workspace: Workspace) -> None:
    """The job goes on while FiftyOne is open, so nothing else would put the link in the button's place."""
    if served_at(workspace) is not None:
        st.rerun()


def _told(before: PushedBefore | None, is_first: bool) -> str:
    if before is None:
        state = "The first push is under way." if is_first else "Nothing was pushed yet."
        return f"Explore the web data in FiftyOne: walls, maps, long videos with segments. {state}"
    sizes = ", ".join(f"{size:,} in {name}" for name, size in before.datasets.items())
    return f"Pushed {overview_words.ago(before.finished_s)}: {sizes}."


def _here() -> str:
    """Where this app answers, for FiftyOne's links back to it."""
    scheme, _, rest = (st.context.url or APP_URL).partition("://")
    return f"{scheme}://{rest.partition('/')[0]}"


def _command(workspace: Workspace, where: Sequence[str]) -> str:
    filters = "".join(f" --where {shlex.quote(setting)}" for setting in where)
    here = shared.shell_quoted(workspace)
    return f"omnisource fiftyone push {here}{filters}\nomnisource fiftyone app {here}\nomnisource fiftyone pull {here}"


def _cell(workspace: Workspace, where: Sequence[str]) -> str:
    return f"""from pathlib import Path

from omnisource.fiftyone_io.ready import require_fiftyone
from omnisource.workspace import Workspace

require_fiftyone()
from omnisource.fiftyone_io.pulling import pull
from omnisource.fiftyone_io.pushing import push
from omnisource.filters import parse_filters

workspace = Workspace(Path({str(workspace.root)!r}))
pushed = push(workspace, filters=parse_filters({list(where)!r}, workspace.taxonomy()))
# decide in FiftyOne, then:
pull(workspace)"""
