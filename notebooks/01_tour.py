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
# # 1. A tour of the whole pipeline
#
# You have a few labelled clips of each class, and the web has pictures and videos that may show the same. OmniSource
# finds them, throws out what is broken or doubtful, and trains one network on both. This tour stops once at every
# stage and looks at the data; the other notebooks take one stage each (paper, section 3).
#
# You will learn
# - the stages in their order, and what each hands to the next;
# - that facts are measured once, and decisions about them can be changed as often as you like;
# - how to tell whether it helped, and why this small demo cannot show that it does.
#
# The same in the app: page **Overview**, which leads to all others; `omnisource app small-demo/workspace-2d` opens it.
# On the command line: `omnisource run -w small-demo/workspace-2d` does all stages; `omnisource status` with the same
# `-w` says how far they are.

# %% [markdown]
# ## The workspace
# A workspace is one folder with everything in it. That of this series is about generated toys that spin, swing and
# bounce. The notebook that is run first builds it and trains two networks, which takes a minute or two.

# %%
from omnisource import notebook

workspace = notebook.demo_workspace(until="compare")
names, study = workspace.taxonomy().names, workspace.study()

# %% [markdown]
# ## The labelled clips
# What we begin with: twelve classes, ten training clips of each. One of every kind of motion:

# %%
from pathlib import Path

clips = {names[row["class_index"]]: Path(row["path"]) for row in workspace.table("target").read().to_pylist()}
notebook.players({name: clips[name] for name in ("bouncing_ball", "spinning_duck", "swinging_kite")}, width_px=150)

# %% [markdown]
# ## Found (notebooks 2, 3)
# Each class name was searched for, and this is what came: pictures, short clips, long videos. Do all of them show what
# was searched for?

# %%
from omnisource.browsing import Browsing
from omnisource.catalog import Catalog
from omnisource.filters import Filters, Order, Sort, Stage

catalog = Catalog(workspace)
browsing = Browsing(catalog)
notebook.wall(workspace, browsing.page(Filters(), Order(sort=Sort.RANDOM), offset=0, limit=12))

# %% [markdown]
# ## Checked (notebook 4)
# Every file is decoded once. What cannot be used is dropped, with its reason.

# %%
dropped = Filters(stage=Stage.DROPPED)
notebook.wall(workspace, browsing.page(dropped, Order(), offset=0, limit=8))

# %% [markdown]
# ## Copies of what we have (notebook 5)
# The web may hold the very clips that are used for testing, and a network that has seen them would pass too easily. So
# web frames are compared with labelled frames. On the left what came from the web, on the right the labelled clip.

# %%
from omnisource.clean.pair_filters import Order as PairOrder
from omnisource.clean.pair_filters import PairFilter
from omnisource.clean.pair_index import crop_threshold, index_pairs
from omnisource.clean.pairs import SuspectedPairs

threshold = crop_threshold(workspace)
suspects = SuspectedPairs(catalog, index_pairs(workspace), [])
likely = suspects.next(PairFilter(low=threshold), PairOrder.SIMILAR, threshold=threshold, limit=4)
print(f"suspected is what is alike by {threshold:.2f} or more")
notebook.pairs(workspace, likely)

# %% [markdown]
# ## Scored (notebook 6)
# A network that was trained on the labelled clips alone, the *teacher*, looks at every item. Where it is sure and does
# not agree with the query, who is right?

# %%
doubted = browsing.with_teacher(Filters(stage=Stage.SCORED, agrees=False))
notebook.wall(workspace, browsing.page(doubted, Order(sort=Sort.CONFIDENT), offset=0, limit=8))

# %% [markdown]
# A *recipe* draws a line: this one leaves out what the teacher does not find likely enough to show what was searched
# for. The scores stay as they are, so another line costs nothing but a count. All segments by that probability, with
# the line of the recipe `omnisource`; pale is left out.

# %%
import numpy as np

from omnisource.figures import thresholds
from omnisource.label.thresholds import bars, counts_of, tally
from omnisource.palette import colours
from omnisource.pipeline.thresholding import cubes_of, ready

recipe, shown = ready(workspace, workspace.recipe("omnisource")), colours(source.name for source in study.sources)
counts = counts_of(cubes_of(catalog, recipe), recipe.label_source)
told = tally(counts, recipe, workspace.taxonomy())
sides = bars(counts, told.lines, np.ones(told.before.shape, bool))
lines = sorted({recipe.confidence, *recipe.confidence_by_source.values()})
drawn = thresholds.confidence_figure(sides, counts.sources, shown, lines, tested="probability of the query's class")
notebook.figure(
    drawn, f"Segments by the probability of their query's class, with lines at {', '.join(map(str, lines))}"
)

