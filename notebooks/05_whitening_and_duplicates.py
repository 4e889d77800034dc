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
# # 5. Whitening and duplicates: is the test set on the web?
#
# Clips of a test set are often on the web, and a search may bring them back. A network that trains on its own exam
# looks better than it is. So every web frame is compared with every frame of the labelled clips, and what is too much
# alike is a *suspect* (paper 3.3).
#
# You will learn
# - why features are *whitened* before they are compared;
# - where the threshold comes from: crops of one frame are as alike as duplicates are;
# - how looking at some pairs tells how many real duplicates there are.
#
# The same in the app: page **Duplicates**. On the command line:
# `omnisource duplicates -w small-demo/workspace-2d` compares, `omnisource suspects -w small-demo/workspace-2d` lists.

# %% [markdown]
# ## The workspace
# Comparing needs features of all frames; what is missing is measured first.

# %%
from omnisource import notebook
from omnisource.catalog import Catalog

workspace = notebook.demo_workspace(until="similar")
catalog = Catalog(workspace)

# %% [markdown]
# ## Why whitening
# A network describes a frame by a row of numbers. Most rows point in nearly the same direction, since many numbers
# measure what all frames have in common. Whitening subtracts the mean and stretches every direction to the same width,
# so that what tells frames apart counts. We take the labelled frames and compare different frames with each other.

# %%
import numpy as np
import pyarrow as pa

from omnisource.pipeline.duplicates import fitted
from omnisource.pipeline.feature_blocks import blocks_of, vectors_of
from omnisource.pipeline.similar_state import target_features

blocks = blocks_of(target_features(workspace).parts(), ["target_path", "crop", "vector"])
rows = pa.concat_tables(blocks)
is_whole = rows["crop"].to_numpy() == 0
features, clips = vectors_of(rows)[is_whole].astype(np.float32), rows["target_path"].to_numpy()[is_whole]
white, crops = fitted(workspace)

# %% [markdown]
# The cosine similarity of frames of *different* clips, before and after. Raw, everything resembles everything, and no
# threshold could tell a copy from a stranger. Whitened, strangers lie around zero.

# %%
plain = features / np.linalg.norm(features, axis=1, keepdims=True)
apart = clips[:, None] != clips[None]
similar = {
    "raw": (plain @ plain.T)[apart],
    "whitened": (white.directions(features) @ white.directions(features).T)[apart],
}
notebook.table(
    {"features": which, "mean": float(of.mean()), "95 of 100 lie below": float(np.quantile(of, 0.95))}
    for which, of in similar.items()
)

# %% [markdown]
# How the similarities of frames of different clips are spread. What lies to the right of the line would be
# suspected; raw, that is nearly half of the pairs.

# %%
import plotly.graph_objects as go

from omnisource.palette import DROPPED, KEPT

edges = np.linspace(-1, 1, 101)
drawn = go.Figure(layout={"barmode": "overlay", "bargap": 0, "height": 320})
for (which, of), colour in zip(similar.items(), (DROPPED, KEPT)):
    share = 100 * np.histogram(of, edges)[0] / len(of)
    drawn.add_bar(x=(edges[:-1] + edges[1:]) / 2, y=share, name=which, marker={"color": colour}, opacity=0.7)
drawn.add_vline(crops.threshold, line={"dash": "dash"})
drawn.update_xaxes(title="similarity of two frames of different clips").update_yaxes(title="percent of the pairs")
notebook.figure(drawn, "Similarities of frames of different clips, raw and whitened; the line is the crop threshold")

# %% [markdown]
# Why that is so: the *spectrum*, how wide the cloud of features is in each of its directions, widest first. Raw, the
# first few directions hold nearly everything; whitened, all that are kept have about the same width.

# %%
spectra = {
    which: np.linalg.eigvalsh(np.cov(of, rowvar=False))[::-1][: white.dims]
    for which, of in {"raw": features, "whitened": white.whiten(features)}.items()
}
drawn = go.Figure(layout={"height": 320})
for (which, of), colour in zip(spectra.items(), (DROPPED, KEPT)):
    drawn.add_scatter(x=np.arange(1, len(of) + 1), y=of / of[0], name=which, line={"color": colour})
drawn.update_xaxes(title="direction").update_yaxes(title="variance, widest = 1", type="log")
notebook.figure(drawn, "Variance of the labelled frames in each direction, raw and whitened, on a logarithmic axis")

# %% [markdown]
# The whitened features are also uncorrelated: off its diagonal, their covariance matrix is zero.

# %%
covariance = np.cov(white.whiten(features), rowvar=False)
beside = covariance - np.diag(np.diag(covariance))
first = {which: float(of[:5].sum() / of.sum()) for which, of in spectra.items()}
notebook.table([{"directions": white.dims, "largest covariance of two different ones": float(abs(beside).max())}])

# %%
notebook.table({"features": which, "variance in the first five directions": f"{of:.0%}"} for which, of in first.items())

