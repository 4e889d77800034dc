"""Seed -> a toy as a premultiplied RGBA sprite: the objects of the demo world, no two alike (paper 4.1: the classes).

A toy's kind is its silhouette and its parts; colours, patterns, proportions and accessories vary freely, so that a few
labelled clips cannot cover them.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

SPRITE_PX = 192
"""Side of a sprite; scenes shrink it."""

Colour = tuple[int, int, int]
Point = tuple[float, float]
Surface = Literal["shaded", "flat", "sketch"]
USUAL_COLOUR = 0.9
"""Share of the toys of a kind that have its usual colour: yellow ducks, blue robots, red balls, purple kites."""
INK: Colour = (38, 34, 42)
PAPER: Colour = (250, 248, 242)


@dataclass(frozen=True, kw_only=True, slots=True)
class Finish:
    """How a toy is painted."""

    surface: Surface
    """shaded: lit from one side; flat: cartoon; sketch: pencil lines."""
    outline: float
    """Width of the contour, in sprite halves; 0 draws none."""


class Pen:
    """Draws filled shapes on a transparent square whose corners are (-1, -1), top left, and (1, 1)."""

    def __init__(self, finish: Finish) -> None:
        self.pixels = np.zeros((SPRITE_PX, SPRITE_PX, 4), np.uint8)
        self._finish = finish

    def polygon(self, points: Sequence[Point], colour: Colour) -> None:
        """Fill a closed outline; on transparent black, anti-aliasing leaves premultiplied colour by itself."""
        corners = [_fixed_point(points)]
        fill = PAPER if self._finish.surface == "sketch" else colour
        cv2.fillPoly(self.pixels, corners, (*fill, 255), cv2.LINE_AA, shift=4)
        if self._finish.outline:
            extent = float(np.ptp(np.asarray(points, np.float64), axis=0).min())  # small parts get a thin contour
            self._ink(corners, min(self._finish.outline, 0.12 * extent))

    def contour(self, points: Sequence[Point]) -> None:
        """Draw the outline of a closed shape again, over what its pattern covered."""
        if self._finish.outline:
            self._ink([_fixed_point(points)], self._finish.outline)

    def ellipse(self, centre: Point, axes: Point, colour: Colour, *, turn: float = 0.0) -> None:
        """Fill an ellipse with half axes `axes`, turned by `turn` radians."""
        self.polygon(_arc(centre, axes, 0.0, 2 * math.pi, turn), colour)

    def sector(self, centre: Point, radius: float, start: float, end: float, colour: Colour) -> None:
        """Fill a slice of a disc between two angles in radians."""
        self.polygon([centre, *_arc(centre, (radius, radius), start, end, 0.0)], colour)

    def line(self, points: Sequence[Point], colour: Colour, width: float) -> None:
        """Draw an open line."""
        ink = INK if self._finish.surface == "sketch" else colour
        width_px = max(1, round(width * SPRITE_PX / 2))
        cv2.polylines(self.pixels, [_fixed_point(points)], False, (*ink, 255), width_px, cv2.LINE_AA, shift=4)

    def keep_inside(self, centre: Point, radius: float) -> None:
        """Erase everything outside a disc."""
        stencil = np.zeros(self.pixels.shape[:2], np.uint8)
        disc = _fixed_point(_arc(centre, (radius, radius), 0.0, 2 * math.pi, 0.0))
        cv2.fillPoly(stencil, [disc], 255, cv2.LINE_AA, shift=4)
        self.pixels = cv2.multiply(self.pixels, cv2.merge([stencil] * 4), scale=1 / 255)

    def _ink(self, corners: list[np.ndarray], width: float) -> None:
        width_px = max(1, round(width * SPRITE_PX / 2))
        cv2.polylines(self.pixels, corners, True, (*INK, 255), width_px, cv2.LINE_AA, shift=4)


def draw_toy(toy: str, finish: Finish, rng: np.random.Generator) -> np.ndarray:
    """One toy of the kind `toy` as a sprite: (SPRITE_PX, SPRITE_PX, 4) uint8, RGB premultiplied by alpha."""
    pen = Pen(finish)
    DRAWINGS[toy](pen, rng)
    if finish.surface == "shaded":
        return _lit(pen.pixels, rng)
    return pen.pixels


def vivid(rng: np.random.Generator, *, hue: float | None = None) -> Colour:
    """A strong colour, of any hue unless `hue` (0 to 1) is given."""
    turn = float(rng.uniform()) if hue is None else hue % 1.0
    hsv = np.array([[[turn * 360, rng.uniform(0.55, 0.95), rng.uniform(0.65, 1.0)]]], np.float32)
    red, green, blue = (cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)[0, 0] * 255).astype(int)
    return int(red), int(green), int(blue)


def usual_hue(hue: float, rng: np.random.Generator) -> float | None:
    """Most toys of a kind are of about one hue, the others of any."""
    return hue + float(rng.normal(0, 0.025)) if rng.uniform() < USUAL_COLOUR else None


def two_colours(rng: np.random.Generator, hue: float | None = None) -> tuple[Colour, Colour]:
    """Two colours that can be told apart; the first of `hue`, or of any."""
    hue = float(rng.uniform()) if hue is None else hue
    first = vivid(rng, hue=hue)
    if rng.uniform() < 0.3:
        return first, (244, 240, 232)
    return first, vivid(rng, hue=hue + rng.uniform(0.25, 0.75))


def darker(colour: Colour, share: float = 0.7) -> Colour:
    """The colour in the shade."""
    return int(colour[0] * share), int(colour[1] * share), int(colour[2] * share)


def _ball(pen: Pen, rng: np.random.Generator) -> None:
    first, second = two_colours(rng, usual_hue(0.99, rng))
    radius = 0.82
    pen.ellipse((0, 0), (radius, radius), first)
    pattern = rng.choice(["beach", "band", "spots", "seams", "plain"], p=[0.3, 0.2, 0.2, 0.2, 0.1])
    if pattern == "beach":
        slices = int(rng.integers(3, 5)) * 2
        for i in range(0, slices, 2):
            pen.sector((0, 0), radius, 2 * math.pi * i / slices, 2 * math.pi * (i + 1) / slices, second)
        pen.ellipse((0, 0), (0.16, 0.16), (250, 250, 250))
    elif pattern == "band":
        half = rng.uniform(0.12, 0.3)
        pen.polygon([(-1, -half), (1, -half), (1, half), (-1, half)], second)
    elif pattern == "spots":
        pen.polygon(_regular(5, (0, 0), 0.3), second)
        for i in range(5):
            pen.polygon(_regular(5, _polar(0.72, 2 * math.pi * (i + 0.25) / 5), 0.24), second)
    elif pattern == "seams":
        for bend in (-0.55, 0.55):
            pen.line(_arc((bend * 1.9, 0), (0.75, 1.0), 0, 2 * math.pi, 0.0), darker(first, 0.4), 0.07)
        pen.line([(0, -1), (0, 1)], darker(first, 0.4), 0.07)
    pen.keep_inside((0, 0), radius + 0.03)
    pen.contour(_arc((0, 0), (radius, radius), 0, 2 * math.pi, 0.0))


def _kite(pen: Pen, rng: np.random.Generator) -> None:
    first, second = two_colours(rng, usual_hue(0.83, rng))
    third = vivid(rng)
    wide, waist = rng.uniform(0.5, 0.66), rng.uniform(-0.45, -0.15)
    top, left, right, bottom = (0, -0.95), (-wide, waist), (wide, waist), (0, 0.5)
    tail = [(0.1 * math.sin(5 * y + rng.uniform(0, 0.6)), y) for y in np.linspace(0.5, 0.97, 8)]
    pen.line(tail, darker(third), 0.05)
    for x, y in tail[2::2]:
        pen.polygon([(x - 0.16, y - 0.07), (x, y), (x - 0.16, y + 0.07)], third)
        pen.polygon([(x + 0.16, y - 0.07), (x, y), (x + 0.16, y + 0.07)], third)
    middle = (0, waist)
    pattern = rng.choice(["quarters", "halves", "face"])
    pen.polygon([top, right, bottom, left], first)
    if pattern == "quarters":
        pen.polygon([top, right, middle], second)
        pen.polygon([bottom, left, middle], second)
    elif pattern == "halves":
        pen.polygon([top, right, bottom], second)
    else:
        for x in (-0.17, 0.17):
            pen.ellipse((x, waist - 0.05), (0.09, 0.12), PAPER)
            pen.ellipse((x, waist), (0.05, 0.06), INK)
        pen.line(_arc((0, waist + 0.1), (0.18, 0.14), 0.2, math.pi - 0.2, 0.0), INK, 0.05)
    pen.line([top, bottom], darker(first, 0.5), 0.035)
    pen.line([left, right], darker(first, 0.5), 0.035)


def _duck(pen: Pen, rng: np.random.Generator) -> None:
    body = vivid(rng, hue=usual_hue(0.14, rng))
    beak = vivid(rng, hue=rng.uniform(0.02, 0.12))
    plump, head = rng.uniform(0.42, 0.5), rng.uniform(0.3, 0.38)
    pen.polygon([(-0.5, 0.1), (-0.95, -0.15), (-0.7, 0.45)], darker(body, 0.85))
    pen.ellipse((-0.08, 0.36), (0.72, plump), body, turn=rng.uniform(-0.1, 0.05))
    pen.ellipse((-0.2, 0.34), (0.34, 0.24), darker(body, 0.82), turn=rng.uniform(-0.3, 0.2))
    pen.polygon([(0.62, -0.5), (0.98, -0.36), (0.96, -0.24), (0.6, -0.2)], beak)
    pen.ellipse((0.36, -0.38), (head, head), body)
    pen.ellipse((0.48, -0.46), (0.1, 0.12), PAPER)
    pen.ellipse((0.51, -0.45), (0.055, 0.07), INK)
    extra = rng.choice(["none", "hat", "bow", "scarf"], p=[0.4, 0.2, 0.2, 0.2])
    colour = vivid(rng)
    if extra == "hat":
        pen.polygon([(0.1, -0.66), (0.62, -0.66), (0.54, -0.97), (0.2, -0.97)], colour)
        pen.polygon([(0.0, -0.62), (0.72, -0.62), (0.72, -0.7), (0.0, -0.7)], darker(colour))
    elif extra == "bow":
        pen.polygon([(0.1, -0.86), (0.32, -0.72), (0.1, -0.58)], colour)
        pen.polygon([(0.54, -0.86), (0.32, -0.72), (0.54, -0.58)], colour)
    elif extra == "scarf":
        pen.polygon([(0.05, -0.16), (0.62, -0.12), (0.6, 0.04), (0.06, 0.02)], colour)
    if rng.uniform() < 0.5:
        pen.pixels = np.ascontiguousarray(pen.pixels[:, ::-1])


def _robot(pen: Pen, rng: np.random.Generator) -> None:
    metal = vivid(rng, hue=usual_hue(0.57, rng))
    accent = vivid(rng)
    wide, head = rng.uniform(0.38, 0.5), rng.uniform(0.28, 0.4)
    limb = darker(metal, 0.75)
    lift = rng.uniform(-0.25, 0.3, size=2)
    for side, raised in zip((-1, 1), lift):
        pen.line([(side * wide, 0.0), (side * 0.78, 0.1 - raised), (side * 0.82, 0.3 - 1.6 * raised)], limb, 0.17)
        pen.ellipse((side * 0.82, 0.34 - 1.6 * raised), (0.13, 0.13), accent)
        pen.polygon(_box((side * 0.24, 0.78), (0.15, 0.18)), limb)
        pen.polygon(_box((side * 0.28, 0.92), (0.22, 0.07)), darker(accent))
    pen.polygon(_box((0, 0.2), (wide, 0.46)), metal)
    pen.polygon(_box((0, 0.16), (wide * 0.66, 0.22)), darker(metal, 0.55))
    for i in range(int(rng.integers(2, 5))):
        pen.ellipse((-0.2 + 0.13 * i, 0.16), (0.06, 0.06), vivid(rng))
    pen.line([(0, -0.6), (0, -0.86)], limb, 0.06)
    pen.ellipse((0, -0.88), (0.09, 0.09), accent)
    pen.polygon(_box((0, -0.48), (head, 0.24)), metal)
    for x in (-0.45 * head, 0.45 * head):
        pen.ellipse((x, -0.52), (0.1, 0.1), (255, 246, 190))
        pen.ellipse((x, -0.52), (0.045, 0.045), INK)
    pen.line([(-0.5 * head, -0.34), (0.5 * head, -0.34)], INK, 0.06)


DRAWINGS: dict[str, Callable[[Pen, np.random.Generator], None]] = {
    "ball": _ball,
    "duck": _duck,
    "kite": _kite,
    "robot": _robot,
}


def _lit(pixels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Light from the upper left or right, and a highlight; colours stay at or below their alpha."""
    axis = np.linspace(-1, 1, SPRITE_PX, dtype=np.float32)
    x, y = np.meshgrid(axis, axis)
    side = rng.choice([-0.45, 0.45])
    shade = 1.12 - 0.28 * np.hypot(x - side, y + 0.5) ** 1.5
    gloss = 70 * rng.uniform() * np.exp(-((x - side) ** 2 + (y + 0.45) ** 2) / 0.03)
    alpha = pixels[..., 3:].astype(np.float32)
    colour = pixels[..., :3] * shade[..., None] + gloss[..., None] * alpha / 255
    return np.dstack([np.clip(colour, 0, alpha), alpha]).astype(np.uint8)


