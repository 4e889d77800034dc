"""A workspace of eight items with facts written by hand, and real files, for what FiftyOne shows of it.

Number, query -> the deciding teacher's class and confidence; the line is 0.34:
0 red -> red 0.90, kept but for a labelled clip that it resembles; 1 red -> red 0.40, the same;
2 red -> green 0.60, kept; 3 green -> green 0.30, left out by little; 4 blue -> blue 0.20, left out;
5 a page that is no picture; 6 a clip, red -> red 0.80, kept (the other teacher: green 0.50);
7 a long video, red: 0-2 s blue 0.30, 2-4 s red 0.90, 4-6 s red 0.70, 6-8 s green 0.20.
"""

from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa

from omnisource import config, media
from omnisource.pipeline.recipes import label
from omnisource.types import Taxonomy
from omnisource.workspace import Workspace
from tests import micro_world
from tests.similar_tables import write_similar
from tests.workspaces import key

NAMES = ("red", "green", "blue")
RED, GREEN, BLUE = range(3)
QUERIES = (RED, RED, RED, GREEN, BLUE, RED, RED, RED)
FORMATS = ("image",) * 6 + ("trimmed", "untrimmed")
FPS = 8.0
SCORES = {  # teacher -> number, start, end, class, confidence
    "flat": [
        *((0, 0.0, 0.0, RED, 0.9), (1, 0.0, 0.0, RED, 0.4), (2, 0.0, 0.0, GREEN, 0.6), (3, 0.0, 0.0, GREEN, 0.3)),
        *((4, 0.0, 0.0, BLUE, 0.2), (6, 0.0, 2.0, GREEN, 0.5)),
    ],
    "deep": [
        (6, 0.0, 2.0, RED, 0.8),
        *((7, 0.0, 2.0, BLUE, 0.3), (7, 2.0, 4.0, RED, 0.9), (7, 4.0, 6.0, RED, 0.7), (7, 6.0, 8.0, GREEN, 0.2)),
    ],
}
SIMILAR = ((0, "a", 0.95), (1, "b", 0.85), (4, "a", 0.6))
"""Number, labelled clip, similarity; from 0.84 on it is a suspect."""


def build(root: Path) -> Workspace:
    """The workspace, with its recipe "omnisource" applied."""
    settings = ["recipes.omnisource.duplicate_similarity=0.84", "recipes.omnisource.confidence=0.34"]
    study = config.override(micro_world.study(root / "world"), settings)
    workspace = Workspace.create(root / "w", study)
    workspace.save_taxonomy(Taxonomy(names=NAMES))
    paths = _write_media(root / "world")
    with workspace.table("items").writer(rows_per_part=3) as writer:
        for number, path in enumerate(paths):
            source = {"image": "web_image", "trimmed": "web_clip", "untrimmed": "web_video"}[FORMATS[number]]
            url = f"https://example.org/{number}" if number == 0 else None
            row = {"key": key(number), "path": str(path), "source": source, "format": FORMATS[number], "url": url}
            writer.add([row | {"class_index": QUERIES[number]}])
    with workspace.table("validity").writer(rows_per_part=100) as writer:
        writer.add([_validity(number) for number in range(8)])
    for teacher, rows in SCORES.items():
        with workspace.table(f"scores/{teacher}").writer(rows_per_part=100) as writer:
            writer.add([_score(*row) for row in rows])
    with workspace.table("target").writer(rows_per_part=100) as writer:
        writer.add(
            {"path": str(root / "world" / f"{name}.mp4"), "split": "val", "class_index": RED, "format": "trimmed"}
            for name in "ab"
        )
    rows = [
        {"key": key(number), "time_s": 0.0, "target_path": str(root / "world" / f"{clip}.mp4"), "target_time_s": 0.5}
        | {"similarity": similarity}
        for number, clip, similarity in SIMILAR
    ]
    write_similar(workspace, rows, threshold=0.8)
    label(workspace, "omnisource")
    return workspace


def add_candidate(workspace: Workspace) -> None:
    """What the site said of item 0, and when it was fetched."""
    url = {"url": "https://example.org/0"}
    with workspace.table("candidates").writer(rows_per_part=10) as writer:
        writer.add([url | {"query": "red", "licence": "CC BY 4.0", "author": "A. Uthor", "is_new": True}])
    with workspace.table("attempts").writer(rows_per_part=10) as writer:
        writer.add([url | {"key": key(0), "status": 200, "started_utc": "2026-01-02T03:04:05Z"}])


def add_features(workspace: Workspace, numbers: tuple[int, ...]) -> None:
    """One frame each, in four dimensions: item n points to n degrees x 10."""
    with workspace.table("features/run-tsn-baseline/web").writer(rows_per_part=100) as writer:
        for number in numbers:
            angle = np.deg2rad(number * 10)
            vector = pa.array([np.array([np.cos(angle), np.sin(angle), 0, 0], np.float16)], pa.list_(pa.float16()))
            row = {"key": pa.array([key(number)], pa.binary(16)), "target_path": pa.array([None], pa.string())}
            row |= {"time_s": [0.0], "crop": pa.array([0], pa.int8()), "vector": vector}
            writer.add(pa.table(row, schema=workspace.table("features").schema))


def _write_media(folder: Path) -> list[Path]:
    rng = np.random.default_rng(0)
    folder.mkdir(parents=True)
    paths = []
    for number in range(5):
        paths.append(folder / f"{number}.png")
        cv2.imwrite(str(paths[-1]), rng.integers(0, 255, (40, 48, 3), dtype=np.uint8))
    paths.append(folder / "5.jpg")
    paths[-1].write_text("<!DOCTYPE html>")
    for name, num_frames in (("6", 16), ("7", 64), ("a", 16), ("b", 16)):
        frames = rng.integers(0, 255, (num_frames, 40, 48, 3), dtype=np.uint8)
        media.write_video(folder / f"{name}.mp4", frames, FPS)
    return [*paths, folder / "6.mp4", folder / "7.mp4"]


def _validity(number: int) -> dict[str, object]:
    if number == 5:
        return {"key": key(5), "ok": False, "reason": "not_media"}
    num_frames = {6: 16, 7: 64}.get(number, 1)
    size = {"width": 48, "height": 40, "num_frames": num_frames}
    moving = {"fps": FPS, "duration_s": num_frames / FPS} if number > 5 else {"fps": None, "duration_s": 0.0}
    return {"key": key(number), "ok": True, "reason": None} | size | moving


def _score(number: int, start_s: float, end_s: float, top: int, confidence: float) -> dict[str, object]:
    others = [index for index in range(3) if index != top]
    probs = [confidence, (1 - confidence) / 2, (1 - confidence) / 2]
    query_prob = confidence if QUERIES[number] == top else (1 - confidence) / 2
    return {
        "key": key(number),
        "start_s": start_s,
        "end_s": end_s,
        "top_classes": [top, *others],
        "top_probs": probs,
        "query_prob": query_prob,
        "top_class": top,
        "confidence": confidence,
        "source": {"image": "web_image", "trimmed": "web_clip", "untrimmed": "web_video"}[FORMATS[number]],
        "format": FORMATS[number],
        "query_class": QUERIES[number],
    }