# %% [markdown]
# ## Where the threshold comes from
# Two crops of one frame show the same thing, cut differently, just as a copy on the web is cut and scaled. So the
# similarity of crops of one frame says how alike copies are, and the threshold is read from it and not guessed.

# %%
from omnisource.clean.pair_index import crop_threshold, index_pairs
from omnisource.clean.pairs import SuspectedPairs

threshold, index = crop_threshold(workspace), index_pairs(workspace)
suspects = SuspectedPairs(catalog, index, [])
notebook.table([{"frames": crops.num_frames, "threshold": threshold, "pairs above the floor": index.num_pairs}])

# %% [markdown]
# All pairs of a web item and a labelled clip above a low floor; to the right of the line are the suspects.

# %%
from omnisource.figures.duplicates import similarity_alt, similarity_figure

none = np.zeros(len(index.counts), int)
drawn = similarity_figure(index.edges, index.counts_array, none, none, threshold=threshold, measured=threshold)
notebook.figure(drawn, similarity_alt(index.counts_array, none, none, threshold))

# %% [markdown]
# ## Look at them
# The most alike pairs: on the left the web item, on the right the labelled clip at the moment where both are most
# alike. Is it the same recording, or only the same kind of scene?

# %%
from omnisource.clean.pair_filters import Order, PairFilter

likely = suspects.next(PairFilter(low=threshold), Order.SIMILAR, threshold=threshold, limit=6)
notebook.pairs(workspace, likely)

# %% [markdown]
# And those around the threshold, where it is decided what a person has to look at.

# %%
nearest = suspects.next(PairFilter(), Order.THRESHOLD, threshold=threshold, limit=6)
notebook.pairs(workspace, nearest)

# %% [markdown]
# ## How many are real?
# Similar is not the same. In the paper fewer than one suspect in ten was a real duplicate. You look at some suspects by
# chance, and what you saw in a band of similarity speaks for the rest of it. Here the world's truth, which knows what
# was copied, answers for twelve pairs. The verdicts are held in memory only: nothing is written.

# %%
from pathlib import Path

from omnisource.demo.truth import grade_duplicates, read_truth
from omnisource.shares import wilson

world = workspace.root.parent / "world"
truth = read_truth(world / "truth.json")


def in_world(path):
    return Path(path).resolve().relative_to(world.resolve()).as_posix()


looked = suspects.next(PairFilter(low=threshold), Order.RANDOM, threshold=threshold, limit=12)
real = sum(truth.items[in_world(one.path)].copy_of == in_world(one.target_path) for one in looked)
low, high = wilson(real, len(looked))
notebook.table([{"looked at": len(looked), "real": real, "share at least": low, "share at most": high}])

# %% [markdown]
# The interval is wide: twelve pairs say little. The page **Duplicates** draws it anew after each verdict, and says when
# going on would change nothing.
#
# Did the suspects contain the copies that were planted?

# %%
from omnisource.pipeline.duplicates import suspected_items

grade = grade_duplicates(truth, {in_world(path) for path in suspected_items(workspace)})
notebook.table(
    [{"suspects": int(grade.said), "copies": int(grade.real), "copies among the suspects": int(grade.right)}]
)

# %% [markdown]
# And what another threshold would have found. A lower one finds more of the copies, and gives more pairs to look at;
# a web item counts with its most alike pair.

# %%
from omnisource.catalog import source

pairs, items = source(workspace.table("similar")), source(workspace.table("items"))
best = catalog.table(f"SELECT path, max(similarity) AS best FROM {pairs} JOIN {items} USING (key) GROUP BY path")
most = {in_world(one["path"]): one["best"] for one in best.to_pylist()}
tried = sorted([0.45, threshold, 0.6, 0.7, 0.8, 0.9])
grades = [grade_duplicates(truth, {path for path, value in most.items() if value >= line}) for line in tried]
notebook.table(
    {"threshold": line, "suspects": int(one.said), "precision": one.precision, "recall": one.recall}
    for line, one in zip(tried, grades)
)

# %% [markdown]
# **Try this:** compare with `threshold=0.9` in the two walls above. Which copies would be missed?
#
# ## What you should be able to say now

# %%
assert abs(similar["whitened"].mean()) < similar["raw"].mean(), "whitened, strangers are less alike"
assert all(one.similarity >= threshold for one in likely), "suspects lie on the threshold or above"
assert [one.similarity for one in likely] == sorted((one.similarity for one in likely), reverse=True)
assert low <= real / len(looked) <= high, "the interval holds what was seen"
assert np.allclose(white.mean, features.mean(axis=0), atol=1e-3), "the mean is subtracted"
assert abs(beside).max() < 0.01 * np.diag(covariance).min(), "whitened features are uncorrelated"
assert first["whitened"] < first["raw"], "and no direction outweighs the others"
assert grades[tried.index(threshold)].said == grade.said, "the stage used this threshold"
assert all(low.recall >= high.recall for low, high in zip(grades, grades[1:])), "a higher threshold finds less"
assert grade.recall > 0.5, "most planted copies are suspects"

# %% [markdown]
# Next: [6. Scores and thresholds](06_scores_and_thresholds.ipynb).
