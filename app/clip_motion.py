"""The panel of camera motion: real trajectories beside drawn ones, and how alike they are (paper 3.5)."""

from collections.abc import Sequence

import streamlit as st

from app import shared
from app.job_line import job_line
from omnisource.errors import WorkspaceError
from omnisource.figures.clips import drift_figure, paths_figure
from omnisource.pipeline.clip_previews import motion_version
from omnisource.pipeline.motion import load_motion
from omnisource.pipeline.motion_paths import Comparison, compare_paths, load_paths, paths_version
from omnisource.transform.motion_likeness import Likeness
from omnisource.workspace import Workspace

ALL = -1


@st.cache_data(max_entries=64, show_spinner="Comparing")
def comparison_of(
    root: str, versions: tuple[int | None, ...], class_index: int, seed: int, _workspace: Workspace
) -> Comparison:
    paths, motions = load_paths(_workspace), load_motion(_workspace)
    if class_index == ALL:
        return compare_paths(paths, motions.agnostic, seed=seed)
    mine = [one for one in paths if one.class_index == class_index]
    return compare_paths(mine, motions.of(class_index), seed=seed)


def motion_panel(workspace: Workspace, names: Sequence[str]) -> None:
    """Real paths, drawn paths, drift, and two numbers."""
    arguments = ["motion", "-w", str(workspace.root), "--paths"]
    try:
        motions, paths = load_motion(workspace), load_paths(workspace)
    except WorkspaceError:
        shared.empty(
            "The camera has not been followed yet",
            "Fitting measures pairs of frames of the labelled clips; following a few clips whole takes a minute.",
            icon="videocam",
        )
        job_line(
            workspace,
            arguments,
            title="Fit and follow the camera",
            needs_device=False,
            key="clips_follow",
            icon=":material/camera:",
        )
        return
    followed = sorted({one.class_index for one in paths}, key=names.__getitem__)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            "Class",
            [ALL, *followed],
            format_func=lambda index: "All classes" if index == ALL else names[index],
            key="clips_motion_class",
            bind="query-params",
            width=240,
        )
        seed = st.number_input(
            "Seed of the drawn", 0, 99_999, 0, key="clips_motion_seed", bind="query-params", width=160
        )
        shared.copy_as(command=_command(workspace), cell=_cell(workspace, seed), key="clips_motion_copy")
    versions = (motion_version(workspace), paths_version(workspace))
    found = comparison_of(str(workspace.root), versions, chosen, seed, workspace)
    fitted = motions.agnostic if chosen == ALL else motions.of(chosen)
    own = "" if chosen == ALL or chosen in motions.by_class else ", since the class has too few pairs of its own"
    left, right = st.columns([3, 2])
    with left:
        st.markdown("**Where the upper left corner goes**")
        st.plotly_chart(
            paths_figure(found),
            key="clips_paths",
            alt="Paths of the upper left corner of a picture, in real clips and in drawn ones",
            config={"displayModeBar": False},
        )
    with right:
        st.markdown("**Drift of the corners: median, middle 80 %**")
        st.plotly_chart(
            drift_figure(found),
            key="clips_drift",
            alt="Distance of the corners from where they began, by frame, in real clips and in drawn ones",
            config={"displayModeBar": False},
        )
    with st.container(horizontal=True):
        _number("Single steps", found.steps, "one step of the camera, from a frame to the next")
        _number(f"After {found.horizon} frames", found.paths, "where the corners are after so many frames")
        st.metric(
            "Pairs fitted",
            f"{fitted.num_pairs:,}",
            border=True,
            help=f"Frame pairs behind the Gaussian{own}. Left out: {fitted.num_dropped or 'none'}.",
        )
        st.metric("Clips followed", f"{len(found.real):,}", border=True)
    st.caption(
        "Energy distance between real and drawn motion: 0, the same distribution; 1, nothing in common. p: how often "
        "mixing the clips at random gives at least that distance; a small p says that the difference is real, the "
        "distance says whether it matters. Every step is drawn on its own (Eq. 2), so drawn paths wander where a real "
        "camera pans on or stands still."
    )


def _number(title: str, likeness: Likeness, what: str) -> None:
    st.metric(
        title,
        f"{likeness.distance:.3f}",
        f"p {likeness.p_value:.3f}",
        delta_color="off",
        delta_arrow="off",
        border=True,
        help=f"Energy distance of {what}, between {likeness.num_clips} clips.",
    )


def _command(workspace: Workspace) -> str:
    return f"omnisource motion --paths {shared.shell_quoted(workspace)}"


def _cell(workspace: Workspace, seed: int) -> str:
    return f"""from pathlib import Path

from omnisource.pipeline.motion import load_motion
from omnisource.pipeline.motion_paths import compare_paths, load_paths
from omnisource.workspace import Workspace

workspace = Workspace(Path({str(workspace.root)!r}))
alike = compare_paths(load_paths(workspace), load_motion(workspace).agnostic, seed={seed})
alike.steps, alike.paths"""
