"""A video file and frame indices -> exactly those frames, by PyAV or by decord (paper 3.5, 5.1).

PyAV seeks to the keyframe before a wanted frame and lets the decoder skip frames that nothing refers to; a frame is
taken only if its presentation time is the one asked for. Where that fails, the video is decoded from its start.
"""

import contextlib
import typing
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import numpy as np

from omnisource.errors import ItemError, MissingExtraError
from omnisource.image_reading import resize_frame
from omnisource.video_probe import FrameIndex, VideoInfo, describe, open_container, packets_of, read_index

if typing.TYPE_CHECKING:
    import av
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

SEEK_ABOVE = 8
"""Frames: a shorter gap before the next keyframe is decoded through, a seek would throw the decoder's delay away."""
_MAX_TAIL = 600
"""Packets behind the last keyframe that are kept in memory, so as to decode a long video's end."""
_DECORD_BATCH = 16
"""Frames that decord holds at full size at once."""


class FrameReader(Protocol):
    """Reads frames of one open video."""

    info: VideoInfo
    """What the file is; `num_frames` is exact."""
    index: FrameIndex
    """When each frame is shown."""

    def read(self, indices: Sequence[int], place: Callable[[int, np.ndarray], None]) -> None:
        """Hand each wanted frame, (H, W, 3) uint8 RGB of `size`, to `place(index, frame)`; ascending distinct indices.

        Raises ItemError("truncated") for frames that the file has lost.
        """


