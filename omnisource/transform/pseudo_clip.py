"""A picture -> the homographies of a pseudo clip, chained step by step (paper 3.5, Eq. 2, Table 8).

J_1 = I and J_i = H_i(J_{i-1}): the matrices are multiplied and the picture is sampled once per frame, never warped
again from a frame that was warped before. A long chain may drift off the picture; the reflected border fills the view.
"""

from typing import Literal

import numpy as np

from omnisource.errors import WorkspaceError
from omnisource.transform import homography as hm
from omnisource.transform.camera_motion import CameraMotion, frame_corners, sample

Mode = Literal["replicate", "translate_random", "translate_constant", "perspective", "perspective_class"]

MAX_REDRAWS = 10
"""Times that a step which no camera makes is drawn again, before it becomes a step without motion."""
LEAST_DETERMINANT = 0.1
"""A step whose normalised determinant is not above this nearly folds the picture, or mirrors it."""
MAX_STEP_SHIFT = 1.0
"""A step that moves a corner further is no step of a camera; in short sides."""


def clip_homographies(
    num_frames: int,
    width: int,
    height: int,
    mode: Mode,
    steps_per_frame: int,
    motion: CameraMotion | None,
    translation: float,
    rng: np.random.Generator,
) -> np.ndarray:
    """(num_frames, 3, 3) pixel homographies from the picture to each frame of the clip; the first is the identity.

    `steps_per_frame` steps lie between two frames, each drawn on its own, but for translate_constant, whose steps are
    all alike. `translation` is the standard deviation of a step along each axis, in short sides. The perspective modes
    draw from `motion`: that of all classes, or, for perspective_class, that of the picture's class.
    """
    num_steps = (num_frames - 1) * steps_per_frame
    if mode == "replicate" or num_steps == 0:
        return np.tile(hm.identity(), (num_frames, 1, 1))
    if mode in ("translate_random", "translate_constant"):
        steps = _translations(num_steps, mode == "translate_constant", translation, rng)
    elif motion is None:
        raise WorkspaceError(
            f"pseudo clips by {mode} need the camera motion of the target clips, which has not been fitted; "
            "fit it first, or set train.inflation.mode to replicate"
        )
    else:
        steps = draw_steps(motion, num_steps, width, height, rng)
    return hm.denormalise(_chain(steps, num_frames, steps_per_frame), width, height)


def draw_steps(motion: CameraMotion, num_steps: int, width: int, height: int, rng: np.random.Generator) -> np.ndarray:
    """(num_steps, 3, 3) normalised homographies drawn from N(mu, Sigma).

    A Gaussian also holds matrices that no camera makes: mirroring or folding the picture, or moving a corner by more
    than a short side. Those are drawn again, up to MAX_REDRAWS times, and then become the identity.
    """
    steps = hm.from_parameters(sample(motion, num_steps, rng))
    for _ in range(MAX_REDRAWS):
        impossible = _impossible(steps, width, height)
        if not impossible.any():
            return steps
        steps[impossible] = hm.from_parameters(sample(motion, int(impossible.sum()), rng))
    steps[_impossible(steps, width, height)] = hm.identity()
    return steps


def _translations(num_steps: int, constant: bool, deviation: float, rng: np.random.Generator) -> np.ndarray:
    shifts = rng.normal(0, deviation, size=(1 if constant else num_steps, 2))
    steps = np.tile(hm.identity(), (num_steps, 1, 1))
    steps[:, :2, 2] = 2 * shifts  # a short side is two normalised units
    return steps


def _chain(steps: np.ndarray, num_frames: int, steps_per_frame: int) -> np.ndarray:
    """(num_frames, 3, 3): products of the first 0, s, 2 s, ... steps, later ones on the left (Eq. 2)."""
    chained = np.empty((num_frames, 3, 3))
    chained[0] = current = hm.identity()
    for i, step in enumerate(steps, start=1):
        current = step @ current
        if i % steps_per_frame == 0:
            chained[i // steps_per_frame] = current
    return chained


def _impossible(steps: np.ndarray, width: int, height: int) -> np.ndarray:
    """(num_steps,) bool: which normalised homographies are no step of a camera."""
    corners = frame_corners(width, height)
    moved, depths = hm.transform_points(steps, corners)  # (num_steps, 4, 2), (num_steps, 4)
    furthest = np.linalg.norm(moved - corners, axis=-1).max(axis=-1) / 2  # in short sides
    folded = np.linalg.det(steps) <= LEAST_DETERMINANT
    return folded | (depths <= 0).any(axis=-1) | (furthest > MAX_STEP_SHIFT)
