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
# # 9. Balance: how often is each class, and each file, drawn?
#
# Web data is uneven. Of some classes the teacher keeps thousands of pictures, of others a handful. Before a network is
# trained you can know what it would read, since drawing is a matter of counting and not of training (paper 3.6).
#
# You will learn
# - how the three ways of resampling (none, clipped, power) turn class counts into probabilities (Table 10);
# - what one update of joint training holds: so many labelled clips, so many examples of each web source;
# - how to see that a small source would be read too often, which hurt in the paper (Fig. 8), and what to do about it.
#
# The same in the app: page **Balance**. On the command line:
# `omnisource plan -w small-demo/workspace-2d -r omnisource`.

# %% [markdown]
# ## The workspace
# This notebook needs a recipe that was applied to the web data (notebook 6). What is missing is built first.

# %%
from omnisource import notebook

workspace = notebook.demo_workspace(until="label")
names, study = workspace.taxonomy().names, workspace.study()

# %% [markdown]
# ## What there is
# The number of examples of each class that the recipe `omnisource` kept, source by source, beside the labelled clips.

# %%
from omnisource.pipeline.balancing import example_counts, target_counts

labelled = target_counts(workspace)
counts = example_counts(workspace, "omnisource", study.train.joint)
notebook.table(
    {"class": name, "labelled clips": int(labelled[k])} | {source: int(of[k]) for source, of in counts.items()}
    for k, name in enumerate(names)
)

# %% [markdown]
# The labelled clips are even, since somebody made them so; the web data is not. Some classes have no web clip or no
# long video at all: the queries brought few of them, or the teacher was not sure.
#
# ## From counts to probabilities
# Three ways, on counts that are easy to follow: a class of 5000 examples, one of 500, of 50 and of 5.
# - *none*: a class is drawn as often as it is frequent;
# - *clipped*: the same, but a class counts as at most N_c examples;
# - *power*: a class of N examples is drawn like N to the power p. With p = 1 this is *none*; with p = 0 all classes are
#   equally likely. The paper's best in Table 10 is p = 0.2.

# %%
import numpy as np

from omnisource.config import JointConfig
from omnisource.train.resampling import class_probabilities

tail = np.array([5000, 500, 50, 5])
ways = {
    "none": JointConfig(resampling="none"),
    "clipped at 500": JointConfig(resampling="clipped", clip_at=500),
    "power 0.5": JointConfig(resampling="power", power=0.5),
    "power 0.2": JointConfig(resampling="power", power=0.2),
}
probabilities = {way: class_probabilities(tail, joint) for way, joint in ways.items()}

# %%
notebook.table(
    {"way": way} | {f"class of {n}": f"{p:.1%}" for n, p in zip(tail, of)} for way, of in probabilities.items()
)

# %% [markdown]
# Read the last row: the class of 5000 has a thousand times as many examples as the class of 5, but is drawn only four
# times as often (1000 to the power 0.2 is 4).
#
# ## What an update holds
# `plan_run` says what training would draw, with the settings of `study.yaml`. In every update each web source has half
# as many examples as there are labelled clips: 2 : 1 : 1 : 1, as in Table 2.

# %%
from omnisource.figures import balance as figures
from omnisource.palette import colours
from omnisource.pipeline.balancing import plan_run

plan = plan_run(workspace, study.student, "omnisource")
shown = colours(source.name for source in study.sources)
said = ", ".join(f"{name} {size:g}" for name, size in plan.batch.items())
notebook.figure(figures.batch_figure(plan, shown), f"Examples that an update reads on average: {said}")

# %% [markdown]
# These are averages. Which examples an update really reads follows from the seed alone, so that a run can be stopped
# and go on with the same data. `epoch_plan` is what training itself asks; here the first update of the run.

# %%
from omnisource.pipeline.recipes import auxiliary_examples
from omnisource.train.batches import epoch_plan

examples, _ = auxiliary_examples(workspace, "omnisource")
classes = {"target": np.repeat(np.arange(len(names)), labelled)}
classes |= {source: rows.class_indices for source, rows in examples.items()}
joint, size = study.train.joint, plan.batch_size
epochs = [epoch_plan(classes, joint, batch_size=size, seed=study.seed, epoch=number) for number in range(3)]
first = {batch.source: batch.draws for batch in epochs[0][0].batches}
notebook.table({"batch of": source, "examples": len(draws)} for source, draws in first.items())

# %% [markdown]
# Five web clips of it, with the labels that the recipe gave them. Do they show what the label says?

# %%
from omnisource.types import Format

drawn = [examples["web_clip"][draw.index] for draw in first["web_clip"][:5]]
captions = {f"{i}. {names[example.class_index]}": example.path for i, example in enumerate(drawn, 1)}
notebook.pictures(captions, format=Format.TRIMMED)