class PyAvReader:
    """Any video that FFmpeg decodes."""

    def __init__(
        self, path: Path, container: "InputContainer", stream: "VideoStream", short_size: "ShortSize | None" = None
    ) -> None:
        """`container` and `stream` stay open as long as the reader is used."""
        self._path, self._container, self._stream = path, container, stream
        index = read_index(container, stream)
        info = describe(path, container, stream, index)
        if not index.is_exact:
            index = replace(index, pts=np.arange(_count(path), dtype=np.int64))
            info = _recount(path, info, len(index.pts))
        self.index, self.info = index, info
        self._size = short_size(info) if short_size else (info.width, info.height)
        self._to_rgb = _rgb_converter()

    def read(self, indices: Sequence[int], place: Callable[[int, np.ndarray], None]) -> None:
        """See FrameReader."""
        wanted = list(indices)
        if self.index.is_exact:
            for keyframe_pts, run in self._runs(wanted):
                found = self._read_run(keyframe_pts, run, place)
                wanted = [i for i in wanted if i not in found]
        if wanted:
            self._read_from_start(wanted, place)

    def _runs(self, wanted: list[int]) -> list[tuple[int, list[int]]]:
        """Group wanted frames that one pass from one keyframe should decode."""
        keys = self.index.keyframe_pts
        runs: list[tuple[int, list[int]]] = []
        last_key = last = -1
        for i in wanted:
            key = int(np.searchsorted(keys, self.index.pts[i], side="right")) - 1
            if key < 0:
                return []  # frames before the first keyframe: only a pass from the start can show them
            key_index = int(np.searchsorted(self.index.pts, keys[key]))
            if runs and (key == last_key or key_index - last <= SEEK_ABOVE):
                runs[-1][1].append(i)
            else:
                runs.append((int(keys[key]), [i]))
            last_key, last = key, i
        return runs

    def _read_run(self, keyframe_pts: int, run: list[int], place: Callable[[int, np.ndarray], None]) -> set[int]:
        """Decode from a keyframe on; the frames that came out with the very time that was asked for."""
        import av

        missing = {int(self.index.pts[i]): i for i in run}
        shown = set(missing)
        context = self._stream.codec_context
        try:
            self._container.seek(keyframe_pts, stream=self._stream)
        except av.FFmpegError:
            return set()
        started = False
        for packet in packets_of(self._container, self._stream):
            started = started or packet.is_keyframe
            if not started:
                break  # the demuxer did not land on a keyframe
            context.skip_frame = "DEFAULT" if packet.is_keyframe or packet.pts in shown else "NONREF"
            for frame in _decoded(packet):
                if frame.pts in missing:
                    place(missing.pop(frame.pts), self._picture(frame))
            if not missing:
                break
        context.skip_frame = "DEFAULT"
        return set(run) - set(missing.values())

    def _read_from_start(self, wanted: list[int], place: Callable[[int, np.ndarray], None]) -> None:
        """Decode everything up to the last wanted frame; frames are known by their time or, without, by counting."""
        names = {int(self.index.pts[i]): i for i in wanted}
        with open_container(self._path) as (container, stream):
            for count, frame in enumerate(decoded_frames(container, stream)):
                name = frame.pts if self.index.is_exact else count
                if name in names:
                    place(names.pop(name), self._picture(frame))
                if not names:
                    return
        lost = sorted(names.values())
        raise ItemError("truncated", f"{self._path}: frame {lost[0]} of {len(self.index.pts)} does not decode")

    def _picture(self, frame: "VideoFrame") -> np.ndarray:
        """RGB, resized before it is turned: the resized frame is smaller."""
        turned = self.info.rotation in (90, 270)
        rgb = resize_frame(self._to_rgb(frame), self._size[::-1] if turned else self._size)
        return np.rot90(rgb, self.info.rotation // 90)


class DecordReader:
    """decord, for files whose indices it gets right; it is opened for one read and never held."""

    def __init__(self, path: Path, short_size: "ShortSize | None" = None) -> None:
        """Raises ItemError("unreadable") where decord would be wrong or hang, MissingExtraError without decord."""
        self._decord = _import_decord()
        with open_container(path) as (container, stream):
            self.index = read_index(container, stream)
            self.info = describe(path, container, stream, self.index)
        if not self.info.exact_with_decord:
            what = f"{self.info.codec} in {self.info.container}"
            raise ItemError("unreadable", f"{path}: decord is not exact on this file ({what}); use reader auto or pyav")
        self._path = path
        self._size = short_size(self.info) if short_size else (self.info.width, self.info.height)

    def read(self, indices: Sequence[int], place: Callable[[int, np.ndarray], None]) -> None:
        """See FrameReader."""
        wanted = list(indices)
        try:
            video = self._decord.VideoReader(str(self._path.absolute()), num_threads=1)
            for start in range(0, len(wanted), _DECORD_BATCH):
                part = wanted[start : start + _DECORD_BATCH]
                for i, frame in zip(part, video.get_batch(part).asnumpy(), strict=True):
                    place(i, resize_frame(frame, self._size))
        except (RuntimeError, self._decord.DECORDError, IndexError) as error:
            message = str(error).strip().splitlines()[-1:]
            raise ItemError("truncated", f"{self._path}: decord: {' '.join(message)}") from None


ShortSize = Callable[[VideoInfo], tuple[int, int]]
"""The size (width, height) that frames of a video are resized to."""


@contextlib.contextmanager
def open_reader(path: Path, reader: str, short_size: ShortSize | None) -> Iterator[FrameReader]:
    """ "auto" is PyAV: exact on every file and, by skipping, the faster one (benchmarks/video_readers.py)."""
    if reader == "decord":
        yield DecordReader(path, short_size)
    else:
        with open_container(path) as (container, stream):
            yield PyAvReader(path, container, stream, short_size)


def shown_at_s(reader: FrameReader) -> np.ndarray:
    """(N,) seconds from the first frame at which each frame begins to be shown."""
    if reader.index.is_exact:
        return (reader.index.pts - reader.index.pts[0]) * reader.index.tick_s
    return np.arange(reader.info.num_frames) / reader.info.fps


def keyframes_of(reader: FrameReader) -> list[int]:
    """Frames that decoding can start from, ascending; the first where the container keeps no presentation times."""
    if not reader.index.is_exact:
        return [0]
    return np.flatnonzero(np.isin(reader.index.pts, reader.index.keyframe_pts)).tolist() or [0]


def decoded_frames(container: "InputContainer", stream: "VideoStream") -> "Iterator[VideoFrame]":
    """Every frame that comes out, whatever is damaged in between."""
    for packet in packets_of(container, stream):
        yield from _decoded(packet)
    yield from _flushed(stream)


def decodable_share(path: Path) -> float:
    """Share of the keyframes, and of the frames behind the last one, that decode: a tenth of a full decode or less.

    Raises ItemError like open_container, and "no_frames".
    """
    with open_container(path) as (container, stream):
        num_tried = num_decoded = 0
        tail: deque[av.Packet] = deque(maxlen=_MAX_TAIL)
        for packet in packets_of(container, stream):
            if packet.size == 0:
                continue
            tail.append(packet)
            if packet.is_keyframe:
                tail.clear()
                tail.append(packet)
                num_tried += 1
                num_decoded += bool(_decoded(packet) or _flushed(stream))
                stream.codec_context.flush_buffers()
        if tail and tail[0].is_keyframe:  # otherwise it is too long to keep
            # Frames shown before their keyframe need the pictures before it: they are not counted as lost.
            num_leading = sum(p.pts is not None and p.pts < (tail[0].pts or 0) for p in tail)
            num_shown = sum(len(_decoded(packet)) for packet in tail) + len(_flushed(stream))
            num_tried += len(tail)
            num_decoded += min(len(tail), num_shown + num_leading)
    if num_decoded == 0:
        raise ItemError("no_frames", f"{path}: no keyframe can be decoded")
    return num_decoded / num_tried


def _decoded(packet: "av.Packet") -> "list[VideoFrame]":
    import av

    try:
        return packet.decode()
    except MemoryError:  # one of FFmpeg's errors too, and no damage
        raise
    except av.FFmpegError:
        return []


def _flushed(stream: "VideoStream") -> "list[VideoFrame]":
    """Frames that the decoder still holds where a damaged file broke off; none after a regular end."""
    import av

    try:
        return stream.codec_context.decode(None)
    except av.FFmpegError:  # a regular end has been flushed already
        return []


def _count(path: Path) -> int:
    with open_container(path) as (container, stream):
        return sum(1 for _ in decoded_frames(container, stream))


def _recount(path: Path, info: VideoInfo, num_frames: int) -> VideoInfo:
    if num_frames == 0:
        raise ItemError("no_frames", f"{path}: no frame can be decoded")
    return replace(info, num_frames=num_frames, duration_s=num_frames / info.fps)


def _rgb_converter() -> "Callable[[VideoFrame], np.ndarray]":
    """One conversion context for all frames of a video, in one thread.

    A new context for each frame, or threads that wait for each other, cost more than a small frame itself.
    """
    from av.video.reformatter import VideoReformatter

    reformatter = VideoReformatter()
    return lambda frame: reformatter.reformat(frame, format="rgb24", threads=1).to_ndarray()


def _import_decord():
    try:
        import decord
    except ImportError:
        raise MissingExtraError("decord", extra="video", purpose="reading video with decord") from None
    return decord
