"""A folder of parts is one video: its frames, its times, and what is wrong with it."""

from pathlib import Path

import numpy as np
import pytest

from omnisource import media
from omnisource.errors import ItemError
from omnisource.types import Format

FPS = 5
LENGTHS = (20, 50, 52, 10)  # frames of parts 0 to 3: 4 s, 10 s, 10.4 s, 2 s


def ramp(num_frames: int, first: int) -> np.ndarray:
    """Frame i has the grey level first + i."""
    levels = (first + np.arange(num_frames, dtype=np.uint8))[:, None, None, None]
    return np.broadcast_to(levels, (num_frames, 32, 48, 3)).copy()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("untrimmed") / "___dTOdxzXY"
    path.mkdir()
    first = 10
    for number, length in enumerate(LENGTHS):
        media.write_video(path / f"part_{number}.mp4", ramp(length, first), FPS, quality=0)
        first += length
    (path / "part_4.mp4.partial").write_bytes(b"of a download")
    return path


def test_read__frames_across_borders_are_those_of_the_single_parts(folder: Path):
    with media.open_video(folder) as video:
        assert video.num_frames == 132
        across = video.read([71, 19, 20, 69, 70, 121, 122, 131])
    alone = []
    for part, index in ((2, 1), (0, 19), (1, 0), (1, 49), (2, 0), (2, 51), (3, 0), (3, 9)):
        with media.open_video(folder / f"part_{part}.mp4") as video:
            alone.append(video.read([index])[0])
    np.testing.assert_array_equal(across, alone)


def test_read__outside(folder: Path):
    with media.open_video(folder) as video, pytest.raises(IndexError, match="frame 132 of a video with 132 frames"):
        video.read([132])


@pytest.mark.parametrize("part", range(4))
def test_span__ten_seconds_are_the_frames_of_one_part_however_long_it_is(folder: Path, part: int):
    first = sum(LENGTHS[:part])
    with media.open_video(folder) as video:
        assert video.span(10.0 * part, 10.0 * (part + 1)) == range(first, first + LENGTHS[part])


@pytest.mark.parametrize(
    ("time_s", "frame"),
    [
        (0.0, 0),
        (3.9, 19),  # 5 frames a second
        (9.9, 19),  # part 0 is 4 s long, then nothing comes before part 1
        (10.0, 20),
        (19.9, 69),
        (20.0, 70),
        (29.99, 121),  # 52 frames in 10 s instead of 10.4 s
        (31.0, 127),
        (99.0, 131),
    ],
)
def test_frame_at__parts_begin_every_ten_seconds(folder: Path, time_s: float, frame: int):
    with media.open_video(folder) as video:
        assert video.frame_at(time_s) == frame


def test_keyframes__of_all_parts(folder: Path):
    expected = []
    for part in range(4):
        with media.open_video(folder / f"part_{part}.mp4") as video:
            expected += [sum(LENGTHS[:part]) + index for index in video.keyframes()]
    with media.open_video(folder) as video:
        assert video.keyframes() == expected
    assert {0, 20, 70, 122} <= set(expected)


def test_info__length_of_all_and_the_rate_of_the_parts(folder: Path):
    info = media.probe_video(folder)
    assert (info.width, info.height, info.num_frames) == (48, 32, 132)
    assert info.fps == pytest.approx(5.0)
    assert info.duration_s == pytest.approx(32.0)  # the last part begins at 30 s


def test_open_video__short_side(folder: Path):
    with media.open_video(folder, short_side_px=16) as video:
        assert video.read([0, 131]).shape == (2, 16, 24, 3)


def test_open_video__parts_of_other_sizes_are_brought_to_the_first(tmp_path: Path):
    media.write_video(tmp_path / "part_0.mp4", ramp(3, 0), FPS)
    media.write_video(tmp_path / "part_1.mp4", np.zeros((3, 64, 64, 3), np.uint8), FPS)
    with media.open_video(tmp_path) as video:
        assert video.read([2, 3]).shape == (2, 32, 48, 3)


def test_counting__goes_over_all_parts(folder: Path):
    assert media.count_decodable_frames(folder) == 132
    assert media.decodable_share(folder) == 1.0


def test_decodable_share__mean_of_the_parts(tmp_path: Path, rng: np.random.Generator):
    noise = rng.integers(0, 255, (36, 32, 48, 3), dtype=np.uint8)
    media.write_video(tmp_path / "part_0.mp4", noise, FPS)
    whole = (tmp_path / "part_0.mp4").read_bytes()
    (tmp_path / "part_1.mp4").write_bytes(whole[: -(len(whole) - whole.index(b"mdat")) // 2])
    second = media.decodable_share(tmp_path / "part_1.mp4")
    assert second < 1
    assert media.decodable_share(tmp_path) == pytest.approx((1 + second) / 2)


def test_thumbnail__of_the_middle(folder: Path):
    assert media.thumbnail(folder, Format.UNTRIMMED)[:4] == b"RIFF"


def test_open_video__a_broken_part_is_named(folder: Path, tmp_path: Path):
    (tmp_path / "part_0.mp4").write_bytes((folder / "part_0.mp4").read_bytes())
    (tmp_path / "part_1.mp4").write_bytes(b"")
    with pytest.raises(ItemError, match=r"empty_file: .*part_1.mp4") as caught, media.open_video(tmp_path):
        pass
    assert caught.value.reason == "empty_file"


def test_open_video__a_part_without_presentation_times_is_counted(folder: Path, tmp_path: Path):
    """MPEG-TS keeps none that can be trusted."""
    import av

    (tmp_path / "part_0.mp4").write_bytes((folder / "part_0.mp4").read_bytes())
    with av.open(str(tmp_path / "part_1.mp4"), "w", format="mpegts") as container:
        stream = container.add_stream("mpeg2video", rate=25)
        stream.width, stream.height, stream.pix_fmt = 48, 32, "yuv420p"
        for frame in ramp(25, 100):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode(None))
    with media.open_video(tmp_path) as video:
        assert video.span(10.0, 20.0) == range(20, 45)
        assert abs(int(video.read([44]).mean()) - 124) <= 2
