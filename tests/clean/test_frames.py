"""Which frames and crops are seen of pictures, clips and long videos."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from omnisource.clean import frames as frames_module
from omnisource.clean.frames import Footage, FrameReader, Read, Shape, Unreadable, frame_times, plan_reads, read_frames
from omnisource.errors import ItemError
from omnisource.media import write_video
from omnisource.types import Format

SHAPE = Shape(frame_px=28, crop_share=0.875)


@pytest.mark.parametrize(
    ("duration_s", "fps", "expected"),
    [
        (3.0, 1.0, (0.5, 1.5, 2.5)),
        (2.99, 1.0, (0.5, 1.5)),  # the last step is not whole
        (0.4, 1.0, (0.2,)),  # shorter than a step: its middle
        (1.0, 4.0, (0.125, 0.375, 0.625, 0.875)),
        (0.0, 1.0, (0.0,)),
    ],
)
def test_frame_times__are_middles_of_steps(duration_s: float, fps: float, expected: tuple[float, ...]):
    assert frame_times(duration_s, fps) == pytest.approx(expected)


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """3 s at 4 frames a second; frame i is grey 20 * i."""
    grey = np.arange(12, dtype=np.uint8)[:, None, None, None] * 20
    write_video(tmp_path / "clip.mp4", np.broadcast_to(grey, (12, 40, 60, 3)).copy(), 4, quality=0)
    return tmp_path / "clip.mp4"


def test_read_frames__a_clip_in_the_middle_of_each_second(clip: Path):
    seen = read_frames(Footage(path=clip, format=Format.TRIMMED, fps=1), Read(index=3), SHAPE)
    assert (seen.index, seen.times_s.tolist(), seen.crops.tolist()) == (3, [0.5, 1.5, 2.5], [0, 0, 0])
    assert seen.pictures.shape == (3, 28, 28, 3)
    assert seen.pictures[:, 14, 14, 0] == pytest.approx([40, 120, 200], abs=2)  # frames 2, 6 and 10


def test_read_frames__crops_are_the_corners_of_the_middle_frame(tmp_path: Path):
    # 64 x 32, bright in the upper left corner only: an eighth of each side
    picture = np.zeros((32, 64, 3), np.uint8)
    picture[:4, :8] = 255
    Image.fromarray(picture).save(tmp_path / "p.png")
    footage = Footage(path=tmp_path / "p.png", format=Format.IMAGE, fps=1, is_cropped=True)
    seen = read_frames(footage, Read(index=0), SHAPE)
    assert seen.crops.tolist() == [0, 1, 2, 3, 4]
    assert seen.times_s.tolist() == [0.0] * 5
    corners = seen.pictures[:, 1, 1, 0] > 200
    # the whole frame and its upper left crop begin there; the others begin an eighth further right or down
    assert corners.tolist() == [True, True, False, False, False]


def test_plan_reads__a_long_video_in_parts(clip: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(frames_module, "FRAMES_PER_READ", 4)
    footage = Footage(path=clip, format=Format.UNTRIMMED, fps=2)
    reads = list(plan_reads(footage, 1, SHAPE))
    assert [read.times_s for read in reads] == [(0.25, 0.75, 1.25, 1.75), (2.25, 2.75)]
    assert read_frames(footage, reads[1], SHAPE).times_s.tolist() == [2.25, 2.75]
    assert len(list(plan_reads(Footage(path=clip, format=Format.TRIMMED, fps=2), 1, SHAPE))) == 1


def test_frame_reader__what_cannot_be_read_is_a_value(tmp_path: Path):
    (tmp_path / "page.jpg").write_text("<html>")
    reader = FrameReader([Footage(path=tmp_path / "page.jpg", format=Format.IMAGE, fps=1)], SHAPE)
    result = reader[Read(index=0)]
    assert isinstance(result, Unreadable)
    assert result.error.reason == "not_media"


def test_plan_reads__a_missing_video(tmp_path: Path):
    with pytest.raises(ItemError, match="missing_file"):
        list(plan_reads(Footage(path=tmp_path / "no.mp4", format=Format.UNTRIMMED, fps=1), 0, SHAPE))
