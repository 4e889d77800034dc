"""A toy and its motion -> frames: backdrop, moving camera, motion blur, props, light and noise (no torch).

Lengths are in short sides of the frame, so the same scene can be drawn at any size.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from omnisource.demo.backdrops import draw_backdrop
from omnisource.demo.motions import Track, choose_place, draw_props, move, rest
from omnisource.demo.toys import SPRITE_PX, Finish, draw_toy, vivid

TOYS = ("ball", "duck", "kite", "robot")
MOTIONS = ("bouncing", "spinning", "swinging")
LIFELIKE = Finish(surface="shaded", outline=0.0)
RADII = (0.24, 0.38)
"""Half sizes of toys, in short sides."""
NUM_EXPOSURES = 6
"""Moments that a frame adds up while its shutter is open."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Act:
    """One class of the demo world: a toy and what it does."""

    motion: str
    """One of MOTIONS."""
    toy: str
    """One of TOYS."""

    @property
    def class_name(self) -> str:
        """As in the folders: "bouncing_ball"."""
        return f"{self.motion}_{self.toy}"


ACTS = tuple(Act(motion=motion, toy=toy) for motion in MOTIONS for toy in TOYS)


@dataclass(frozen=True, kw_only=True, slots=True)
class Lens:
    """The camera that films a scene."""

    width: int
    """Pixels."""
    height: int
    """Pixels."""
    fps: float
    """Frames a second."""
    shutter_s: float = 0.1
    """How long each frame is exposed; longer gives more motion blur."""
    shake: float = 1.0
    """How far the camera moves; 0 is a tripod."""
    noise: float = 4.0
    """Standard deviation of the sensor's noise, in grey levels."""

    @property
    def short_side(self) -> int:
        """Pixels of the shorter side."""
        return min(self.width, self.height)


@dataclass(frozen=True, kw_only=True, slots=True)
class Cast:
    """What is filmed: the sprite, where it goes and what stands around."""

    sprite: np.ndarray
    """(S, S, 4) uint8, premultiplied."""
    radius: float
    """Half size of the toy."""
    track: Track
    """Poses: NUM_EXPOSURES of them for each frame."""
    props: frozenset[str]
    """Some of rope, mat and arcs."""
    prop_colour: tuple[int, int, int]
    """Colour of the props."""


def film(act: Act, num_frames: int, lens: Lens, rng: np.random.Generator) -> np.ndarray:
    """A clip of an action: (T, H, W, 3) uint8 RGB."""
    times_s = _moments(num_frames, lens)
    radius = rng.uniform(*RADII)
    track = move(act.motion, times_s, radius, rng)
    cast = cast_toy(act.toy, LIFELIKE, radius, track, draw_props(act.motion, rng), lens, rng)
    return expose([cast], num_frames, lens, rng, place=choose_place(act.motion, rng))


def film_rest(toy: str, num_frames: int, lens: Lens, rng: np.random.Generator) -> np.ndarray:
    """A clip of a toy that does nothing: (T, H, W, 3) uint8 RGB."""
    radius = rng.uniform(0.12, 0.25)
    cast = cast_toy(toy, LIFELIKE, radius, rest(_moments(num_frames, lens), rng), frozenset(), lens, rng)
    return expose([cast], num_frames, lens, rng)


def film_place(num_frames: int, lens: Lens, rng: np.random.Generator) -> np.ndarray:
    """A clip without any toy: (T, H, W, 3) uint8 RGB."""
    return expose([], num_frames, lens, rng)


def cast_toy(
    toy: str,
    finish: Finish,
    radius: float,
    track: Track,
    props: frozenset[str],
    lens: Lens,
    rng: np.random.Generator,
) -> Cast:
    """Draw a toy for `track`, no larger than the lens can resolve."""
    sprite = draw_toy(toy, finish, rng)
    side_px = min(SPRITE_PX, math.ceil(3.0 * radius * lens.short_side))
    sprite = cv2.resize(sprite, (side_px, side_px), interpolation=cv2.INTER_AREA)
    return Cast(sprite=sprite, radius=radius, track=track, props=props, prop_colour=vivid(rng))


