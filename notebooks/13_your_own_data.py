# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#       jupytext_version: 1.19.6
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 13. Your own data
#
# All that OmniSource needs is a folder of labelled clips, and web data that somebody sorted by the class it was
# searched for. This notebook makes a few of both, so that you can see every file, and takes them in.
#
# You will learn
# - how labelled clips may lie on disk, and how to read lists of other datasets (paper 4.1);
# - how web data is added: class folders, or a CSV; and what happens to files that are broken, double or misspelt;
# - that everything is said in words when it is wrong, and how to check a machine before a long run.
#
# The same in the app: its first screen, "Begin with your data" (`omnisource app` without a workspace). On the command
# line: `omnisource init`, `omnisource add` and `omnisource check`, which are called below; `omnisource doctor` looks at
# the machine.

# %% [markdown]
# ## Is this machine ready?
# `doctor` tries what a run would need, such as writing a video and reading it back. "missing" is an optional part.

# %%
from pathlib import Path

from omnisource import doctor, notebook

findings = doctor.examine(Path("."))
notebook.table({"what": one.name, "state": one.state, "found": one.detail, "to do": one.remedy} for one in findings)

# %% [markdown]
# ## Labelled clips
# Three actions of a square: it moves right, moves down, or grows. Everything is written into a temporary folder, which
# is removed at the end.

# %%
import tempfile

import numpy as np

from omnisource.media import write_video


def filmed(action: str, rng: np.random.Generator, num_frames: int = 16, side: int = 64) -> np.ndarray:
    frames = np.repeat(rng.integers(40, 120, size=(1, side, side, 3), dtype=np.uint8), num_frames, axis=0)
    x, y, size, colour = 8, 8, 16, rng.integers(150, 256, size=3)
    for frame in frames:
        frame[y : y + size, x : x + size] = colour
        x, y = x + 2 * (action == "moving_right"), y + 2 * (action == "moving_down")
        size += 2 * (action == "growing")
    return frames


# %% [markdown]
# The plainest way to lay them out: `train/CLASS/clip` and `val/CLASS/clip`. The names of the folders are the classes;
# clips may have any ending that a video has.

# %%
temporary = tempfile.TemporaryDirectory()
home, rng = Path(temporary.name), np.random.default_rng(0)
actions = ("growing", "moving_down", "moving_right")
for split, count in (("train", 6), ("val", 3)):
    for action in actions:
        for number in range(count):
            path = home / "data" / split / action / f"{number}.mp4"
            path.parent.mkdir(parents=True, exist_ok=True)
            write_video(path, filmed(action, rng), fps=8)

# %%
notebook.players({action: home / "data" / "train" / action / "0.mp4" for action in actions}, width_px=120)

# %% [markdown]
# A workspace is a folder with a `study.yaml`; yours stays small as long as you want it small. The network here is tiny,
# so that it could be trained while you wait; the usual one is the paper's ResNet-50.

# %%
from omnisource import config
from omnisource.pipeline import collecting
from omnisource.workspace import Workspace

settings = [
    "networks.tsn.model.backbone=resnet10",
    "networks.tsn.model.width=0.1",
    "networks.tsn.model.pretrained=none",
]
settings += ["networks.tsn.input.short_side_px=48", "networks.tsn.input.crop_px=48", "networks.tsn.test.crop_px=48"]
settings += ["networks.tsn.optim.epochs=4", "features.run=tsn-baseline", "recipes.default.confidence=0.3"]
study = config.override(config.Study(), [f"target.root={home / 'data'}", *settings])
workspace = Workspace.create(home / "work", study)
print(collecting.collect_target(workspace), "clips")

# %% [markdown]
# What it has read: the classes, in alphabetical order, and the clips of both splits.

# %%
rows = workspace.table("target").read().to_pylist()
notebook.table(
    {"class index": index, "class": name}
    | {split: sum(row["split"] == split and row["class_index"] == index for row in rows) for split in ("train", "val")}
    for index, name in enumerate(workspace.taxonomy().names)
)

