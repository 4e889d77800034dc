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
# # 3. Collecting politely
#
# Searching and downloading means using other people's machines. A crawler that asks too fast, ignores a "please do not"
# or never gives up does harm. This notebook collects from a *mini-web*: a small web on this very machine, with known
# traps. Nothing leaves your computer (paper 3.3).
#
# You will learn
# - the rules that hold for every request: `robots.txt`, a pace for each host, giving up in time;
# - how accepted queries become candidates, and candidates files;
# - how to read what went wrong, and what each query gave.
#
# The same in the app: page **Collect**. On the command line: `omnisource collect -w WORKSPACE`; the mini-web of the
# demo is served by `omnisource mini-web`.

# %% [markdown]
# ## A site says what it does not want
# `robots.txt` is a site's house rules. They are asked for before anything else.

# %%
from omnisource import notebook
from omnisource.collect.robots import parse_rules

text = "User-agent: *\nDisallow: /private/\nAllow: /private/open.jpg\nCrawl-delay: 2"
rules = parse_rules(text, "OmniSource/0.1")
paths = ("/cat.jpg", "/private/cat.jpg", "/private/open.jpg")
notebook.table({"path": path, "may be fetched": "yes" if rules.allows(path) else "no"} for path in paths)

# %% [markdown]
# ## A workspace with names only
# It knows the classes of the demo's labelled clips and has no web data. It lies in a folder of its own, and is gone at
# the end.

# %%
import tempfile
from pathlib import Path

from omnisource.demo.web_study import web_study
from omnisource.pipeline import demonstration, small_demo, web_demonstration
from omnisource.pipeline.mini_web import open_web
from omnisource.workspace import Workspace

folder = notebook.demo_workspace(until="target").root.parent
world = demonstration.make_world(folder, seed=0, say=print, size=small_demo.SMALL)
temporary = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
workspace = Workspace.create(Path(temporary.name) / "collected", web_study(world, dims=2, resolve={}))

# %% [markdown]
# ## Collect
# Queries are proposed and accepted (notebook 2), searched, and what was found is downloaded. Because the host is this
# machine, its rate is far higher than the one request a second that is usual elsewhere.

# %%
web = open_web(world.truth.parent)
web_demonstration.collect(workspace, web, say=print)

# %% [markdown]
# The mini-web wrote down what it was asked. Many media were asked for once; a second try is for those that failed in a
# way that may pass.

# %%
from collections import Counter

requests = web.requests()
statuses = Counter(one.status for one in requests)
notebook.table({"HTTP status": str(status), "answers": number} for status, number in sorted(statuses.items()))

# %% [markdown]
# ## What each query gave
# Of the pictures: a row per query, a column per span of dates. Searches return at most so many results, so a long span
# that is full is split in two.

# %%
from omnisource.catalog import Catalog
from omnisource.figures.collect import yield_figure
from omnisource.pipeline.yields import by_source, cell_yields

cells = cell_yields(workspace, Catalog(workspace), None)
pictures = [one for one in cells if one.source == "web_image"]
notebook.figure(yield_figure(pictures, "fetched", title="files"), "Files that each query gave in each span of dates")

# %% [markdown]
# Source by source: what searches returned, what of it was new, and what could be downloaded.

# %%
notebook.table(
    {"source": one.source, "returned": one.returned, "new": one.new, "fetched": one.fetched} for one in by_source(cells)
)

# %% [markdown]
# Some of what came. Nobody has looked at it yet: whether a file can be decoded is for notebook 4.

# %%
from omnisource.browsing import Browsing
from omnisource.filters import Filters, Order, Sort

found = Browsing(Catalog(workspace)).page(Filters(), Order(sort=Sort.RANDOM), offset=0, limit=12)
notebook.wall(workspace, found)

# %% [markdown]
# ## Again, please
# Collecting can be stopped at any moment and goes on where it was. Asked again, it downloads nothing twice.

# %%
again = open_web(world.truth.parent)
web_demonstration.collect(workspace, again, say=print)

# %% [markdown]
# ## What you should be able to say now

# %%
assert [rules.allows(path) for path in paths] == [True, False, True] and rules.crawl_delay_s == 2
assert found and all(Path(item.path).is_file() for item in found), "files were downloaded"
assert all(one.fetched <= one.new <= one.returned for one in by_source(cells)), "each step only loses"
assert any(one.path.startswith("/robots.txt") for one in requests), "the house rules were asked for"
assert web.media_requests() and not again.media_requests(), "the second time nothing is downloaded"

# %% [markdown]
# Next: [4. Cleaning](04_cleaning.ipynb).
