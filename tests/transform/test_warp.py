"""The two executors against OpenCV, against each other, and against pixels counted by hand."""

import json

import cv2
import numpy as np
import pytest
import torch

from omnisource.transform import homography as hm
from omnisource.transform.views import Box, view_homography
from omnisource.transform.warp import warp_cv2, warp_torch


def _noise(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return rng.integers(0, 256, shape, dtype=np.uint8)


def _picture(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Smooth enough (neighbours differ by less than 60) that OpenCV's 1/32 pixel costs at most one grey level."""
    smooth = cv2.GaussianBlur(_noise(rng, height, width, 3), (0, 0), 3)
    return cv2.normalize(smooth, None, 0, 255, cv2.NORM_MINMAX)


def _by_torch(frames: np.ndarray, matrices: np.ndarray, size_px: int) -> np.ndarray:
    """One clip through warp_torch, as (T, size, size, 3) float32."""
    sizes = torch.tensor([frames.shape[1:3]])
    clips = warp_torch(torch.from_numpy(frames)[None], sizes, torch.from_numpy(matrices)[None], size_px)
    return clips[0].permute(1, 2, 3, 0).numpy()


def _wild(rng: np.random.Generator, num: int) -> np.ndarray:
    """Crops of a 90x70 picture to 48, mirrored or not, after perspective motion that leaves the picture."""
    matrices = []
    for i in range(num):
        motion = hm.from_parameters(np.array([1, 0, 0, 0, 1, 0, 0, 0]) + rng.normal(0, 0.15, 8))
        view = view_homography(Box(10 * (i % 3) - 5, 5, 60, 55), 48, mirrored=i % 2 == 1)
        matrices.append(hm.compose(hm.denormalise(motion, 90, 70), view))
    return np.stack(matrices)


def test_warp_cv2__crops_are_slices_bit_for_bit(rng):
    frames = _noise(rng, 2, 50, 60, 3)
    matrix = view_homography(Box(13, 7, 32, 32), 32, mirrored=False)
    assert np.array_equal(warp_cv2(frames, np.stack([matrix, matrix]), 32), frames[:, 7:39, 13:45])


def test_warp_cv2__mirrored_crops_are_flipped_slices_bit_for_bit(rng):
    frames = _noise(rng, 1, 50, 60, 3)
    matrix = view_homography(Box(28, 18, 32, 32), 32, mirrored=True)  # touches the lower right corner
    assert np.array_equal(warp_cv2(frames, matrix[None], 32)[0], frames[0, 18:50, 28:60][:, ::-1])


@pytest.mark.parametrize("channels", [2, 10])  # one flow frame, and a stack of five
def test_warp__every_channel_of_flow_is_warped_alike(rng, channels):
    frames = np.repeat(_picture(rng, 70, 90)[None, ..., :1], channels, axis=-1)
    frames[..., 1::2] = 255 - frames[..., 1::2]
    matrices = _wild(rng, 3)
    clip = warp_cv2(frames, matrices, 48)
    assert clip.shape == (3, 48, 48, channels)
    single = warp_cv2(np.repeat(frames[..., :1], 3, axis=-1), matrices, 48)[..., :1]
    assert np.array_equal(clip[..., 0::2], np.broadcast_to(single, clip[..., 0::2].shape))
    assert np.abs(clip[..., 1::2].astype(int) - (255 - single.astype(int))).max() <= 1
    assert np.abs(_by_torch(frames, matrices, 48) - clip).max() <= 2


def test_warp_cv2__a_crop_beyond_the_edge_reflects():
    row = np.arange(10, 18, dtype=np.uint8)  # one row of 8 pixels, value 10 + x
    frame = np.tile(row[None, :, None], (8, 1, 3))
    # Crop from x = -3: cba|abc, so the values at -3, -2, -1 are those at 2, 1, 0.
    assert warp_cv2(frame[None], hm.crop(-3, 0)[None], 8)[0, 0, :, 0].tolist() == [12, 11, 10, 10, 11, 12, 13, 14]


def test_warp_cv2__resize_of_the_whole_picture_equals_cv2_resize(rng):
    frames = _noise(rng, 1, 37, 53, 3)
    warped = warp_cv2(frames, hm.resize(53, 37, 24, 24)[None], 24)
    assert np.array_equal(warped[0], cv2.resize(frames[0], (24, 24), interpolation=cv2.INTER_LINEAR))


def test_warp_cv2__mirrored_resize_equals_cv2_resize_flipped(rng):
    frames = _noise(rng, 1, 37, 53, 3)
    matrix = hm.compose(hm.resize(53, 37, 24, 24), hm.mirror(24))
    assert np.array_equal(warp_cv2(frames, matrix[None], 24)[0], cv2.resize(frames[0], (24, 24))[:, ::-1])


def test_warp_torch__resize_equals_the_released_codes(facts):
    vector = json.loads((facts / "transform_vectors.json").read_text())["resize_bilinear_5x6_to_8x7"]
    picture, resized = (np.array(vector[key], dtype=np.uint8) for key in ("input_hwc", "output_hwc"))
    # The destination is 8 wide and 7 high, our views are square: the eighth row lies outside and is cut off.
    warped = _by_torch(picture[None], hm.resize(5, 6, 8, 7)[None], 8)[0, :7]
    assert np.abs(warped - resized).max() <= 1


def test_warp_cv2__enlarges_boxes_like_the_released_code_within_its_thirty_second_of_a_pixel(facts):
    vector = json.loads((facts / "transform_vectors.json").read_text())["resize_bilinear_5x6_to_8x7"]
    picture, resized = (np.array(vector[key], dtype=np.uint8) for key in ("input_hwc", "output_hwc"))
    warped = warp_cv2(picture[None], hm.resize(5, 6, 8, 7)[None], 8)[0, :7].astype(int)
    # Rounding to 1/32 is off by at most 1/64 along each axis: 222 grey levels between neighbours / 64 = 3.5.
    assert np.abs(warped - resized).max() <= 4


def test_warp_cv2__resize_to_a_square_equals_the_released_codes_resize(facts):
    vector = json.loads((facts / "transform_vectors.json").read_text())["resize_bilinear_5x6_to_8x7"]
    picture = np.array(vector["input_hwc"], dtype=np.uint8)
    warped = warp_cv2(picture[None], hm.resize(5, 6, 8, 8)[None], 8)[0]
    assert np.array_equal(warped, cv2.resize(picture, (8, 8), interpolation=cv2.INTER_LINEAR))


def test_warp_cv2__one_picture_becomes_a_clip(rng):
    picture = _noise(rng, 1, 20, 20, 3)
    clip = warp_cv2(picture, np.stack([hm.identity(), hm.crop(2, 0)]), 16)
    assert np.array_equal(clip[0], picture[0, :16, :16])
    assert np.array_equal(clip[1], picture[0, :16, 2:18])


def test_warp_cv2__applies_the_matrix_to_the_content_and_not_its_inverse():
    frame = np.zeros((1, 9, 9, 3), np.uint8)
    frame[0, 4, 4] = 255
    warped = warp_cv2(frame, hm.compose(hm.translation(2, 0), hm.resize(9, 9, 9, 9))[None], 9)
    assert np.argwhere(warped[0, :, :, 0] == 255).tolist() == [[4, 6]]


def test_warp_torch__agrees_with_cv2_on_motion_that_leaves_the_picture(rng):
    picture, matrices = _picture(rng, 70, 90)[None], _wild(rng, 24)
    difference = np.abs(_by_torch(picture, matrices, 48) - warp_cv2(picture, matrices, 48))
    # Where the motion shrinks the picture, OpenCV's coarse positions may cost a little more in single pixels.
    assert difference.mean() <= 0.5
    assert np.quantile(difference, 0.999) <= 1.5


def test_warp_torch__agrees_with_cv2_on_smooth_frames_of_a_video(rng):
    frames = np.stack([_picture(rng, 70, 90) for _ in range(6)])
    matrices = np.stack([view_homography(Box(4 * i, 3 * i, 40 + 3 * i, 50), 48, mirrored=i % 2 == 1) for i in range(6)])
    difference = np.abs(_by_torch(frames, matrices, 48) - warp_cv2(frames, matrices, 48))
    assert difference.max() <= 1.5  # one grey level, and half a one for OpenCV's rounding to whole levels


def test_warp_torch__reflects_at_the_true_edge_of_a_padded_batch(rng):
    pictures = [_picture(rng, 40, 60), _picture(rng, 64, 30)]
    matrices = np.stack([np.stack([hm.crop(-10, -12), hm.crop(8.3, 20.3)]) for _ in pictures])
    padded = torch.full((2, 1, 70, 66, 3), 255, dtype=torch.uint8)
    for i, picture in enumerate(pictures):
        padded[i, 0, : picture.shape[0], : picture.shape[1]] = torch.from_numpy(picture)
    sizes = torch.tensor([[40, 60], [64, 30]])
    clips = warp_torch(padded, sizes, torch.from_numpy(matrices), 48).permute(0, 2, 3, 4, 1).numpy()
    for i, picture in enumerate(pictures):
        assert np.abs(clips[i] - warp_cv2(picture[None], matrices[i], 48)).max() <= 1.5  # padding shows as up to 255


def test_warp_torch__keeps_each_frame_with_its_matrix(rng):
    frames = torch.from_numpy(_noise(rng, 2, 3, 12, 12, 3).reshape(2, 3, 12, 12, 3))
    matrices = torch.from_numpy(np.stack([[hm.crop(x, y) for x in range(3)] for y in range(2)]))
    clips = warp_torch(frames, torch.full((2, 2), 12), matrices, 8)
    assert clips.shape == (2, 3, 3, 8, 8)
    expected = frames[1, 2, 1:9, 2:10].permute(2, 0, 1).float()  # second clip, third frame: x = 2, y = 1
    assert torch.allclose(clips[1, :, 2], expected, atol=0.01)


def test_warp_torch__stays_finite_at_the_horizon(rng):
    picture = _noise(rng, 1, 16, 16, 3)
    horizon = np.linalg.inv(np.array([[1, 0, 0], [0, 1, 0], [-0.25, 0, 1.0]]))  # depth 0 at destination x = 4
    warped = _by_torch(picture, horizon[None], 16)
    assert np.isfinite(warped).all()
    assert warped.min() >= 0
    assert warped.max() <= 255


def test_warp_torch__a_single_pixel_fills_the_view():
    picture = np.full((1, 1, 1, 3), 77, np.uint8)
    assert (_by_torch(picture, hm.translation(2.5, 1)[None], 4) == 77).all()


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_warp_torch__gives_the_same_on_a_gpu(rng):
    frames, matrices = torch.from_numpy(_picture(rng, 70, 90))[None, None], torch.from_numpy(_wild(rng, 4))[None]
    sizes = torch.tensor([[70, 90]])
    difference = warp_torch(frames, sizes, matrices, 48) - warp_torch(frames.cuda(), sizes, matrices, 48).cpu()
    assert difference.abs().max() <= 0.1
