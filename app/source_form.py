"""Two small forms that bring web data into a workspace: a folder of it, and the released Mini-Kinetics data."""

import shlex
from pathlib import Path

import streamlit as st

from app import jobs_panel, shared
from app.overview_words import FORMATS
from omnisource.pipeline.beginning import NewSource, released_arguments
from omnisource.types import Format
from omnisource.workspace import Workspace


def source_form(workspace: Workspace) -> None:
    """Name a folder, and start `omnisource add` as a job."""
    with st.form("source_form", border=False):
        folder = st.text_input(
            "Folder", key="source_folder", placeholder="/data/crawled/images", help="Its sub-folders name the classes."
        )
        left, right = st.columns(2)
        name = left.text_input("Name of the source", key="source_name", placeholder="google_image")
        shown = [Format.IMAGE, Format.TRIMMED, Format.UNTRIMMED]
        chosen = right.segmented_control(
            "What is in it",
            shown,
            format_func=lambda one: FORMATS[one].capitalize(),
            default=Format.IMAGE,
            required=True,
            key="source_format",
        )
        classes = st.text_input(
            "Classes (optional)", key="source_classes", placeholder="CSV with the columns path,class"
        )
        if st.form_submit_button("Add this folder", icon=":material/create_new_folder:", type="primary"):
            if not folder or not name:
                st.error("Name the folder and the source.", icon=":material/edit:")
                return
            source = NewSource(folder=Path(folder).expanduser(), name=name, format=chosen, classes=classes)
            title = f"Add {name}"
            if jobs_panel.start(workspace.root, source.arguments(workspace.root), title=title, needs_device=False):
                st.rerun()
    shared.copy_as(
        command=f"omnisource add FOLDER --name NAME --format {chosen} {shared.shell_quoted(workspace)}",
        cell=_cell(workspace, chosen),
        key="source_copy",
    )


def released_form(workspace: Workspace) -> None:
    """Name the released folder, and start `omnisource add-released` as a job."""
    with st.form("released_form", border=False):
        folder = st.text_input(
            "Released folder",
            key="released_folder",
            placeholder="/data/OmniSource",
            help="The folder that holds annotations/ and the media beside it, as the release unpacks it.",
        )
        st.caption("Its sources come in with what the lists keep and what they call duplicates.")
        if st.form_submit_button("Add the released data", icon=":material/inventory_2:", type="primary"):
            if not folder:
                st.error("Name the folder.", icon=":material/edit:")
                return
            arguments = released_arguments(Path(folder).expanduser(), workspace.root)
            title = "Add the released data"
            if jobs_panel.start(workspace.root, arguments, title=title, needs_device=False):
                st.rerun()
    shared.copy_as(
        command=shlex.join(["omnisource", *released_arguments(Path("FOLDER"), workspace.root)]),
        cell="\n".join(
            [
                "from pathlib import Path",
                "from omnisource.pipeline import released",
                "from omnisource.workspace import Workspace",
                "",
                f"released.add(Workspace(Path({str(workspace.root)!r})), Path('FOLDER'))",
            ]
        ),
        key="released_copy",
    )


def _cell(workspace: Workspace, chosen: Format) -> str:
    return f"""from pathlib import Path
from omnisource.config import SourceConfig
from omnisource.pipeline import collecting
from omnisource.workspace import Workspace

workspace = Workspace(Path({str(workspace.root)!r}))
source = SourceConfig(name="NAME", format={str(chosen)!r}, path=Path("FOLDER").resolve())
collecting.register_source(workspace, source)
collecting.add(workspace)"""
