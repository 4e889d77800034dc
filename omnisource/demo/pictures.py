"""A toy and its motion -> one web picture in another visual style: snapshot, studio, cartoon or sketch (paper 3.3).

A picture cannot move, so it hints: a tilt, a prop, or fading copies of where the toy has just been.
"""

import cv2
import numpy as np

from omnisource.demo.backdrops import draw_backdrop, draw_card, draw_landscape, draw_pattern
from omnisource.demo.motions import choose_place, draw_props, move
from omnisource.demo.scene import RADII, Act, Cast, Lens, cast_toy, draw_props_at, film, pose_matrix
from omnisource.demo.toys import INK, PAPER, Finish, darker, vivid

STYLES = ("snapshot", "studio", "cartoon", "sketch")
STYLE_SHARES = (0.5, 0.2, 0.25, 0.05)
FINISHES = {
    "studio": Finish(surface="shaded", outline=0.0),
    "cartoon": Finish(surface="flat", outline=0.05),
    "sketch": Finish(surface="sketch", outline=0.03),
}
MARKS = ("toys.example", "(c) pix", "@toyfan", "FREE PREVIEW", "shop now")
CARDS = ("toy sale today", "play more", "part two soon", "page not found", "subscribe now", "best toys 2019")


def take_picture(act: Act, style: str, width: int, height: int, rng: np.random.Generator) -> np.ndarray:
    """A picture of an action: (height, width, 3) uint8 RGB."""
    if style == "snapshot":
        lens = Lens(width=width, height=height, fps=12, noise=rng.uniform(1, 6), shutter_s=rng.uniform(0.03, 0.12))
        picture = _graded(film(act, 1, lens, rng)[0], rng)
    else:
        picture = _illustrate(act, style, width, height, rng)
    return _marked(picture, rng) if rng.uniform() < 0.3 else picture


def take_irrelevant(width: int, height: int, rng: np.random.Generator) -> np.ndarray:
    """A picture that shows no toy: (height, width, 3) uint8 RGB."""
    kind = rng.choice(["landscape", "pattern", "card", "place"], p=[0.25, 0.2, 0.25, 0.3])
    if kind == "landscape":
        picture = draw_landscape(width, height, rng)
    elif kind == "pattern":
        picture = draw_pattern(width, height, rng)
    elif kind == "card":
        picture = draw_card(width, height, str(rng.choice(CARDS)), rng)
    else:
        picture = draw_backdrop(width, height, rng, clutter=6)
    return _marked(picture, rng) if rng.uniform() < 0.3 else picture


def _illustrate(act: Act, style: str, width: int, height: int, rng: np.random.Generator) -> np.ndarray:
    lens = Lens(width=width, height=height, fps=12)
    radius = rng.uniform(*RADII)
    times_s = rng.uniform(0, 2) + np.array([-0.22, -0.11, 0.0])
    track = move(act.motion, times_s, radius, rng)
    cast = cast_toy(act.toy, FINISHES[style], radius, track, draw_props(act.motion, rng), lens, rng)
    picture = _ground(act.motion, style, width, height, rng).astype(np.float32)
    draw_props_at(picture, cast, 2, np.eye(3), lens)
    fading = (0.15, 0.3, 1.0) if rng.uniform() < 0.6 else (0.0, 0.0, 1.0)
    for moment, opacity in enumerate(fading):
        picture = _paste(picture, cast, moment, opacity, lens, soft_shadow=style == "studio")
    return np.clip(picture, 0, 255).astype(np.uint8)


def _paste(
    picture: np.ndarray, cast: Cast, moment: int, opacity: float, lens: Lens, *, soft_shadow: bool
) -> np.ndarray:
    size = (lens.width, lens.height)
    pose = pose_matrix(cast, moment, lens)
    toy = cv2.warpAffine(cast.sprite, pose[:2], size).astype(np.float32) * opacity
    if soft_shadow:
        reach = int(0.12 * lens.short_side)
        shadow = cv2.GaussianBlur(np.roll(toy[..., 3], reach, axis=0), (0, 0), 0.05 * lens.short_side)
        picture = picture * (1 - 0.45 / 255 * shadow)[..., None]
    return picture * (1 - toy[..., 3:] / 255) + toy[..., :3]


def _ground(motion: str, style: str, width: int, height: int, rng: np.random.Generator) -> np.ndarray:
    """What an illustration is drawn on."""
    if style == "sketch":
        canvas = np.full((height, width, 3), PAPER, np.uint8)
        step = int(rng.integers(12, 24))
        if rng.uniform() < 0.5:
            for y in range(step, height, step):
                cv2.line(canvas, (0, y), (width, y), (206, 216, 232), 1)
        return canvas
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    from_centre = np.hypot(x - width / 2, y - height / 2) / max(width, height)
    if style == "studio":
        tone = np.array([248, 248, 250]) if rng.uniform() < 0.6 else np.array(vivid(rng)) * 0.4 + 140
        return np.clip(tone * (1.05 - 0.35 * from_centre)[..., None], 0, 255).astype(np.uint8)
    if rng.uniform() < 0.7:
        return _poster(draw_backdrop(width, height, rng, place=choose_place(motion, rng), clutter=1))
    first = vivid(rng)
    rays = np.floor(np.arctan2(y - height / 2, x - width / 2) * 12 / np.pi) % 2 == 0
    return np.where(rays[..., None], np.array(first), np.array(darker(first, 0.8))).astype(np.uint8)


def _poster(picture: np.ndarray) -> np.ndarray:
    """The picture in few, bright colours."""
    smooth = cv2.medianBlur(picture, 5).astype(np.float32)
    return np.clip(np.round(smooth / 40) * 40 + 30, 0, 255).astype(np.uint8)


def _graded(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A photo filter: warm, faded, grey or punchy colours, and sometimes a white frame."""
    values = picture.astype(np.float32)
    grey = values.mean(axis=2, keepdims=True)
    saturation = rng.choice([0.0, 0.6, 1.0, 1.4], p=[0.1, 0.25, 0.4, 0.25])
    values = grey + saturation * (values - grey)
    values = (values - 128) * rng.uniform(0.8, 1.3) + 128 + rng.uniform(-10, 30)
    values = values * (1 + rng.normal(0, 0.08, 3))
    graded = np.clip(values, 0, 255).astype(np.uint8)
    if rng.uniform() < 0.25:
        edge = max(3, min(graded.shape[:2]) // 20)
        graded[:edge], graded[-edge:], graded[:, :edge], graded[:, -edge:] = 250, 250, 250, 250
    return graded


def _marked(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A watermark across a corner or the middle."""
    height, width = picture.shape[:2]
    layer = picture.copy()
    place = (int(width * rng.uniform(0.03, 0.3)), int(height * rng.choice([0.12, 0.5, 0.94])))
    size = width / 280 * rng.uniform(0.7, 1.2)
    colour = (255, 255, 255) if rng.uniform() < 0.7 else INK
    mark = str(rng.choice(MARKS))
    cv2.putText(layer, mark, place, cv2.FONT_HERSHEY_SIMPLEX, size, colour, max(1, round(size * 2)), cv2.LINE_AA)
    return cv2.addWeighted(layer, 0.6, picture, 0.4, 0)