def expose(
    casts: list[Cast], num_frames: int, lens: Lens, rng: np.random.Generator, *, place: str | None = None
) -> np.ndarray:
    """Film casts before a backdrop of `place`, or of any, with a moving camera: (T, H, W, 3) uint8 RGB."""
    margin = 1.4
    backdrop = draw_backdrop(round(lens.width * margin), round(lens.height * margin), rng, place=place)
    cameras = _camera_path(num_frames, lens, rng)
    light = _light(num_frames, lens, rng)
    grain = rng.normal(0, lens.noise, (lens.height, lens.width, 3)).astype(np.float32)
    frames = np.empty((num_frames, lens.height, lens.width, 3), np.uint8)
    centred = _shift((lens.width - backdrop.shape[1]) / 2, (lens.height - backdrop.shape[0]) / 2)
    for t in range(num_frames):
        frame = cv2.warpAffine(
            backdrop, (cameras[t] @ centred)[:2], (lens.width, lens.height), borderMode=cv2.BORDER_REFLECT_101
        )
        for cast in casts:
            frame = _place(frame, cast, t, cameras[t], lens)
        lit = frame * light[t] + np.roll(grain, tuple(rng.integers(0, 64, 2)), axis=(0, 1))
        frames[t] = np.clip(lit, 0, 255)
    return frames


def _moments(num_frames: int, lens: Lens) -> np.ndarray:
    """(T * NUM_EXPOSURES,) seconds at which the shutter's light is added up."""
    starts = np.arange(num_frames)[:, None] / lens.fps
    return (starts + lens.shutter_s * np.arange(NUM_EXPOSURES)[None] / NUM_EXPOSURES).ravel()


def _camera_path(num_frames: int, lens: Lens, rng: np.random.Generator) -> np.ndarray:
    """(T, 3, 3) matrices from the still scene to each frame: slow pan, zoom and roll, and a trembling hand."""
    times_s = np.arange(num_frames) / lens.fps
    slow = np.sin(rng.uniform(0.4, 1.4, (4, 1)) * times_s + rng.uniform(0, 6.3, (4, 1)))
    hand = rng.normal(0, 0.004, (4, num_frames))
    strength = lens.shake * rng.uniform(0.2, 1.0)
    pan_x, pan_y, zoom, roll = strength * (slow * np.array([[0.09], [0.05], [0.07], [0.05]]) + hand)
    cos, sin = (1 + zoom) * np.cos(roll), (1 + zoom) * np.sin(roll)
    centre_x, centre_y = (lens.width - 1) / 2, (lens.height - 1) / 2
    paths = np.tile(np.eye(3), (num_frames, 1, 1))
    paths[:, 0, 0], paths[:, 0, 1], paths[:, 1, 0], paths[:, 1, 1] = cos, -sin, sin, cos
    paths[:, 0, 2] = centre_x - cos * centre_x + sin * centre_y + pan_x * lens.short_side
    paths[:, 1, 2] = centre_y - sin * centre_x - cos * centre_y + pan_y * lens.short_side
    return paths


def _light(num_frames: int, lens: Lens, rng: np.random.Generator) -> np.ndarray:
    """(T, H, W, 3) float32 factors: exposure that drifts, colour of the light, darker corners."""
    gain = rng.uniform(0.7, 1.15) * (1 + 0.06 * np.sin(np.arange(num_frames) / lens.fps * 2 + rng.uniform(0, 6)))
    tint = 1 + rng.normal(0, 0.06, 3)
    x, y = np.meshgrid(np.linspace(-1, 1, lens.width), np.linspace(-1, 1, lens.height))
    corners = 1 - rng.uniform(0.05, 0.3) * (x * x + y * y) / 2
    still = (corners[..., None] * tint).astype(np.float32)
    return gain.astype(np.float32)[:, None, None, None] * still