# %% [markdown]
# ## Which classes are drawn
# Pale bars: the share of each class among the examples of a source. Line: its share of what is drawn. Dotted: its share
# of the labelled clips. With p = 0.2 the line is much flatter than the bars. A class without examples cannot be drawn,
# whatever the power.

# %%
notebook.figure(
    figures.distribution_figure(plan, labelled, names, shown),
    "For each web source the share of each class: among the examples, among the draws, among the labelled clips",
)

# %% [markdown]
# Expected shares are what many epochs come to. One epoch is a throw of the dice: how often each class of web pictures
# is expected in an epoch, and how often it was drawn in the first three.


# %%
def drawn_classes(epoch, source):
    indices = [
        draw.index for update in epoch for batch in update.batches for draw in batch.draws if draw.source == source
    ]
    return np.bincount(classes[source][indices], minlength=len(names))


expected = {one.source: one.class_draws for one in plan.sources}["web_image"]
seen = [drawn_classes(epoch, "web_image") for epoch in epochs]
notebook.table(
    {"class": name, "expected": float(expected[k])} | {f"epoch {e}": int(one[k]) for e, one in enumerate(seen, 1)}
    for k, name in enumerate(names)
)

# %% [markdown]
# ## How often one example is read
# The price of balance: where a class with one example is drawn nearly as often as one with ten, its one example is
# read nearly ten times as often. The dotted line is a labelled clip, which is read once an epoch. A diamond above it is
# a web example, labelled by a machine, that the network sees more often than any clip that a person has labelled.

# %%
notebook.figure(
    figures.reads_figure(plan, labelled, names, shown),
    "Reads per example and epoch of each class, by source; dotted: once, as a labelled clip",
)

# %% [markdown]
# The small demo is an extreme case, since it has so few web clips and long videos. In the paper a web example was read
# about 0.06 to 0.14 times an epoch. Compare:

# %%
from omnisource.train.planning import PAPER_READS


def reads(one):
    return {source.source: f"{source.mean_reads:.2f}" for source in one.sources}


print("paper:", PAPER_READS)
notebook.table([{"mixture": "as in study.yaml (2:1:1:1)"} | reads(plan)])

# %% [markdown]
# ## Trying other mixtures
# Nothing is trained and nothing is saved here; `plan_run` takes any settings. The paper's are in `MIXTURES`, with its
# top-1 in brackets. The last row is what we would do in this demo: give the two small sources a smaller part of the
# batch.

# %%
from omnisource.pipeline.balancing import MIXTURES

tried = {mixture.title: mixture.over(study.train.joint) for mixture in MIXTURES.values()}
smaller = {"batch_ratio": {"web_clip": 0.4, "web_video": 0.1}}
tried["ours: 2 : 1 : 0.4 : 0.1"] = study.train.joint.model_copy(update=smaller)
plans = {title: plan_run(workspace, study.student, "omnisource", joint) for title, joint in tried.items()}
notebook.table({"mixture": title} | reads(one) for title, one in plans.items())

# %% [markdown]
# Resampling does not change how much is read of a source, only of which classes; that is the evenness of the draws. It
# is 100 % where all classes are drawn equally often. More power (p near 1) reads examples more equally and
# classes less so; there is no setting that does both. Only more web data does.

# %%
notebook.table(
    {"mixture": title} | {source.source: f"{source.evenness:.0%}" for source in one.sources}
    for title, one in plans.items()
)

# %% [markdown]
# To keep a mixture, write it into `study.yaml`: with the button of the app's page, or with
# `omnisource set train.joint.batch_ratio.web_video=0.1 -w WORKSPACE`. A run that was trained with other settings is
# never continued with new ones; it must be trained anew.
#
# **Try this:** find the smallest `target_share` at which no source of `ours` is read more often than a labelled clip
# (`plan.overfitted` is empty).
#
# ## What you should be able to say now

# %%
by_name = {one.source: one for one in plan.sources}
assert np.isclose(probabilities["power 0.2"][0] / probabilities["power 0.2"][3], 1000**0.2), "N to the power p"
assert np.allclose(class_probabilities(tail, JointConfig(resampling="power", power=1)), probabilities["none"])
assert all(np.isclose(plan.batch[name], plan.batch["target"] / 2) for name in by_name), "2 : 1 for every source"
assert all(len(update.batches) == 1 + len(counts) for update in epochs[0]), "every update reads every source"
assert by_name["web_video"].mean_reads > by_name["web_image"].mean_reads, "the smaller source is read more often"
assert all((one.probabilities[one.counts == 0] == 0).all() for one in plan.sources), "nothing is drawn from nothing"
assert len(plans["ours: 2 : 1 : 0.4 : 0.1"].overfitted) <= len(plan.overfitted), "smaller parts are read less often"

# %% [markdown]
# Next: [10. Joint training](10_joint_training.ipynb), where these batches meet a network.
