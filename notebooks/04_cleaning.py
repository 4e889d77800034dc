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
# # 4. Cleaning: what cannot be used, and why
#
# Of what a web search brings, some is no picture at all: an error page named `.jpg`, a video that ends in the middle,
# an icon of 16 pixels. Every file is decoded once before a network sees it, and what cannot be used is dropped with its
# reason (paper 3.3: invalid or corrupted data is removed).
#
# You will learn
# - that only decoding tells whether a file is good, since names and headers lie;
# - to read the reasons, and to see from them whether something is wrong with the source or with your settings;
# - that nothing is deleted: a dropped file stays where it is, and a row says why it is not used.
#
# The same in the app: page **Overview** shows how many files came how far, page **Browse** with stage "Dropped" shows
# them. On the command line: `omnisource check -w small-demo/workspace-2d`.

# %% [markdown]
# ## The workspace
# The web data was added and decoded; if not, it is done now.

# %%
from omnisource import notebook
from omnisource.browsing import Browsing
from omnisource.catalog import Catalog
from omnisource.filters import Filters, Order, Sort, Stage
from omnisource.types import Format
from omnisource.workspace import Workspace

workspace = notebook.demo_workspace(until="check")
catalog = Catalog(workspace)
browsing = Browsing(catalog)

# %% [markdown]
# ## What was found
# Web data before anything was decided. "No picture" below a name means that it cannot be drawn.

# %%
notebook.wall(workspace, browsing.page(Filters(stage=Stage.FOUND), Order(sort=Sort.RANDOM), offset=0, limit=12))

# %% [markdown]
# ## How far it came
# Of every source: how many files were found, and how many of them can be decoded.

# %%
from omnisource.pipeline.overview import Reached, yields

sources = yields(workspace, catalog, None)
notebook.table(
    {
        "source": one.source,
        "format": one.format,
        "found": one.counts[Reached.FOUND],
        "can be used": one.counts[Reached.VALID],
    }
    for one in sources
)

# %% [markdown]
# ## The reasons
# A reason is a short word, so that it can be counted. Many files with the *same* reason are a message: thousands of
# `too_small` may mean that a search gives thumbnails only, many `truncated` that the downloads were cut off.

# %%
choices = browsing.choices()
notebook.table(
    {"found out by": table, "reason": reason.replace("_", " "), "files": number}
    for table, reason, number in choices.reasons
)

# %% [markdown]
# And the files themselves. Some do show something, such as a picture that is merely too small: whether 32 pixels are
# enough is your decision, and `validity.min_side_px` in `study.yaml` is where you make it.

# %%
dropped = browsing.page(Filters(stage=Stage.DROPPED), Order(), offset=0, limit=24)
notebook.wall(workspace, dropped)

# %% [markdown]
# ## The rules, by hand
# `measure` decodes one file, `find_fault` holds what it measured against the settings. A picture of 600 x 40 pixels is
# a banner, not a photograph; with other settings it may pass.

# %%
from omnisource.clean.validity import Measurement, find_fault
from omnisource.config import ValidityConfig

banner = Measurement(width=600, height=40, num_frames=1, fps=None, duration_s=0.0)
tolerant = ValidityConfig(max_aspect=20)
notebook.table(
    {"longest allowed shape": f"{rules.max_aspect:g} : 1", "fault": str(find_fault(banner, rules) or "none")}
    for rules in (ValidityConfig(), tolerant)
)

# %% [markdown]
# ## Files that mean harm
# Nobody has vetted what the web sends. Five files for a temporary folder: a good picture and an exact copy of it under
# another class, the first half of it, an error page with the name of a picture, and a *decompression bomb*: a small
# file that becomes 400 million pixels.

# %%
import shutil
import tempfile
from pathlib import Path

from PIL import Image

temporary = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
home, first, second = Path(temporary.name), *workspace.taxonomy().names[:2]
valid = Filters(stage=Stage.VALID, formats=(Format.IMAGE,))
good = next(Path(item.path) for item in browsing.page(valid, Order(), offset=0, limit=50) if item.path.endswith(".jpg"))
for name in (first, second):
    (home / "web" / name).mkdir(parents=True)
    shutil.copy(good, home / "web" / name / f"copy_in_{name}.jpg")

