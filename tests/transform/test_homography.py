"""Matrices against positions worked out on paper."""

import numpy as np
import pytest

from omnisource.transform import homography as hm


def _move(matrix: np.ndarray, x: float, y: float) -> list[float]:
    points, _ = hm.transform_points(matrix, np.array([[x, y]]))
    return points[0].tolist()


@pytest.mark.parametrize(
    ("matrix", "source", "destination"),
    [
        (hm.identity(), (3, 4), (3, 4)),
        (hm.translation(2, -1), (3, 4), (5, 3)),  # right by 2, up by 1
        (hm.crop(58, 16), (58, 16), (0, 0)),  # the box's corner becomes the first pixel
        (hm.mirror(10), (0, 4), (9, 4)),  # first column <-> last column
        (hm.resize(4, 4, 8, 8), (-0.5, 3.5), (-0.5, 7.5)),  # edges go to edges
        (hm.resize(4, 4, 8, 2), (0, 0), (0.5, -0.25)),  # x' = .5 * 2 - .5; y' = .5 * .5 - .5
    ],
)
def test_matrices__move_a_pixel_as_computed_by_hand(matrix, source, destination):
    assert _move(matrix, *source) == pytest.approx(destination)


def test_compose__does_the_first_argument_first():
    # x = 3: first 3 + 2 = 5, then mirrored at width 10: 9 - 5 = 4. The other order would give 9 - 3 + 2 = 8.
    assert _move(hm.compose(hm.translation(2, 0), hm.mirror(10)), 3, 0) == pytest.approx([4, 0])


def test_compose__of_nothing_is_the_identity():
    assert np.array_equal(hm.compose(), np.eye(3))


def test_mirror__twice_is_the_identity():
    assert np.array_equal(hm.compose(hm.mirror(7), hm.mirror(7)), np.eye(3))


def test_normalise__measures_in_half_short_sides():
    # 340x256: 128 pixels are half the short side, so 32 pixels to the right are 0.25.
    expected = [[1, 0, 0.25], [0, 1, 0], [0, 0, 1]]
    assert hm.normalise(hm.translation(32, 0), 340, 256) == pytest.approx(np.array(expected))


def test_normalise__keeps_a_rotation_about_the_centre_a_rotation():
    cos, sin = 0.8, 0.6
    rotation = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1.0]])
    centre = hm.translation(-(340 - 1) / 2, -(256 - 1) / 2)
    about_centre = hm.compose(centre, rotation, np.linalg.inv(centre))
    assert hm.normalise(about_centre, 340, 256) == pytest.approx(rotation)


def test_normalise__does_not_depend_on_the_resolution(rng):
    motion = hm.translation(5, 3) + 1e-4 * rng.normal(size=(3, 3))
    double = hm.resize(340, 256, 680, 512)
    same_at_double_size = hm.compose(np.linalg.inv(double), motion, double)
    assert hm.normalise(same_at_double_size, 680, 512) == pytest.approx(hm.normalise(motion, 340, 256))


def test_denormalise__undoes_normalise_of_a_stack(rng):
    stack = np.eye(3) + 0.01 * rng.normal(size=(5, 3, 3))
    assert hm.denormalise(hm.normalise(stack, 333, 251), 333, 251) == pytest.approx(stack)


def test_to_parameters__scales_the_last_entry_to_one():
    matrix = np.array([[2, 4, 6], [8, 10, 12], [14, 16, 2.0]])
    assert hm.to_parameters(matrix).tolist() == [1, 2, 3, 4, 5, 6, 7, 8]


def test_to_parameters__refuses_a_centre_at_infinity():
    with pytest.raises(ValueError, match="sends the centre of the picture to infinity"):
        hm.to_parameters(np.diag([1.0, 1.0, 0.0]))


def test_from_parameters__undoes_to_parameters_of_a_stack(rng):
    parameters = rng.normal(size=(4, 8))
    assert hm.to_parameters(hm.from_parameters(parameters)) == pytest.approx(parameters)


def test_transform_points__divides_by_the_depth():
    matrix = np.array([[1, 0, 0], [0, 1, 0], [0.5, 0, 1.0]])
    points, depths = hm.transform_points(matrix, np.array([[2.0, 4.0], [-4.0, 1.0]]))
    assert points[0].tolist() == [1, 2]  # depth .5 * 2 + 1 = 2
    assert depths.tolist() == [2, -1]  # the second point lies behind the camera
