"""Motion name -> where a toy is at each moment, and the props that often, not always, go with the motion.

Each pair of motions shares its place and, at many moments, its pose: one frame only hints at the motion.
"""

import math
from dataclasses import dataclass

import numpy as np

PROP_CHANCES: dict[str, dict[str, float]] = {
    "bouncing": {"rope": 0.08, "mat": 0.75, "arcs": 0.05},
    "spinning": {"rope": 0.1, "mat": 0.1, "arcs": 0.75},
    "swinging": {"rope": 0.8, "mat": 0.08, "arcs": 0.05},
}
"""How often a prop is seen with a motion: real actions, too, are half betrayed by what stands around."""

USUAL_PLACE = {"bouncing": "indoors", "spinning": "table", "swinging": "outdoors"}
USUAL_PLACE_CHANCE = 0.8
"""How often an action is seen at its usual place rather than at any."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Track:
    """A toy's poses over time; lengths in short sides of the frame, angles in radians."""

    places: np.ndarray
    """(T, 2) offset of the toy's centre from the middle of the frame, x right, y down."""
    angles: np.ndarray
    """(T,) clockwise turn."""
    stretches: np.ndarray
    """(T, 2) factors of width and height."""
    pivot: tuple[float, float]
    """Where a rope would hang from."""
    ground: float
    """Height of a mat below the middle."""


def move(motion: str, times_s: np.ndarray, radius: float, rng: np.random.Generator) -> Track:
    """The poses of a toy of half size `radius` at `times_s`, under the motion of that name."""
    anchor = np.array([rng.uniform(-0.22, 0.22), rng.uniform(-0.1, 0.14)])
    rate = rng.uniform(0.75, 1.35)  # cycles a second
    phase = times_s * rate + rng.uniform()
    lean = rng.normal(0, 0.12)
    num = len(times_s)
    places, angles, stretches = np.tile(anchor, (num, 1)), np.full(num, lean), np.ones((num, 2))
    rope_length = rng.uniform(0.45, 0.7)
    if motion == "bouncing":
        hop = rng.uniform(0.22, 0.38)
        height = 4 * (phase % 1) * (1 - phase % 1)
        places[:, 1] += hop * (0.5 - height)
        squash = 0.28 * np.clip(1 - height / 0.35, 0, 1)
        stretches = np.stack([1 + squash, 1 - squash], axis=1)
        ground = anchor[1] + hop / 2
    elif motion == "spinning":
        angles = angles + 2 * math.pi * phase * rng.choice([-1, 1]) * 0.8
        ground = anchor[1]
    elif motion == "swinging":
        angles = angles + rng.uniform(0.4, 0.65) * np.sin(2 * math.pi * phase * 0.8)
        places[:, 0] = anchor[0] - rope_length * np.sin(angles)
        places[:, 1] = anchor[1] - rope_length * (1 - np.cos(angles))
        ground = anchor[1]
    else:
        raise AssertionError(f"no motion {motion!r}")
    pivot = (float(anchor[0]), float(anchor[1] - rope_length))
    return Track(places=places, angles=angles, stretches=stretches, pivot=pivot, ground=float(ground + 0.9 * radius))


def rest(times_s: np.ndarray, rng: np.random.Generator) -> Track:
    """A toy that does nothing."""
    num = len(times_s)
    anchor = np.array([rng.uniform(-0.4, 0.4), rng.uniform(-0.1, 0.25)])
    return Track(
        places=np.tile(anchor, (num, 1)), angles=np.full(num, rng.normal(0, 0.3)), stretches=np.ones((num, 2)),
        pivot=(float(anchor[0]), -1.0), ground=float(anchor[1]),
    )  # fmt: skip


def draw_props(motion: str, rng: np.random.Generator) -> frozenset[str]:
    """Which props stand around this time."""
    return frozenset(prop for prop, chance in PROP_CHANCES[motion].items() if rng.uniform() < chance)


def choose_place(motion: str, rng: np.random.Generator) -> str | None:
    """Where it happens this time; None: anywhere."""
    return USUAL_PLACE[motion] if rng.uniform() < USUAL_PLACE_CHANCE else None
