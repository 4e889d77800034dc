"""A video file -> its size, its length and when each frame is shown, without decoding it (paper 3.3).

The packets are read, not decoded: their presentation times, sorted, are the exact index of the frames. Counts and
durations in headers are not believed.
"""

import contextlib
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from omnisource.errors import ItemError
from omnisource.media_files import refuse_what_is_no_media

if typing.TYPE_CHECKING:
    import av
    from av.container import InputContainer
    from av.video.stream import VideoStream

_FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,flv,avi,mpegts,mpegtsraw,mpeg,mpegvideo,asf,ogg,gif,webp_pipe,apng,mjpeg,"
    "h264,hevc,m4v,obu,ivf,rm,wtv,mxf,nut,dv,vob,live_flv,png_pipe,jpeg_pipe"
)
"""What FFmpeg may open. Playlists and concatenation scripts are left out: they name further files and addresses."""
_INDEXED = ("mov", "matroska", "flv")
"""Containers that store presentation times; those of others are guessed by the demuxer."""
_HIDDEN_FRAME_CODECS = ("vp8",)
"""Codecs whose packets may show nothing, so packets cannot be counted as frames."""
_UNKNOWN_TO_DECORD = ("av1", "vvc")
_DEFAULT_FPS = 25.0
"""For a single frame in a container that states no rate."""


@dataclass(frozen=True, kw_only=True, slots=True)
class VideoInfo:
    """What the demuxer says of a video."""

    width: int
    """Pixels as displayed, after the rotation."""
    height: int
    """Pixels as displayed, after the rotation."""
    num_frames: int
    """Frames that are shown; where the container keeps no presentation times, packets."""
    fps: float
    """Frames a second on average; the rate may vary."""
    duration_s: float
    """From the first frame's start to the last one's end."""
    codec: str
    """FFmpeg's name: "h264", "vp9", ..."""
    container: str
    """FFmpeg's first name: "mov" (also mp4), "matroska" (also webm), "avi", ..."""
    rotation: int
    """Degrees counter-clockwise by which decoded pixels are turned for display: 0, 90, 180 or 270."""
    exact_with_decord: bool
    """Whether decord's frame indices are known to be right on such a file."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FrameIndex:
    """When each frame is shown. N frames, M keyframes."""

    pts: np.ndarray
    """(N,) int64 presentation times in ticks, ascending."""
    keyframe_pts: np.ndarray
    """(M,) int64 presentation times of the packets that decoding can start from, ascending."""
    tick_s: float
    """Length of a tick."""
    is_exact: bool
    """False where presentation times are guesses: then frames have to be counted by decoding."""


def probe_video(path: Path) -> VideoInfo:
    """Read packets and decode one frame.

    Raises ItemError: missing_file, empty_file, not_media, unreadable, no_video_stream, no_frames.
    """
    with open_container(path) as (container, stream):
        index = read_index(container, stream)
        return describe(path, container, stream, index)


def silence_decoders() -> None:
    """Keep FFmpeg's complaints about damaged files off this process's stderr; our errors say what matters."""
    import av.logging

    # Not set_level: a Python callback deadlocks with decoder threads.
    av.logging.set_libav_level(av.logging.PANIC)


@contextlib.contextmanager
def open_container(path: Path) -> "Iterator[tuple[InputContainer, VideoStream]]":
    """FFmpeg's view of the file, closed at the end: without that PyAV keeps threads and file handles."""
    import av

    refuse_what_is_no_media(path)
    # An absolute path is never taken for an address such as "concat:" or "http:".
    options = {"format_whitelist": _FORMATS, "protocol_whitelist": "file"}
    try:
        container = av.open(str(path.absolute()), options=options, metadata_errors="ignore")
    except av.FFmpegError as error:
        raise ItemError("unreadable", f"{path}: {error.strerror}") from None
    with container:
        if not container.streams.video:
            raise ItemError("no_video_stream", f"{path} is {container.format.name} without a video track")
        stream = container.streams.video[0]
        if stream.codec_context is None:
            raise ItemError("unreadable", f"{path}: no decoder for its video codec")
        stream.codec_context.thread_count = 1  # parallel workers beat threads: 1.2-1.8 times the CPU otherwise
        yield container, stream


def packets_of(container: "InputContainer", stream: "VideoStream") -> "Iterator[av.Packet]":
    """Packets up to the end or to where a damaged file breaks off; the decoder still holds frames then."""
    import av

    try:
        yield from container.demux(stream)
    except MemoryError:  # one of FFmpeg's errors too, and no damage of the file
        raise
    except (av.FFmpegError, IndexError):  # PyAV's own IndexError: a stream that appears late in a damaged MPEG-TS
        return


