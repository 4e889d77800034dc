"""The panel of pictures: one picture through all five inflations, playing side by side (paper 3.5, Table 8)."""

import shlex
from collections.abc import Sequence

import streamlit as st

from app import shared
from app.clip_choice import choose_item
from app.components.players import Clip, players
from app.job_line import job_line
from app.serving import previews
from app.workspaces import media_name
from omnisource.config import ModelConfig, NetworkConfig, Study
from omnisource.pipeline.clip_previews import FPS, MODES, Inflation, motion_version, needs_motion
from omnisource.previews import item_token
from omnisource.types import Format, WebItem
from omnisource.workspace import Workspace

TITLES = {
    "replicate": ("Replicate", "a still clip"),
    "translate_random": ("Translate, random", "every step anywhere"),
    "translate_constant": ("Translate, constant", "every step alike"),
    "perspective": ("Perspective", "camera motion of all classes"),
    "perspective_class": ("Perspective, by class", "camera motion of its class"),
}


def inflation_panel(workspace: Workspace, study: Study, names: Sequence[str]) -> None:
    """Choose a picture, a seed and a speed of the camera; see the five clips of it."""
    item = choose_item(workspace, Format.IMAGE, names, what="picture")
    if item is None:
        shared.empty("No picture yet", "Add a folder of images as a source; it appears here once it was checked.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        network, model = _network(study)
        seed = st.number_input("Seed", 0, 99_999, 0, key="clips_seed", bind="query-params", width=130)
        steps = st.number_input(
            "Steps per frame",
            1,
            64,
            study.train.inflation.steps_per_frame or model.frame_interval,
            key="clips_steps",
            bind="query-params",
            width=150,
            help="Homographies between two frames that the network sees; train.inflation.steps_per_frame.",
        )
        wanted = Inflation(mode="replicate", num_frames=model.clip_len, steps_per_frame=steps, seed=seed)
        used = study.train.inflation.mode
        shared.copy_as(
            command=_command(workspace, item, wanted, used), cell=_cell(workspace, item, wanted, used), key="clips_copy"
        )
    is_fitted = motion_version(workspace) is not None
    clips = [_clip(workspace, item, wanted, mode, used=used, is_fitted=is_fitted) for mode in MODES]
    previews(media_name(workspace)).announce([(item_token(item.key), item.path, item.format)])
    players(
        clips,
        poster=f"api/thumbnail/{media_name(workspace)}/{item_token(item.key)}",
        duration_s=(wanted.num_steps + 1) / FPS,
        marks_s=wanted.seen_s,
        key="clips_players",
    )
    alone = "" if _deep(study) else " This study has no 3D network; a 2D one sees a picture as the one frame it is."
    st.caption(
        f"Dots: the {model.clip_len} frames, {steps} steps apart, that {shared.plain(network)} sees; shown are {FPS} "
        f"steps a second. Training also crops and mirrors. In Table 8, perspective of all classes was best.{alone}"
    )
    if not is_fitted:
        job_line(
            workspace,
            ["motion", "-w", str(workspace.root), "--paths"],
            title="Fit the camera motion",
            needs_device=False,
            key="clips_fit",
            icon=":material/camera:",
        )


def _network(study: Study) -> tuple[str, ModelConfig]:
    """A 3D network whose clips are shown; a 2D network sees a picture as the one frame that it is."""
    deep = _deep(study)
    if not deep:
        return "SlowOnly", NetworkConfig(model=ModelConfig(arch="slowonly")).model
    name = st.selectbox("Network", list(deep), key="clips_network", bind="query-params", width=200)
    return name, deep[name]


def _deep(study: Study) -> dict[str, ModelConfig]:
    return {
        name: one.model for name, one in study.networks.items() if one.model.dims == 3 and one.model.format == "rgb"
    }


def _clip(workspace: Workspace, item: WebItem, wanted: Inflation, mode: str, *, used: str, is_fitted: bool) -> Clip:
    title, note = TITLES[mode]
    asked = f"mode={mode}&frames={wanted.num_frames}&steps={wanted.steps_per_frame}&seed={wanted.seed}"
    if mode == "perspective_class" and item.class_index is not None:
        asked += f"&class={item.class_index}"
    path = f"api/clip/{media_name(workspace)}/{item_token(item.key)}"
    can_be_made = is_fitted or not needs_motion(mode)
    return Clip(
        title=title,
        note=f"{note}; in this study" if mode == used else note,
        url=f"{path}?{asked}&motion={motion_version(workspace) or 0}" if can_be_made else None,
        missing="needs the camera motion of the labelled clips",
    )


def _command(workspace: Workspace, item: WebItem, wanted: Inflation, mode: str) -> str:
    frames = f"--frames {wanted.num_frames} --steps {wanted.steps_per_frame} --seed {wanted.seed}"
    picture = shlex.quote(str(item.path))
    return f"omnisource inflate {picture} clip.mp4 --mode {mode} {frames} {shared.shell_quoted(workspace)}"


def _cell(workspace: Workspace, item: WebItem, wanted: Inflation, mode: str) -> str:
    settings = f"num_frames={wanted.num_frames}, steps_per_frame={wanted.steps_per_frame}, seed={wanted.seed}"
    return f"""from pathlib import Path

from omnisource.media import read_image
from omnisource.pipeline.clip_previews import SIDE_PX, Inflation, inflate, motion_for
from omnisource.workspace import Workspace

workspace = Workspace(Path({str(workspace.root)!r}))
wanted = Inflation(mode={mode!r}, {settings})
picture = read_image(Path({str(item.path)!r}), short_side_px=SIDE_PX)
inflate(picture, wanted, motion_for(workspace, wanted)).shape"""
