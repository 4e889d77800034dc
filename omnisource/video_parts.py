"""A folder of part_0.mp4, part_1.mp4, ... -> one video with all their frames in order (paper 3.5).

So are the untrimmed Kinetics videos of the released Mini-Kinetics web data stored: cut every ten seconds. Part i is
shown from 10 i seconds to 10 (i + 1) seconds whatever its own length: what a list says of part i holds for exactly its
frames, though ffmpeg cuts a little short or long. A shorter part is followed by a pause, a longer one runs faster.
"""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from omnisource.media_files import parts_of
from omnisource.video_probe import FrameIndex, VideoInfo, open_container, probe_video, read_index
from omnisource.video_readers import ShortSize, keyframes_of, open_reader, shown_at_s

PART_S = 10.0
"""Seconds between the starts of two parts."""
_TICK_S = 1e-9
"""Parts may differ in their ticks; a nanosecond is finer than any."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Part:
    """One part as it was when the video was opened."""

    path: Path
    times_s: np.ndarray
    """(N,) seconds from the part's start, all below PART_S."""
    duration_s: float
    """As the part itself has it."""
    keyframes: list[int]


class PartsReader:
    """A FrameReader over the parts; a part is opened again when frames of it are wanted, and never held."""

    def __init__(self, folder: Path, reader: str, short_size: ShortSize | None = None) -> None:
        """Reads the packets of every part. Raises ItemError like parts_of, and like open_reader for each part."""
        parts = [_look_at(path, reader) for path in parts_of(folder)]
        self._paths = [part.path for part in parts]
        self._firsts = np.cumsum([0, *(len(part.times_s) for part in parts)])  # the last entry: frames in all
        self._reader = reader
        self.info = _join_infos(parts)
        self.index = _join_times(parts)
        self._size = short_size(self.info) if short_size else (self.info.width, self.info.height)

    def read(self, indices: Sequence[int], place: Callable[[int, np.ndarray], None]) -> None:
        """See FrameReader."""
        wanted = np.asarray(indices, dtype=np.int64)
        part_of = np.searchsorted(self._firsts, wanted, side="right") - 1
        for part in np.unique(part_of):
            first = int(self._firsts[part])

            def place_in_all(index: int, frame: np.ndarray, first: int = first) -> None:
                place(first + index, frame)

            # one size for all parts: that of the first, should one of them be of another
            with open_reader(self._paths[part], self._reader, lambda _: self._size) as opened:
                opened.read((wanted[part_of == part] - first).tolist(), place_in_all)


@contextlib.contextmanager
def open_parts(folder: Path, reader: str, short_size: ShortSize | None) -> Iterator[PartsReader]:
    """Like open_reader, for a folder of parts."""
    yield PartsReader(folder, reader, short_size)


def _look_at(path: Path, reader: str) -> _Part:
    """Packets tell enough of most parts; what they do not tell exactly is looked at more closely, at twice the cost."""
    with open_container(path) as (container, stream):
        index = read_index(container, stream)
    if not index.is_exact or len(index.pts) < 2:
        with open_reader(path, reader, None) as opened:
            times_s, duration_s, keyframes = shown_at_s(opened), opened.info.duration_s, keyframes_of(opened)
    else:
        times_s = (index.pts - index.pts[0]) * index.tick_s
        duration_s = float(times_s[-1] + np.median(np.diff(times_s)))
        keyframes = np.flatnonzero(np.isin(index.pts, index.keyframe_pts)).tolist()
    if duration_s > PART_S:
        times_s = times_s * (PART_S / duration_s)
    return _Part(path=path, times_s=times_s, duration_s=duration_s, keyframes=keyframes)


def _join_infos(parts: list[_Part]) -> VideoInfo:
    """Of the first part, but with the frames and the length of all; the rate is that of the parts themselves."""
    num_frames = sum(len(part.times_s) for part in parts)
    return replace(
        probe_video(parts[0].path),
        num_frames=num_frames,
        fps=num_frames / sum(part.duration_s for part in parts),
        duration_s=PART_S * (len(parts) - 1) + min(PART_S, parts[-1].duration_s),
    )


def _join_times(parts: list[_Part]) -> FrameIndex:
    starts = [np.round((PART_S * i + part.times_s) / _TICK_S).astype(np.int64) for i, part in enumerate(parts)]
    keyframes = [times[part.keyframes] for times, part in zip(starts, parts)]
    return FrameIndex(pts=np.concatenate(starts), keyframe_pts=np.concatenate(keyframes), tick_s=_TICK_S, is_exact=True)
