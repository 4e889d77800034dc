"""A video's frames one after the other, and gray pictures back to H.264: work that never holds a video (paper 5.2).

Optical flow is kept in such files: near lossless, with the very presentation times of the video that it came from, so
that a span of seconds means the same frames in both.
"""

import contextlib
import os
import typing
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from omnisource.errors import ItemError
from omnisource.image_reading import short_side_size
from omnisource.media import KEYFRAME_EVERY
from omnisource.video_parts import open_parts
from omnisource.video_probe import VideoInfo
from omnisource.video_readers import FrameReader, open_reader, shown_at_s

if typing.TYPE_CHECKING:
    from av.container import OutputContainer

GRAY_QUALITY = 12
"""x264's CRF. On real flow it is wrong by at most 0.2 grey levels on average and one level at the 99th percentile (0.03
and 0.16 px of flow bounded to 20 px), for a third to a half of lossless's bytes."""
_TICKS_PER_S = 1_000_000
"""At most, and where a file's own ticks cannot be used: finer than what media.Video tolerates."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Times:
    """When the N frames of a video are shown."""

    pts: np.ndarray
    """(N,) int64 ticks from the first frame, ascending."""
    tick_s: Fraction
    """Length of a tick in seconds."""
    fps: float
    """Frames a second on average."""


class FrameStream:
    """One open video that is read once, from its first frame to its last; made by `open_stream`."""

    def __init__(self, path: Path, reader: FrameReader, size: tuple[int, int]) -> None:
        """`size` (width, height) of the frames that come out."""
        self._path, self._reader = path, reader
        self.size = size
        self.num_frames = reader.info.num_frames
        self.times = _times(reader)

    def each(self, see: Callable[[np.ndarray], None]) -> None:
        """Show every frame, (H, W, 3) uint8 RGB, to `see`, in order; raises ItemError("truncated") at a lost one."""
        expected = 0

        def place(index: int, frame: np.ndarray) -> None:
            nonlocal expected
            if index != expected:
                raise ItemError("truncated", f"{self._path}: frame {expected} of {self.num_frames} does not decode")
            expected += 1
            see(frame)

        self._reader.read(range(self.num_frames), place)


@contextlib.contextmanager
def open_stream(path: Path, reader: str = "auto", short_side_px: int | None = None) -> Iterator[FrameStream]:
    """A FrameStream whose frames have that short side; raises ItemError as media.open_video does."""

    def size(info: VideoInfo) -> tuple[int, int]:
        sides = info.width, info.height
        return sides if short_side_px is None else short_side_size(*sides, short_side_px)

    opening = open_parts if path.is_dir() else open_reader
    with opening(path, reader, size) as opened:
        yield FrameStream(path, opened, size(opened.info))


@contextlib.contextmanager
def write_gray(path: Path, times: Times, size: tuple[int, int]) -> Iterator[Callable[[np.ndarray], None]]:
    """A function that takes one gray picture (H, W) uint8 after the other; the file is whole or absent.

    `size` (width, height), odd sides included. Monochrome, all 256 levels, a keyframe every 12: media.open_video gives
    each picture back as three equal channels.
    """
    import av

    # several processes may make the same file from two copies of one video
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        with av.open(str(partial), "w", format="mp4") as container:
            stream = container.add_stream("libx264", rate=Fraction(times.fps).limit_denominator(_TICKS_PER_S))
            stream.width, stream.height = size
            stream.pix_fmt = "gray"
            # No keyframes of x264's own choice, since flow jumps where pictures do not. No B-frames: they save nothing
            # here, and with them x264 may write the same small pictures in two ways.
            stream.options = {"crf": str(GRAY_QUALITY), "g": str(KEYFRAME_EVERY), "sc_threshold": "0", "bf": "0"}
            stream.codec_context.color_range = av.video.reformatter.ColorRange.JPEG
            stream.codec_context.thread_count = 1
            stream.codec_context.time_base = stream.time_base = times.tick_s
            shown = iter(times.pts.tolist())

            def write(picture: np.ndarray) -> None:
                frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="gray")
                frame.color_range = av.video.reformatter.ColorRange.JPEG
                frame.pts, frame.time_base = next(shown), times.tick_s
                _mux(container, stream.encode(frame))

            yield write
            _mux(container, stream.encode(None))
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _times(reader: FrameReader) -> Times:
    """In the file's own ticks where they can be trusted and an MP4 can hold them, else in microseconds."""
    fps, index = reader.info.fps, reader.index
    if index.is_exact and index.tick_s * _TICKS_PER_S >= 1:
        tick_s = Fraction(index.tick_s).limit_denominator(_TICKS_PER_S)
        return Times(pts=index.pts - index.pts[0], tick_s=tick_s, fps=fps)
    pts = np.rint(shown_at_s(reader) * _TICKS_PER_S).astype(np.int64)
    return Times(pts=pts, tick_s=Fraction(1, _TICKS_PER_S), fps=fps)


def _mux(container: "OutputContainer", packets: list) -> None:
    for packet in packets:
        container.mux(packet)
