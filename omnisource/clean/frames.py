"""Web items and labelled clips -> whole frames at a steady rate, and crops of some of them (paper 3.3).

Whole frames are compared, squeezed into a square, since a copy need not have the original's shape. A long video is read
in reads of at most FRAMES_PER_READ frames, so that its frames are never in memory all at once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from torch.utils.data import Dataset

from omnisource.errors import ItemError
from omnisource.image_reading import resize_frame
from omnisource.media import Reader, Video, open_video, read_image
from omnisource.types import Format

FRAMES_PER_READ = 128
NUM_CROPS = 5
"""Of one frame: 0 is the whole, 1 to 4 are its corners."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Footage:
    """A picture or video whose frames are wanted."""

    path: Path
    """Where it lies."""
    format: Format
    """Picture, clip or long video."""
    fps: float
    """Frames a second that are wanted of a video."""
    key: bytes | None = None
    """The web item; None for a labelled clip."""
    is_cropped: bool = False
    """Whether its middle frame is wanted in crops too."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """What frames become."""

    frame_px: int
    """Side of the square."""
    crop_share: float
    """Side of a crop, as a share of the frame's."""
    reader: Reader = "auto"
    """How videos are read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Read:
    """A part of one footage that is decoded at once."""

    index: int
    """Which footage."""
    times_s: tuple[float, ...] | None = None
    """Times of its frames; None: all that are wanted of it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Frames:
    """Some frames of one footage: one row for each frame and crop."""

    index: int
    """Which footage."""
    times_s: np.ndarray
    """(N,) float64."""
    crops: np.ndarray
    """(N,) int8: 0 the whole frame, 1 to 4 its corners."""
    pictures: np.ndarray
    """(N, frame_px, frame_px, 3) uint8 RGB."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Unreadable:
    """A footage that could not be read; a value, because it must leave the worker process."""

    index: int
    error: ItemError


def frame_times(duration_s: float, fps: float) -> tuple[float, ...]:
    """The middles of equal steps of 1 / fps seconds; the middle of a video that is shorter than a step."""
    num_frames = int(duration_s * fps + 1e-6)
    if num_frames < 1:
        return (duration_s / 2,)
    return tuple((i + 0.5) / fps for i in range(num_frames))


def plan_reads(footage: Footage, index: int, shape: Shape) -> Iterator[Read]:
    """The reads that cover a footage: one, or several for a long video. Raises ItemError."""
    if footage.format is not Format.UNTRIMMED:
        yield Read(index=index)
        return
    with open_video(footage.path, reader=shape.reader) as video:
        times_s = frame_times(video.duration_s, footage.fps)
    for first in range(0, len(times_s), FRAMES_PER_READ):
        yield Read(index=index, times_s=times_s[first : first + FRAMES_PER_READ])


class FrameReader(Dataset):
    """Read -> Frames or Unreadable; runs in loader workers."""

    def __init__(self, footages: Sequence[Footage], shape: Shape) -> None:
        self._footages = footages
        self._shape = shape

    def __getitem__(self, read: Read) -> Frames | Unreadable:
        try:
            return read_frames(self._footages[read.index], read, self._shape)
        except ItemError as error:
            return Unreadable(index=read.index, error=error)


def read_frames(footage: Footage, read: Read, shape: Shape) -> Frames:
    """Decode the frames of one read. Raises ItemError."""
    read_px = round(shape.frame_px / shape.crop_share)  # so that a crop need not be enlarged
    if footage.format is Format.IMAGE:
        return _framed(read.index, (0.0,), read_image(footage.path, short_side_px=read_px)[None], footage, shape)
    with open_video(footage.path, reader=shape.reader, short_side_px=read_px) as video:
        times_s = read.times_s or frame_times(video.duration_s, footage.fps)
        return _framed(read.index, times_s, _frames_at(video, times_s), footage, shape)


def _frames_at(video: Video, times_s: Sequence[float]) -> np.ndarray:
    return video.read([video.frame_at(time_s) for time_s in times_s])


def _framed(index: int, times_s: Sequence[float], frames: np.ndarray, footage: Footage, shape: Shape) -> Frames:
    rows = [(time_s, 0, frame) for time_s, frame in zip(times_s, frames)]
    if footage.is_cropped:
        middle = len(frames) // 2
        corners = _corners(frames[middle], shape.crop_share)
        rows += [(times_s[middle], crop, corner) for crop, corner in enumerate(corners, start=1)]
    size = (shape.frame_px, shape.frame_px)
    return Frames(
        index=index,
        times_s=np.array([time_s for time_s, _, _ in rows]),
        crops=np.array([crop for _, crop, _ in rows], dtype=np.int8),
        pictures=np.stack([resize_frame(frame, size) for _, _, frame in rows]),
    )


def _corners(frame: np.ndarray, share: float) -> list[np.ndarray]:
    """The four corners of a frame (H, W, 3), each with that share of both of its sides."""
    height, width = frame.shape[:2]
    h, w = max(1, round(height * share)), max(1, round(width * share))
    return [frame[y : y + h, x : x + w] for y in (0, height - h) for x in (0, width - w)]
