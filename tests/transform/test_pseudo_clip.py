"""Chains of Eq. 2, mode by mode."""

import time

import cv2
import numpy as np
import pytest

from omnisource.errors import WorkspaceError
from omnisource.transform import homography as hm
from omnisource.transform.camera_motion import CameraMotion, fit
from omnisource.transform.pseudo_clip import clip_homographies, draw_steps
from omnisource.transform.views import Box, view_homography
from omnisource.transform.warp import warp_cv2

STILL = np.array([1, 0, 0, 0, 1, 0, 0, 0.0])
MODES = ["replicate", "translate_random", "translate_constant", "perspective", "perspective_class"]


def _motion(mean: np.ndarray = STILL, deviation: float = 0.0) -> CameraMotion:
    return CameraMotion(mean=mean, covariance=np.eye(8) * deviation**2, num_pairs=1, num_dropped={})


@pytest.mark.parametrize("mode", MODES)
def test_clip_homographies__start_with_the_picture_itself(mode, rng):
    matrices = clip_homographies(4, 340, 256, mode, 2, _motion(deviation=0.01), 0.01, rng)
    assert matrices.shape == (4, 3, 3)
    assert matrices[0] == pytest.approx(np.eye(3), abs=1e-12)


@pytest.mark.parametrize("mode", MODES)
def test_clip_homographies__of_one_frame_are_the_identity(mode, rng):
    assert np.array_equal(clip_homographies(1, 340, 256, mode, 16, _motion(), 0.01, rng), np.eye(3)[None])


def test_clip_homographies__replicate_stands_still(rng):
    assert np.array_equal(clip_homographies(3, 340, 256, "replicate", 16, None, 0.01, rng), np.stack([np.eye(3)] * 3))


def test_clip_homographies__perspective_multiplies_the_steps(rng):
    # A camera that always zooms by 1.1: frame i is zoomed by 1.1 ** (2 i) with two steps a frame.
    zoom = _motion(np.array([1.1, 0, 0, 0, 1.1, 0, 0, 0]))
    matrices = clip_homographies(3, 300, 200, "perspective", 2, zoom, 0, rng)
    zooms = hm.to_parameters(hm.normalise(matrices, 300, 200))[:, 0]
    assert zooms == pytest.approx([1, 1.21, 1.4641])


def test_clip_homographies__perspective_puts_later_steps_on_the_left():
    motion = _motion(deviation=0.1)
    first, second = draw_steps(motion, 2, 200, 200, np.random.default_rng(3))
    assert not np.allclose(first @ second, second @ first)
    matrices = clip_homographies(3, 200, 200, "perspective", 1, motion, 0, np.random.default_rng(3))
    assert hm.normalise(matrices, 200, 200)[2] == pytest.approx(second @ first)  # H_2 after H_1 (Eq. 2)


def test_clip_homographies__perspective_chains_by_hand(rng):
    # Step: x' = 2 x, then + 0.1. Twice: 2 (2 x + .1) + .1 = 4 x + .3.
    step = _motion(np.array([2, 0, 0.1, 0, 2, 0, 0, 0]))
    last = hm.normalise(clip_homographies(3, 200, 200, "perspective", 1, step, 0, rng), 200, 200)[2]
    assert (last[0, 0], last[0, 2]) == pytest.approx((4, 0.3))


def test_clip_homographies__perspective_draws_every_step_anew(rng):
    matrices = clip_homographies(5, 200, 200, "perspective", 1, _motion(deviation=0.01), 0, rng)
    steps = [after @ np.linalg.inv(before) for before, after in zip(matrices, matrices[1:])]
    assert len({step.round(9).tobytes() for step in steps}) == 4


def test_clip_homographies__translate_constant_keeps_its_speed(rng):
    shifts = clip_homographies(4, 340, 256, "translate_constant", 3, None, 0.01, rng)[:, :2, 2]
    assert np.diff(shifts, axis=0) == pytest.approx(np.tile(shifts[1], (3, 1)))
    assert np.linalg.norm(shifts[1]) > 0


def test_clip_homographies__translate_random_changes_its_speed(rng):
    shifts = clip_homographies(4, 340, 256, "translate_random", 1, None, 0.01, rng)[:, :2, 2]
    assert not np.allclose(np.diff(shifts, axis=0)[0], np.diff(shifts, axis=0)[1])


