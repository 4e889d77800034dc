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
# # 12. To FiftyOne and back
#
# [FiftyOne](https://docs.voxel51.com) is a tool for looking at data. If you or your colleagues work in it already, you
# can decide there: OmniSource pushes what it knows, you tag and correct, and OmniSource fetches what you decided. It is
# the review by people that goes with the automatic cleaning of the paper (3.3, 3.4).
#
# You will learn
# - what a push puts into FiftyOne: fields, saved views, suspected duplicates, segments of long videos;
# - how tags and corrected labels come back as decisions, each of them once, and how undoing works from both sides;
# - what happens where two people decided differently, and what decisions do to a recipe.
#
# The same in the app: page **Browse**, "Push to FiftyOne". On the command line, with your own FiftyOne:
# `omnisource fiftyone push -w small-demo/workspace-2d`, `omnisource fiftyone app -w ...` to look, and
# `omnisource fiftyone pull -w ...`.

# %% [markdown]
# ## A FiftyOne of this notebook alone
# FiftyOne keeps its datasets in a database (mongod). So that nothing of yours is touched, this notebook starts one in a
# temporary folder and removes it at the end. **In your own work you leave these two cells out.** `require_fiftyone`
# says in one line what is missing, if something is.

# %%
import atexit
import os
import socket
import subprocess
import tempfile
from pathlib import Path

from omnisource.doctor import find_mongod
from omnisource.fiftyone_io.ready import require_fiftyone

require_fiftyone()
temporary = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
home = Path(temporary.name)
(home / "database").mkdir()
with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    port = str(probe.getsockname()[1])
os.environ |= {
    "FIFTYONE_DATABASE_URI": f"mongodb://127.0.0.1:{port}",
    "FIFTYONE_DEFAULT_DATASET_DIR": str(home / "datasets"),
}
os.environ |= {"FIFTYONE_PLUGINS_DIR": str(home / "plugins"), "FIFTYONE_CONFIG_PATH": str(home / "config.json")}

# %%
place = ["--dbpath", str(home / "database"), "--logpath", str(home / "log"), "--bind_ip", "127.0.0.1", "--port", port]
database = subprocess.Popen([str(find_mongod()), *place, "--nounixsocket"], stdout=subprocess.DEVNULL)
stopped = atexit.register(database.terminate)  # also where a cell fails

# %% [markdown]
# ## The workspace
# Decisions are written down, so this notebook works on a copy of the small demo's workspace: the tables and settings
# are copied, the pictures and videos are not.

# %%
from omnisource import notebook
from omnisource.pipeline.small_demo import own_copy

workspace = own_copy(notebook.demo_workspace(until="label"), home / "toys")
names = workspace.taxonomy().names

# %% [markdown]
# ## Push
# The push takes all items (`filters` and `limit` would take some).

# %%
from omnisource.fiftyone_io.pushing import push

pushed = push(workspace, recipe="omnisource", progress=False)
notebook.table({"dataset": name, "samples": size} for name, size in pushed.datasets.items())

# %% [markdown]
# Pictures and videos are two datasets, since FiftyOne has one kind of media in each. The third holds pairs: a web item
# beside the labelled clip that it looks like. Pushing again changes nothing that is as it should be.

# %%
again = push(workspace, recipe="omnisource", progress=False)
notebook.table([{"added": one.added, "updated": one.updated, "unchanged": one.unchanged} for one in (pushed, again)])

# %% [markdown]
# ## What FiftyOne knows of an item
# `teacher` is what the teacher takes it for. `margin` is how far an item is above the recipe's line (below: negative).
# This recipe asks how probable the query is, so an item may be left out although the teacher is sure of another class.

# %%
import fiftyone as fo

images = fo.load_dataset("toys-images")
shown = ("source", "stage", "query.label", "teacher.label", "teacher.confidence", "margin", "similarity", "suspect")
rows = zip(*images.limit(6).values(list(shown)))
notebook.table(dict(zip(shown, row)) for row in rows)

