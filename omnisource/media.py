"""Images and spans of video on disk -> uint8 frames; previews back to disk (paper 3.3, 3.5).

The only door to decoders: the rest of the house asks here for pictures, for exact frames by index, and for the times at
which frames are shown. A folder of parts is a video like any file (video_parts.py).
"""

import contextlib
import io
import itertools
import typing
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Literal

import numpy as np

from omnisource.errors import ItemError
from omnisource.image_reading import ImageInfo, probe_image, read_image, short_side_size
from omnisource.media_files import content_key, num_bytes, parts_of
from omnisource.types import Format
from omnisource.video_parts import PartsReader, open_parts
from omnisource.video_probe import VideoInfo, open_container, silence_decoders
from omnisource.video_probe import probe_video as probe_file
from omnisource.video_readers import (
    FrameReader,
    decoded_frames,
    keyframes_of,
    open_reader,
    shown_at_s,
)
from omnisource.video_readers import decodable_share as decodable_share_of_file

if typing.TYPE_CHECKING:
    from av.container import OutputContainer

__all__ = [
    "ImageInfo",
    "Reader",
    "Video",
    "VideoInfo",
    "content_key",
    "count_decodable_frames",
    "decodable_share",
    "num_bytes",
    "open_video",
    "parts_of",
    "probe_image",
    "probe_video",
    "read_image",
    "silence_decoders",
    "thumbnail",
    "write_video",
]

Reader = Literal["auto", "decord", "pyav"]

_TOLERANCE_S = 1e-6
"""Times that are rounded decimals still find the frame they mean."""
KEYFRAME_EVERY = 12
"""Frames from one keyframe to the next in what we write: a few frames of a clip then cost a fifth (performance 1)."""
_MAX_FPS_DENOMINATOR = 1001
"""Enough for 30000/1001."""
_THUMBNAIL_QUALITY = 80


class Video:
    """One open video; made by `open_video`."""

    def __init__(self, reader: FrameReader, size: tuple[int, int]) -> None:
        """`size` (width, height) of the frames that the reader hands out."""
        self._reader, self._size = reader, size
        self.info = reader.info
        self._times_s = shown_at_s(reader)

    @property
    def num_frames(self) -> int:
        """Frames that can be asked for."""
        return self.info.num_frames

    @property
    def fps(self) -> float:
        """Frames a second on average."""
        return self.info.fps

    @property
    def duration_s(self) -> float:
        """From the first frame's start to the last one's end."""
        return self.info.duration_s

    def read(self, indices: Sequence[int]) -> np.ndarray:
        """Frames in the order asked for, repeats allowed: (len, H, W, 3) uint8 RGB.

        Raises IndexError for an index outside the video, ItemError("truncated") for a frame that a damaged file lost.
        """
        positions: dict[int, list[int]] = {}
        for position, i in enumerate(indices):
            if not 0 <= i < self.num_frames:
                raise IndexError(f"frame {i} of a video with {self.num_frames} frames")
            positions.setdefault(int(i), []).append(position)
        width, height = self._size
        frames = np.empty((len(indices), height, width, 3), dtype=np.uint8)

        def place(index: int, frame: np.ndarray) -> None:
            for position in positions[index]:
                frames[position] = frame

        self._reader.read(sorted(positions), place)
        return frames

    def frame_at(self, time_s: float) -> int:
        """Index of the frame that is shown at a time; the first or last one outside the video."""
        index = int(np.searchsorted(self._times_s, time_s + _TOLERANCE_S, side="right")) - 1
        return min(max(index, 0), self.num_frames - 1)

    def shown_at(self, index: int) -> float:
        """Time in seconds from which on a frame is shown; the inverse of `frame_at`."""
        return float(self._times_s[index])

    def span(self, start_s: float, end_s: float) -> range:
        """Frames whose showing begins in [start_s, end_s): spans that touch share none; never empty."""
        first, stop = np.searchsorted(self._times_s, [start_s - _TOLERANCE_S, end_s - _TOLERANCE_S])
        if first >= stop:  # shorter than a frame, or outside the video
            only = self.frame_at(start_s)
            return range(only, only + 1)
        return range(int(first), int(stop))

    def keyframes(self) -> list[int]:
        """Frames that are cheap to read, ascending.

        Without presentation times (MPEG-TS, AVI with reordered frames) no frame is cheaper than another: the first.
        """
        return keyframes_of(self._reader)