def _fixed_point(points: Sequence[Point]) -> np.ndarray:
    """Sprite coordinates -> pixels with four fractional bits, as OpenCV draws them."""
    half = SPRITE_PX / 2
    inset = 0.92  # contours and tips stay on the sprite
    return np.round((np.asarray(points, np.float64) * inset * half + half - 0.5) * 16).astype(np.int32)


def _arc(centre: Point, axes: Point, start: float, end: float, turn: float) -> list[Point]:
    angles = np.linspace(start, end, 40)
    x, y = axes[0] * np.cos(angles), axes[1] * np.sin(angles)
    cos, sin = math.cos(turn), math.sin(turn)
    return list(zip(centre[0] + x * cos - y * sin, centre[1] + x * sin + y * cos))


def _polar(radius: float, angle: float) -> Point:
    return radius * math.cos(angle), radius * math.sin(angle)


def _regular(corners: int, centre: Point, radius: float) -> list[Point]:
    spokes = [_polar(radius, 2 * math.pi * i / corners) for i in range(corners)]
    return [(centre[0] + x, centre[1] + y) for x, y in spokes]


def _box(centre: Point, half: Point) -> list[Point]:
    (x, y), (a, b) = centre, half
    return [(x - a, y - b), (x + a, y - b), (x + a, y + b), (x - a, y + b)]
