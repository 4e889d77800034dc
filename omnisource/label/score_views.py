"""Web items -> what a teacher looks at: one or a few views of each segment (paper 3.4, 3.5).

Letters: S segments, V views of each, T frames a view, C channels (3 of pictures). A long video is read in reads
of at most FRAMES_PER_READ frames, so that its frames are never in memory all at once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch.utils.data import Dataset

from omnisource.config import NetworkConfig, ScoreConfig
from omnisource.errors import ItemError
from omnisource.media import Reader, Video, open_video, read_image
from omnisource.transform import untrimmed, views
from omnisource.transform.optical_flow import from_pictures
from omnisource.types import Format, Segment, WebItem

FRAMES_PER_READ = 128

FrameChoice = Literal["exact", "keyframes"]
"""exact: every segment, by its middle. keyframes: only segments of untrimmed videos in which a keyframe lies, by the
keyframe nearest to their middle; reading them costs 8 to 20 times less (facts: reading video)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """What frames must be for one network; networks of one look share the decoding."""

    short_side_px: int
    crop_px: int
    clip_len: int
    """Frames of one clip; 1 for a 2D network."""
    frame_interval: int
    """Frames from one of a clip to the next."""
    format: Literal["rgb", "flow"] = "rgb"
    """Pictures, or optical flow."""
    stacked: int = 1
    """Consecutive flow frames that a 2D network sees as one."""

    @property
    def span_len(self) -> int:
        """Decoded frames of one clip."""
        return self.clip_len * self.stacked


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """How items are read for one teacher."""

    looks: tuple[Look, ...]
    dims: int
    score: ScoreConfig
    reader: Reader
    frames: FrameChoice


@dataclass(frozen=True, kw_only=True, slots=True)
class Read:
    """A part of one item that is decoded at once."""

    item_index: int
    first: int = 0
    """Its first segment."""
    end: int = 1
    """The segment behind its last."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cut:
    """The views of S segments of one item."""

    item_index: int
    start_s: np.ndarray
    """(S,) float64."""
    end_s: np.ndarray
    """(S,) float64."""
    views: tuple[torch.Tensor, ...]
    """For each look (S, V, C, T, crop_px, crop_px) uint8."""

    def __len__(self) -> int:
        return len(self.start_s)

    def part(self, first: int, end: int) -> "Cut":
        """Segments first to end, exclusive."""
        span = slice(first, end)
        views_of_part = tuple(tensor[span] for tensor in self.views)
        return Cut(item_index=self.item_index, start_s=self.start_s[span], end_s=self.end_s[span], views=views_of_part)


@dataclass(frozen=True, kw_only=True, slots=True)
class Unusable:
    """An item that could not be read; a value, because it must leave the worker process."""

    item_index: int
    error: ItemError


def look_of(config: NetworkConfig) -> Look:
    """The centre crop of testing, and the clips of the network."""
    flat, flow = config.model.dims == 2, config.model.format == "flow"
    return Look(
        short_side_px=config.input.short_side_px,
        crop_px=config.test.crop_px,
        clip_len=1 if flat else config.model.clip_len,
        frame_interval=1 if flat else config.model.frame_interval,
        format=config.model.format,
        stacked=config.model.flow_frames if flat and flow else 1,
    )


def plan_reads(item: WebItem, item_index: int, plan: Plan) -> Iterator[Read]:
    """The reads that cover an item: one, or several for a long untrimmed video. Raises ItemError."""
    if item.format != Format.UNTRIMMED:
        yield Read(item_index=item_index)
        return
    with open_video(item.path, reader=plan.reader) as video:
        num_segments = len(_segments(item, video, plan))
    per_read = max(1, FRAMES_PER_READ // max(look.span_len for look in plan.looks))
    for first in range(0, num_segments, per_read):
        yield Read(item_index=item_index, first=first, end=min(first + per_read, num_segments))


class Cutter(Dataset):
    """Read -> Cut or Unusable; runs in loader workers."""

    def __init__(self, items: Sequence[WebItem], plan: Plan) -> None:
        self._items = items
        self._plan = plan

    def __getitem__(self, read: Read) -> Cut | Unusable:
        try:
            return cut(self._items[read.item_index], read, self._plan)
        except ItemError as error:
            return Unusable(item_index=read.item_index, error=error)


def cut(item: WebItem, read: Read, plan: Plan) -> Cut:
    """Decode the frames of one read and cut the centre out of them. Raises ItemError."""
    per_look = [_frames(item, read, look, plan) for look in plan.looks]
    spans = per_look[0][1]
    start_s, end_s = np.array(spans, dtype=np.float64).reshape(-1, 2).T
    cut_views = tuple(_cut_centre(frames, look) for look, (frames, _) in zip(plan.looks, per_look))
    return Cut(item_index=read.item_index, start_s=start_s, end_s=end_s, views=cut_views)


def _frames(item: WebItem, read: Read, look: Look, plan: Plan) -> tuple[np.ndarray, list[tuple[float, float]]]:
    """Frames (S, V, T, H, W, C) of the read's segments, and the span of each segment in seconds."""
    if item.format == Format.IMAGE:
        picture = read_image(item.path, short_side_px=look.short_side_px)
        return picture[None, None, None], [(0.0, 0.0)]
    flow = look.format == "flow"
    with open_video(item.path, reader=plan.reader, short_side_px=None if flow else look.short_side_px) as video:
        if item.format == Format.TRIMMED:
            indices, spans = _trimmed(video, look, plan)
        else:
            indices, spans = _untrimmed(item, video, read, look, plan)
        if not spans:
            channels = 2 * look.stacked if flow else 3
            return np.zeros((0, 1, look.clip_len, look.crop_px, look.crop_px, channels), dtype=np.uint8), []
        frames = video.read(indices.ravel().tolist())
    if flow:
        frames = from_pictures(frames, look.short_side_px, stacked=look.stacked)
    return frames.reshape(*indices.shape[:2], -1, *frames.shape[1:]), spans


