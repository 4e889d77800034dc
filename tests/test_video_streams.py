"""A video frame by frame, and gray pictures near lossless with the times of another video."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from omnisource.errors import ItemError
from omnisource.media import open_video, write_video
from omnisource.video_streams import Times, open_stream, write_gray


def _ramp(path: Path, num_frames: int, fps: float = 8, side_px: int = 32) -> Path:
    """Frame i has grey level 5 i."""
    greys = (5 * np.arange(num_frames, dtype=np.uint8))[:, None, None, None]
    write_video(path, np.broadcast_to(greys, (num_frames, side_px, side_px + 8, 3)), fps, quality=1)
    return path


def _moving(num_frames: int, height: int, width: int) -> np.ndarray:
    """(T, H, W) uint8: a smooth texture that drifts, as flow does."""
    x, y, t = np.arange(width), np.arange(height)[:, None], np.arange(num_frames)[:, None, None]
    return (128 + 60 * np.sin((x + 2 * t) / 9) * np.cos((y - t) / 7)).astype(np.uint8)


def _write(path: Path, pictures: np.ndarray, times: Times) -> None:
    with write_gray(path, times, (pictures.shape[2], pictures.shape[1])) as write:
        for picture in pictures:
            write(picture)


def test_each__shows_every_frame_once_in_order(tmp_path: Path):
    seen: list[float] = []
    with open_stream(_ramp(tmp_path / "v.mp4", 30), short_side_px=16) as stream:
        stream.each(lambda frame: seen.append(frame.mean()))
        assert (stream.num_frames, stream.size) == (30, (20, 16))  # 32 x 40 with short side 16
    np.testing.assert_allclose(seen, 5 * np.arange(30), atol=2)


def test_open_stream__times_are_those_of_the_file(tmp_path: Path):
    with open_stream(_ramp(tmp_path / "v.mp4", 16, fps=12.5)) as stream:
        times = stream.times
    assert times.fps == 12.5
    np.testing.assert_allclose(times.pts * float(times.tick_s), np.arange(16) * 0.08, atol=1e-9)


def test_open_stream__times_of_a_file_that_keeps_none_are_even(tmp_path: Path):
    import av

    path = tmp_path / "v.ts"  # MPEG-TS with B-frames: presentation times are not trusted
    with av.open(str(path), "w", format="mpegts") as container:
        video = container.add_stream("libx264", rate=10)
        video.width = video.height = 32
        for grey in range(20):
            picture = np.full((32, 32, 3), grey * 10, np.uint8)
            container.mux(video.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(video.encode(None))
    with open_stream(path) as stream:
        times = stream.times
    assert times.tick_s == Fraction(1, 1_000_000)
    np.testing.assert_array_equal(times.pts, np.arange(20) * 100_000)  # 10 frames a second


def test_each__a_lost_frame_is_an_item_error(tmp_path: Path):
    rng = np.random.default_rng(0)
    path = tmp_path / "v.mp4"
    write_video(path, rng.integers(0, 255, (48, 32, 32, 3), dtype=np.uint8), 8)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + len(content) // 4] = bytes(len(content) // 4)  # the packets of a quarter of the frames
    path.write_bytes(content)
    with open_stream(path) as stream, pytest.raises(ItemError, match=r"truncated: .*v\.mp4: frame \d+ of 48 does not"):
        stream.each(lambda _: None)


def test_open_stream__raises_as_media_does(tmp_path: Path):
    with pytest.raises(ItemError, match="missing_file"), open_stream(tmp_path / "absent.mp4"):
        pass


@pytest.mark.parametrize(("height", "width"), [(32, 48), (33, 46)])  # H.264 likes even sides, gray takes any
def test_write_gray__is_read_back_within_a_few_levels(tmp_path: Path, height: int, width: int):
    pictures = _moving(40, height, width)
    times = Times(pts=np.arange(40), tick_s=Fraction(1, 25), fps=25)
    _write(tmp_path / "g.mp4", pictures, times)
    with open_video(tmp_path / "g.mp4") as video:
        decoded = video.read(range(40))
        assert video.keyframes() == [0, 12, 24, 36]
    assert decoded.shape == (40, height, width, 3)
    assert (decoded[..., 0] == decoded[..., 1]).all() and (decoded[..., 0] == decoded[..., 2]).all()
    error = np.abs(decoded[..., 0].astype(int) - pictures)
    assert error.mean() < 0.6 and error.max() <= 8


def test_write_gray__keeps_black_and_white(tmp_path: Path):
    pictures = np.stack([np.full((32, 32), level, np.uint8) for level in (0, 255, 128)])
    _write(tmp_path / "g.mp4", pictures, Times(pts=np.arange(3), tick_s=Fraction(1, 8), fps=8))
    with open_video(tmp_path / "g.mp4") as video:
        assert video.read([0, 1, 2])[:, 5, 5, 0].tolist() == [0, 255, 128]  # not 16 and 235


def test_write_gray__keeps_uneven_times(tmp_path: Path):
    pts = np.array([0, 40, 50, 130, 131, 200])  # milliseconds
    _write(tmp_path / "g.mp4", _moving(6, 32, 32), Times(pts=pts, tick_s=Fraction(1, 1000), fps=25))
    with open_video(tmp_path / "g.mp4") as video:
        assert [video.frame_at(t / 1000) for t in (0, 39, 40, 49, 50, 129, 130, 131, 199, 200)] == [
            *(0, 0, 1, 1, 2, 2, 3, 4, 4, 5)
        ]


def test_write_gray__is_whole_or_absent(tmp_path: Path):
    times = Times(pts=np.arange(9), tick_s=Fraction(1, 8), fps=8)
    with pytest.raises(ItemError), write_gray(tmp_path / "g.mp4", times, (32, 32)) as write:
        write(np.zeros((32, 32), np.uint8))
        raise ItemError("truncated")
    assert list(tmp_path.iterdir()) == []