# %% [markdown]
# How many pictures reached which stage, by the recipe that was pushed:

# %%
notebook.table([dict(sorted(images.count_values("stage").items()))])

# %% [markdown]
# The panel of OmniSource in FiftyOne draws this histogram. The dashed line is a threshold; in FiftyOne you move it, and
# the wall shows what lies next to it.

# %%
import plotly.graph_objects as go

from omnisource.fiftyone_io.confidences import bars, histogram, layout, side_of

counted = histogram(images, None)
line = workspace.recipe("omnisource").confidence
said = f"Pictures by the teacher's confidence; {len(side_of(images, None, line))} have at least {line:.0%}"
notebook.figure(go.Figure(bars(counted), layout(line)), said)

# %% [markdown]
# ## Saved views
# The questions that are asked first are there by name, in FiftyOne's menu of views.

# %%
notebook.table({"view": name, "pictures": len(images.load_saved_view(name))} for name in images.list_saved_views()[:5])

# %% [markdown]
# Those that the recipe left out by a hair, with their query and its probability. Some of them show what was searched
# for; this is where a minute of looking is worth most.

# %%
from omnisource.types import Format

near = images.load_saved_view("rejected-near-threshold").limit(8)
columns = near.values(["filepath", "query.label", "query_prob"])
captions = {f"{i}. {query}? {prob:.0%}": Path(path) for i, (path, query, prob) in enumerate(zip(*columns), 1)}
notebook.pictures(captions, format=Format.IMAGE)

# %% [markdown]
# Things that look alike: the push brings the features of the duplicates stage (notebook 5), whitened, as an index. The
# first picture is the one that was asked for. (The features are those of a small network that learnt from 120 clips: it
# goes by colours and shapes.)

# %%
asked = near.first().id
alike = images.sort_by_similarity(asked, k=6, brain_key="similarity")
captions = {
    f"{i}. query: {query}": Path(path)
    for i, (path, query) in enumerate(zip(*alike.values(["filepath", "query.label"])))
}
notebook.pictures(captions, format=Format.IMAGE)

# %% [markdown]
# A long video carries its segments, with the class that the teacher gives each second and whether the recipe takes it.
# Those around the first second that it takes:

# %%
videos = fo.load_dataset("toys-videos")
segments = videos.match_labels(fields="segments", tags="positive").first()["segments"].detections
middle = next(number for number, one in enumerate(segments) if "positive" in one.tags)
columns = ("start_s", "end_s", "label", "confidence")
notebook.table(
    {name: one[name] for name in columns} | {"tags": ", ".join(one.tags)}
    for one in segments[max(middle - 4, 0) : middle + 5]
)

# %% [markdown]
# ## Decide there
# In FiftyOne's App you select tiles and choose an operator ("keep", "drop", "relabel"). The operators call the same
# functions as this cell: keep the first two, drop the third, and call the fourth something else.

# %%
from omnisource.fiftyone_io.tagging import relabel_samples, tag_samples
from omnisource.reviews import Reviews, Subject, Verdict

chosen = near.values("id")
other = next(name for name in names if name != near[chosen[3]]["label"].label)
tag_samples(images, chosen[:2], Verdict.KEEP)
tag_samples(images, chosen[2:3], Verdict.DROP)
relabelled = relabel_samples(images, chosen[3:4], other)

# %% [markdown]
# ## Pull
# Four edits become four decisions in the workspace's `reviews.sqlite`. Pulling again adds nothing.

# %%
from omnisource.fiftyone_io.pulling import pull

first, second = pull(workspace, author="you", progress=False), pull(workspace, author="you", progress=False)
notebook.table([{"decided": len(one.decided), "undone": len(one.undone)} for one in (first, second)])

# %%
reviews = Reviews(workspace.reviews_path)
notebook.table(
    {
        "item": review.subject.key.hex()[:8],
        "decision": str(review.verdict),
        "class": "" if review.class_index is None else names[review.class_index],
        "by": review.author,
        "made in": review.made_in,
    }
    for review in reviews.current()
)

