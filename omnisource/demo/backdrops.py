"""Seed -> a backdrop picture with things that are no toys: the nuisance that every frame and web image has.

A backdrop is larger than the frame, so that a camera can move over it.
"""

import math
from collections.abc import Callable

import cv2
import numpy as np

from omnisource.demo.toys import Colour, darker, vivid


def draw_backdrop(
    width: int, height: int, rng: np.random.Generator, *, place: str | None = None, clutter: int = 2
) -> np.ndarray:
    """A scene without toys: (height, width, 3) uint8 RGB, with up to `clutter` plain things standing in it.

    `place` is one of PLACES, or any of them.
    """
    scale = 2  # drawn twice as large and shrunk, for smooth edges
    canvas = np.zeros((height * scale, width * scale, 3), np.uint8)
    drawings = PLACES[str(rng.choice(list(PLACES))) if place is None else place]
    drawings[int(rng.integers(len(drawings)))](canvas, rng)
    for _ in range(int(rng.integers(0, clutter + 1))):
        _draw_thing(canvas, rng)
    canvas = cv2.resize(canvas, (width, height), interpolation=cv2.INTER_AREA)
    return _grained(canvas, rng)


def draw_landscape(width: int, height: int, rng: np.random.Generator) -> np.ndarray:
    """Hills under a sky with a sun: an irrelevant picture; (height, width, 3) uint8 RGB."""
    canvas = np.zeros((height, width, 3), np.uint8)
    _hills(canvas, rng)
    return _grained(canvas, rng)


def draw_pattern(width: int, height: int, rng: np.random.Generator) -> np.ndarray:
    """A wallpaper: an irrelevant picture; (height, width, 3) uint8 RGB."""
    canvas = np.zeros((height, width, 3), np.uint8)
    (_wallpaper, _tiles, _bricks)[int(rng.integers(3))](canvas, rng)
    return canvas


def draw_card(width: int, height: int, words: str, rng: np.random.Generator) -> np.ndarray:
    """A title card with `words` on it: an irrelevant picture; (height, width, 3) uint8 RGB."""
    canvas = np.zeros((height, width, 3), np.uint8)
    _gradient(canvas, vivid(rng), darker(vivid(rng), 0.5))
    lines = words.split()
    step = height / (len(lines) + 0.6)
    for i, word in enumerate(lines):
        size = min(0.88 * width / (21 * len(word)), 0.75 * step / 24)
        place = (int(0.06 * width), int(step * (i + 0.95)))
        thick = max(1, round(1.6 * size))
        cv2.putText(canvas, word, (place[0] + 2, place[1] + 2), cv2.FONT_HERSHEY_DUPLEX, size, (20, 20, 20), thick, 16)
        cv2.putText(canvas, word, place, cv2.FONT_HERSHEY_DUPLEX, size, (250, 250, 245), thick, cv2.LINE_AA)
    return canvas


def _muted(rng: np.random.Generator) -> Colour:
    grey = 120 + 60 * rng.uniform()
    share = rng.uniform(0.1, 0.4)
    red, green, blue = (int(share * c + (1 - share) * grey) for c in vivid(rng))
    return red, green, blue


def _gradient(canvas: np.ndarray, top: Colour, bottom: Colour) -> None:
    ramp = np.linspace(0, 1, len(canvas), dtype=np.float32)[:, None, None]
    canvas[:] = np.array(top) * (1 - ramp) + np.array(bottom) * ramp


