"""What the measuring stage would find in a demo world: the planted copies, and pairs that only look alike."""

import json
from pathlib import Path

import numpy as np

from omnisource import config
from omnisource.demo.truth import read_truth
from omnisource.media import open_video
from omnisource.types import Format
from omnisource.workspace import Workspace
from tests.workspaces import CLASSES, key

CROP_THRESHOLD = 0.86


def write_similar(workspace: Workspace, rows: list[dict[str, object]], *, threshold: float | None) -> None:
    """Fill the table of similarities, with the measured crop threshold beside it if there is one."""
    with workspace.table("similar").writer(rows_per_part=100_000) as writer:
        writer.add(rows)
    if threshold is not None:
        path = workspace.table("similar").folder / "crop_threshold.json"
        path.write_text(json.dumps({"threshold": threshold}), encoding="utf-8")


def demo_rows(
    workspace: Workspace, world: Path, rng: np.random.Generator, *, num_alike: int
) -> list[dict[str, object]]:
    """Copies of validation clips at high similarities; some web items of a class beside a clip of that class, lower.

    A copy is alike in several frames; every fourth of the look-alikes lies above the threshold.
    """
    items = {row["path"]: row for row in workspace.table("items").read().to_pylist()}
    clips = workspace.table("target").read().to_pylist()
    truth = {str(world.resolve() / path): item for path, item in read_truth(world / "truth.json").items.items()}
    rows = []
    for path, item in truth.items():
        if item.copy_of and path in items:
            similarity = 1 - 0.22 * rng.beta(1.2, 3)
            for time_s in (0.2, 0.6, 1.0):
                rows.append(
                    _row(
                        items[path], str(world.resolve() / item.copy_of), time_s, similarity - 0.04 * abs(time_s - 0.6)
                    )
                )
    others = [row for path, row in items.items() if not truth[path].copy_of]
    for number in range(num_alike):
        item = others[rng.integers(len(others))]
        near = [clip for clip in clips if clip["class_index"] == item["class_index"]]
        clip = near[int(len(near) * rng.random() ** 3)]  # some clips look like everything
        similarity = rng.uniform(0.86, 0.95) if number % 4 == 0 else 0.86 - 0.4 * rng.random() ** 1.5
        rows.append(_row(item, clip["path"], float(rng.choice([0.2, 0.5, 0.8])), similarity))
    return rows


def _row(item: dict[str, object], target_path: str, time_s: float, similarity: float) -> dict[str, object]:
    still = Format(item["format"]) is Format.IMAGE
    return {
        "key": item["key"],
        "time_s": 0.0 if still else time_s + _offset_s(item),
        "target_path": target_path,
        "target_time_s": time_s,
        "similarity": min(similarity, 0.999),
    }


def _offset_s(item: dict[str, object]) -> float:
    """Somewhere inside a long video."""
    if Format(item["format"]) is not Format.UNTRIMMED:
        return 0.0
    with open_video(Path(item["path"])) as video:
        return round(video.duration_s / 3, 2)


def small_workspace(folder: Path) -> Workspace:
    """Six pairs of five web items and three labelled clips: see PAIRS; item 9 is in no table."""
    workspace = Workspace.create(folder, config.Study())
    workspace.save_taxonomy(CLASSES)
    with workspace.table("items").writer(rows_per_part=100) as writer:
        writer.add(
            {"key": key(n), "path": f"/web/{n}.jpg", "source": source, "format": "image", "class_index": n % 3}
            for n, source in ((1, "web"), (2, "web"), (3, "other"), (4, "web"))
        )
    with workspace.table("target").writer(rows_per_part=100) as writer:
        writer.add(
            {"path": f"/target/{name}.mp4", "split": "val", "class_index": i, "format": "trimmed"}
            for i, name in enumerate("abc")
        )
    rows = [
        {"key": key(n), "time_s": 0.0, "target_path": f"/target/{clip}.mp4", "target_time_s": time_s, "similarity": s}
        for n, clip, time_s, s in PAIRS
    ]
    write_similar(workspace, rows, threshold=0.8)
    return workspace


PAIRS = (
    (1, "a", 0.5, 0.99),
    (1, "a", 1.5, 0.90),  # the same pair, less alike: not a pair of its own
    (1, "b", 0.0, 0.95),
    (2, "b", 0.0, 0.92),
    (3, "c", 0.0, 0.83),
    (4, "c", 0.0, 0.71),
    (9, "a", 2.0, 0.66),
)
"""Web item, labelled clip, the clip's time, similarity."""
