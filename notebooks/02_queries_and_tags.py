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
# # 2. Queries and tags: what to search for
#
# You have labelled clips and the names of their classes. From the names come the texts that are searched: a *query* for
# search engines, and *tags*, words written together, for sites where people tag their posts (paper 3.3).
#
# You will learn
# - which texts are made of a class name, and by which rule each;
# - what happens where two classes would get the same text;
# - that nothing is searched before a person has accepted the list, and that every edit is a revision.
#
# The same in the app: page **Collect**. On the command line, in a workspace with labelled clips:
# `omnisource queries -w small-demo/workspace-2d` proposes and shows, `--export queries.csv` lets you edit them in a
# spreadsheet, `--import queries.csv --accept` takes them back.

# %% [markdown]
# ## The workspace
# Only the class names are needed. Queries are written down, so this notebook works on a copy of its own.

# %%
import shutil
import tempfile
from pathlib import Path

from omnisource import notebook
from omnisource.workspace import Workspace

shared = notebook.demo_workspace(until="target").root
temporary = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
workspace = Workspace(Path(shutil.copytree(shared, Path(temporary.name) / "toys")))
names = workspace.taxonomy().names

# %% [markdown]
# The classes, and how many labelled clips there are of each.

# %%
from omnisource.pipeline.balancing import target_counts

notebook.table({"class": name, "labelled clips": int(n)} for name, n in zip(names, target_counts(workspace)))

# %% [markdown]
# ## What is proposed
# One query and a few tags for every class. The rule says where a text comes from, so that you can judge a whole rule at
# once instead of every text.

# %%
from omnisource.pipeline import queries

proposed = queries.propose_queries(workspace)
notebook.table(
    {"class": names[one.class_index], "searched as": one.text_kind, "text": one.text, "rule": one.rule, "used": one.use}
    for one in proposed.queries[:16]
)

# %% [markdown]
# ## With real names
# Generated toys have simple names. Names of real datasets show more: words in brackets, two things in one class, camel
# case as in UCF101. People also tag an action in other word orders and forms than a dataset names it.

# %%
from omnisource.collect.queries import propose

real = ["playing guitar", "PlayingGuitar", "shooting goal (soccer)", "riding or walking with horse"]
texts = propose(real)
notebook.table({"class": real[one.class_index], "searched as": one.text_kind, "text": one.text} for one in texts)

# %% [markdown]
# The first two names mean the same, so they want the same texts. What such a search finds could belong to either class,
# so a text that several classes want is not used for all of them. The proposals that are switched off:

# %%
off = [one for one in texts if not one.use]
notebook.table({"class": real[one.class_index], "searched as": one.text_kind, "not used": one.text} for one in off)

# %% [markdown]
# ## Edit, then accept
# Only you know that a word has a second meaning. Here one tag is switched off. Saving writes a whole new revision; the
# one before stays, and can be brought back.

# %%
from dataclasses import replace

tag = next(one for one in proposed.queries if one.text_kind == "tag" and one.use)
changed = [replace(one, use=False) if one == tag else one for one in proposed.queries]
edited = queries.save(workspace, changed, based_on=proposed.number)
accepted = queries.accept(workspace, edited.number, author="you")
notebook.table([{"revision": accepted.number, "accepted by": accepted.accepted.author, "switched off": tag.text}])

# %% [markdown]
# **Try this:** call `queries.save(..., based_on=proposed.number)` once more. It is refused, since another revision was
# written since: two people who edit at once cannot overwrite each other.
#
# ## What you should be able to say now

# %%
assert {one.class_index for one in proposed.queries} == set(range(len(names))), "every class has something to search"
assert proposed.accepted is None and accepted.accepted is not None, "a person decides"
assert accepted.number == proposed.number + 1, "an edit is a new revision"
assert sum(one.use for one in proposed.queries) - sum(one.use for one in accepted.queries) == 1
used = [(one.text_kind, one.text.casefold()) for one in texts if one.use]
assert off and len(used) == len(set(used)), "no text is searched for two classes"

# %% [markdown]
# Next: [3. Collecting politely](03_collecting_politely.ipynb).
