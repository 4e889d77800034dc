"""The first screen where no workspace is open: build the demo, or begin with one's own labelled clips."""

import shlex
from pathlib import Path

import streamlit as st

from app import jobs_panel, shared, workspaces
from omnisource import jobs
from omnisource.pipeline.beginning import READERS, NewDemo, NewWorkspace

READER_TEXTS = {
    "folders": "Folders: train/CLASS/clip and val/CLASS/clip",
    "path_label": "Lists of PATH LABEL",
    "kinetics": "Kinetics' CSV files",
    "ucf101": "UCF101's official splits",
    "hmdb51": "HMDB51's official splits",
}
STUDENTS = {2: "2D, about 6 min", 3: "3D, takes longer"}
NEW = "overview_new"
"""Query parameter that asks for this screen though a workspace is open."""


def welcome() -> None:
    """Draw the screen; opens the workspace as soon as it is there."""
    st.title("OmniSource")
    st.markdown("Turn noisy web data into a better video-recognition model, with a person in the loop.")
    demo, own = st.columns(2, gap="medium")
    with demo, st.container(border=True):
        _demo()
    with own, st.container(border=True):
        _own()


def _demo() -> None:
    st.subheader("Look at it first", anchor=False)
    st.caption(
        "A small generated world with known truth: labelled clips, web pictures and clips of which about half are "
        "wrong, long videos, copies, broken files. Every stage runs on it, offline, on this machine."
    )
    folder = st.text_input("Folder", str(Path("demo").resolve()), key="overview_demo", bind="query-params")
    dims = st.segmented_control(
        "Student",
        list(STUDENTS),
        format_func=STUDENTS.__getitem__,
        default=2,
        required=True,
        key="overview_dims",
        bind="query-params",
    )
    wanted = NewDemo(folder=Path(folder).expanduser().resolve(), dims=dims)
    _begin(wanted, title="Build the demo", key="overview_build", icon=":material/science:")


def _own() -> None:
    st.subheader("Begin with your data", anchor=False)
    st.caption("First the labelled clips; then folders of web data; then the stages run one by one, or all at once.")
    target = st.text_input("Labelled clips", key="overview_target", placeholder="/data/my_clips")
    reader = st.selectbox("How they are listed", READERS, format_func=READER_TEXTS.__getitem__, key="overview_reader")
    lists = dict.fromkeys(("train", "val", "classes"), "")
    if reader != "folders":
        columns = st.columns(3)
        for column, (name, hint) in zip(columns, _LISTS.items()):
            lists[name] = column.text_input(
                name.capitalize(), key=f"overview_list_{name}", help=f"{hint}; relative to the folder of the clips."
            )
    root = st.text_input("Workspace to make", str(Path("work").resolve()), key="overview_work", bind="query-params")
    wanted = NewWorkspace(
        root=Path(root).expanduser().resolve(), target=Path(target).expanduser(), reader=reader, **lists
    )
    icon = ":material/create_new_folder:"
    _begin(wanted, title="Make the workspace", key="overview_make", icon=icon, is_ready=bool(target))


_LISTS = {"train": "Training list", "val": "Validation list", "classes": "File with one class name a line"}


def _begin(wanted: NewDemo | NewWorkspace, *, title: str, key: str, icon: str, is_ready: bool = True) -> None:
    """Offer to start a job that makes a workspace; show it while it works, and go there once there is something."""
    root, arguments = wanted.root, wanted.arguments
    found = next((job for job in jobs.jobs(root) if job.arguments == tuple(arguments)), None)
    is_busy = found is not None and found.is_alive
    is_made = (root / "study.yaml").is_file() and (wanted.opens_early or not is_busy)
    if is_made and st.session_state.pop(f"{key}_wanted", False):
        _go_to(root)
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center"):
        if is_made:
            button = {"icon": ":material/folder_open:", "type": "primary", "key": f"{key}_open"}
            st.button("Open it", on_click=_go_to, args=(root,), **button)
        else:
            button = {"icon": icon, "type": "primary", "key": key, "disabled": is_busy or not is_ready}
            st.button(title, on_click=_start, args=(wanted, title, key), **button)
        shared.copy_as(command=shlex.join(["omnisource", *arguments]), cell=_cell(arguments), key=f"{key}_copy")
    if found is not None:
        jobs_panel.jobs_panel(root, version=lambda: str((root / "study.yaml").is_file()))


def _start(wanted: NewDemo | NewWorkspace, title: str, key: str) -> None:
    if jobs_panel.start(wanted.root, wanted.arguments, title=title, needs_device=wanted.opens_early):
        st.session_state[f"{key}_wanted"] = True


def _go_to(root: Path) -> None:
    workspaces.choose(root)
    st.query_params.pop(NEW, None)


def _cell(arguments: list[str]) -> str:
    return f"""import subprocess
import sys

subprocess.run([sys.executable, "-m", "omnisource", *{arguments!r}], check=True)"""