def _trimmed(video: Video, look: Look, plan: Plan) -> tuple[np.ndarray, list[tuple[float, float]]]:
    """Frames (1, V, T * stacked) of one segment, the clip: one view of all frames for 2D, several clips for 3D."""
    clips = views.test_indices(video.num_frames, look.span_len, look.frame_interval, plan.score.num_clips)
    indices = clips.reshape(1, -1) if plan.dims == 2 else clips
    return indices[None], [(0.0, video.duration_s)]


def _untrimmed(
    item: WebItem, video: Video, read: Read, look: Look, plan: Plan
) -> tuple[np.ndarray, list[tuple[float, float]]]:
    """Frames (S, 1, T * stacked) of the read's segments: the middle of each, or its keyframe."""
    keyframes = np.array(video.keyframes(), dtype=np.int64) if plan.frames == "keyframes" else None
    chosen, spans = [], []
    for segment in _segments(item, video, plan)[read.first : read.end]:
        shown = video.span(segment.start_s, segment.end_s)
        positions = _middle_clip(shown, look) if keyframes is None else _middle_keyframe(shown, keyframes, look)
        if len(positions):
            chosen.append(positions)
            spans.append((segment.start_s, segment.end_s))
    return np.array(chosen, dtype=np.int64).reshape(len(chosen), 1, look.span_len), spans


def _middle_clip(shown: range, look: Look) -> np.ndarray:
    """(T * stacked,) frames of one dense clip from the middle; of one frame, or stack of flow, for 2D."""
    return shown.start + views.test_indices(len(shown), look.span_len, look.frame_interval, 1)[0]


def _middle_keyframe(shown: range, keyframes: np.ndarray, look: Look) -> np.ndarray:
    """(stacked,) frames from the keyframe nearest to the middle on, or (0,) if none lies inside.

    A stack of flow that would leave the segment goes on at its start.
    """
    inside = keyframes[(keyframes >= shown.start) & (keyframes < shown.stop)]
    from_middle = np.abs(inside - (shown.start + len(shown) // 2))
    nearest = inside[np.argsort(from_middle, kind="stable")[:1]]
    stack = nearest[:, None] - shown.start + np.arange(look.stacked)  # (1, stacked), or (0, stacked)
    return shown.start + stack.ravel() % len(shown)


def _segments(item: WebItem, video: Video, plan: Plan) -> list[Segment]:
    length_s = plan.score.segment_2d_s if plan.dims == 2 else plan.score.segment_3d_s
    return untrimmed.clip_segments(item.key, video.duration_s, length_s)


def _cut_centre(frames: np.ndarray, look: Look) -> torch.Tensor:
    """Frames (S, V, T, H, W, C) -> (S, V, C, T, crop_px, crop_px), uint8."""
    height, width = frames.shape[3:5]
    box = views.center_box(width, height, look.crop_px)
    flat = frames.reshape(-1, *frames.shape[3:])
    crops = views.cut_views(flat, [(box, False)], look.crop_px)[0]
    return torch.from_numpy(crops.reshape(*frames.shape[:3], *crops.shape[1:])).permute(0, 1, 5, 2, 3, 4)
