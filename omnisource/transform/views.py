"""Which frames and which boxes of a video a network sees, as pure functions of numbers (paper 5.1, protocols 2 and 3).

Positions and boxes are those of mmaction2 0.x, with which the published numbers were made. All randomness comes from
a numpy Generator.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from omnisource.config import InputConfig
from omnisource.errors import ConfigError
from omnisource.transform import homography
from omnisource.transform.optical_flow import is_flow, turn_x
from omnisource.transform.warp import warp_cv2

if TYPE_CHECKING:
    from torch import Tensor

RESIZED_AREA = (0.08, 1.0)
"""random_resized_box: share of the frame's area (protocols 2)."""
RESIZED_ASPECT = (3 / 4, 4 / 3)
"""random_resized_box: width over height, log-uniform (protocols 2)."""
RESIZED_ATTEMPTS = 10
"""random_resized_box: boxes tried before the centre square (protocols 2)."""
SCALES = (1.0, 0.875, 0.75, 0.66)
"""multi_scale_box: sides as shares of the short side (protocols 2)."""
SNAP_PX = 3
"""multi_scale_box: a side nearer than this to the network's is made equal to it (protocols 2)."""


class Box(NamedTuple):
    """A part of a frame, in whole pixels."""

    x: int
    """Left edge."""
    y: int
    """Upper edge."""
    w: int
    """Width."""
    h: int
    """Height."""


def train_indices_dense(num_frames: int, clip_len: int, frame_interval: int, rng: np.random.Generator) -> np.ndarray:
    """(clip_len,) int64: one clip with a random start (SlowOnly)."""
    return train_indices(num_frames, clip_len, frame_interval, 1, rng)[0]


def train_indices(
    num_frames: int, clip_len: int, frame_interval: int, num_clips: int, rng: np.random.Generator
) -> np.ndarray:
    """(num_clips, clip_len) int64 frame indices: each clip starts at random in its own part of the video.

    A video too short for that gives sorted random starts, then evenly spread ones, then starts of 0; what runs past the
    end starts again at frame 0.
    """
    span = clip_len * frame_interval
    num_starts = num_frames - span + 1
    part = num_starts // num_clips
    if part > 0:
        starts = np.arange(num_clips) * part + rng.integers(part, size=num_clips)
    elif num_frames > max(num_clips, span):
        starts = np.sort(rng.integers(num_starts, size=num_clips))
    elif part == 0:
        starts = np.around(np.arange(num_clips) * num_starts / num_clips).astype(np.int64)
    else:
        starts = np.zeros(num_clips, dtype=np.int64)
    return _clips_at(starts, num_frames, clip_len, frame_interval)


def test_indices(
    num_frames: int,
    clip_len: int,
    frame_interval: int,
    num_clips: int,
    positions: Literal["centres", "ends"] = "centres",
) -> np.ndarray:
    """(num_clips, clip_len) int64 frame indices: clips start in the middle of equal parts; 0 if the video is too short.

    "ends" are mmaction2 1.x's: single frames from the middles of equal parts of the whole video, the first clip at its
    start and the last one at its end, a single clip in its middle. What runs past the end starts again at frame 0.
    """
    if positions == "ends":
        return _clips_at(
            _starts_to_the_ends(num_frames, clip_len, frame_interval, num_clips), num_frames, clip_len, frame_interval
        )
    tick = max(num_frames - clip_len * frame_interval + 1, 0) / num_clips
    starts = (np.arange(num_clips) * tick + tick / 2).astype(np.int64)
    return _clips_at(starts, num_frames, clip_len, frame_interval)


test_indices.__test__ = False  # pytest collects functions named test_*


def short_side_size(w: int, h: int, short_side: int) -> tuple[int, int]:
    """Width and height after the short side became `short_side`; the long side is rounded half up."""
    if w <= h:
        return short_side, int(h * short_side / w + 0.5)
    return int(w * short_side / h + 0.5), short_side


def random_resized_box(w: int, h: int, rng: np.random.Generator) -> Box:
    """Box of random area and aspect anywhere in the frame; the centre square if none of the attempts fits."""
    aspects = np.exp(rng.uniform(*np.log(RESIZED_ASPECT), size=RESIZED_ATTEMPTS))
    areas = rng.uniform(*RESIZED_AREA, size=RESIZED_ATTEMPTS) * w * h
    box_ws = np.maximum(np.round(np.sqrt(areas * aspects)), 1).astype(int)
    box_hs = np.maximum(np.round(np.sqrt(areas / aspects)), 1).astype(int)
    for box_w, box_h in zip(box_ws.tolist(), box_hs.tolist()):
        if box_w <= w and box_h <= h:
            return Box(int(rng.integers(w - box_w + 1)), int(rng.integers(h - box_h + 1)), box_w, box_h)
    return center_box(w, h, min(w, h))


def multi_scale_box(w: int, h: int, crop_px: int, rng: np.random.Generator) -> Box:
    """Box of one of four widths and heights, at most one scale apart, in a corner or the centre (TSN)."""
    sides = [_snap(int(min(w, h) * scale), crop_px, min(w, h)) for scale in SCALES]
    shapes = [(a, b) for i, a in enumerate(sides) for j, b in enumerate(sides) if abs(i - j) <= 1]
    box_w, box_h = shapes[rng.integers(len(shapes))]
    boxes = _five_boxes(w, h, box_w, box_h)
    return boxes[rng.integers(len(boxes))]