# %%
Image.new("1", (20_000, 20_000)).save(home / "web" / first / "bomb.png")
(home / "web" / first / "half.jpg").write_bytes(good.read_bytes()[: good.stat().st_size // 2])
(home / "web" / first / "error_page.jpg").write_text("<html><h1>404 Not Found</h1></html>")
notebook.table({"file": path.name, "bytes": path.stat().st_size} for path in sorted((home / "web").rglob("*.*")))

# %% [markdown]
# They go through the same two stages as everything else. `add` hashes the content of a file: what is there already is a
# `repeat`, whatever its name, class or source. `check` decodes the others.

# %%
from omnisource.config import SourceConfig, Study
from omnisource.pipeline import collecting
from omnisource.pipeline.failures import failures

own = Workspace.create(home / "work", Study())
own.save_taxonomy(workspace.taxonomy())
collecting.register_source(own, SourceConfig(name="hostile", format=Format.IMAGE, path=home / "web"))
print(collecting.add(own, progress=False), collecting.check(own, progress=False))

# %%
notebook.table(
    {"stage": one.table, "reason": one.reason, "files": one.count, "why": one.example.replace(str(home), "...")}
    for one in failures(own, Catalog(own))
)

# %% [markdown]
# The bomb was refused by the size in its header, before a pixel was unpacked. A repeat must be the same to the last
# byte: a copy that was saved anew is another file, which only comparing what it shows can find (notebook 5).

# %%
from omnisource.media import content_key

with Image.open(good) as picture:
    picture.save(home / "saved_anew.jpg", quality=90)
files = {"as it was": good, "copied": home / "web" / second / f"copy_in_{second}.jpg", "anew": home / "saved_anew.jpg"}
keys = {name: content_key(path) for name, path in files.items()}
notebook.table({"file": name, "key": key.hex()[:16]} for name, key in keys.items())

# %%
notebook.pictures(files, format=Format.IMAGE)

# %% [markdown]
# ## What a decoder may cost
# Headers lie, and decoders have bugs. So decoding happens in processes of its own, with a limit of time and of memory
# for each file (`timeout_s`, `memory_mib`). What hangs, crashes or eats memory costs one file, and the run goes on.
# Here three functions play the part of a decoder that meets such a file.

# %%
import signal
import time

from omnisource.clean.decoder_pool import DecoderPool, Limits

limits = Limits(timeout_s=1.0, memory_mib=512)
hostile = {"hangs": (time.sleep, 60), "eats memory": (bytearray, 4 * 2**30), "crashes": (signal.raise_signal, 11)}
refused = {}
for name, (decode, item) in hostile.items():
    with DecoderPool(decode, limits, num_workers=1) as pool:
        refused[name] = next(outcome for _, outcome in pool.each([item]))
notebook.table({"the decoder": name, "reason": error.reason, "why": str(error)} for name, error in refused.items())

# %% [markdown]
# ## Was it right?
# The demo's world knows which of its files were broken on purpose. Precision: how many of the dropped files were
# broken; recall: how many of the broken files were dropped. With your own data nobody can tell you; look at the walls.

# %%
from omnisource.demo.truth import grade_validity, read_truth

world = workspace.root.parent / "world"
everything = browsing.page(Filters(stage=Stage.DROPPED), Order(), offset=0, limit=5000)
paths = {Path(item.path).resolve().relative_to(world.resolve()).as_posix() for item in everything}
grade = grade_validity(read_truth(world / "truth.json"), paths)
notebook.table([{"dropped": int(grade.said), "broken": int(grade.real), "dropped and broken": int(grade.right)}])

# %% [markdown]
# **Try this:** a video was dropped as `too_few_frames`? Look at `min_frames` of `ValidityConfig()`, and at which
# videos would pass with one frame.
#
# ## What you should be able to say now

# %%
assert browsing.count(Filters(stage=Stage.DROPPED)) == sum(number for _, _, number in choices.reasons)
assert all(one.counts[Reached.VALID] <= one.counts[Reached.FOUND] for one in sources)
assert all(item.reason for item in everything), "nothing is dropped without a reason"
assert all(Path(item.path).is_file() for item in everything), "dropped is not deleted"
assert find_fault(banner, ValidityConfig()).reason == "extreme_aspect" and find_fault(banner, tolerant) is None
assert {one.reason for one in failures(own, Catalog(own))} == {"repeat", "bomb", "truncated", "not_media"}
assert keys["as it was"] == keys["copied"] != keys["anew"], "a repeat is the same to the last byte"
assert [one.reason for one in refused.values()] == ["timeout", "out_of_memory", "decoder_crashed"]
assert grade.precision > 0.9 and grade.recall > 0.9, "broken files are found, and hardly anything else"

# %% [markdown]
# Next: [5. Whitening and duplicates](05_whitening_and_duplicates.ipynb).
