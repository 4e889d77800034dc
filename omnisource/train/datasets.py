"""Draw -> the frames of one example and the homographies that make them a clip (paper 3.5).

Everything random comes from the draw's seed, so neither the number of workers nor an interruption changes a sample.
Camera motion, crop, resize and mirror are multiplied into one matrix per frame and every pixel is sampled once: here by
OpenCV, or later on a GPU in one pass over the batch (collate.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from torch.utils.data import Dataset

from omnisource.config import NetworkConfig, TrainConfig
from omnisource.errors import ItemError, WorkspaceError
from omnisource.media import open_video, read_image
from omnisource.train.batches import Draw
from omnisource.train.frame_choice import choose_frames, num_stacked
from omnisource.transform import homography, views
from omnisource.transform.camera_motion import CameraMotion, Motions
from omnisource.transform.optical_flow import from_pictures, turn_x
from omnisource.transform.pseudo_clip import clip_homographies
from omnisource.transform.warp import warp_cv2
from omnisource.types import Example, Format


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """One example, read."""

    frames: np.ndarray
    """(S, H, W, C) uint8, RGB or optical flow (C = 2, or 2 for each flow frame of a stack): S = T frames of a video, or
    S = 1 picture. Already warped if `homographies` is None."""
    homographies: np.ndarray | None
    """(T, 3, 3) float64: from the pixels of each frame, or of the one picture, to those of the clip."""
    class_index: int
    """Label or pseudo-label."""


@dataclass(frozen=True, slots=True)
class DroppedSample:
    """One example that could not be read; nothing takes its place."""

    source: str
    """"target", or the web resource."""
    path: Path
    """Where it lies."""
    reason: str
    """Short slug that is counted."""
    detail: str
    """For a person."""


class ExampleDataset(Dataset[Sample | DroppedSample]):
    """Examples of all sources, indexed by Draw."""

    def __init__(
        self,
        examples: Mapping[str, Sequence[Example]],
        network: NetworkConfig,
        train: TrainConfig,
        *,
        reader: str = "auto",
        motions: Motions | None = None,
        warp: bool = True,
    ) -> None:
        """`warp` False leaves the homographies for a device.

        Raises WorkspaceError where pictures need a camera motion that has not been fitted.
        """
        self._examples = examples
        self._model = network.model
        self._input = network.input
        self._train = train
        self._reader = reader
        self._motions = motions
        self._warp = warp
        pictures = any(len(rows) and rows[0].format is Format.IMAGE for rows in examples.values())
        if pictures and network.model.dims == 3 and self._is_perspective and motions is None:
            raise WorkspaceError(
                f"train.inflation.mode={train.inflation.mode} needs the camera motion of the target clips: "
                "fit it first (`omnisource motion`), or choose replicate or a translate mode"
            )

    def __getitem__(self, draw: Draw) -> Sample | DroppedSample:
        example = self._examples[draw.source][draw.index]
        rng = np.random.default_rng(draw.seed)
        try:
            frames = self._read(example, rng)
        except ItemError as error:
            return DroppedSample(draw.source, example.path, error.reason, error.detail)
        view, mirrored = self._view(frames, rng)
        homographies = self._homographies(example, frames, view, rng)
        if mirrored and self._model.format == "flow":
            frames = turn_x(frames)
        if self._warp:
            frames, homographies = warp_cv2(frames, homographies, self._input.crop_px), None
        return Sample(frames=frames, homographies=homographies, class_index=example.class_index)

    def _read(self, example: Example, rng: np.random.Generator) -> np.ndarray:
        """(S, H, W, C) uint8: the frames that the network will see, or one picture."""
        short_side_px, flow = self._input.short_side_px, self._model.format == "flow"
        if example.format is Format.IMAGE:
            return read_image(example.path, short_side_px=short_side_px)[None]
        with open_video(example.path, self._reader, None if flow else short_side_px) as video:
            indices = choose_frames(example, video, self._model, self._train.snippets.composition, rng)
            frames = video.read(indices.tolist())
        return from_pictures(frames, short_side_px, stacked=num_stacked(self._model)) if flow else frames

    def _homographies(
        self, example: Example, frames: np.ndarray, view: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        """(T, 3, 3): camera motion of a pseudo clip, then the view that all frames share."""
        height, width = frames.shape[1:3]
        if example.format is not Format.IMAGE or self._model.dims == 2:
            return np.repeat(view[None], len(frames), axis=0)
        inflation = self._train.inflation
        camera = clip_homographies(
            self._model.clip_len,
            width,
            height,
            inflation.mode,
            inflation.steps_per_frame or self._model.frame_interval,
            self._motion_of(example.class_index),
            inflation.translation,
            rng,
        )
        return np.stack([homography.compose(step, view) for step in camera])

    def _view(self, frames: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, bool]:
        """(3, 3): crop, resize to the network's input, mirror; and whether it mirrors."""
        (height, width), crop_px = frames.shape[1:3], self._input.crop_px
        if self._input.crop == "random_resized":
            box = views.random_resized_box(width, height, rng)
        elif self._input.crop == "multi_scale":
            box = views.multi_scale_box(width, height, crop_px, rng)
        else:
            box = views.center_box(width, height, crop_px)
        mirrored = bool(rng.random() < self._input.flip)
        return views.view_homography(box, crop_px, mirrored), mirrored

    def _motion_of(self, class_index: int) -> CameraMotion | None:
        """The camera motion that the inflation mode asks for."""
        if self._motions is None or not self._is_perspective:
            return None
        of_class = self._train.inflation.mode == "perspective_class"
        return self._motions.of(class_index) if of_class else self._motions.agnostic

    @property
    def _is_perspective(self) -> bool:
        return self._train.inflation.mode in ("perspective", "perspective_class")
