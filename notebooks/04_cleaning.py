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
# ## Was it right?
# The demo's world knows which of its files were broken on purpose. Precision: how many of the dropped files were
# broken; recall: how many of the broken files were dropped. With your own data nobody can tell you; look at the walls.

# %%
from pathlib import Path

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
assert grade.precision > 0.9 and grade.recall > 0.9, "broken files are found, and hardly anything else"

# %% [markdown]
# Next: [5. Whitening and duplicates](05_whitening_and_duplicates.ipynb).
