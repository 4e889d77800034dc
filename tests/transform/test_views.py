"""Sampling and boxes against what the released code gave (facts/transform_vectors.json), and by hand."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch

from omnisource.config import InputConfig
from omnisource.errors import ConfigError
from omnisource.transform import views
from omnisource.transform.views import Box

MEAN, STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)


def _vectors(facts: Path, section: str):
    return json.loads((facts / "transform_vectors.json").read_text())[section]


def test_train_indices__start_in_the_released_codes_ranges_and_reach_both_ends(facts, rng):
    for row in _vectors(facts, "sample_frames_train"):
        case = row["total_frames"], row["clip_len"], row["frame_interval"], row["num_clips"]
        total = row["total_frames"]
        draws = np.stack([views.train_indices(*case, rng) for _ in range(100)])
        starts = draws[:, :, 0]
        for clip, (first, last) in enumerate(zip(row["offset_min"], row["offset_max"])):
            allowed = {start % total for start in range(first, last + 1)}
            assert set(starts[:, clip].tolist()) <= allowed, case
            if len(allowed) <= 8:  # 100 draws miss one of 8 with probability 1e-5
                assert set(starts[:, clip].tolist()) == allowed, case


def test_train_indices__without_room_for_chance_equal_the_released_codes(facts, rng):
    fixed = [row for row in _vectors(facts, "sample_frames_train") if row["offset_min"] == row["offset_max"]]
    assert fixed
    for row in fixed:
        case = row["total_frames"], row["clip_len"], row["frame_interval"], row["num_clips"]
        assert views.train_indices(*case, rng).ravel().tolist() == row["inds_under_np_seed_7"], case


def test_train_indices__sorts_random_starts_when_clips_outnumber_starts(rng):
    # 70 frames, span 64: 7 starts for 10 clips, and more frames than either, hence sorted random starts of 0..6.
    starts = np.stack([views.train_indices(70, 4, 16, 10, rng)[:, 0] for _ in range(50)])
    assert (np.diff(starts, axis=1) >= 0).all()
    assert set(starts.ravel().tolist()) == set(range(7))


def test_train_indices__same_seed_same_frames():
    first, second = (views.train_indices(300, 8, 8, 2, np.random.default_rng(5)) for _ in range(2))
    assert np.array_equal(first, second)


def test_train_indices__one_frame_of_each_part(rng):
    for _ in range(20):
        assert (views.train_indices(30, 1, 1, 3, rng)[:, 0] // 10).tolist() == [0, 1, 2]


def test_train_indices_dense__frames_are_an_interval_apart(rng):
    assert np.diff(views.train_indices_dense(300, 8, 8, rng)).tolist() == [8] * 7


def test_test_indices__equal_the_released_codes(facts):
    rows = [row for row in _vectors(facts, "sample_frames_test") if row["out_of_bound"] == "loop"]
    assert len(rows) == 120
    for row in rows:
        case = row["total_frames"], row["clip_len"], row["frame_interval"], row["num_clips"]
        assert views.test_indices(*case).ravel().tolist() == row["inds"], case


def test_test_indices__equal_those_of_1x_where_it_did_not_move_them(facts):
    rows = json.loads((facts / "sample_frames_test_1x.json").read_text())
    for row in rows:
        case = row["total_frames"], row["clip_len"], row["frame_interval"], row["num_clips"]
        same = views.test_indices(*case).ravel().tolist() == row["inds"]
        assert same == row["same_as_0x"], case


def test_test_indices__to_the_ends_equal_those_of_1x(facts):
    rows = json.loads((facts / "sample_frames_test_1x.json").read_text())
    for row in rows:
        case = row["total_frames"], row["clip_len"], row["frame_interval"], row["num_clips"]
        assert views.test_indices(*case, positions="ends").ravel().tolist() == row["inds"], case


def test_short_side_size__equals_the_released_codes(facts):
    for row in _vectors(facts, "resize_short_side_256"):
        assert views.short_side_size(*row["in_w_h"], 256) == tuple(row["out_w_h"])


@pytest.mark.parametrize(("transform", "kind"), [("CenterCrop", "center"), ("ThreeCrop", "three"), ("TenCrop", "ten")])
def test_fixed_boxes__equal_the_released_codes_in_order(facts, transform, kind):
    rows = [row for row in _vectors(facts, "fixed_crops") if row["transform"] == transform]
    assert rows
    for row in rows:
        side = row["crop"]
        expected = [(Box(c["x"], c["y"], side, side), c["mirrored"]) for c in row["crops"]]
        assert views.fixed_boxes(*row["in_w_h"], side, kind) == expected


def test_fixed_boxes__three_are_centred_across_the_longer_side():
    # 340x256 cut to 224: x 0, 116, 58 of a slack of 116; y in the middle of 32.
    boxes = [box for box, _ in views.fixed_boxes(340, 256, 224, "three")]
    assert boxes == [Box(0, 16, 224, 224), Box(116, 16, 224, 224), Box(58, 16, 224, 224)]


@pytest.mark.parametrize("kind", ["center", "three", "ten"])
def test_fixed_boxes__stay_inside_a_frame_that_is_smaller_than_the_crop(kind):
    for box, _ in views.fixed_boxes(200, 100, 224, kind):
        assert box.w == box.h == 100
        assert 0 <= box.x <= 100
        assert box.y == 0


def test_center_box__of_a_small_frame_is_its_centre_square():
    assert views.center_box(200, 100, 224) == Box(50, 0, 100, 100)


def test_multi_scale_box__draws_the_released_codes_boxes_as_often(facts, rng):
    num_draws = 20_000
    for row in _vectors(facts, "multi_scale_crop_x1y1x2y2_freq"):
        drawn = Counter(views.multi_scale_box(*row["in_w_h"], 224, rng) for _ in range(num_draws))
        expected = {Box(x1, y1, x2 - x1, y2 - y1): share for x1, y1, x2, y2, share in row["boxes"]}
        assert set(drawn) == set(expected)
        for box, share in expected.items():  # deviation sqrt(.02 * .98 / 20000) = .001; five of them
            assert drawn[box] / num_draws == pytest.approx(share, abs=0.005 if share < 0.05 else 0.011)


def test_multi_scale_box__does_not_snap_to_a_side_longer_than_the_frame(rng):
    # 223 is within 3 pixels of 224, which does not fit.
    boxes = [views.multi_scale_box(300, 223, 224, rng) for _ in range(300)]
    assert max(box.w for box in boxes) == 223
    assert all(box.x >= 0 and box.y >= 0 and box.x + box.w <= 300 and box.y + box.h <= 223 for box in boxes)


def test_random_resized_box__has_the_released_codes_areas_and_aspects(facts, rng):
    for row in _vectors(facts, "random_resized_crop"):
        w, h = row["in_w_h"]
        boxes = np.array([views.random_resized_box(w, h, rng) for _ in range(8000)])
        areas, aspects = boxes[:, 2] * boxes[:, 3] / (w * h), boxes[:, 2] / boxes[:, 3]
        assert np.percentile(areas, row["quantiles"]) == pytest.approx(row["area"], abs=0.02)
        assert np.percentile(aspects, row["quantiles"]) == pytest.approx(row["aspect"], abs=0.02)
        assert areas.mean() == pytest.approx(row["mean_area"], abs=0.01)


def test_random_resized_box__stays_inside_the_frame(rng):
    for w, h in [(340, 256), (32, 32), (2, 2), (1000, 40)]:
        for box in (views.random_resized_box(w, h, rng) for _ in range(200)):
            assert box.x >= 0 and box.y >= 0 and box.w >= 1 and box.h >= 1
            assert box.x + box.w <= w and box.y + box.h <= h


def test_random_resized_box__falls_back_to_the_centre_square(rng):
    # 1000x1: 8 % of the area is 80 pixels, so no height of about 9 fits: the centre square is one pixel.
    assert views.random_resized_box(1001, 1, rng) == Box(500, 0, 1, 1)


@pytest.mark.parametrize(("mirrored", "corner"), [(False, [-0.5, -0.5]), (True, [7.5, -0.5])])
def test_view_homography__sends_the_boxs_corner_to_the_views(mirrored, corner):
    matrix = views.view_homography(Box(10, 20, 16, 4), 8, mirrored)
    # The upper left corner of the box is the edge of pixel (10, 20), half a pixel before its centre.
    moved = matrix @ [9.5, 19.5, 1]
    assert (moved[:2] / moved[2]).tolist() == pytest.approx(corner)


def test_cut_views__are_slices_of_every_frame(rng):
    frames = rng.integers(0, 256, (3, 30, 40, 3), dtype=np.uint8)
    cut = views.cut_views(frames, [(Box(0, 0, 24, 24), False), (Box(16, 6, 24, 24), True)], 24)
    assert cut.shape == (2, 3, 24, 24, 3)
    assert np.array_equal(cut[0], frames[:, :24, :24])
    assert np.array_equal(cut[1], frames[:, 6:30, 16:40][:, :, ::-1])


def test_cut_views__reshape_to_the_released_codes_views(facts):
    rows = _vectors(facts, "format_shape")
    for row in rows:
        clip_len, num_clips = row["clip_len"], row["num_clips"]
        num_frames = num_clips * clip_len
        num_boxes = row["frames_in"] // num_frames
        frames = np.empty((num_frames, 4, 4, 3), dtype=np.uint8)
        for i in range(num_boxes):  # column i holds the numbers that the released code gave to the frames of crop i
            frames[:, :, i] = np.arange(num_frames)[:, None, None] + num_frames * i
        cut = views.cut_views(frames, [(Box(i, 0, 1, 1), False) for i in range(num_boxes)], 1)
        seen = cut.reshape(num_boxes * num_clips, clip_len, 1, 1, 3)[..., 0, 0, 0]
        expected = np.array(row["frame_of_each_view"]).reshape(-1, clip_len)
        assert len(expected) == row["shape"][0]
        assert seen.tolist() == expected.tolist()


def test_cut_views__a_mirrored_view_of_flow_moves_the_other_way(rng):
    flow = rng.integers(0, 256, (2, 24, 24, 4), dtype=np.uint8)  # x1, y1, x2, y2
    straight, mirrored = views.cut_views(flow, [(Box(0, 0, 24, 24), False), (Box(0, 0, 24, 24), True)], 24)
    assert np.array_equal(straight, flow)
    assert np.array_equal(mirrored[..., 0::2], 255 - flow[:, :, ::-1, 0::2])
    assert np.array_equal(mirrored[..., 1::2], flow[:, :, ::-1, 1::2])


@pytest.mark.parametrize(("section", "order"), [("normalize_to_bgr_False", "rgb"), ("normalize_to_bgr_True", "bgr")])
def test_normalise__equals_the_released_codes(facts, section, order):
    vector = _vectors(facts, section)
    pixels = torch.tensor(vector["input_hwc"], dtype=torch.float32)
    clips = pixels.permute(2, 0, 1)[None, :, None]  # (1, 3, 1, H, W)
    settings = InputConfig(mean=MEAN, std=STD, channel_order=order)
    result = views.normalise(clips, settings)[0, :, 0].permute(1, 2, 0)
    assert torch.allclose(result, torch.tensor(vector["output_hwc"]), atol=1e-5)


def test_normalise__one_mean_is_for_every_channel():
    clips = torch.arange(10.0).view(1, 10, 1, 1, 1).expand(1, 10, 3, 4, 4) + 128
    result = views.normalise(clips, InputConfig(mean=(128,), std=(2,)))
    assert result[0, :, 0, 0, 0].tolist() == [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"mean": (1, 2)}, "input.mean has 2 values, but the network sees 3 channels; give one for all, or one for"),
        ({"std": (1, 2, 3, 4)}, "input.std has 4 values"),
    ],
)
def test_normalise__values_that_are_not_for_these_channels_are_refused(settings, message):
    with pytest.raises(ConfigError, match=message):
        views.normalise(torch.zeros(1, 3, 1, 2, 2), InputConfig(**settings))


def test_normalise__flow_has_no_bgr():
    settings = InputConfig(mean=(128,), std=(128,), channel_order="bgr")
    with pytest.raises(ConfigError, match="'bgr' is for pictures, but the network sees 10 channels of optical flow"):
        views.normalise(torch.zeros(1, 10, 1, 2, 2), settings)


def test_normalise__leaves_its_argument_alone():
    clips = torch.full((1, 3, 1, 2, 2), 7.0)
    views.normalise(clips, InputConfig())
    assert (clips == 7).all()