@contextlib.contextmanager
def open_video(path: Path, reader: Reader = "auto", short_side_px: int | None = None) -> Iterator[Video]:
    """A Video whose frames have that short side, resized one by one while decoding; `path` a file or folder of parts.

    Raises ItemError: missing_file, missing_part, empty_file, not_media, unreadable, no_video_stream, no_frames;
    MissingExtraError for "decord" without it. "decord" refuses files on which it is not exact ("unreadable").
    """

    def size(info: VideoInfo) -> tuple[int, int]:
        return (info.width, info.height) if short_side_px is None else short_side_size(*_sides(info), short_side_px)

    opening = open_parts if path.is_dir() else open_reader
    with opening(path, reader, size) as opened:
        yield Video(opened, size(opened.info))


def probe_video(path: Path) -> VideoInfo:
    """What a video file, or a folder of parts, is: its packets are read and one frame is decoded.

    Raises ItemError like open_video.
    """
    return PartsReader(path, "pyav").info if path.is_dir() else probe_file(path)


def decodable_share(path: Path) -> float:
    """Share of the keyframes, and of the frames behind the last one, that decode; of parts, the mean of their shares.

    A tenth of a full decode or less. Raises ItemError like open_video.
    """
    if path.is_dir():
        return float(np.mean([decodable_share_of_file(part) for part in parts_of(path)]))
    return decodable_share_of_file(path)


def count_decodable_frames(path: Path, reader: Reader = "auto") -> int:
    """Decode everything and count what really comes out, whatever headers say.

    Raises ItemError like open_video. With "decord" damage is an error ("truncated"), PyAV counts past it.
    """
    if path.is_dir():
        return sum(count_decodable_frames(part, reader) for part in parts_of(path))
    if reader == "decord":
        count = 0

        def place(_index: int, _frame: np.ndarray) -> None:
            nonlocal count
            count += 1

        with open_reader(path, reader, None) as opened:
            opened.read(range(opened.info.num_frames), place)
        return count
    with open_container(path) as (container, stream):
        count = sum(1 for _ in decoded_frames(container, stream))
    if count == 0:
        raise ItemError("no_frames", f"{path}: no frame can be decoded")
    return count


def write_video(path: Path, frames: Iterable[np.ndarray], fps: float, *, quality: int = 23) -> None:
    """Write frames (H, W, 3) uint8 RGB, one by one or as (T, H, W, 3), as H.264 that browsers play.

    Odd sides grow by one pixel. `quality` is x264's CRF: 0 is the best, 51 the worst.
    """
    import av

    pictures = iter(frames)
    first = next(pictures, None)
    if first is None or first.ndim != 3 or first.shape[-1] != 3 or first.dtype != np.uint8 or 0 in first.shape:
        given = "nothing" if first is None else f"{first.shape} {first.dtype}"
        raise ValueError(f"frames must be (H, W, 3) uint8, at least one of them, not {given}")
    odd_height, odd_width = first.shape[0] % 2, first.shape[1] % 2
    partial = path.with_name(path.name + ".partial")
    # The index goes to the front, so that a browser starts before it has the whole file.
    with av.open(str(partial), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=Fraction(fps).limit_denominator(_MAX_FPS_DENOMINATOR))
        stream.width, stream.height = first.shape[1] + odd_width, first.shape[0] + odd_height
        stream.pix_fmt, stream.options = "yuv420p", {"crf": str(quality), "g": str(KEYFRAME_EVERY)}
        stream.codec_context.thread_count = 1
        for rgb in itertools.chain([first], pictures):
            even = np.pad(rgb, ((0, odd_height), (0, odd_width), (0, 0)), mode="edge")
            _mux(container, stream.encode(av.VideoFrame.from_ndarray(even, format="rgb24")))
        _mux(container, stream.encode(None))
    partial.replace(path)


def thumbnail(path: Path, format: Format, *, side_px: int = 256) -> bytes:
    """WebP of the picture, or of the video's keyframe nearest to its middle; the long side has at most `side_px`.

    Raises ItemError like read_image and open_video.
    """
    from PIL import Image

    if format is Format.IMAGE:
        frame = read_image(path, short_side_px=_short_side_within(probe_image(path, max_megapixels=100.0), side_px))
    else:
        with open_video(path) as video:
            middle = video.num_frames // 2
            nearest = min(video.keyframes(), key=lambda i: abs(i - middle))
            frame = video.read([nearest])[0]
    picture = Image.fromarray(frame)
    picture.thumbnail((side_px, side_px))
    encoded = io.BytesIO()
    picture.save(encoded, "WEBP", quality=_THUMBNAIL_QUALITY)
    return encoded.getvalue()


def _sides(info: VideoInfo | ImageInfo) -> tuple[int, int]:
    return info.width, info.height


def _short_side_within(info: ImageInfo, side_px: int) -> int:
    """Short side of the picture once its long side is at most `side_px`; pictures are not enlarged."""
    long = max(_sides(info))
    return max(1, round(min(_sides(info)) * min(1.0, side_px / long)))


def _mux(container: "OutputContainer", packets: list) -> None:
    for packet in packets:
        container.mux(packet)
