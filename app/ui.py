"""The pages, what surrounds them, and the workspace they show."""

from pathlib import Path

import streamlit as st

from app import shared, workspaces
from omnisource.errors import OmniSourceError
from omnisource.workspace import Workspace

HERE = Path(__file__).resolve().parent
st.set_page_config(page_title="OmniSource", page_icon=HERE / "icon.svg", layout="wide")

PAGES = {
    "": [
        st.Page(
            "views/overview.py",
            title="Overview",
            icon=":material/home:",
            default=True,
            help="What the web gave, what each stage did with it, and what to do next.",
        )
    ],
    "Look": [
        st.Page(
            "views/browse.py",
            title="Browse",
            icon=":material/grid_view:",
            help="All web data as a wall, with what the teachers say; keep, drop or relabel it by key.",
        ),
        st.Page(
            "views/collect.py",
            title="Collect",
            icon=":material/travel_explore:",
            help="Queries and tags, sources, what each of them yielded, and what failed.",
        ),
        st.Page(
            "views/duplicates.py",
            title="Duplicates",
            icon=":material/compare:",
            help="Web data that may be a copy of labelled clips, pair by pair.",
        ),
    ],
    "Decide": [
        st.Page(
            "views/thresholds.py",
            title="Thresholds",
            icon=":material/tune:",
            help="From which confidence on web data is used, seen on both sides of the line.",
        ),
        st.Page(
            "views/balance.py",
            title="Balance",
            icon=":material/balance:",
            help="How often each class and each sample is drawn in training.",
        ),
        st.Page(
            "views/clips.py",
            title="Clips",
            icon=":material/animation:",
            help="Pictures as moving clips, and long videos as snippets or clips.",
        ),
    ],
    "Learn": [
        st.Page(
            "views/train.py",
            title="Train",
            icon=":material/model_training:",
            help="Start, watch, stop and repeat training runs.",
        ),
        st.Page(
            "views/results.py",
            title="Results",
            icon=":material/insights:",
            help="Runs side by side, down to the clips and the web data behind a change.",
        ),
    ],
}

st.logo(HERE / "logo.svg", size="large", icon_image=HERE / "icon.svg")
page = st.navigation(PAGES)


def pick(workspace: Workspace | None) -> None:
    """Which workspace is shown: one that was open before, another folder, or a new one."""
    known = list(dict.fromkeys([*([str(workspace.root)] if workspace else []), *workspaces.recent()]))
    if known:
        if workspace is not None:  # a link or a button may have opened it
            st.session_state["workspace_picker"] = str(workspace.root)
        st.selectbox(
            "Workspace",
            known,
            index=0 if workspace else None,
            format_func=workspaces.labels(known).__getitem__,
            key="workspace_picker",
            placeholder="Choose a workspace",
            help=str(workspace.root) if workspace else None,
            on_change=open_picked,
        )
    with st.popover("Open or begin another", icon=":material/folder_open:", type="tertiary", key="workspace_other"):
        folder = st.text_input("Folder of a workspace", key="workspace_folder", placeholder="/data/work")
        if folder:
            open_folder(Path(folder).expanduser())
        if st.button("Begin a new one", icon=":material/add:", type="tertiary", key="workspace_begin"):
            here = {"workspace": str(workspace.root)} if workspace else {}
            st.switch_page("views/overview.py", query_params=here | {"overview_new": "yes"})


def open_picked() -> None:
    """Go to what was picked; an emptied picker changes nothing."""
    if st.session_state["workspace_picker"]:
        workspaces.choose(Path(st.session_state["workspace_picker"]))


def open_folder(root: Path) -> None:
    """Go to a folder that was typed in."""
    try:
        opened = Workspace(root)
    except OmniSourceError as error:
        st.error(shared.plain(str(error)), icon=":material/folder_off:")
        return
    workspaces.choose(opened.root)
    del st.session_state["workspace_folder"]
    st.rerun()


with st.sidebar:
    try:
        current = workspaces.current()
    except OmniSourceError as error:
        current = None
        st.error(shared.plain(str(error)), icon=":material/folder_off:")
    pick(current)
    if current is not None:
        shared.undo_button(current)
    st.text_input("Reviewer", value=shared.author(), key="author", help="Stands beside every decision you make.")

try:
    page.run()
except OmniSourceError as error:  # such as a damaged table, which any page may meet
    st.error(shared.plain(str(error)), icon=":material/error:")