def _hills(canvas: np.ndarray, rng: np.random.Generator) -> None:
    height, width = canvas.shape[:2]
    sky = vivid(rng, hue=rng.uniform(0.5, 0.62)) if rng.uniform() < 0.7 else vivid(rng, hue=rng.uniform(0.0, 0.1))
    _gradient(canvas, sky, (232, 236, 240))
    sun = int(width * rng.uniform(0.1, 0.9)), int(height * rng.uniform(0.1, 0.3))
    cv2.circle(canvas, sun, int(0.07 * width), (255, 244, 200), -1, cv2.LINE_AA)
    columns = np.arange(0, width + 8, 8)
    for depth in range(3):
        level = height * (0.5 + 0.16 * depth + rng.uniform(-0.05, 0.05))
        waves = np.sin(columns / width * rng.uniform(4, 11) + rng.uniform(0, 6)) * height * rng.uniform(0.02, 0.09)
        ridge = [(int(x), int(level + y)) for x, y in zip(columns, waves)]
        ground = darker(vivid(rng, hue=rng.uniform(0.2, 0.42)), 0.85 - 0.15 * depth)
        cv2.fillPoly(canvas, [np.array([*ridge, (width, height), (0, height)])], ground, cv2.LINE_AA)


def _bricks(canvas: np.ndarray, rng: np.random.Generator) -> None:
    height, width = canvas.shape[:2]
    brick, mortar = _muted(rng), (196, 190, 182)
    canvas[:] = mortar
    tall = int(height * rng.uniform(0.06, 0.12))
    wide = int(tall * rng.uniform(1.8, 2.6))
    for row in range(0, height // tall + 1):
        for column in range(-1, width // wide + 1):
            x, y = column * wide + (row % 2) * wide // 2, row * tall
            tone = darker(brick, rng.uniform(0.8, 1.1))
            tone = (min(tone[0], 255), min(tone[1], 255), min(tone[2], 255))
            cv2.rectangle(canvas, (x, y), (x + wide - tall // 5, y + tall - tall // 5), tone, -1)


def _planks(canvas: np.ndarray, rng: np.random.Generator) -> None:
    height, width = canvas.shape[:2]
    wood = vivid(rng, hue=rng.uniform(0.05, 0.11))
    tall = max(8, int(height * rng.uniform(0.1, 0.2)))
    for y in range(0, height, tall):
        tone = darker(wood, rng.uniform(0.6, 0.85))
        cv2.rectangle(canvas, (0, y), (width, y + tall), tone, -1)
        for _ in range(4):
            level = y + int(tall * rng.uniform(0.1, 0.9))
            start = int(width * rng.uniform(-0.2, 0.8))
            cv2.line(canvas, (start, level), (start + int(width * 0.5), level), darker(tone, 0.85), 2, cv2.LINE_AA)
        cv2.line(canvas, (0, y), (width, y), darker(tone, 0.5), 3)


def _tiles(canvas: np.ndarray, rng: np.random.Generator) -> None:
    height, width = canvas.shape[:2]
    first, second = _muted(rng), _muted(rng)
    side = int(height * rng.uniform(0.08, 0.2))
    row, column = np.arange(height) // side, np.arange(width) // side
    odd = (row[:, None] + column[None, :]) % 2 == 1
    canvas[:] = first
    canvas[odd] = second


def _wallpaper(canvas: np.ndarray, rng: np.random.Generator) -> None:
    height, width = canvas.shape[:2]
    ground, figure = _muted(rng), _muted(rng)
    canvas[:] = ground
    step = int(height * rng.uniform(0.1, 0.2))
    if rng.uniform() < 0.5:
        lean = int(rng.integers(-1, 2)) * height
        for x in range(-height, width + height, step):
            cv2.line(canvas, (x, 0), (x + lean, height), figure, max(2, step // 3), cv2.LINE_AA)
        return
    for i, y in enumerate(range(0, height + step, step)):
        for x in range((i % 2) * step // 2, width + step, step):
            cv2.circle(canvas, (x, y), step // 5, figure, -1, cv2.LINE_AA)


def _room(canvas: np.ndarray, rng: np.random.Generator) -> None:
    height = len(canvas)
    floor_y = int(height * rng.uniform(0.6, 0.78))
    wall = (_wallpaper, _bricks, _plain)[int(rng.choice(3, p=[0.35, 0.15, 0.5]))]
    wall(canvas[:floor_y], rng)
    floor = (_planks, _tiles, _plain)[int(rng.integers(3))]
    floor(canvas[floor_y:], rng)
    skirting = max(3, height // 50)
    cv2.rectangle(canvas, (0, floor_y - skirting), (canvas.shape[1], floor_y), (232, 228, 220), -1)


def _plain(canvas: np.ndarray, rng: np.random.Generator) -> None:
    colour = _muted(rng)
    _gradient(canvas, colour, darker(colour, rng.uniform(0.6, 0.9)))


def _meadow(canvas: np.ndarray, rng: np.random.Generator) -> None:
    height, width = canvas.shape[:2]
    grass = darker(vivid(rng, hue=rng.uniform(0.2, 0.4)), 0.75)
    _gradient(canvas, grass, darker(grass, 0.7))
    for _ in range(500):
        x, y = int(rng.uniform() * width), int(rng.uniform() * height)
        blade = darker(grass, rng.uniform(0.7, 1.2))
        blade = (min(blade[0], 255), min(blade[1], 255), min(blade[2], 255))
        cv2.line(canvas, (x, y), (x + int(rng.integers(-4, 5)), y - height // 24), blade, 2, cv2.LINE_AA)


PLACES: dict[str, tuple[Callable[[np.ndarray, np.random.Generator], None], ...]] = {
    "indoors": (_room, _room, _wallpaper, _plain),
    "table": (_planks, _tiles),
    "outdoors": (_meadow, _hills, _bricks),
}


def _draw_thing(canvas: np.ndarray, rng: np.random.Generator) -> None:
    """A box, a cone, a star, a cup or a plant somewhere; none has a toy's silhouette."""
    height, width = canvas.shape[:2]
    x, y = int(width * rng.uniform(0.05, 0.95)), int(height * rng.uniform(0.35, 0.95))
    size = int(height * rng.uniform(0.06, 0.12))
    colour = vivid(rng)
    kind = rng.choice(["box", "cone", "star", "cup", "plant"])
    if kind == "box":
        cv2.rectangle(canvas, (x - size, y - size), (x + size, y + size), colour, -1)
        cv2.rectangle(canvas, (x - size, y - size), (x + size, y - size // 2), darker(colour), -1)
    elif kind == "cone":
        _fill(canvas, [(x - size, y + size), (x + size, y + size), (x, y - int(1.4 * size))], colour)
        _fill(
            canvas,
            [(x - size // 2, y), (x + size // 2, y), (x + size // 3, y - size // 2), (x - size // 3, y - size // 2)],
            PAPER_WHITE,
        )
    elif kind == "star":
        spokes = [(size * (1.1 if i % 2 == 0 else 0.45), math.pi * i / 5) for i in range(10)]
        _fill(canvas, [(x + int(r * math.sin(a)), y - int(r * math.cos(a))) for r, a in spokes], colour)
    elif kind == "cup":
        cv2.circle(canvas, (x + size, y), size // 2, colour, max(2, size // 5), cv2.LINE_AA)
        _fill(
            canvas,
            [
                (x - size, y - size),
                (x + size, y - size),
                (x + int(0.7 * size), y + size),
                (x - int(0.7 * size), y + size),
            ],
            colour,
        )
    else:
        for lean in np.linspace(-1, 1, 5):
            tip = (x + int(lean * size), y - int((1.7 - abs(lean)) * size))
            cv2.line(canvas, (x, y), tip, (52, 130, 62), max(2, size // 3), cv2.LINE_AA)
        _fill(
            canvas,
            [(x - size // 2, y), (x + size // 2, y), (x + size // 3, y + size), (x - size // 3, y + size)],
            colour,
        )


PAPER_WHITE: Colour = (246, 244, 238)


def _fill(canvas: np.ndarray, points: list[tuple[int, int]], colour: Colour) -> None:
    cv2.fillPoly(canvas, [np.array(points)], colour, cv2.LINE_AA)


def _grained(canvas: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Slow blotches of light and shade, so that no surface is perfectly even."""
    height, width = canvas.shape[:2]
    blotches = rng.normal(1.0, 0.05, size=(5, 7)).astype(np.float32)
    light = cv2.resize(blotches, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.clip(canvas * light[..., None], 0, 255).astype(np.uint8)
