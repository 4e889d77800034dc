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
# # 10. Joint training: labelled clips and web data in one update
#
# One network learns from both at once. In every update it sees a batch of labelled clips and a batch from each web
# source, and one sum of losses tells it how to change (paper 3.2, 3.6). Web data is needed for training only: the
# network that comes out has the form of the baseline, and using it costs no more.
#
# You will learn
# - what Eq. 1 is in code: a cross-entropy for each batch, added up;
# - what the network is given of a labelled clip, of a picture, of a long video;
# - how to read the curves of a run, and which of them say nothing about success.
#
# The same in the app: page **Train**. On the command line: `omnisource train -w small-demo/workspace-2d -r omnisource`
# trains, `omnisource measure -w small-demo/workspace-2d -r omnisource` says beforehand what that will cost.

# %% [markdown]
# ## The workspace
# This notebook looks at a run that is finished. If nobody has trained it yet, it is trained now (a minute or two).

# %%
from omnisource import notebook

workspace = notebook.demo_workspace(until="train")
names, study = workspace.taxonomy().names, workspace.study()

# %% [markdown]
# ## What a run reads
# A `TrainingJob` is all that decides what a run learns; `read_data` finds the examples. Training does not ask where an
# example came from: a labelled clip and a web picture are the same kind of record.

# %%
from omnisource.pipeline.training import read_data
from omnisource.pipeline.training_jobs import training_jobs

job = next(training_jobs(workspace, study, study.student, "omnisource", "joint"))
data = read_data(workspace, job)
notebook.table(
    {
        "source": source,
        "examples": len(rows),
        "format": str(rows[0].format),
        "label of the first": names[rows[0].class_index],
    }
    for source, rows in ({"target": data.target} | dict(data.auxiliary)).items()
)

# %% [markdown]
# ## One update, by hand
# We begin a run of our own, in a temporary folder, with a fresh network. `set_up` is what training calls first.

# %%
import tempfile
from pathlib import Path

import torch

from omnisource.models import zoo
from omnisource.train import setup

torch.manual_seed(study.seed)
folder = tempfile.TemporaryDirectory()
network = zoo.build(job.network.model, data.num_classes)
settings = setup.FitConfig(network=job.network, train=job.shared, num_classes=data.num_classes, device="cpu")
session = setup.set_up(Path(folder.name), network, data.target, data.auxiliary, settings)

# %% [markdown]
# The loader reads the updates in their planned order (notebook 9). The first one: how many examples of each source, and
# the shape of what was read. A tensor of frames is examples x frames x height x width x colours.

# %%
from omnisource.train.collate import make_loader
from omnisource.train.datasets import ExampleDataset

dataset = ExampleDataset(session.examples, job.network, job.shared, reader=study.media.reader)
loader = iter(make_loader(dataset, session.updates_left(), workers=0, pin_memory=False))
loaded = next(loader)
notebook.table({"batch of": one.source, "frames": " x ".join(map(str, one.frames.shape))} for one in loaded.batches)

# %% [markdown]
# A labelled clip, a web clip and a long video give three frames each, which is what this network looks at; a picture
# gives the one frame that it is. Below: the first example of each batch, as the network sees it (cropped, perhaps
# mirrored).

# %%
frames = [(one.source, i, frame.numpy()) for one in loaded.batches for i, frame in enumerate(one.frames[0], 1)]
notebook.strip([frame for _, _, frame in frames], [f"{source}, frame {i}" for source, i, _ in frames])

# %% [markdown]
# ## Eq. 1
# $$L = \sum_{(x, y) \in B_T} L(F(x), y) + \sum_{(x, \tilde y) \in B_A} L(F(x), \tilde y)$$
#
# $B_T$ is the batch of labelled clips, $B_A$ the web examples beside it, $F$ the network, $L$ the cross-entropy and
# $\tilde y$ the label that the teacher gave. The code divides both sums by $|B_T|$, so that a learning rate means the
# same with web data and without. By hand, batch by batch (`begin` seeds the network's dropout, as training does):

# %%
from omnisource.train.collate import one_hot, to_clips
from omnisource.train.loss import cross_entropies, joint_term

session.begin(0)
terms = {}
for batch in loaded.batches:
    clips = to_clips(batch, job.network.input, torch.device("cpu"))
    labels = one_hot(batch.class_indices, data.num_classes, torch.device("cpu"))
    with torch.no_grad():
        terms[batch.source] = cross_entropies(session.module(clips), labels)

# %% [markdown]
# A network that knows nothing gives each of the 12 classes 1/12, and its cross-entropy is ln 12 = 2.48. So all four
# begin near it. What differs is their *weight*: the share of the sum that each batch has, by its size alone.

# %%
size = loaded.planned.num_target
by_hand = {source: float(joint_term(losses, size)) for source, losses in terms.items()}
notebook.table(
    {
        "batch of": source,
        "examples": len(losses),
        "mean cross-entropy": float(losses.mean()),
        "term of Eq. 1": by_hand[source],
        "share of the sum": f"{by_hand[source] / sum(by_hand.values()):.0%}",
    }
    for source, losses in terms.items()
)