# %% [markdown]
# ## Other lists
# Datasets come with lists of their own. Five readers know them:
#
# | reader | reads |
# |---|---|
# | `folders` | `train/CLASS/clip`, `val/CLASS/clip` |
# | `path_label` | a text file with `path label` in each line, the label a number from 0 (mmaction2, TSN) |
# | `kinetics` | the CSV files of Kinetics, with clips by YouTube id |
# | `ucf101`, `hmdb51` | the official splits of these datasets |
#
# The same clips by lists. Paths are relative to `target.root`.

# %%
from omnisource.target import read_target

for split in ("train", "val"):
    listed = [
        f"{split}/{action}/{path.name} {label}"
        for label, action in enumerate(actions)
        for path in sorted((home / "data" / split / action).iterdir())
    ]
    (home / "data" / f"{split}.txt").write_text("\n".join(listed))
by_list = config.TargetConfig(reader="path_label", root=home / "data", train=Path("train.txt"), val=Path("val.txt"))
read = read_target(by_list, seed=0)
notebook.table(
    [{"classes": ", ".join(read.taxonomy.names), "train clips": len(read.train), "val clips": len(read.val)}]
)

# %% [markdown]
# Lists are often slightly wrong. A mistake is not passed over: the message names the file, the line, and what to do.
# Here a file that is not there, and a clip that is in both splits.

# %%
from omnisource.errors import OmniSourceError

good = (home / "data" / "val.txt").read_text()
mistakes = {
    "a file that is not there": good + "\nval/growing/99.mp4 0",
    "a clip of both splits": good + "\ntrain/growing/0.mp4 0",
}
told = {}
for mistake, text in mistakes.items():
    (home / "data" / "wrong.txt").write_text(text)
    try:
        read_target(by_list.model_copy(update={"val": Path("wrong.txt")}), seed=0)
    except OmniSourceError as error:
        told[mistake] = str(error).replace(str(home), "")
notebook.table({"mistake": mistake, "what is said": text} for mistake, text in told.items())

# %% [markdown]
# ## Web data in class folders
# Pictures that were found by a search for each class: the sub-folders are the queries. Names need not be written alike:
# `Moving right` is the class `moving_right`. We put in what the web puts in: a file that is no picture, a tiny one,
# and one picture twice.

# %%
import shutil

from PIL import Image

web = home / "web"
for folder, action in {"growing": "growing", "moving-down": "moving_down", "Moving right": "moving_right"}.items():
    (web / folder).mkdir(parents=True)
    for number in range(6):
        Image.fromarray(filmed(action, rng)[rng.integers(16)]).save(web / folder / f"{number}.png")
(web / "growing" / "page.jpg").write_text("<html>Not found</html>")
Image.new("RGB", (20, 20)).save(web / "growing" / "icon.png")
shutil.copy(web / "growing" / "0.png", web / "growing" / "again.png")
print(*sorted(str(path.relative_to(home)) for path in web.glob("*/*"))[:10], "...", sep="\n")

# %% [markdown]
# A folder whose name is no class stops everything, before anything is written: silence would lose a class.

# %%
from omnisource.types import Format

source = config.SourceConfig(name="pictures", format=Format.IMAGE, path=web)
(web / "moving_up").mkdir()
shutil.copy(web / "growing" / "1.png", web / "moving_up")
try:
    collecting.register_source(workspace, source)
except OmniSourceError as error:
    told["a folder that is no class"] = str(error).replace(str(home), "")
print(told["a folder that is no class"])

# %% [markdown]
# Corrected, it goes in; and `check` decodes every file once.

# %%
shutil.rmtree(web / "moving_up")
collecting.register_source(workspace, source)
added = collecting.add(workspace, progress=False)
checked = collecting.check(workspace, progress=False)
notebook.table([{"added": added["pictures"], "fine": checked["ok"]}])

