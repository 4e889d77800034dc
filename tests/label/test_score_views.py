"""What a teacher looks at: reads of long videos, the frames of segments, the centre crop."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from omnisource.config import InputConfig, ModelConfig, NetworkConfig, ScoreConfig, TestConfig
from omnisource.errors import ItemError
from omnisource.label.score_views import Cutter, Look, Plan, Read, Unusable, cut, look_of, plan_reads
from omnisource.media import open_video, write_video
from omnisource.transform.untrimmed import clip_segments
from omnisource.types import Format, WebItem
from tests.flow_files import numbers_of, write_counting_flow

FRAME_LOOK = Look(short_side_px=32, crop_px=32, clip_len=1, frame_interval=1)
CLIP_LOOK = Look(short_side_px=32, crop_px=32, clip_len=4, frame_interval=2)


def _plan(*looks: Look, dims: int = 2, num_clips: int = 3) -> Plan:
    return Plan(looks=looks, dims=dims, score=ScoreConfig(num_clips=num_clips), reader="auto", frames="exact")


def _item(path: Path, format: Format) -> WebItem:
    return WebItem(key=bytes(16), path=path, source="web", format=format, class_index=0)


def _video(path: Path, format: Format, num_frames: int, fps: float) -> WebItem:
    """Frame i has grey level i."""
    greys = np.arange(num_frames, dtype=np.uint8)[:, None, None, None]
    write_video(path, np.broadcast_to(greys, (num_frames, 32, 32, 3)), fps, quality=1)
    return _item(path, format)


def _greys(views: np.ndarray) -> np.ndarray:
    """(S, V, 3, T, h, w) -> mean grey level (S, V, T)."""
    return views.mean(axis=(2, 4, 5))


@pytest.mark.parametrize(
    ("arch", "clip_len", "frame_interval"),
    [
        ("tsn", 1, 1),  # single frames
        ("slowonly", 8, 4),  # the network's clips
    ],
)
def test_look_of__takes_the_test_crop_and_the_networks_clips(arch, clip_len, frame_interval):
    config = NetworkConfig(
        model=ModelConfig(arch=arch, clip_len=8, frame_interval=4),
        input=InputConfig(short_side_px=256, crop_px=224),
        test=TestConfig(crop_px=240),
    )
    look = Look(short_side_px=256, crop_px=240, clip_len=clip_len, frame_interval=frame_interval)
    assert look_of(config) == look


def test_plan_reads__pictures_and_clips_are_one_read():
    (read,) = plan_reads(_item(Path("never_opened.jpg"), Format.IMAGE), 3, _plan(FRAME_LOOK))
    assert read == Read(item_index=3, first=0, end=1)


@pytest.mark.parametrize(
    ("look", "dims", "ends"),
    [
        (FRAME_LOOK, 2, [128, 256, 300]),  # 300 one-second segments, 128 frames a read
        (CLIP_LOOK, 3, [30]),  # 30 ten-second segments of 4 frames: 32 in a read
    ],
)
def test_plan_reads__bounds_the_frames_of_a_read(tmp_path, look, dims, ends):
    item = _video(tmp_path / "a.mp4", Format.UNTRIMMED, 300, fps=1)
    reads = list(plan_reads(item, 0, _plan(look, dims=dims)))
    assert [read.end for read in reads] == ends
    assert [read.first for read in reads] == [0, *ends[:-1]]


def test_plan_reads__raises_for_a_video_that_cannot_be_opened(tmp_path):
    with pytest.raises(ItemError, match="missing_file"):
        list(plan_reads(_item(tmp_path / "missing.mp4", Format.UNTRIMMED), 0, _plan(FRAME_LOOK)))


def test_cut__takes_the_centre_of_a_picture(tmp_path):
    pixels = np.zeros((32, 64, 3), dtype=np.uint8)
    pixels[:, 16:48] = 200  # the 32 columns in the middle
    Image.fromarray(pixels).save(tmp_path / "a.png")
    (views,) = cut(_item(tmp_path / "a.png", Format.IMAGE), Read(item_index=0), _plan(FRAME_LOOK)).views
    assert views.shape == (1, 1, 3, 1, 32, 32)
    assert (views == 200).all()


def test_cut__a_trimmed_clip_is_one_view_of_several_frames_for_2d(tmp_path):
    item = _video(tmp_path / "a.mp4", Format.TRIMMED, 60, fps=10)
    (views,) = cut(item, Read(item_index=0), _plan(FRAME_LOOK)).views
    # tick 60 / 3 = 20: frames 10, 30, 50
    np.testing.assert_allclose(_greys(views.float().numpy()), [[[10, 30, 50]]], atol=1.5)


def test_cut__a_trimmed_clip_is_several_views_of_one_clip_for_3d(tmp_path):
    item = _video(tmp_path / "a.mp4", Format.TRIMMED, 61, fps=10)
    (views,) = cut(item, Read(item_index=0), _plan(CLIP_LOOK, dims=3, num_clips=2)).views
    # tick (61 - 8 + 1) / 2 = 27: clips start at int(13.5) = 13 and int(40.5) = 40, every second frame
    expected = [[[13, 15, 17, 19], [40, 42, 44, 46]]]
    np.testing.assert_allclose(_greys(views.float().numpy()), expected, atol=1.5)


def test_cut__gives_the_middles_of_the_reads_segments(tmp_path):
    item = _video(tmp_path / "a.mp4", Format.UNTRIMMED, 100, fps=10)
    result = cut(item, Read(item_index=7, first=2, end=4), _plan(FRAME_LOOK))
    assert (result.item_index, result.start_s.tolist(), result.end_s.tolist()) == (7, [2, 3], [3, 4])
    # frames 20 to 29 and 30 to 39
    np.testing.assert_allclose(_greys(result.views[0].float().numpy()), [[[25]], [[35]]], atol=1.5)


def test_cut__gives_views_for_each_look(tmp_path):
    item = _video(tmp_path / "a.mp4", Format.UNTRIMMED, 100, fps=10)
    small = Look(short_side_px=16, crop_px=8, clip_len=2, frame_interval=1)
    result = cut(item, Read(item_index=0), _plan(CLIP_LOOK, small, dims=3))
    assert [tuple(views.shape) for views in result.views] == [(1, 1, 3, 4, 32, 32), (1, 1, 3, 2, 8, 8)]


def test_cut_part__keeps_times_and_views_together(tmp_path):
    item = _video(tmp_path / "a.mp4", Format.UNTRIMMED, 50, fps=10)
    part = cut(item, Read(item_index=0, first=0, end=5), _plan(FRAME_LOOK)).part(1, 3)
    assert (len(part), part.start_s.tolist(), part.end_s.tolist()) == (2, [1, 2], [2, 3])
    np.testing.assert_allclose(_greys(part.views[0].float().numpy()), [[[15]], [[25]]], atol=1.5)


def test_cutter__gives_an_error_as_a_value(tmp_path):
    cutter = Cutter([_item(tmp_path / "missing.png", Format.IMAGE)], _plan(FRAME_LOOK))
    result = cutter[Read(item_index=0)]
    assert isinstance(result, Unusable)
    assert (result.item_index, result.error.reason) == (0, "missing_file")


@pytest.mark.parametrize(("fps", "length_s"), [(10, 1.0), (12.5, 1.0), (29.97, 1.0), (25, 10.0), (29.97, 2.5)])
def test_segments__of_a_video_share_no_frame_and_lose_none(tmp_path, fps: float, length_s: float):
    write_video(tmp_path / "v.mp4", np.zeros((137, 16, 16, 3), np.uint8), fps)
    with open_video(tmp_path / "v.mp4") as video:
        segments = clip_segments(b"k" * 16, video.duration_s, length_s)
        shown = [frame for s in segments for frame in video.span(s.start_s, s.end_s)]
    assert shown == list(range(len(shown)))  # in order, each once
    assert 137 - len(shown) <= fps * length_s / 2  # only a last part shorter than half a segment is left out


STACK_LOOK = Look(short_side_px=32, crop_px=32, clip_len=1, frame_interval=1, format="flow", stacked=3)
FLOW_LOOK = Look(short_side_px=32, crop_px=32, clip_len=4, frame_interval=2, format="flow")


@pytest.mark.parametrize(("arch", "stacked", "clip_len"), [("tsn", 5, 1), ("slowonly", 1, 4)])
def test_look_of__flow_is_stacked_for_2d(arch, stacked, clip_len):
    config = NetworkConfig(model=ModelConfig(arch=arch, format="flow", clip_len=4))
    look = look_of(config)
    assert (look.format, look.stacked, look.clip_len, look.span_len) == ("flow", stacked, clip_len, stacked * clip_len)


def test_cut__a_trimmed_clip_of_flow_is_one_view_of_several_stacks_for_2d(tmp_path):
    item = _item(write_counting_flow(tmp_path / "f.mp4", 30), Format.TRIMMED)
    (views,) = cut(item, Read(item_index=0), _plan(STACK_LOOK)).views
    assert views.shape == (1, 1, 6, 3, 32, 32)  # x1, y1, x2, y2, x3, y3 of three stacks
    # tick 28 / 3 = 9.33: stacks from int(4.67) = 4, 14 and int(23.33) = 23
    x = views.float().numpy().mean(axis=(4, 5))[0, 0, 0::2]
    assert numbers_of(x.T) == [[4, 5, 6], [14, 15, 16], [23, 24, 25]]


def test_cut__a_trimmed_clip_of_flow_is_several_views_for_3d(tmp_path):
    item = _item(write_counting_flow(tmp_path / "f.mp4", 61), Format.TRIMMED)
    (views,) = cut(item, Read(item_index=0), _plan(FLOW_LOOK, dims=3, num_clips=2)).views
    assert views.shape == (1, 2, 2, 4, 32, 32)
    x = views.float().numpy().mean(axis=(4, 5))[0, :, 0]
    assert numbers_of(x) == [[13, 15, 17, 19], [40, 42, 44, 46]]  # as of pictures


@pytest.mark.parametrize("frames", ["exact", "keyframes"])
def test_cut__stacks_of_flow_lie_inside_their_seconds(tmp_path, frames):
    item = _item(write_counting_flow(tmp_path / "f.mp4", 60), Format.UNTRIMMED)
    plan = Plan(looks=(STACK_LOOK,), dims=2, score=ScoreConfig(), reader="auto", frames=frames)
    result = cut(item, Read(item_index=0, first=0, end=6), plan)
    x = result.views[0].float().numpy().mean(axis=(4, 5))[:, 0, 0::2, 0]
    middles = [[10 * s + 4, 10 * s + 5, 10 * s + 6] for s in range(6)]  # 8 starts in 10 frames, the middle one is 4
    # a keyframe every 12 frames: 0, 12, 24, 36, 48; the last second has none
    keyframes = [[0, 1, 2], [12, 13, 14], [24, 25, 26], [36, 37, 38], [48, 49, 40]]  # 50 is another second's
    assert numbers_of(x) == (middles if frames == "exact" else keyframes)


def test_cut__a_read_of_flow_without_a_keyframe_has_no_segments(tmp_path):
    item = _item(write_counting_flow(tmp_path / "f.mp4", 60), Format.UNTRIMMED)
    plan = Plan(looks=(STACK_LOOK,), dims=2, score=ScoreConfig(), reader="auto", frames="keyframes")
    result = cut(item, Read(item_index=0, first=5, end=6), plan)
    assert result.views[0].shape == (0, 1, 6, 1, 32, 32)


def test_plan_reads__counts_the_frames_of_stacks(tmp_path):
    item = _item(write_counting_flow(tmp_path / "f.mp4", 64, fps=1), Format.UNTRIMMED)
    reads = list(plan_reads(item, 0, _plan(STACK_LOOK)))
    assert [read.end for read in reads] == [42, 64]  # 64 seconds; 128 frames a read are 42 stacks of 3