# %% [markdown]
# The labelled clips have two fifths of the say, each web source one fifth: that is what 2 : 1 : 1 : 1 means.
#
# ## A few updates
# Now let it learn. `take_update` does what you have just done, and then changes the weights; each source goes through
# the network by itself, so that batch normalisation sees one kind of data at a time.

# %%
from omnisource.train.step import summarise, take_update

lines = []
for number in range(6):
    lr, rng = session.begin(number)
    outcomes, norm = take_update(session, loaded, rng)
    measured, _ = summarise(session, loaded, outcomes, stop=False)
    lines.append({"update": number + 1, "learning rate": lr} | measured)
    loaded = next(loader)

# %%
columns = ("update", "learning rate", "loss", *(f"loss/{source}" for source in session.examples))
notebook.table({column: line[column] for column in columns} for line in lines)

# %% [markdown]
# The rate begins at 0 and rises (warm-up), so the first update changes nothing, and little happens in six. `loss` is
# the whole of Eq. 1; the columns after it are means of one batch each.
#
# ## A whole run
# The run `tsn-omnisource` did the same to its end. Each update left a line in `metrics.jsonl`, and `read_curves` reads
# it. Pale: every update; strong: a running mean.

# %%
from omnisource.figures import train as figures
from omnisource.pipeline.curves import read_curves
from omnisource.pipeline.run_watch import drawn_colours

run = {"tsn-omnisource": read_curves(workspace.run("tsn-omnisource"))}
shown = drawn_colours(study)
said = figures.in_words(run, "loss/", "Loss of each source")
notebook.figure(figures.loss_figure(run, shown, width=9), said)

# %% [markdown]
# The share of right answers in the training batches, by source.

# %%
notebook.figure(
    figures.accuracy_figure(run, shown, width=9),
    figures.in_words(run, "top1/", "Share of right answers in training batches, by source"),
)

# %% [markdown]
# Beware of reading this as success. Of a source that is small, the network sees the same few files again and again; and
# the web data is what a network of the same kind was sure of, so it is the easier part by construction. Beside it, how
# often a run of these settings reads each example (notebook 9):

# %%
from omnisource.pipeline.balancing import plan_run

plan = plan_run(workspace, study.student, "omnisource")
times = {"target": 1.0} | {one.source: one.mean_reads for one in plan.sources}
notebook.table(
    {
        "source": source,
        "reads of an example, in the whole run": plan.epochs * times[source],
        "right in the last 20 updates": f"{run['tsn-omnisource'].values[f'top1/{source}'][-20:].mean():.0%}",
    }
    for source in times
)

# %% [markdown]
# The learning rate: a warm-up, then half a cosine down to nothing. This is why the curves become calm at the end.

# %%
notebook.figure(figures.rate_figure(run), "Learning rate over updates: up in a straight line, then down as a cosine")

# %% [markdown]
# ## Beside the baseline
# The baseline had the labelled clips alone: the same network, as many updates, each labelled clip read as often. Only
# the loss of the labelled clips can be compared.

# %%
both = {name: read_curves(workspace.run(name)) for name in ("tsn-baseline", "tsn-omnisource")}
said = figures.in_words(both, "loss/", "Loss of each source")
notebook.figure(figures.loss_figure(both, shown, width=15), said)

# %% [markdown]
# The two lines run close together: web data is not there to fit the labelled clips better. Whether the student is
# *better* cannot be seen here at all: that takes clips that neither of them was trained on (notebook 11).
#
# How long an update took, and how much of that was waiting for data:

# %%
notebook.figure(figures.pace_figure(both, width=9), figures.in_words(both, "seconds", "Seconds an update"))

# %% [markdown]
# **Try this:** the released code made one step for each source instead of one for the sum. Begin a session with
# `train=config.override(study, ["train.joint.update=per_source"]).train`, and look at which batches its first updates
# have.
#
# ## What you should be able to say now

# %%
folder.cleanup()
sizes = {batch.source: len(terms[batch.source]) for batch in session.plan(0)[0].batches}
assert all(2 * sizes[source] == sizes["target"] for source in data.auxiliary), (
    "two labelled clips to one of each source"
)
assert abs(sum(by_hand.values()) - lines[0]["loss"]) < 0.001, "Eq. 1 by hand is what training computes"
assert abs(lines[0]["loss/target"] - float(torch.tensor(12.0).log())) < 0.3, "a fresh network knows nothing"
assert lines[0]["learning rate"] == 0 < lines[1]["learning rate"], "warm-up"
assert both["tsn-baseline"].update[-1] == both["tsn-omnisource"].update[-1], "the same number of updates"
losses = run["tsn-omnisource"].values["loss/target"]
assert losses[-20:].mean() < losses[:20].mean(), "it has learnt"

# %% [markdown]
# Next: [11. Where the gain comes from](11_where_the_gain_comes_from.ipynb), on clips that nobody has trained on.
