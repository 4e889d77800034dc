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
# # 8. Long videos: a second of action in a minute of nothing
#
# A long video from the web shows what was searched for in a small part of it, if at all. The teacher looks at every
# second; those it is sure of are *positive*, the rest *negative*, and training draws from both (paper 3.4, 3.5).
#
# You will learn
# - how a video becomes a row of one-second segments, each with the teacher's probabilities;
# - how a threshold turns these probabilities into positives and negatives;
# - which frames a 2D network then sees: one positive and two negative snippets (Table 14), and why negatives help.
#
# The same in the app: page **Clips**, "Long videos". On the command line:
# `omnisource segments VIDEO -w small-demo/workspace-2d -r omnisource`.

# %% [markdown]
# ## The workspace
# This notebook needs a teacher that has scored the web data and a recipe that was applied; what is missing is built.

# %%
from omnisource import notebook

workspace = notebook.demo_workspace(until="label")
names = workspace.taxonomy().names

# %% [markdown]
# The long videos. Below each: what it was searched for, and the class and probability of the second in which the
# teacher is surest.

# %%
from omnisource.browsing import Browsing
from omnisource.catalog import Catalog
from omnisource.filters import Filters, Order
from omnisource.types import Format

browsing = Browsing(Catalog(workspace))
long_videos = browsing.with_teacher(Filters(formats=(Format.UNTRIMMED,)))
found = browsing.page(long_videos, Order(), offset=0, limit=40)
notebook.wall(workspace, found, limit=8)

# %% [markdown]
# ## One video, second by second
# Of these we take the one with the most positive seconds. A `Ribbon` is what the recipe and the teacher say of it: one
# row per second, with the probability of the class that the video was searched for.

# %%
from omnisource.pipeline.ribbons import Role, ribbon

ribbons = [ribbon(workspace, key, "omnisource") for key in dict.fromkeys(item.key for item in found)]
shown = max(filter(None, ribbons), key=lambda one: one.count(Role.POSITIVE))
notebook.table(
    [
        {
            "video": shown.item.path.name,
            "length, s": shown.duration_s,
            "class": names[shown.class_index],
            "positive": shown.count(Role.POSITIVE),
            "negative": shown.count(Role.NEGATIVE),
        }
    ]
)

# %% [markdown]
# A bar is the teacher's probability of that class in a second, the dashed line the least that the recipe asks for.
# Green seconds are positive.

# %%
from omnisource.figures.ribbons import ribbon_figure

notebook.figure(ribbon_figure(shown), f"Probability of {names[shown.class_index]} in every second of the video")

# %% [markdown]
# The frames in the middle of every third second; a green edge where the second is positive. Is the teacher
# right? In a small demo it often is not: it learnt from ten clips of each class.

# %%
from omnisource.palette import KEPT, TARGET
from omnisource.previews import Previews, item_token

previews, some = Previews(workspace), shown.segments[::3]
frames = [
    previews.picture(item_token(shown.item.key), short_side_px=96, time_s=(one.start_s + one.end_s) / 2) for one in some
]
notebook.strip(
    frames,
    [f"{one.start_s:.0f} s: {one.prob or 0:.0%}" for one in some],
    colours=[KEPT if one.role is Role.POSITIVE else TARGET for one in some],
)

# %% [markdown]
# ## The threshold decides
# The facts stay as they are; only the line moves. A low line takes wrong seconds along, a high one leaves right ones
# out. In the app this is a slider, and nothing is computed anew but a query.

# %%
lines = (0.1, 0.3, 0.5, 0.7, 0.9)
counted = {
    line: ribbon(workspace, shown.item.key, "omnisource", class_index=shown.class_index, confidence=line)
    for line in lines
}
notebook.table(
    [
        {
            "least confidence": line,
            "positive seconds": one.count(Role.POSITIVE),
            "negative seconds": one.count(Role.NEGATIVE),
        }
        for line, one in counted.items()
    ]
)

# %% [markdown]
# ## What training would draw
# A 2D network of three snippets gets one frame from a positive second and two from negative ones; it averages over
# them, so their order does not matter. The paper found this better than three positive ones (Table 14): scenes that go
# with an action are part of it. Six draws, as six epochs would see the video:

# %%
from omnisource.pipeline.ribbons import draws

study = workspace.study()
drawn = draws(shown.example, study.networks["tsn"], study.train.snippets, seeds=range(6))
notebook.table(
    [
        {"draw": number, **{f"snippet {i}": f"{one.time_s:.1f} s, {one.role}" for i, one in enumerate(row, 1)}}
        for number, row in enumerate(drawn, 1)
    ]
)

# %% [markdown]
# The frames of the first two draws.

# %%
row = [frame for draw in drawn[:2] for frame in draw]
notebook.strip(
    [previews.picture(item_token(shown.item.key), short_side_px=96, time_s=one.time_s) for one in row],
    [f"{one.time_s:.1f} s" for one in row],
    colours=[KEPT if one.role is Role.POSITIVE else TARGET for one in row],
)

# %% [markdown]
# A 3D network reads stretches instead: clips of ten seconds that hold a positive (paper 3.5), so its teacher scores
# segments of that length. `score.segment_2d_s` and `score.segment_3d_s` in `study.yaml` set both.
#
# **Try this:** replace `study.train.snippets` by `config.SnippetConfig(composition="random")` and draw again.
#
# ## What you should be able to say now

# %%
assert all(abs((one.end_s - one.start_s) - 1) < 0.51 for one in shown.segments), "a frame at 1 FPS stands for a second"
positives = [one.count(Role.POSITIVE) for one in counted.values()]
assert positives == sorted(positives, reverse=True), "a higher line keeps no more"
assert all([one.role for one in draw].count(Role.POSITIVE) == 1 for draw in drawn), "one positive, two negative"
assert all(len(draw) == 3 for draw in drawn), "three snippets"

# %% [markdown]
# Next: [9. Balance and resampling](09_balance_and_resampling.ipynb).