# %%
from omnisource.browsing import Browsing
from omnisource.catalog import Catalog
from omnisource.filters import Filters, Order, Stage

browsing = Browsing(Catalog(workspace))
notebook.wall(workspace, browsing.page(Filters(stage=Stage.VALID), Order(), offset=0, limit=8))

# %% [markdown]
# And what was left out, with its reason. Nothing was deleted: these files still lie where you put them.

# %%
notebook.wall(workspace, browsing.page(Filters(stage=Stage.DROPPED), Order(), offset=0, limit=8))

# %% [markdown]
# ## Web data with a CSV
# Where files lie in one heap, a CSV says which class each was searched for. Here clips: two of each action.

# %%
heap = home / "heap"
heap.mkdir()
lines = ["path,class"]
for number, action in enumerate(actions * 2):
    write_video(heap / f"clip{number}.mp4", filmed(action, rng), fps=8)
    lines.append(f"clip{number}.mp4,{action}")
(home / "heap.csv").write_text("\n".join(lines))
print(*lines, sep="\n")

# %% [markdown]
# This time by the command line, as you would in a terminal: `omnisource add heap --name clips --format trimmed
# --classes heap.csv -w work`, then `omnisource check -w work`.

# %%
import subprocess
import sys


def omnisource(*arguments: object) -> str:
    command = [sys.executable, "-m", "omnisource", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.replace(str(home), "").strip()


csv, here = ("--classes", home / "heap.csv"), ("-w", home / "work")
print(omnisource("add", heap, "--name", "clips", "--format", "trimmed", *csv, *here))
print(omnisource("check", *here))

# %% [markdown]
# A workspace for the lists, made on the command line too:

# %%
lists = ("--reader", "path_label", "--train", "train.txt", "--val", "val.txt")
print(omnisource("init", home / "by-lists", "--target", home / "data", *lists))

# %% [markdown]
# Long videos are added in the same way with `--format untrimmed`. If you have no web data yet, OmniSource can search
# for it: `omnisource add-search`, and notebook 3.
#
# ## The whole chain
# From here on, everything is as in the demo. `omnisource run` does all stages, and what is finished is kept. The
# stages up to the labels, with the tiny network:

# %%
from omnisource.pipeline import stages

state = stages.run(workspace, stages.Options(recipes=("default",), progress=False), print, stop="label")

# %% [markdown]
# What each step of the recipe left. The teacher had 18 tiny clips and four epochs, so it knows next to nothing; and
# squares that are drawn by the same program look so much alike that many are taken for copies of labelled clips. With
# your own data this table is the first thing to look at, and suspected copies are worth a review (notebook 5).

# %%
from dataclasses import asdict

from omnisource.pipeline.recipes import saved_funnel

notebook.table(asdict(step) for step in saved_funnel(workspace, "default"))

# %% [markdown]
# The app opens any workspace: `omnisource app work`. All settings are in `study.yaml`; `omnisource set` changes them
# and refuses what does not exist.
#
# **Try this:** put your own clips into `data/train/CLASS` and `data/val/CLASS` and run the first cells on them.
#
# ## What you should be able to say now

# %%
reasons = {reason: count for reason, count in checked.items() if reason != "ok"}
assert workspace.taxonomy().names == actions == read.taxonomy.names, "folders and lists give the same classes"
assert len(read.train) == 18 and len(read.val) == 9
assert added["pictures"] == 20 and checked["ok"] == 18 and sum(reasons.values()) == 2, "the copy was no new item"
assert "99.mp4" in told["a file that is not there"] and "moving_up" in told["a folder that is no class"]
assert len(told) == 3, "every mistake was told"
assert {step.source for step in saved_funnel(workspace, "default")} == {"pictures", "clips"}
assert not [one for one in findings if one.state == "broken"], "this machine is ready"
temporary.cleanup()

# %% [markdown]
# This was the last notebook. Back to the [tour](01_tour.ipynb), or on to `omnisource --help`.
