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
# # 11. Where the gain comes from, and whether there is one
#
# Two networks were tested on the same validation clips: the baseline, trained on the labelled clips alone, and the
# student, trained with web data too. Which clips, which classes, which pairs of classes made the difference (paper 5.2
# and the appendix, Eq. 3)? And could it be chance?
#
# You will learn
# - how to tell a gain from chance: McNemar's test, and an interval for the change;
# - why the change of a single class says little, and how to find out how little;
# - what a confusion score is (Eq. 3), and how it leads from a number to clips and to the web data behind them.
#
# The same in the app: page **Results**. On the command line:
# `omnisource compare tsn-baseline tsn-omnisource -w small-demo/workspace-2d`, and `omnisource flips` lists clips.
#
# **To be honest from the start:** this demo is small so that it can be trained while you wait. It has 144 validation
# clips, few web examples, and one run of each kind. Its "gain" may well be a loss, and is within chance in either case.
# The paper's gains were measured on some 20,000 clips. What you learn here is how to look, not what web data brings.

# %% [markdown]
# ## The workspace
# This notebook needs both runs, tested on the validation clips. What is missing is trained and tested first.

# %%
from omnisource import notebook

workspace = notebook.demo_workspace(until="compare")
names = workspace.taxonomy().names

# %% [markdown]
# ## Two runs side by side
# Top-1 is the share of clips whose likeliest class is right. Its interval says how far it would move with other clips
# of the same kind.

# %%
from omnisource.pipeline.side_by_side import side_by_side

rows = side_by_side(workspace, "tsn-baseline")
notebook.table(
    {
        "run": one.run,
        "clips": one.metrics.num_examples,
        "top-1": f"{one.metrics.top1:.1%}",
        "95 % interval": f"{one.metrics.top1_low:.1%} to {one.metrics.top1_high:.1%}",
        "top-5": f"{one.metrics.top5:.1%}",
        "mAP": f"{one.metrics.mean_ap:.1%}",
    }
    for one in rows
)

# %% [markdown]
# Both runs saw the *same* clips, so we need not compare two intervals; we look at the change itself.

# %%
from omnisource.figures import results as figures
from omnisource.pipeline.reporting import headline

said = headline(rows[1], "tsn-baseline")
print(said)
notebook.figure(figures.intervals_figure(rows, "tsn-omnisource"), said)

# %% [markdown]
# The dotted line is no change. As long as the interval reaches over it, the honest sentence is "no difference was
# found", whichever side the dot is on.
#
# ## Which clips
# Most clips are right in both runs, or wrong in both. Only those that *flipped* tell the runs apart.

# %%
from omnisource.pipeline.gains import Gains, Kind

gains = Gains(workspace, "tsn-baseline", "tsn-omnisource")
flips = gains.num_flips()
notebook.table(
    [
        {
            "right only now": flips[Kind.GAINED],
            "right only before": flips[Kind.LOST],
            "wrong in another way": flips[Kind.MOVED],
        }
    ]
)

# %%
from pathlib import Path

clips = {
    f"{names[one.class_index]}: {kind}, was {names[one.before]}, now {names[one.after]}": Path(one.path)
    for kind in (Kind.GAINED, Kind.LOST)
    for one in gains.flips(kind, limit=3)
}
notebook.players(clips, width_px=150)

# %% [markdown]
# ## Could it be chance? McNemar's test
# Suppose neither run were better. Then each flipped clip would be gained or lost like heads or tails. So: toss as many
# coins as there are flipped clips, many times, and count how often the split is as uneven as ours.

# %%
import numpy as np

from omnisource.evaluate.comparison import change_interval, mcnemar_p_value

gained, lost = flips[Kind.GAINED], flips[Kind.LOST]
heads = np.random.default_rng(0).binomial(gained + lost, 0.5, size=100_000)
as_uneven = np.abs(2 * heads - (gained + lost)) >= abs(gained - lost)
notebook.table([{"by tossing coins": float(as_uneven.mean()), "exactly (McNemar)": mcnemar_p_value(gained, lost)}])

# %% [markdown]
# This is the p value. Small (by custom below 0.05) means: coins would hardly do that. Large does *not* mean that the
# runs are equally good; the test may have been too small to see it. How uneven would the split have to be?

