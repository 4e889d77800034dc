"""What the demuxer tells of a video, and how files that are none are refused."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from omnisource.errors import ItemError
from omnisource.media import write_video
from omnisource.video_probe import open_container, probe_video, read_index, silence_decoders


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    ramp = np.arange(30, dtype=np.uint8)[:, None, None, None] * 8
    write_video(path, np.broadcast_to(ramp, (30, 48, 64, 3)).copy(), fps=10)
    return path


def remux(source: Path, target: Path, *, packets: range) -> Path:
    """Copy some packets, in decoding order, into another container."""
    with av.open(str(source)) as read, av.open(str(target), "w") as write:
        copy = write.add_stream_from_template(read.streams.video[0])
        for number, packet in enumerate(read.demux(video=0)):
            if packet.size and number in packets:
                packet.stream = copy
                write.mux(packet)
    return target


def test_probe_video__size_rate_and_length(clip: Path) -> None:
    info = probe_video(clip)
    assert (info.width, info.height, info.num_frames) == (64, 48, 30)
    assert info.fps == pytest.approx(10) and info.duration_s == pytest.approx(3)  # 30 frames at 10 a second
    assert (info.codec, info.container, info.rotation, info.exact_with_decord) == ("h264", "mov", 0, True)


def test_probe_video__counts_packets_not_the_header(clip: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.mp4"
    whole = clip.read_bytes()
    num_lost = (len(whole) - whole.index(b"mdat")) // 5
    cut.write_bytes(whole[:-num_lost])  # the index lies in front and still promises 30
    info = probe_video(cut)
    assert 1 < info.num_frames < 30
    assert not info.exact_with_decord


def test_probe_video__mpeg_ts_is_not_for_decord(clip: Path, tmp_path: Path) -> None:
    info = probe_video(remux(clip, tmp_path / "clip.ts", packets=range(30)))
    assert info.container == "mpegts" and not info.exact_with_decord


def test_read_index__times_of_frames_and_keyframes(clip: Path) -> None:
    with open_container(clip) as (container, stream):
        index = read_index(container, stream)
        ticks_a_frame = int(Fraction(1, 10) / stream.time_base)
    assert index.is_exact
    assert np.diff(index.pts).tolist() == [ticks_a_frame] * 29
    assert index.keyframe_pts.tolist() == [index.pts[0], index.pts[12], index.pts[24]]  # media.KEYFRAME_EVERY


def test_read_index__guessed_times_are_not_exact(clip: Path, tmp_path: Path) -> None:
    with open_container(remux(clip, tmp_path / "clip.ts", packets=range(30))) as (container, stream):
        assert not read_index(container, stream).is_exact


def test_probe_video__no_frames(clip: Path, tmp_path: Path) -> None:
    with pytest.raises(ItemError, match="no_frames"):
        probe_video(remux(clip, tmp_path / "none.mkv", packets=range(0)))


def test_probe_video__frames_without_their_keyframe(clip: Path, tmp_path: Path) -> None:
    silence_decoders()
    with pytest.raises(ItemError, match="no_frames: .*no frame can be decoded"):
        probe_video(remux(clip, tmp_path / "rest.mkv", packets=range(26, 30)))


def test_open_container__audio_alone(tmp_path: Path) -> None:
    path = tmp_path / "sound.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=8000)
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        sound.sample_rate = 8000
        for packet in (*stream.encode(sound), *stream.encode(None)):
            container.mux(packet)
    with pytest.raises(ItemError, match="no_video_stream: .* without a video track"), open_container(path):
        pass


def test_open_container__random_bytes(tmp_path: Path, rng: np.random.Generator) -> None:
    (tmp_path / "a.mp4").write_bytes(rng.bytes(4000))
    with pytest.raises(ItemError, match="unreadable: .*Invalid data"), open_container(tmp_path / "a.mp4"):
        pass


def test_open_container__scripts_that_name_other_files_are_refused(clip: Path, tmp_path: Path) -> None:
    script = tmp_path / "a.mp4"
    script.write_bytes(b"ffconcat version 1.0\nfile '" + str(clip).encode() + b"'\n#\x00")  # NUL: past the text check
    with pytest.raises(ItemError, match="unreadable"), open_container(script):
        pass


def test_open_container__missing_file(tmp_path: Path) -> None:
    with pytest.raises(ItemError, match="missing_file"), open_container(tmp_path / "absent.mp4"):
        pass
