"""One planned piece -> its file on disk: clips, pictures, long videos, near-duplicates, broken files."""

import io
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from omnisource.demo.backdrops import draw_card
from omnisource.demo.pictures import CARDS, STYLES, take_irrelevant, take_picture
from omnisource.demo.plan import Piece, WorldSize, rng_of
from omnisource.demo.scene import TOYS, Act, Lens, film, film_place, film_rest
from omnisource.media import write_video

PAGE = "<!DOCTYPE html>\n<html><head><title>404</title></head><body>No toy {}</body></html>\n"
WEB_SHAPES = ((4, 3), (4, 3), (16, 9), (1, 1), (3, 4))
"""Aspect ratios of web media; only the first two are the target's."""


def make_piece(piece: Piece, root: Path, seed: int, size: WorldSize) -> None:
    """Draw `piece` and write it below `root`; the same seed draws the same file."""
    cv2.setNumThreads(1)
    rng = rng_of(seed, piece.path)
    path = root / piece.path
    if piece.kind == "clip":
        write_video(path, _film_clip(piece, seed, size), size.fps)
    elif piece.kind == "other_clip":
        write_video(path, _film_nothing(round(size.clip_s * size.fps), _web_lens(size, size.fps, rng), rng), size.fps)
    elif piece.kind == "video":
        write_video(path, _film_long(piece, size, rng), size.video_fps)
    elif piece.kind == "clip_copy":
        write_video(path, _alter(_film_clip(_original(piece), seed, size), rng), size.fps)
    elif piece.kind == "broken":
        path.write_bytes(_break(piece.style, rng))
    else:
        _write_picture(path, _draw_picture(piece, seed, size, rng), rng)


def _film_clip(piece: Piece, seed: int, size: WorldSize) -> np.ndarray:
    """Frames of a clip of the target or the web; a validation clip's copy draws the very same ones."""
    assert piece.act is not None
    rng = rng_of(seed, piece.path)
    if piece.path.startswith("target/"):
        lens = Lens(width=size.width, height=size.height, fps=size.fps)
    else:
        lens = _web_lens(size, size.fps, rng)
    return film(piece.act, round(size.clip_s * size.fps), lens, rng)


def _original(piece: Piece) -> Piece:
    assert piece.original is not None
    return Piece(path=piece.original, kind="clip", act=piece.act)


def _web_lens(size: WorldSize, fps: float, rng: np.random.Generator) -> Lens:
    """A telephone: any shape, shakier and noisier than the target's camera."""
    wide, tall = WEB_SHAPES[int(rng.integers(len(WEB_SHAPES)))]
    scale = min(size.width, size.height) / min(wide, tall)
    width, height = (2 * round(side * scale / 2) for side in (wide, tall))
    return Lens(
        width=width, height=height, fps=fps, shake=rng.uniform(0.5, 2), noise=rng.uniform(2, 9),
        shutter_s=rng.uniform(0.05, 0.14),
    )  # fmt: skip


def _film_nothing(num_frames: int, lens: Lens, rng: np.random.Generator) -> np.ndarray:
    """A shot without action: a place, a toy at rest, or a title card."""
    kind = rng.choice(["place", "rest", "card"], p=[0.5, 0.3, 0.2])
    if kind == "place":
        return film_place(num_frames, lens, rng)
    if kind == "rest":
        return film_rest(str(rng.choice(TOYS)), num_frames, lens, rng)
    card = draw_card(lens.width, lens.height, str(rng.choice(CARDS)), rng)
    return np.repeat(card[None], num_frames, axis=0)


def _film_long(piece: Piece, size: WorldSize, rng: np.random.Generator) -> np.ndarray:
    """A long video: shots without action, and the act in its segments."""
    lens = _web_lens(size, size.video_fps, rng)
    shots = []
    for start_s, end_s, act in _shots(piece, rng):
        num_frames = round(end_s * size.video_fps) - round(start_s * size.video_fps)
        shots.append(_film_nothing(num_frames, lens, rng) if act is None else film(act, num_frames, lens, rng))
    return np.concatenate(shots)


def _shots(piece: Piece, rng: np.random.Generator) -> list[tuple[float, float, Act | None]]:
    """Start, end and content of each shot; the gaps between the segments are cut every few seconds."""
    shots: list[tuple[float, float, Act | None]] = []
    now_s = 0.0
    for start_s, end_s in (*piece.segments, (piece.duration_s, piece.duration_s)):
        while now_s < start_s:
            cut_s = min(start_s, now_s + float(rng.integers(3, 8)))
            shots.append((now_s, cut_s, None))
            now_s = cut_s
        if end_s > start_s:
            shots.append((start_s, end_s, piece.act))
            now_s = end_s
    return shots


def _alter(frames: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """What an uploader does to someone else's clip: crop a little, brighten, mark; (T, H, W, 3) uint8 RGB."""
    height, width = frames.shape[1:3]
    top, left = (int(rng.integers(0, 1 + side // 12)) for side in (height, width))
    cropped = frames[:, top : top + 2 * (height * 11 // 24), left : left + 2 * (width * 11 // 24)]
    altered = np.clip(cropped * rng.uniform(0.9, 1.15) + rng.uniform(-8, 12), 0, 255).astype(np.uint8)
    for frame in altered:
        cv2.putText(
            frame, "re:", (3, frame.shape[0] - 4), cv2.FONT_HERSHEY_SIMPLEX, 0.3, (255, 255, 255), 1, cv2.LINE_AA
        )
    return altered


def _draw_picture(piece: Piece, seed: int, size: WorldSize, rng: np.random.Generator) -> np.ndarray:
    if piece.kind == "picture_copy":
        frame = rng.choice(_alter(_film_clip(_original(piece), seed, size), rng))
        return cv2.resize(frame, None, fx=1.6, fy=1.6, interpolation=cv2.INTER_CUBIC)
    wide, tall = WEB_SHAPES[int(rng.integers(len(WEB_SHAPES)))]
    scale = rng.uniform(96, 200) / min(wide, tall)
    width, height = round(wide * scale), round(tall * scale)
    if piece.act is None:
        return take_irrelevant(width, height, rng)
    assert piece.style in STYLES
    return take_picture(piece.act, piece.style, width, height, rng)


def _write_picture(path: Path, picture: np.ndarray, rng: np.random.Generator) -> None:
    image = Image.fromarray(picture)
    if path.suffix == ".png":
        image.quantize(64).save(path)
    else:
        image.save(path, quality=int(rng.integers(45, 92)))


def _break(style: str, rng: np.random.Generator) -> bytes:
    """Bytes of a file that cannot be used."""
    if style.startswith("empty"):
        return b""
    if style.startswith("page"):
        return PAGE.format(rng.integers(10**9)).encode()
    if style == "icon.png":
        buffer = io.BytesIO()
        Image.fromarray(np.ascontiguousarray(take_irrelevant(64, 64, rng)[::4, ::4])).save(buffer, "PNG")
        return buffer.getvalue()
    if style == "cut.jpg":
        buffer = io.BytesIO()
        comment = str(rng.integers(10**9)).encode()  # the same header in two files would make them one item
        Image.fromarray(take_irrelevant(160, 120, rng)).save(buffer, "JPEG", comment=comment)
        return buffer.getvalue()[:400]
    # an MP4 whose upload stopped: its index, at the end, is missing
    return b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2avc1mp41\x00\x01\x00\x00mdat" + rng.bytes(6000)
