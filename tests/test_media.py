"""Open videos: frames, times and spans; previews written and read back."""

import io
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from omnisource.errors import ItemError
from omnisource.media import count_decodable_frames, open_video, probe_video, thumbnail, write_video
from omnisource.types import Format

FPS = 10


def grey_ramp(num_frames: int, height: int = 48, width: int = 64) -> np.ndarray:
    """Frame i has the grey level 8 * i."""
    levels = np.arange(num_frames, dtype=np.uint8)[:, None, None, None] * 8
    return np.broadcast_to(levels, (num_frames, height, width, 3)).copy()


def indices_of(frames: np.ndarray) -> list[int]:
    return np.round(frames.mean(axis=(1, 2, 3)) / 8).astype(int).tolist()


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    write_video(path, grey_ramp(30), FPS)
    return path


@pytest.fixture(scope="module")
def cut(clip: Path) -> Path:
    """The same file without the last fifth of its data; its header still promises 30 frames."""
    path = clip.with_name("cut.mp4")
    whole = clip.read_bytes()
    path.write_bytes(whole[: -(len(whole) - whole.index(b"mdat")) // 5])
    return path


def test_import__loads_no_decoder_and_no_torch() -> None:
    heavy = "{'av', 'cv2', 'decord', 'PIL', 'torch'}"
    code = f"import sys, omnisource.media; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_read__any_order_and_repeats(clip: Path) -> None:
    with open_video(clip) as video:
        frames = video.read([29, 3, 3, 0])
        assert frames.shape == (4, 48, 64, 3) and frames.dtype == np.uint8
        assert indices_of(frames) == [29, 3, 3, 0]


def test_read__nothing(clip: Path) -> None:
    with open_video(clip) as video:
        assert video.read([]).shape == (0, 48, 64, 3)


@pytest.mark.parametrize("index", [-1, 30])
def test_read__index_outside_the_video(clip: Path, index: int) -> None:
    with open_video(clip) as video, pytest.raises(IndexError, match=f"frame {index} of a video with 30 frames"):
        video.read([index])


def test_read__short_side_is_exact(clip: Path) -> None:
    with open_video(clip, short_side_px=20) as video:
        assert video.read([5]).shape == (1, 20, 27, 3)  # 64 * 20 / 48 = 26.67, rounded half up
    with open_video(clip, short_side_px=96) as video:
        assert video.read([5]).shape == (1, 96, 128, 3)


@pytest.mark.parametrize(
    ("time_s", "index"),
    [(0.0, 0), (0.05, 0), (0.1, 1), (0.3, 3), (0.2999, 2), (2.95, 29), (99.0, 29), (-1.0, 0)],  # 0.1 s a frame
)
def test_frame_at__frame_that_is_shown(clip: Path, time_s: float, index: int) -> None:
    with open_video(clip) as video:
        assert video.frame_at(time_s) == index


def test_shown_at__is_the_inverse_of_frame_at(clip: Path) -> None:
    with open_video(clip) as video:
        assert video.shown_at(3) == pytest.approx(0.3)
        assert [video.frame_at(video.shown_at(index)) for index in range(30)] == list(range(30))


@pytest.mark.parametrize(
    ("start_s", "end_s", "frames"),
    [
        (0.0, 1.0, range(0, 10)),  # ten frames a second
        (1.0, 2.0, range(10, 20)),  # touches the span above, shares none
        (2.5, 9.0, range(25, 30)),  # ends with the video
        (0.32, 0.34, range(3, 4)),  # no frame begins in it: the one that is shown
        (5.0, 6.0, range(29, 30)),  # behind the end: the last
    ],
)
def test_span__frames_that_begin_in_it(clip: Path, start_s: float, end_s: float, frames: range) -> None:
    with open_video(clip) as video:
        assert video.span(start_s, end_s) == frames


def test_span__follows_a_variable_rate(tmp_path: Path) -> None:
    path = tmp_path / "vfr.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height = 64, 48
        for i, tick in enumerate([0, 1, 2, 12, 22]):  # tenths of a second
            frame = av.VideoFrame.from_ndarray(grey_ramp(5)[i], format="rgb24")
            frame.pts = tick
            for packet in stream.encode(frame):
                container.mux(packet)
        for packet in stream.encode(None):
            container.mux(packet)
    with open_video(path) as video:
        assert video.span(0.0, 1.0) == range(0, 3)
        assert video.span(1.0, 3.0) == range(3, 5)
        assert video.frame_at(1.1) == 2


def test_keyframes__first_frame_and_every_twelfth(clip: Path) -> None:
    with open_video(clip) as video:
        assert video.keyframes() == [0, 12, 24]  # of 30 frames that write_video wrote


def test_properties__are_those_of_the_probe(clip: Path) -> None:
    with open_video(clip) as video:
        assert video.info == probe_video(clip)
        assert (video.num_frames, video.fps, video.duration_s) == (30, pytest.approx(10), pytest.approx(3))


def test_count_decodable_frames__whole_clip(clip: Path) -> None:
    assert count_decodable_frames(clip) == 30
    assert count_decodable_frames(clip, "decord") == 30


def test_count_decodable_frames__recovers_what_a_cut_file_holds(cut: Path) -> None:
    count = count_decodable_frames(cut)
    assert 10 < count < 30
    with open_video(cut) as video:
        assert indices_of(video.read(range(10))) == list(range(10))


def test_count_decodable_frames__no_frames(real_data: Path) -> None:
    with pytest.raises(ItemError, match="no_frames: .*no frame can be decoded"):
        count_decodable_frames(real_data / "corrupt" / "no_frames.mp4")


def test_read__lost_frame_is_named(real_data: Path) -> None:
    path = real_data / "corrupt" / "truncated_after_moov.mp4"  # ffprobe decodes 86 of the 87 packets that are there
    message = "truncated: .*frame 86 of 87 does not decode"
    with open_video(path) as video, pytest.raises(ItemError, match=message):
        video.read([0, 86])


@pytest.mark.parametrize("name", ["rotated90.mp4", "truncated.avi"])
def test_read__real_odd_files(real_data: Path, name: str) -> None:
    with open_video(real_data / "corrupt" / name) as video:
        assert video.read([0, video.num_frames - 1]).shape[0] == 2


def test_write_video__browser_playable(clip: Path) -> None:
    with av.open(str(clip)) as container:
        context = container.streams.video[0].codec_context
        assert (context.name, context.pix_fmt) == ("h264", "yuv420p")
    content = clip.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")  # plays before it is loaded
    assert not clip.with_name("clip.mp4.partial").exists()


def test_write_video__odd_sides_grow_by_one(tmp_path: Path) -> None:
    write_video(tmp_path / "odd.mp4", grey_ramp(3, height=33, width=35), 29.97)
    info = probe_video(tmp_path / "odd.mp4")
    assert (info.width, info.height, info.num_frames) == (36, 34, 3)
    assert info.fps == pytest.approx(29.97, abs=0.01)


def test_write_video__takes_frames_one_by_one(tmp_path: Path) -> None:
    write_video(tmp_path / "whole.mp4", grey_ramp(5), FPS)
    write_video(tmp_path / "stream.mp4", (frame for frame in grey_ramp(5)), FPS)
    assert (tmp_path / "stream.mp4").read_bytes() == (tmp_path / "whole.mp4").read_bytes()


def test_write_video__quality_costs_bytes(tmp_path: Path, rng: np.random.Generator) -> None:
    noise = rng.integers(0, 256, (4, 48, 64, 3), dtype=np.uint8)
    write_video(tmp_path / "good.mp4", noise, FPS, quality=10)
    write_video(tmp_path / "poor.mp4", noise, FPS, quality=45)
    assert (tmp_path / "good.mp4").stat().st_size > 2 * (tmp_path / "poor.mp4").stat().st_size


@pytest.mark.parametrize("shape", [(0, 8, 8, 3), (2, 8, 8, 4), (8, 8, 3)])
def test_write_video__refuses_other_shapes(tmp_path: Path, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"frames must be \(H, W, 3\) uint8, at least one of them, not"):
        write_video(tmp_path / "a.mp4", np.zeros(shape, np.uint8), FPS)


def test_thumbnail__picture_fits_and_is_not_enlarged(tmp_path: Path) -> None:
    Image.new("RGB", (640, 320), "red").save(tmp_path / "large.jpg")
    Image.new("RGB", (40, 20), "red").save(tmp_path / "small.png")
    for name, size in [("large.jpg", (256, 128)), ("small.png", (40, 20))]:
        with Image.open(io.BytesIO(thumbnail(tmp_path / name, Format.IMAGE))) as picture:
            assert (picture.format, picture.size) == ("WEBP", size)


def test_thumbnail__video(clip: Path) -> None:
    with Image.open(io.BytesIO(thumbnail(clip, Format.TRIMMED, side_px=32))) as picture:
        assert (picture.format, picture.size) == ("WEBP", (32, 24))