@pytest.mark.parametrize("mode", ["translate_random", "translate_constant"])
def test_clip_homographies__translations_deviate_by_a_share_of_the_short_side(mode, rng):
    steps = [clip_homographies(2, 400, 200, mode, 1, None, 0.05, rng)[1] for _ in range(2000)]
    shifts = np.array([step[:2, 2] for step in steps])
    assert shifts.std(axis=0) == pytest.approx([10, 10], rel=0.06)  # 0.05 * 200 pixels
    assert np.allclose([step[:2, :2] for step in steps], np.eye(2))


@pytest.mark.parametrize("mode", ["perspective", "perspective_class"])
def test_clip_homographies__perspective_without_a_motion_says_how_to_get_one(mode, rng):
    with pytest.raises(WorkspaceError, match=f"pseudo clips by {mode} need the camera motion .* fit it first"):
        clip_homographies(4, 340, 256, mode, 1, None, 0.01, rng)


def test_clip_homographies__same_seed_same_clip():
    first, second = (
        clip_homographies(8, 340, 256, "perspective", 8, _motion(deviation=0.01), 0, np.random.default_rng(4))
        for _ in range(2)
    )
    assert np.array_equal(first, second)


def test_clip_homographies__from_a_fitted_motion_look_like_the_videos(rng):
    parameters = STILL + rng.normal(0, 0.004, size=(400, 8)) + np.array([0, 0, 0.01, 0, 0, 0, 0, 0])
    motion = fit(parameters)
    steps = np.concatenate([clip_homographies(2, 340, 256, "perspective", 1, motion, 0, rng)[1:] for _ in range(2000)])
    drawn = hm.to_parameters(hm.normalise(steps, 340, 256))
    assert drawn.mean(axis=0) == pytest.approx(motion.mean, abs=5e-4)
    assert drawn.std(axis=0) == pytest.approx(np.sqrt(np.diag(motion.covariance)), rel=0.1)


def test_draw_steps__draws_impossible_steps_again(rng):
    # Zoom N(1, .6): a good part mirrors, folds or leaves the picture; enough is possible.
    motion = CameraMotion(mean=STILL, covariance=np.diag([0.36, 0, 0, 0, 0.36, 0, 0, 0]), num_pairs=1, num_dropped={})
    steps = draw_steps(motion, 500, 340, 256, rng)
    assert (np.linalg.det(steps) > 0.1).all()
    assert (steps[:, 0, 0] != 1).mean() > 0.95  # drawn again, and not replaced by the identity


@pytest.mark.parametrize(
    "mean",
    [
        [-1, 0, 0, 0, 1, 0, 0, 0],  # mirrors
        [0.3, 0, 0, 0, 0.3, 0, 0, 0],  # determinant 0.09
        [1, 0, 2.1, 0, 1, 0, 0, 0],  # a corner moves by 2.1 / 2 short sides
        [1, 0, 0, 0, 1, 0, 1.1, 0],  # the left corners come to lie just behind the camera
        [1, 0, 0, 0, 1, 0, 4.5, 0],  # far behind it: depth -3.5, so no corner moves by more than 0.9 short sides
    ],
)
def test_draw_steps__stands_still_where_every_draw_is_impossible(mean, rng):
    assert np.array_equal(draw_steps(_motion(np.array(mean)), 3, 256, 256, rng), np.stack([np.eye(3)] * 3))


def test_clip_homographies__sample_the_picture_once_and_stay_sharp(rng):
    picture = cv2.GaussianBlur(rng.integers(0, 256, (256, 340, 3), dtype=np.uint8), (0, 0), 1)
    matrices = clip_homographies(32, 340, 256, "perspective", 1, _motion(deviation=0.002), 0, rng)
    view = view_homography(Box(58, 16, 224, 224), 224, mirrored=False)
    clip = warp_cv2(picture[None], view @ matrices, 224)
    sharpness = [cv2.Laplacian(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), cv2.CV_64F).var() for frame in clip]
    assert sharpness[-1] >= 0.5 * sharpness[0]  # facts: warping 31 times over leaves 3 %


def test_clip_homographies__a_chain_that_drifts_away_still_fills_every_frame(rng):
    drift = _motion(np.array([1.05, 0, 0.3, 0, 1.05, 0.1, 0.05, 0]))
    picture = rng.integers(60, 200, (1, 120, 160, 3), dtype=np.uint8)
    matrices = clip_homographies(8, 160, 120, "perspective", 16, drift, 0, rng)
    start = time.process_time()
    clip = warp_cv2(picture, matrices, 112)
    assert time.process_time() - start < 2  # reflecting far positions must not take a loop per period
    assert clip.min() >= 60  # nothing black comes in