def read_index(container: "InputContainer", stream: "VideoStream") -> FrameIndex:
    """Presentation times of every packet that is shown; leaves the container at its end."""
    pts, keyframe_pts, decode_order = [], [], []
    complete = True
    for packet in packets_of(container, stream):
        if packet.size == 0:
            continue
        complete = complete and packet.pts is not None
        time = packet.pts if packet.pts is not None else len(decode_order)
        decode_order.append((time, packet.dts))
        if packet.is_keyframe:
            keyframe_pts.append(time)
        if not packet.is_discard:  # an edit list hides it, the decoder drops its frame
            pts.append(time)
    ordered = np.unique(np.array(pts, dtype=np.int64))
    complete = complete and len(ordered) == len(pts) and _keeps_times(container, stream, decode_order)
    if not complete:
        ordered = np.sort(np.array(pts, dtype=np.int64))
    keys = np.unique(np.array(keyframe_pts, dtype=np.int64))
    return FrameIndex(pts=ordered, keyframe_pts=keys, tick_s=float(stream.time_base), is_exact=complete)


def describe(path: Path, container: "InputContainer", stream: "VideoStream", index: FrameIndex) -> VideoInfo:
    """Join index and header; raises ItemError("no_frames") where nothing is shown."""
    num_frames = len(index.pts)
    if num_frames == 0:
        raise ItemError("no_frames", f"{path} declares a {_codec_name(stream)} track without a frame")
    width, height, rotation = _first_frame(path, container, stream, index)
    fps = _average_fps(stream, index)
    return VideoInfo(
        width=height if rotation in (90, 270) else width,
        height=width if rotation in (90, 270) else height,
        num_frames=num_frames,
        fps=fps,
        duration_s=num_frames / fps,
        codec=_codec_name(stream),
        container=_container_name(container),
        rotation=rotation,
        exact_with_decord=rotation == 0 and _is_exact_with_decord(container, stream, index),
    )


def _keeps_times(container: "InputContainer", stream: "VideoStream", times: list[tuple[int, int | None]]) -> bool:
    if _codec_name(stream) in _HIDDEN_FRAME_CODECS:
        return False
    if _container_name(container) in _INDEXED:
        return True
    # AVI counts packets; that is a presentation time as long as the file is whole and nothing is reordered.
    in_order = not stream.codec_context.has_b_frames and all(pts == dts for pts, dts in times)
    return _container_name(container) == "avi" and in_order and stream.frames == len(times)


def _is_exact_with_decord(container: "InputContainer", stream: "VideoStream", index: FrameIndex) -> bool:
    """decord hangs on MPEG-TS, miscounts edit lists and damaged files, fails on narrow turned ones, knows no AV1."""
    whole = stream.frames in (0, len(index.pts))  # an edit list hides frames that the header counts
    from_zero = len(index.pts) > 0 and index.pts[0] == 0
    return index.is_exact and whole and from_zero and _codec_name(stream) not in _UNKNOWN_TO_DECORD


def _first_frame(
    path: Path, container: "InputContainer", stream: "VideoStream", index: FrameIndex
) -> tuple[int, int, int]:
    """Coded width and height, and the rotation, which FFmpeg tells with a frame only."""
    import av

    found = None
    if index.is_exact and len(index.keyframe_pts):
        with contextlib.suppress(av.FFmpegError):
            container.seek(int(index.keyframe_pts[0]), stream=stream)  # cheaper than to open the file again
            found = _first_shown(container, stream)
    if found is None:
        with open_container(path) as (fresh, fresh_stream):
            found = _first_shown(fresh, fresh_stream)
    if found is None:
        raise ItemError("no_frames", f"{path}: no frame can be decoded")
    return found


def _first_shown(container: "InputContainer", stream: "VideoStream") -> tuple[int, int, int] | None:
    import av

    for packet in packets_of(container, stream):
        try:
            frames = packet.decode()
            if not frames and packet.is_keyframe and not packet.is_discard:
                frames = stream.codec_context.decode(None)  # a keyframe needs none of the packets after it
                stream.codec_context.flush_buffers()
        except av.FFmpegError:
            continue
        if frames:
            return frames[0].width, frames[0].height, frames[0].rotation % 360
    return None


def _average_fps(stream: "VideoStream", index: FrameIndex) -> float:
    if index.is_exact and len(index.pts) > 1:
        steps = np.diff(index.pts)
        shown_s = float(index.pts[-1] - index.pts[0] + np.median(steps)) * index.tick_s
        return len(index.pts) / shown_s
    rate = stream.average_rate or stream.guessed_rate
    return float(rate) if rate else _DEFAULT_FPS


def _codec_name(stream: "VideoStream") -> str:
    """The codec's own name: a context is named after the library that decodes, such as "libdav1d"."""
    return stream.codec_context.codec.canonical_name


def _container_name(container: "InputContainer") -> str:
    return container.format.name.split(",")[0]