def center_box(w: int, h: int, crop_px: int) -> Box:
    """Square in the middle; a frame with a side shorter than `crop_px` gives its centre square, to be enlarged."""
    side = min(crop_px, w, h)
    return Box((w - side) // 2, (h - side) // 2, side, side)


def fixed_boxes(w: int, h: int, crop_px: int, kind: Literal["center", "three", "ten"]) -> list[tuple[Box, bool]]:
    """Boxes of testing, each with whether its view is mirrored.

    three: first, last, middle along the longer side. ten: upper left, upper right, lower left, lower right, centre,
    each followed by its mirror image. Frames with a side shorter than `crop_px` are cut as by `center_box`.
    """
    side = min(crop_px, w, h)
    if kind == "center":
        return [(center_box(w, h, crop_px), False)]
    if kind == "three":
        x, y = (w - side) // 2, (h - side) // 2
        places = [(0, y), (2 * x, y), (x, y)] if w >= h else [(x, 0), (x, 2 * y), (x, y)]
        return [(Box(*place, side, side), False) for place in places]
    return [(box, mirrored) for box in _five_boxes(w, h, side, side) for mirrored in (False, True)]


def view_homography(box: Box, crop_px: int, mirrored: bool) -> np.ndarray:
    """(3, 3) pixel homography that crops the box, resizes it to a square of `crop_px` and then mirrors it."""
    steps = [homography.crop(box.x, box.y), homography.resize(box.w, box.h, crop_px, crop_px)]
    return homography.compose(*steps, *([homography.mirror(crop_px)] if mirrored else []))


def cut_views(frames: np.ndarray, boxes: Sequence[tuple[Box, bool]], crop_px: int) -> np.ndarray:
    """Cut every box out of every frame: (N, H, W, C) uint8 -> (len(boxes), N, crop_px, crop_px, C) uint8.

    Boxes vary slowest, as in the released code, so `.reshape(len(boxes) * num_clips, clip_len, ...)` gives its views.
    In a mirrored view of optical flow, what moved right moves left, as TSN's ten crops have it.
    """
    views = np.empty((len(boxes), len(frames), crop_px, crop_px, frames.shape[-1]), dtype=np.uint8)
    for view, (box, mirrored) in zip(views, boxes):
        matrix = view_homography(box, crop_px, mirrored)
        crops = warp_cv2(frames, np.broadcast_to(matrix, (len(frames), 3, 3)), crop_px)
        view[:] = turn_x(crops) if mirrored and is_flow(crops) else crops
    return views


def normalise(clips: "Tensor", settings: InputConfig) -> "Tensor":
    """What a network sees of clips (..., C, T, H, W) float32 in 0..255: its order of channels, less the mean, over std.

    Raises ConfigError for a mean or deviation that is neither one for all channels nor one for each.
    """
    num_channels = clips.shape[-4]
    for name, values in (("mean", settings.mean), ("std", settings.std)):
        if len(values) not in (1, num_channels):
            raise ConfigError(
                f"input.{name} has {len(values)} values, but the network sees {num_channels} channels; "
                "give one for all, or one for each"
            )
    if settings.channel_order == "bgr":
        if num_channels != 3:
            raise ConfigError(
                f"input.channel_order = 'bgr' is for pictures, but the network sees {num_channels} channels of optical "
                "flow; leave it at rgb"
            )
        clips = clips.flip(-4)
    mean, std = (clips.new_tensor(values).view(-1, 1, 1, 1) for values in (settings.mean, settings.std))
    return (clips - mean) / std


def _starts_to_the_ends(num_frames: int, clip_len: int, frame_interval: int, num_clips: int) -> np.ndarray:
    """(num_clips,) int64 first frames of 1.x (protocols 3)."""
    if clip_len == 1:
        part = num_frames / num_clips
        return (np.arange(num_clips) * part + part / 2).astype(np.int64)  # rounded in the released code's order
    last = max(num_frames - (clip_len - 1) * frame_interval - 1, 0)
    if num_clips == 1:
        return np.array([last // 2])
    return np.round(np.arange(num_clips) * last / (num_clips - 1)).astype(np.int64)


def _clips_at(starts: np.ndarray, num_frames: int, clip_len: int, frame_interval: int) -> np.ndarray:
    return (starts[:, None] + np.arange(clip_len) * frame_interval).astype(np.int64) % num_frames


def _snap(side: int, crop_px: int, longest: int) -> int:
    return crop_px if abs(side - crop_px) < SNAP_PX and crop_px <= longest else side


def _five_boxes(w: int, h: int, box_w: int, box_h: int) -> list[Box]:
    """Upper left, upper right, lower left, lower right and centre, on a grid of quarters of the slack."""
    step_x, step_y = (w - box_w) // 4, (h - box_h) // 4
    places = [(0, 0), (4, 0), (0, 4), (4, 4), (2, 2)]
    return [Box(i * step_x, j * step_y, box_w, box_h) for i, j in places]
