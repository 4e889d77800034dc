"""A world of a few tiny files for tests of the whole job: a square over noise; its colour and way are the class."""

import itertools
from pathlib import Path

import cv2
import numpy as np

from omnisource import config, media

CLASSES = {
    "red_right": ((220, 40, 40), (2, 0)),
    "green_down": ((40, 220, 40), (0, 2)),
    "blue_still": ((40, 40, 220), (0, 0)),
}
SIDE_PX = 40
FPS = 8


def frames_of(name: str, num_frames: int, rng: np.random.Generator) -> np.ndarray:
    """(T, 40, 48, 3) uint8: the square of a class."""
    colour, step = CLASSES[name]
    frames = rng.integers(60, 140, (1, SIDE_PX, SIDE_PX + 8, 3), dtype=np.uint8).repeat(num_frames, axis=0)
    x, y = rng.integers(0, 16, 2)
    for number, frame in enumerate(frames):
        corner = ((int(x) + step[0] * number) % SIDE_PX, (int(y) + step[1] * number) % (SIDE_PX - 12))
        cv2.rectangle(frame, corner, (corner[0] + 14, corner[1] + 14), colour, -1)
    return frames


def build(root: Path) -> config.Study:
    """Write every file and return the study that reads them."""
    rng = np.random.default_rng(0)
    for split, name, number in itertools.product(("train", "val"), CLASSES, range(4)):
        _clip(root / "target" / split / name / f"{number}.mp4", frames_of(name, 16, rng))
    for name, number in itertools.product(CLASSES, range(4)):
        _image(root / "web" / "image" / name / f"{number}.png", frames_of(name, 1, rng)[0])
        if number < 2:
            _clip(root / "web" / "clip" / name / f"{number}.mp4", frames_of(name, 12, rng))
    for name in CLASSES:
        dull = rng.integers(60, 140, (24, SIDE_PX, SIDE_PX + 8, 3), dtype=np.uint8)
        _clip(root / "web" / "video" / name / "long.mp4", np.concatenate([dull, frames_of(name, 40, rng), dull]))
    (root / "web" / "image" / "red_right" / "page.jpg").write_text("<!DOCTYPE html><html>not a picture</html>")
    (root / "web" / "clip" / "red_right" / "empty.mp4").write_bytes(b"")
    return study(root)


def study(root: Path) -> config.Study:
    """Thin networks, few epochs, a 2D and a 3D teacher, a 3D student that uses everything."""
    values = {
        "device": "cpu",
        "target": {"root": str(root / "target")},
        "sources": [
            {"name": "web_image", "format": "image", "path": str(root / "web" / "image")},
            {"name": "web_clip", "format": "trimmed", "path": str(root / "web" / "clip")},
            {"name": "web_video", "format": "untrimmed", "path": str(root / "web" / "video")},
        ],
        "validity": {"min_side_px": 16, "workers": 1},
        "networks": {
            "tsn": _network({"arch": "tsn"}),
            "slowonly": _network({"arch": "slowonly", "clip_len": 4, "frame_interval": 2}),
        },
        "student": "slowonly",
        "teachers": {
            "flat": {"networks": ["tsn"], "formats": ["image", "trimmed"]},
            "deep": {"networks": ["slowonly"], "formats": ["trimmed", "untrimmed"]},
        },
        "score": {"segment_3d_s": 2.0, "rows_per_part": 4},
        "features": {"run": "tsn-baseline", "stage": 2, "grid": 2, "frame_px": 32, "target_fps": 4},
        "motion": {"short_side_px": 40, "min_inlier_share": 0.1, "pairs_per_clip": 4, "max_corner_shift": 1.0},
        "recipes": {
            # these small worlds look alike everywhere: tests of duplicates set a threshold, others need every item
            "unfiltered": {"confidence": 0.0, "label_source": "query", "duplicate_similarity": 2.0},
            "omnisource": {"confidence": 0.34, "duplicate_similarity": 2.0},
        },
        "train": {"checkpoint_every": 2},
    }
    return config.parse(config.Study, values, where="micro world")


def _network(model: dict) -> dict:
    return {
        "model": {"backbone": "resnet10", "width": 0.125, "pretrained": "none"} | model,
        "input": {"short_side_px": 40, "crop_px": 32, "crop": "random_resized"},
        "optim": {"epochs": 3, "batch_size": 4, "lr_per_sample": 0.005, "milestones": [2]},
        "test": {"num_clips": 2, "crops": "center", "crop_px": 32, "average": "probs"},
    }


def _clip(path: Path, frames: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    media.write_video(path, frames, FPS)


def _image(path: Path, frame: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), frame[:, :, ::-1])
