"""A picture and the settings of a pseudo clip -> a small video of it that a browser plays, made once (paper 3.5).

The video shows every step of the camera, while a network sees only every `steps_per_frame`-th: those frames are the
clip that the same generator gives, since a chain draws all its steps at once. Training crops and mirrors besides.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import get_args

import numpy as np

from omnisource import config
from omnisource.errors import ConfigError
from omnisource.files import save_apart
from omnisource.media import write_video
from omnisource.pipeline.motion import load_motion
from omnisource.pipeline.training_jobs import WARPED
from omnisource.previews import Previews
from omnisource.transform import homography, views
from omnisource.transform.camera_motion import CameraMotion
from omnisource.transform.pseudo_clip import Mode, clip_homographies
from omnisource.transform.warp import warp_cv2
from omnisource.workspace import Workspace

MODES: tuple[Mode, ...] = get_args(Mode)
"""In the order of Table 8."""
SIDE_PX = 224
FPS = 25
MOST_STEPS = 512
"""Longest chain that is shown: what a link asks for costs this much at most."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Inflation:
    """How a picture becomes a clip."""

    mode: Mode
    """One of the five of Table 8."""
    num_frames: int
    """Frames that the network sees."""
    steps_per_frame: int
    """Homographies between two of them."""
    seed: int = 0
    """Of the steps."""
    translation: float = config.InflationConfig().translation
    """Standard deviation of a translate step, in short sides."""
    class_index: int | None = None
    """Whose motion perspective_class takes; None: that of all classes."""

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise ConfigError(f"no inflation {self.mode!r}; known: {', '.join(MODES)}")
        if self.num_frames < 1 or self.steps_per_frame < 1 or self.seed < 0 or not 0 <= self.translation <= 1:
            raise ConfigError(f"{self} is no clip: frames and steps are counted from 1, a seed from 0")
        if self.num_steps > MOST_STEPS:
            raise ConfigError(f"{self.num_steps} steps are too many to show; use {MOST_STEPS} at most")

    @property
    def num_steps(self) -> int:
        """From the first frame to the last."""
        return (self.num_frames - 1) * self.steps_per_frame

    @property
    def seen_s(self) -> tuple[float, ...]:
        """When the video shows the frames that the network sees."""
        return tuple(i * self.steps_per_frame / FPS for i in range(self.num_frames))


def inflate(picture: np.ndarray, wanted: Inflation, motion: CameraMotion | None) -> np.ndarray:
    """(num_steps + 1, SIDE_PX, SIDE_PX, 3) uint8: every step of the clip of a picture (H, W, 3), cut at its centre.

    Raises WorkspaceError for a perspective mode without a motion.
    """
    height, width = picture.shape[:2]
    side = min(height, width)
    view = views.view_homography(views.center_box(width, height, side), SIDE_PX, False)
    camera = clip_homographies(
        wanted.num_steps + 1,
        width,
        height,
        wanted.mode,
        1,
        motion,
        wanted.translation,
        np.random.default_rng(wanted.seed),
    )
    return warp_cv2(picture[None], np.stack([homography.compose(step, view) for step in camera]), SIDE_PX)


def clip_video(previews: Previews, token: str, wanted: Inflation) -> Path:
    """The H.264 file of an item's clip, made if it is not there.

    Raises ItemError for an item that cannot be read, WorkspaceError before the camera motion that it needs was fitted.
    """
    workspace = previews.workspace
    name = hashlib.blake2b(json.dumps([token, asdict(wanted), motion_version(workspace)]).encode(), digest_size=16)
    kept = workspace.root / "previews" / "clips" / token[-2:] / f"{name.hexdigest()}.mp4"
    if kept.is_file():
        return kept
    motion = motion_for(workspace, wanted)
    frames = inflate(previews.picture(token, short_side_px=SIDE_PX), wanted, motion)
    kept.parent.mkdir(parents=True, exist_ok=True)
    save_apart(kept, lambda partial: write_video(partial, frames, FPS, quality=20))
    return kept


def motion_version(workspace: Workspace) -> int | None:
    """Changes when the camera motion is fitted anew; None before it was."""
    return workspace.motion_path.stat().st_mtime_ns if workspace.motion_path.is_file() else None


def needs_motion(mode: str) -> bool:
    """Whether an inflation draws from the camera motion of the target clips."""
    return mode in WARPED


def motion_for(workspace: Workspace, wanted: Inflation) -> CameraMotion | None:
    """The camera motion that a clip is drawn from; None for a mode that needs none.

    Raises WorkspaceError before it was fitted.
    """
    if not needs_motion(wanted.mode):
        return None
    motions = load_motion(workspace)
    if wanted.mode == "perspective" or wanted.class_index is None:
        return motions.agnostic
    return motions.of(wanted.class_index)
