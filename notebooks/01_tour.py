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
# You have a few labelled clips per class, and the web has millions of pictures and videos that may show the same. This
# tour goes once through everything that lies between: find, clean, score, decide, train. The other notebooks take one
# step each.
#
# You will learn
# - the stages, in their order, and what each hands to the next;
# - that facts are measured once, and decisions are made about them as often as you like;
# - how to look at the data after every stage.
#
# This is section 3 of the paper. The same in the app: page **Overview**, from which every other page is reached. On the
# command line: `omnisource run -w small-demo/workspace-2d`, and `omnisource status -w small-demo/workspace-2d`.

# %% [markdown]
# ## The workspace
# A workspace is one folder with everything in it. That of this series holds generated toys that spin, swing and bounce;
# the first notebook that is run builds it, which takes a minute or two.

# %%
from omnisource import notebook

workspace = notebook.demo_workspace(until="label")
names = workspace.taxonomy().names

# %% [markdown]
# ## Find
# What the search brought, by chance, with the query of each. Not everything shows what was searched for.

# %%
from omnisource.browsing import Browsing
from omnisource.catalog import Catalog
from omnisource.filters import Filters, Order, Sort, Stage

catalog = Catalog(workspace)
browsing = Browsing(catalog)
notebook.wall(workspace, browsing.page(Filters(), Order(sort=Sort.RANDOM), offset=0, limit=12))

# %% [markdown]
# ## Clean
# Files that cannot be decoded, or are too small to show anything, are left out with a reason (notebook 4). Copies of
# labelled clips are suspects (notebook 5).

# %%
notebook.wall(workspace, browsing.page(Filters(stage=Stage.DROPPED), Order(), offset=0, limit=8))

# %% [markdown]
# ## Score
# A teacher that was trained on the labelled clips says what it takes each item for. These are the ones it is surest of,
# and disagrees with the query: is it right?

# %%
doubted = browsing.with_teacher(Filters(stage=Stage.SCORED, agrees=False))
notebook.wall(workspace, browsing.page(doubted, Order(sort=Sort.CONFIDENT), offset=0, limit=8))

# %% [markdown]
# ## Decide
# A recipe keeps what is no copy and what the teacher is sure enough of (notebook 6). How far the items of each source
# came:

# %%
from omnisource.pipeline.overview import shown_steps, yields

sources = yields(workspace, catalog, "omnisource")
steps = shown_steps(sources)
notebook.table({"source": one.source} | {str(step): one.counts[step] for step in steps} for one in sources)

# %% [markdown]
# What was kept is the *auxiliary set*. Compare this wall with the first one.

# %%
kept = browsing.with_teacher(Filters(stage=Stage.KEPT, recipe="omnisource"))
notebook.wall(workspace, browsing.page(kept, Order(sort=Sort.RANDOM), offset=0, limit=12))

# %% [markdown]
# ## Train
# Pictures become clips (notebook 7), long videos give snippets (notebook 8), and all are trained together with the
# labelled clips (notebooks 9 and 10). What an update would hold:

# %%
from omnisource.figures.balance import batch_figure
from omnisource.palette import colours
from omnisource.pipeline.balancing import plan_run

study = workspace.study()
plan = plan_run(workspace, study.student, "omnisource")
shown = colours(source.name for source in study.sources)
notebook.figure(batch_figure(plan, shown), "Examples of each source that an update reads")

# %% [markdown]
# Whether it helped is a question for the validation clips, answered in notebook 11.
#
# ## What you should be able to say now

# %%
for one in sources:
    counted = [one.counts[step] for step in steps if one.counts[step] is not None]
    assert counted == sorted(counted, reverse=True), "every stage only takes away"
assert 0 < browsing.count(kept) < browsing.count(Filters()), "something is kept, and not everything"
assert plan.batch["target"] > 0 and set(plan.batch) > {"target"}, "labelled and web data share an update"

# %% [markdown]
# Next: [2. Queries and tags](02_queries_and_tags.ipynb).