def _place(frame: np.ndarray, cast: Cast, t: int, camera: np.ndarray, lens: Lens) -> np.ndarray:
    """Put one cast into a frame: props behind, a soft shadow, the toy over the shutter's moments."""
    first = t * NUM_EXPOSURES
    size = (lens.width, lens.height)
    toy = np.zeros((lens.height, lens.width, 4), np.float32)
    for moment in range(first, first + NUM_EXPOSURES):
        pose = camera @ pose_matrix(cast, moment, lens)
        cv2.accumulateWeighted(cv2.warpAffine(cast.sprite, pose[:2], size), toy, 1 / (moment - first + 1))
    draw_props_at(frame, cast, first + NUM_EXPOSURES - 1, camera, lens)
    offset = 0.045 * lens.short_side
    shadow = cv2.warpAffine(cv2.blur(toy[..., 3], (7, 7)), _shift(offset, 1.3 * offset)[:2], size)
    seen = frame * (1 - 0.35 / 255 * shadow)[..., None]
    return seen * (1 - toy[..., 3:] / 255) + toy[..., :3]


def pose_matrix(cast: Cast, moment: int, lens: Lens) -> np.ndarray:
    """3x3 matrix from sprite pixels to the still scene's pixels."""
    middle = (cast.sprite.shape[0] - 1) / 2
    angle = cast.track.angles[moment]
    wide, tall = 2 * cast.radius * lens.short_side / cast.sprite.shape[0] * cast.track.stretches[moment]
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    pose = np.eye(3)
    pose[:2, :2] = turn @ np.diag([wide, tall])
    pose[:2, 2] = _to_pixels(cast.track.places[moment], lens) - pose[:2, :2] @ (middle, middle)
    return pose


def draw_props_at(frame: np.ndarray, cast: Cast, moment: int, camera: np.ndarray, lens: Lens) -> None:
    """Draw rope, mat and arcs where they are at that moment, behind the toy."""
    width_px = max(1, round(0.03 * lens.short_side))
    place = cast.track.places[moment]
    if "rope" in cast.props:
        ends = [_project(point, camera, lens) for point in (cast.track.pivot, place)]
        cv2.line(frame, *ends, cast.prop_colour, width_px, cv2.LINE_AA, shift=4)
    if "mat" in cast.props:
        rim = [
            _project(
                (cast.track.pivot[0] + 1.5 * cast.radius * math.cos(a), cast.track.ground + 0.08 * math.sin(a)),
                camera,
                lens,
            )
            for a in np.linspace(0, 2 * math.pi, 32)
        ]
        cv2.fillPoly(frame, [np.array(rim)], cast.prop_colour, cv2.LINE_AA, shift=4)
    if "arcs" in cast.props:
        turn = cast.track.angles[moment]
        for start in (0.3, 0.3 + math.pi):
            arc = [
                _project(place + 1.12 * cast.radius * np.array([math.cos(a), math.sin(a)]), camera, lens)
                for a in np.linspace(start + turn, start + turn + 1.1, 12)
            ]
            cv2.polylines(frame, [np.array(arc)], False, cast.prop_colour, width_px, cv2.LINE_AA, shift=4)


def _project(point: tuple[float, float] | np.ndarray, camera: np.ndarray, lens: Lens) -> tuple[int, int]:
    """Scene lengths -> pixels with four fractional bits."""
    x, y = camera[:2, :2] @ _to_pixels(np.asarray(point), lens) + camera[:2, 2]
    return round(x * 16), round(y * 16)


def _to_pixels(offset: np.ndarray, lens: Lens) -> np.ndarray:
    return offset * lens.short_side + np.array([(lens.width - 1) / 2, (lens.height - 1) / 2])


def _shift(x: float, y: float) -> np.ndarray:
    return np.array([[1.0, 0.0, x], [0.0, 1.0, y], [0.0, 0.0, 1.0]])