# %% [markdown]
# The app shows them at once, as it shows its own.
#
# ## Undo, from either side
# A decision taken back in OmniSource loses its tag in FiftyOne with the next push; a tag removed in FiftyOne is undone
# in OmniSource with the next pull. Nothing is deleted: an undoing is a row of its own.

# %%
about_first = reviews.about([bytes.fromhex(images[chosen[0]]["item_key"])])
reviews.undo(about_first[0].id, made_in="notebook")
push(workspace, recipe="omnisource", progress=False)
images.select(chosen[1]).untag_samples("keep")
taken_back = pull(workspace, author="you", progress=False)
tags = dict(zip(chosen[:3], images.select(chosen[:3], ordered=True).values("tags")))
notebook.table({"picture": f"{i}.", "tags now": ", ".join(tags[one]) or "none"} for i, one in enumerate(chosen[:3], 1))

# %% [markdown]
# ## Two people, two opinions
# After the push, a colleague decides in OmniSource to keep the fifth picture, and you drop it in FiftyOne. Nobody is
# overruled in silence: the pull records neither and tells you.

# %%
subject = Subject(key=bytes.fromhex(images[chosen[4]]["item_key"]))
reviews.decide(subject, Verdict.KEEP, made_in="app", author="a colleague")
tag_samples(images, chosen[4:5], Verdict.DROP)
quarrel = pull(workspace, author="you", progress=False)
notebook.table(
    {"FiftyOne says": one.in_fiftyone, "OmniSource says": one.in_omnisource, "by": one.author}
    for one in quarrel.conflicts
)

# %% [markdown]
# You talk, and agree on yours: `prefer="fiftyone"`, on the command line `--prefer fiftyone`.

# %%
settled = pull(workspace, author="you", prefer="fiftyone", progress=False)
notebook.table([{"decided": len(settled.decided), "conflicts": len(settled.conflicts)}])

# %% [markdown]
# ## What it does to the recipe
# Applying the recipe again takes the decisions into account: `reviewed` is what people left. No network is asked.

# %%
from omnisource.pipeline.recipes import label, saved_funnel

before = {step.source: step for step in saved_funnel(workspace, "omnisource")}
after = {step.source: step for step in label(workspace, "omnisource")}
notebook.table(
    {
        "source": name,
        "labelled": step.labelled,
        "reviewed, before": before[name].reviewed,
        "reviewed, now": step.reviewed,
    }
    for name, step in after.items()
)

# %% [markdown]
# To look at all this with your eyes: `omnisource fiftyone app -w small-demo/workspace-2d` installs the operators and
# the panel, pushes what is missing and opens FiftyOne at 127.0.0.1.
#
# **Try this:** tag a pair in `toys-pairs` with `tagging.tag_pairs(..., Verdict.NOT_DUPLICATE)`, pull, and apply the
# recipe: what was left out as a copy may come back.
#
# ## What you should be able to say now

# %%
decided = {review.subject.key: str(review.verdict) for review in reviews.current()}
assert pushed.added > 0 and again.added == again.updated == 0, "a second push finds everything in its place"
assert len(first.decided) == 4 and second.decided == second.undone == (), "each edit is recorded once"
assert tags[chosen[0]] == tags[chosen[1]] == [] and tags[chosen[2]] == ["drop"], "undone from either side"
assert len(taken_back.undone) == 1 and relabelled == 1
assert len(quarrel.conflicts) == 1 and quarrel.decided == (), "nobody is overruled in silence"
assert decided[subject.key] == "drop" and sorted(decided.values()) == ["drop", "drop", "relabel"]

# %% [markdown]
# Clean up: the datasets, the database and the copy.

# %%
fo.delete_datasets("toys-*")
database.terminate()
status = database.wait(timeout=60)
temporary.cleanup()
assert status == 0 and not home.exists(), "nothing is left"

# %% [markdown]
# Next: [13. Your own data](13_your_own_data.ipynb).
