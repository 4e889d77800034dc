"""Steps of real cameras and steps that were drawn -> their paths, and how alike they are (paper 3.5).

The fitted Gaussian draws every step on its own; a real camera goes on as it went. Two numbers say how far that matters:
the energy distance between single steps, and between whole paths, each with the probability that mere chance would give
as much (a permutation test over clips, since the steps of one clip resemble each other).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from omnisource.transform import homography as hm
from omnisource.transform.camera_motion import frame_corners

NUM_PERMUTATIONS = 999
NO_MOTION = 1e-9
"""Short sides; samples that are apart by less are one point, rounded."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Likeness:
    """How alike two samples are."""

    distance: float
    """Energy distance over its largest value: 0 for one distribution, 1 for two that are points apart."""
    p_value: float
    """Share of the permutations of clips that are at least as far apart; near 0, chance does not explain it."""
    num_clips: int
    """Clips in both samples together."""


def corner_paths(steps: np.ndarray, width: int, height: int) -> np.ndarray:
    """(N + 1, 4, 2): where the corners of a picture go, in short sides from its centre, y downwards.

    steps (N, 8), each from one frame to the next; the first place is where the corners began.
    """
    corners = frame_corners(width, height)
    places = np.empty((len(steps) + 1, 4, 2))
    places[0] = corners
    current = hm.identity()
    for i, step in enumerate(hm.from_parameters(steps), start=1):
        current = step @ current
        places[i] = hm.transform_points(current, corners)[0]
    return places / 2  # a short side is two normalised units


def corner_shifts(steps: np.ndarray, width: int, height: int) -> np.ndarray:
    """(N, 8): how far each step by itself moves the corners along x and y, in short sides."""
    corners = frame_corners(width, height)
    moved = hm.transform_points(hm.from_parameters(steps), corners)[0]
    return ((moved - corners) / 2).reshape(len(steps), 8)


def drift(path: np.ndarray) -> np.ndarray:
    """(N + 1,): mean distance of the corners of a path from where they began, in short sides."""
    return np.linalg.norm(path - path[0], axis=2).mean(axis=1)


def compare(real: Sequence[np.ndarray], drawn: Sequence[np.ndarray], rng: np.random.Generator) -> Likeness:
    """Two samples of clips, each clip an (N, D) block of points; raises ValueError if one has none."""
    if not real or not drawn:
        raise ValueError("both samples need a clip")
    between = _block_distances([*real, *drawn])
    mine = np.arange(len(between)) < len(real)
    found, largest = _energy(between, mine)
    chance = [_energy(between, rng.permutation(mine))[0] for _ in range(NUM_PERMUTATIONS)]
    p_value = (1 + np.sum(np.array(chance) >= found - 1e-12)) / (1 + NUM_PERMUTATIONS)
    distance = 0.0 if largest < NO_MOTION else max(found, 0.0) / largest
    return Likeness(distance=float(distance), p_value=float(p_value), num_clips=len(between))


def _block_distances(blocks: list[np.ndarray]) -> np.ndarray:
    """(B, B): mean distance between the points of two blocks."""
    means = np.empty((len(blocks), len(blocks)))
    for i, one in enumerate(blocks):
        for j, other in enumerate(blocks[: i + 1]):
            gaps = np.linalg.norm(one[:, None] - other[None], axis=2)
            means[i, j] = means[j, i] = gaps.mean()
    return means


def _energy(between: np.ndarray, mine: np.ndarray) -> tuple[float, float]:
    """Energy distance of two groups of blocks, and twice the mean distance across, which it cannot exceed."""
    across = 2 * between[np.ix_(mine, ~mine)].mean()
    within = between[np.ix_(mine, mine)].mean() + between[np.ix_(~mine, ~mine)].mean()
    return float(across - within), float(across)
