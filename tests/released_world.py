"""A tiny folder in the form of the released Mini-Kinetics web data, made by hand or copied from the facts."""

import json
import shutil
from pathlib import Path

from omnisource import config
from omnisource.workspace import Workspace

NETWORK = {
    "model": {"backbone": "resnet10", "width": 0.1, "pretrained": "none"},
    "input": {"short_side_px": 64, "crop_px": 64},  # deeper layers see 2 x 2, so one picture makes a batch
    "optim": {"epochs": 1, "batch_size": 2, "lr_per_sample": 0.001, "milestones": []},
    "test": {"num_clips": 2, "crops": "center", "crop_px": 64},
}


def copy_examples(facts: Path, root: Path) -> Path:
    """The self-made media and lists that the released code's own datasets read, under one root."""
    shutil.copytree(facts / "examples" / "media", root, copy_function=shutil.copyfile)
    shutil.copytree(facts / "examples" / "annotations", root / "annotations", copy_function=shutil.copyfile)
    return root


def write_list(annotations: Path, name: str, *lines: str) -> Path:
    """A list by its name in annotations/, such as "googleimage_200/googleimage_200.txt"."""
    path = annotations / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(line + "\n" for line in lines))
    return path


def write_videos(annotations: Path, name: str, *videos: tuple[str, int, int, list[int]]) -> Path:
    """A JSON list of untrimmed videos: (video_dir, label, num_clips, positive_clip_inds)."""
    keys = ("video_dir", "label", "num_clips", "positive_clip_inds")
    return write_list(annotations, name, json.dumps([dict(zip(keys, video)) for video in videos]))


def write_file(path: Path, content: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return path


def workspace_on(root: Path, folder: Path, **values: object) -> Workspace:
    """A workspace whose target is the Mini-Kinetics of the folder, and whose recipe takes the lists' word."""
    lists = "annotations/kinetics_200"
    target = {"reader": "path_label", "train": f"{lists}/k200_train.txt", "val": f"{lists}/k200_val.txt"}
    given = {
        "device": "cpu",
        "target": target | {"root": str(root)},
        "networks": {"tsn": NETWORK},
        "recipes": {"default": {"label_source": "listed"}},
        "validity": {"min_side_px": 16, "workers": 1},
    }
    return Workspace.create(folder, config.parse(config.Study, given | values, where="test"))