# %% [markdown]
# ## Decided
# What each step of the recipe left of each source. Long videos count as one item here, and may give several examples.

# %%
from dataclasses import asdict

from omnisource.pipeline.recipes import saved_funnel

funnel = saved_funnel(workspace, "omnisource")
notebook.table(asdict(step) for step in funnel)

# %% [markdown]
# What was kept, to be compared with the first wall. It is cleaner, and it is not clean: the teacher is often wrong, in
# a demo that gave it ten clips of each class.

# %%
kept = browsing.with_teacher(Filters(stage=Stage.KEPT, recipe="omnisource"))
notebook.wall(workspace, browsing.page(kept, Order(sort=Sort.RANDOM), offset=0, limit=12))

# %% [markdown]
# ## Brought into one form (notebooks 7, 8)
# The student of this demo looks at single frames and takes a picture as it is. For a network that looks at clips, a
# picture becomes one, as if a hand had filmed it; how hands move is measured on the labelled clips. Of a long video,
# the seconds that the teacher is sure of are taken.

# %%
from omnisource.pipeline import clip_previews
from omnisource.pipeline.motion import fit_motion
from omnisource.previews import Previews, item_token
from omnisource.types import Format

fit_motion(workspace, progress=False)
picture = next(item for item in browsing.page(kept, Order(), offset=0, limit=500) if item.format is Format.IMAGE)
previews = Previews(workspace)
previews.announce([(item_token(picture.key), picture.path, picture.format)])
still = previews.picture(item_token(picture.key), short_side_px=224)
wanted = clip_previews.Inflation(mode="perspective", num_frames=8, steps_per_frame=4, class_index=None)
filmed = clip_previews.inflate(still, wanted, clip_previews.motion_for(workspace, wanted))
notebook.players({"a picture as a clip": filmed}, fps=clip_previews.FPS)

# %% [markdown]
# ## Trained together (notebooks 9, 10)
# In every update the *student* reads labelled clips and examples of each web source. How well it fits each of them,
# from the first update to the last:

# %%
from omnisource.figures import train
from omnisource.pipeline.curves import read_curves

run = {"tsn-omnisource": read_curves(workspace.run("tsn-omnisource"))}
notebook.figure(train.loss_figure(run, shown, width=9), train.in_words(run, "loss/", "Loss of each source"))

# %% [markdown]
# ## Did it help? (notebook 11)
# Teacher and student answer the same validation clips, which neither was trained on. The line is the 95 % interval of
# the change, in points.

# %%
from omnisource.figures import results
from omnisource.pipeline.reporting import headline
from omnisource.pipeline.side_by_side import side_by_side

rows = side_by_side(workspace, "tsn-baseline")
change = rows[1].change
print(said := headline(rows[1], "tsn-baseline"))
notebook.figure(results.intervals_figure(rows, "tsn-omnisource"), said)

# %%
within_chance = change.top1_change_low <= 0 <= change.top1_change_high
print("within chance: no difference was found" if within_chance else "beyond what chance alone would do")

# %% [markdown]
# Be honest with such a result. This demo has 144 validation clips and less than half of the usual demo's web data, so
# that it is built while you wait; a difference would have to be large to be told from chance. `make demo` builds the
# whole one, with 300 validation clips, and there the student's gain is beyond chance. The paper measured on some 20,000
# clips.
#
# **Try this:** open the workspace in the app and follow one picture: found, checked, scored, kept or not.
#
# ## What you should be able to say now

# %%
for step in funnel:
    left = (step.valid, step.not_duplicate, step.confident, step.labelled)
    assert list(left) == sorted(left, reverse=True), "every step only takes away"
assert 0 < browsing.count(kept) < browsing.count(Filters()), "something is kept, and not everything"
assert browsing.count(dropped) > 0 and all(one.similarity >= threshold for one in likely)
assert len(filmed) == 29 and not (filmed[-1] == filmed[0]).all(), "the picture moves"
assert {f"loss/{one}" for one in ("target", *shown)} <= set(run["tsn-omnisource"].values), "one training, all sources"
assert change.num_examples == 144 and np.isclose(change.top1_change * 144, change.num_gained - change.num_lost)

# %% [markdown]
# Next: [2. Queries and tags](02_queries_and_tags.ipynb).
