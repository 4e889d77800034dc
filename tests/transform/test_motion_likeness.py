"""Paths of cameras by hand, and a distance that knows alike from different."""

import numpy as np
import pytest

from omnisource.transform.motion_likeness import compare, corner_paths, corner_shifts, drift

RIGHT = np.array([1, 0, 0.2, 0, 1, 0, 0, 0], float)  # a tenth of the short side, since that is two units
ZOOM = np.array([2, 0, 0, 0, 2, 0, 0, 0], float)


def test_corner_paths__steps_add_up():
    path = corner_paths(np.stack([RIGHT, RIGHT, RIGHT]), 101, 101)
    assert path.shape == (4, 4, 2)
    np.testing.assert_allclose(path[0, 0], [-0.5, -0.5], atol=0.01)
    np.testing.assert_allclose(path[3] - path[0], np.tile([0.3, 0], (4, 1)), atol=1e-12)
    np.testing.assert_allclose(drift(path), [0, 0.1, 0.2, 0.3], atol=1e-12)


def test_corner_paths__later_steps_act_on_earlier_ones():
    path = corner_paths(np.stack([RIGHT, ZOOM]), 101, 101)
    np.testing.assert_allclose(path[2], 2 * (path[0] + [0.1, 0]), atol=1e-12)  # zoomed about the centre after the shift


def test_corner_shifts__of_single_steps():
    shifts = corner_shifts(np.stack([RIGHT, RIGHT]), 101, 101)
    np.testing.assert_allclose(shifts, np.tile([0.1, 0], (2, 4)), atol=1e-12)


def test_compare__one_distribution():
    rng = np.random.default_rng(0)
    clips = [rng.normal(size=(10, 2)) for _ in range(40)]
    found = compare(clips[:20], clips[20:], rng)
    assert found.distance < 0.02
    assert found.p_value > 0.05
    assert found.num_clips == 40


def test_compare__two_points_have_nothing_in_common():
    # E|X - Y| = 1 and no distance within: (2 - 0 - 0) / 2 = 1
    real, drawn = [np.zeros((1, 1))] * 8, [np.ones((1, 1))] * 8
    found = compare(real, drawn, np.random.default_rng(0))
    assert found.distance == 1
    assert found.p_value < 0.01


def test_compare__half_way_by_hand():
    # real {0, 2}, drawn {1}: 2 * 1 - (0 + 2 + 2 + 0) / 4 - 0 = 1, of at most 2
    found = compare([np.array([[0.0], [2.0]])], [np.array([[1.0]])], np.random.default_rng(0))
    assert found.distance == pytest.approx(0.5)
    assert found.p_value == 1  # two clips can only change places


def test_compare__steps_of_one_clip_are_no_independent_witnesses():
    # each clip has its own offset; both groups have the same offsets to come by, so chance explains the gap
    rng = np.random.default_rng(1)
    clips = [rng.normal() + rng.normal(scale=0.01, size=(30, 1)) for _ in range(12)]
    assert compare(clips[:6], clips[6:], rng).p_value > 0.02


def test_compare__same_points_everywhere():
    found = compare([np.zeros((3, 2))], [np.zeros((3, 2))], np.random.default_rng(0))
    assert (found.distance, found.p_value) == (0, 1)


def test_compare__needs_clips_on_both_sides():
    with pytest.raises(ValueError, match="both samples need a clip"):
        compare([], [np.zeros((1, 1))], np.random.default_rng(0))
