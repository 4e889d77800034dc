"""Crops, resizes, mirrors and camera motion as 3x3 matrices that multiply to one (paper 3.5, Eq. 2).

A homography maps a pixel of the source to a pixel of the destination. Integer coordinates are pixel centres, so a
picture of width w spans [-0.5, w - 0.5]. Matrices are float64; those that are not affine are defined up to a factor.
"""

from functools import reduce

import numpy as np


def identity() -> np.ndarray:
    """(3, 3): every pixel stays."""
    return np.eye(3)


def translation(dx: float, dy: float) -> np.ndarray:
    """(3, 3): content moves right by dx and down by dy pixels."""
    return np.array([[1, 0, dx], [0, 1, dy], [0, 0, 1]], dtype=np.float64)


def resize(in_w: float, in_h: float, out_w: float, out_h: float) -> np.ndarray:
    """(3, 3): the span of the picture is stretched, as cv2.resize does: x' = (x + 0.5) * s - 0.5."""
    scale_x, scale_y = out_w / in_w, out_h / in_h
    return np.array([[scale_x, 0, 0.5 * scale_x - 0.5], [0, scale_y, 0.5 * scale_y - 0.5], [0, 0, 1]])


def crop(x: float, y: float) -> np.ndarray:
    """(3, 3): pixel (x, y) becomes the upper left one; the size of the crop is the destination's."""
    return translation(-x, -y)


def mirror(width: float) -> np.ndarray:
    """(3, 3): left and right change places in a picture of this width."""
    return np.array([[-1, 0, width - 1], [0, 1, 0], [0, 0, 1]], dtype=np.float64)


def compose(*matrices: np.ndarray) -> np.ndarray:
    """(3, 3) of one step after the other: compose(a, b, c) does a first, then b, then c."""
    return reduce(lambda done, step: step @ done, matrices, identity())


def normalise(homography: np.ndarray, width: int, height: int) -> np.ndarray:
    """Pixel homography of a picture -> the same motion in units of half its short side around its centre.

    Both axes have one unit, so rotations stay rotations, and the result does not depend on the resolution.
    Takes (..., 3, 3), gives (..., 3, 3).
    """
    to_unit = _to_unit(width, height)
    return to_unit @ homography @ np.linalg.inv(to_unit)


def denormalise(normalised: np.ndarray, width: int, height: int) -> np.ndarray:
    """Inverse of `normalise`: (..., 3, 3) in pixels of a picture of this size."""
    to_unit = _to_unit(width, height)
    return np.linalg.inv(to_unit) @ normalised @ to_unit


def to_parameters(normalised: np.ndarray) -> np.ndarray:
    """(..., 3, 3) -> (..., 8): the matrix with its last entry scaled to 1, row by row, without that entry.

    Raises ValueError where the last entry is 0: the centre of the picture would go to infinity.
    """
    last = normalised[..., 2, 2]
    if np.any(last == 0):
        raise ValueError("the homography sends the centre of the picture to infinity: its last entry is 0")
    rows = normalised.reshape(*normalised.shape[:-2], 9)
    return rows[..., :8] / last[..., None]


def from_parameters(parameters: np.ndarray) -> np.ndarray:
    """(..., 8) -> (..., 3, 3) whose last entry is 1; inverse of `to_parameters`."""
    ones = np.ones((*parameters.shape[:-1], 1))
    return np.concatenate([parameters, ones], axis=-1).reshape(*parameters.shape[:-1], 3, 3)


def transform_points(homographies: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where (P, 2) points go under (..., 3, 3): (..., P, 2), and their depths (..., P).

    A depth <= 0 says that the point lies behind the camera; its coordinates then mean nothing.
    """
    lifted = np.concatenate([points, np.ones((len(points), 1))], axis=1)
    moved = lifted @ np.swapaxes(homographies, -1, -2)
    depths = moved[..., 2]
    return moved[..., :2] / np.where(depths == 0, np.inf, depths)[..., None], depths


def _to_unit(width: int, height: int) -> np.ndarray:
    unit = 2.0 / min(width, height)
    return np.diag([unit, unit, 1.0]) @ translation(-(width - 1) / 2, -(height - 1) / 2)
