"""FiftyOne from the app: push what is shown, open it, fetch what was decided there; without it, one line says why."""

from collections.abc import Sequence

import streamlit as st

from app import overview_words, shared
from app.job_line import job_line
from omnisource.fiftyone_io.ready import APP_URL, PushedBefore, pushed_before, served_at, why_off
from omnisource.jobs import Job
from omnisource.workspace import Workspace


def fiftyone_panel(workspace: Workspace, *, key: str, where: Sequence[str] = ()) -> None:
    """Three buttons, each a job, and what the last push left; `where`: filters as `omnisource items` reads them."""
    if (reason := why_off()) is not None:
        st.caption(f":material/link_off: {shared.plain(str(reason))}")
        return
    before = pushed_before(workspace)
    st.caption(shared.plain(_told(before)))
    root = str(workspace.root)
    filters = [part for setting in where for part in ("--where", setting)]
    with st.container(horizontal=True, vertical_alignment="center"):
        push = {"title": "Push to FiftyOne", "icon": ":material/upload:", "is_primary": False}
        job_line(workspace, ["fiftyone", "push", "-w", root, *filters], needs_device=False, key=f"{key}_push", **push)
        url = served_at(workspace)
        if url is None:
            serve = ["fiftyone", "app", "-w", root, "--no-browser", "--app-url", _here()]
            told = {"title": "Start FiftyOne", "icon": ":material/play_arrow:", "is_primary": False}
            job_line(workspace, serve, needs_device=False, key=f"{key}_app", **told)
        else:
            st.link_button("Open FiftyOne", url, icon=":material/open_in_new:")
        if before is not None:
            told = {"title": "Fetch decisions", "icon": ":material/download:", "is_primary": False}
            job_line(workspace, ["fiftyone", "pull", "-w", root], needs_device=False, key=f"{key}_pull", **told)
        shared.copy_as(command=_command(workspace, where), cell=_cell(workspace, where), key=f"{key}_copy")


def is_serving(job: Job) -> bool:
    """Whether a job only keeps FiftyOne open: nothing has to wait for it."""
    return job.arguments[:2] == ("fiftyone", "app")


def _told(before: PushedBefore | None) -> str:
    if before is None:
        return "Explore the web data in FiftyOne: walls, maps, long videos with segments. Nothing was pushed yet."
    sizes = ", ".join(f"{size:,} in {name}" for name, size in before.datasets.items())
    return f"Pushed {overview_words.ago(before.finished_s)}: {sizes}."


def _here() -> str:
    """Where this app answers, for FiftyOne's links back to it."""
    scheme, _, rest = (st.context.url or APP_URL).partition("://")
    return f"{scheme}://{rest.partition('/')[0]}"


def _command(workspace: Workspace, where: Sequence[str]) -> str:
    import shlex

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