# %%
flipped = gained + lost
splits = range((flipped + 1) // 2, flipped + 1)
needed = next(most for most in splits if mcnemar_p_value(most, flipped - most) < 0.05)
print(f"of {flipped} flipped clips, {needed} gained and {flipped - needed} lost would have been needed")

# %% [markdown]
# The same shares with more clips. Suppose one clip in eight is gained and one in ten lost, a change of 2.5 points:

# %%
sizes = (144, 1_000, 5_000, 20_000)
notebook.table(
    {
        "validation clips": n,
        "p": mcnemar_p_value(round(n / 8), round(n / 10)),
        "interval, points": "{:+.1f} to {:+.1f}".format(
            *(100 * end for end in change_interval(round(n / 8), round(n / 10), n))
        ),
    }
    for n in sizes
)

# %% [markdown]
# With 144 clips such a gain cannot be seen, and hardly with a thousand; with 5,000 it is beyond doubt. And there is
# chance that none of this measures: the same training with another seed gives another network. A claim should rest on
# several seeds.
#
# ## Which classes
# The change of each class, best first. It looks like a finding. Is it?

# %%
classes = gains.classes()
best = classes[0]
said = (
    f"Change of accuracy of {len(classes)} classes, from {names[best.class_index]} {100 * best.change:+.0f} points down"
)
notebook.figure(figures.classes_figure(classes, names), said)

# %% [markdown]
# A class has 12 validation clips, so one clip is 8 points. And we look at the *best* of 12 classes, which is always
# good news. To see what chance alone would show, we exchange "before" and "after" of each clip by a coin, a thousand
# times, and look at the best class each time.

# %%
from omnisource.evaluate.comparison import pair_answers
from omnisource.pipeline.evaluated import saved_answers

paired = pair_answers(*(saved_answers(workspace, run) for run in ("tsn-baseline", "tsn-omnisource")))
change = paired.is_gained.astype(int) - paired.is_lost.astype(int)
signs = np.random.default_rng(0).choice([-1, 1], size=(1000, len(change)))
per_class = np.stack([(signs * change)[:, paired.class_indices == k].mean(axis=1) for k in range(len(names))], axis=1)
by_chance = np.quantile(per_class.max(axis=1), [0.5, 0.95])
columns = ("best class, here", "by chance, typically", "by chance, one time in 20")
notebook.table([{name: f"{100 * value:+.0f} points" for name, value in zip(columns, (best.change, *by_chance))}])

# %% [markdown]
# Where the first number is not clearly above the third, the best class is what chance would have brought as well.
#
# ## Which pairs: the confusion score
# Accuracy does not say what a clip was taken for. The confusion score of two classes does:
#
# $$s_{ij} = \frac{n_{ij} + n_{ji}}{n_{ij} + n_{ji} + n_{ii} + n_{jj}}$$
#
# where $n_{ij}$ is the number of clips of class i that were taken for class j. 0: the two are never mistaken for each
# other; 1: always. The change from baseline to student (Eq. 3) is below 0 where web data helped to tell them apart. By
# hand, for the pair that improved most:

# %%
improved, worsened = gains.pairs(100)
pair = improved[0]
counted = dict(zip((gains.baseline, gains.student), gains.counts(pair.a, pair.b)))
by_hand = {run: (n.a_as_b + n.b_as_a) / (n.a_as_b + n.b_as_a + n.a_as_a + n.b_as_b) for run, n in counted.items()}
notebook.table(
    {
        "run": run,
        f"{a} as {a}": n.a_as_a,
        f"{a} as {b}": n.a_as_b,
        f"{b} as {a}": n.b_as_a,
        f"{b} as {b}": n.b_as_b,
        "s": by_hand[run],
    }
    for a, b in [(names[pair.a], names[pair.b])]
    for run, n in counted.items()
)

# %% [markdown]
# Look at how few clips such a score rests on: clips of the two classes that were taken for a third one do not count.
#
# All pairs whose score changed: green is told apart better, red worse. Look for a pattern (a motion, a toy) before you
# believe a single square.

# %%
better, worse = gains.num_pairs()
notebook.figure(
    figures.pairs_matrix([*improved, *worsened], names),
    f"Class by class, the change of the confusion score: {better} pairs are told apart better, {worse} worse",
)

# %% [markdown]
# The same as before and after: below the diagonal is better.

# %%
notebook.figure(
    figures.pairs_scatter([*improved, *worsened], names),
    "Confusion score of each pair in the baseline (x) and in the student (y)",
)

# %% [markdown]
# ## The web data behind a pair
# What did the student learn these two classes from? The surest examples that the recipe kept for either.

# %%
from omnisource.catalog import Catalog
from omnisource.pipeline.web_behind import Certainty, WebBehind
from omnisource.types import Format

behind = WebBehind(Catalog(workspace), "omnisource", [pair.a, pair.b])
found = [one for one in behind.page(Certainty.SUREST, limit=40) if one.format is Format.IMAGE][:8]
captions = {f"{i}. {names[one.class_index]} {one.confidence:.0%}": Path(one.path) for i, one in enumerate(found, 1)}
notebook.pictures(captions, format=Format.IMAGE)

# %% [markdown]
# Do they show what their label says? If they do, the gain has a reason that you can point at; if they do not, it is
# likely to be chance, and the recipe needs a higher threshold (notebook 6).
#
# **Try this:** look at `worsened[0]` in the same way. Is there wrong web data behind it?
#
# ## What you should be able to say now

# %%
assert rows[1].change.num_gained == gained and rows[1].change.num_lost == lost
assert abs(as_uneven.mean() - mcnemar_p_value(gained, lost)) < 0.01, "McNemar's p is a matter of tossing coins"
assert np.isclose(rows[1].change.top1_change, (gained - lost) / rows[1].change.num_examples)
assert rows[1].change.top1_change_low <= rows[1].change.top1_change <= rows[1].change.top1_change_high
assert mcnemar_p_value(18, 14) > 0.05 > mcnemar_p_value(2500, 2000), "the same shares, and enough clips"
assert all(np.isclose(by_hand[run], score) for run, score in zip(counted, (pair.before, pair.after))), "Eq. 3"
assert pair.change < 0 < worsened[0].change and by_chance[0] > 0

# %% [markdown]
# Next: [12. FiftyOne round trip](12_fiftyone_round_trip.ipynb).
