"""The whole job on a folder of real videos and images, by the commands a person would type.

    python benchmarks/real_data.py DATA WORKSPACE [--set KEY=VALUE ...]

DATA is laid out like OMNISOURCE_REAL_DATA: train.txt, val.txt, classes.txt, groups.json, images/CLASS, webvideos/CLASS,
untrimmed/ with untrimmed_segments.json. The long videos have no class folders: a CSV beside the workspace gives each
the class of its first labelled part, as a search for that class would have found it.
"""

import argparse
import csv
import json
import subprocess
import sys
from pathlib import Path


def main() -> None:
    """Run every command; each prints what it does."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    arguments = parser.parse_args()
    data, workspace = arguments.data.resolve(), arguments.workspace
    settings = [part for setting in arguments.set for part in ("--set", setting)]
    lists = ["--train", "train.txt", "--val", "val.txt", "--classes", "classes.txt", "--groups", "groups.json"]
    if not (workspace / "study.yaml").exists():
        omnisource("init", str(workspace), "--target", str(data), "--reader", "path_label", *lists, *settings)
    classes = workspace / "untrimmed_classes.csv"
    write_classes(data, classes)
    where = ["-w", str(workspace)]
    omnisource("add", str(data / "images"), "--name", "web_image", "--format", "image", *where)
    omnisource("add", str(data / "webvideos"), "--name", "web_clip", "--format", "trimmed", *where)
    omnisource(
        *("add", str(data / "untrimmed"), "--name", "web_video", "--format", "untrimmed"),
        *("--classes", str(classes), *where),
    )
    omnisource("run", *where)
    omnisource("status", *where)


def write_classes(data: Path, path: Path) -> None:
    """The class of each long video: that of its first labelled part; of a video without any, the first class."""
    fallback = (data / "classes.txt").read_text(encoding="utf-8").split()[0]
    truth = json.loads((data / "untrimmed_segments.json").read_text(encoding="utf-8"))
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["path", "class"])
        for video in sorted((data / "untrimmed").iterdir()):
            rows.writerow([video.name, first_label(truth, video.name) or fallback])


def first_label(truth: dict[str, dict], name: str) -> str | None:
    """The first label among the parts of a video; None where it shows none of the classes."""
    parts = truth.get(f"untrimmed/{name}", {}).get("segments", [])
    return next((part["label"] for part in parts if part["label"]), None)


def omnisource(*arguments: str) -> None:
    """One command, shown as it would be typed."""
    print("$ omnisource", *arguments, flush=True)
    subprocess.run([sys.executable, "-m", "omnisource", *arguments], check=True)


if __name__ == "__main__":
    main()
