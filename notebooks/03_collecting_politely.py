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
# # 3. Collecting politely: from queries to files
#
# A crawler is a guest. It asks slowly, obeys what a site says about crawlers, writes down everything that it did, and
# forgets what it is told to forget. Here it visits a small web that runs inside this notebook and is full of traps;
# nothing leaves this machine (paper 3.3).
#
# You will learn
# - how a search is planned in cells: one query, one source, one date window;
# - how every address ends with a reason, and how to see that no rule was broken;
# - why a second run asks for nothing again, and how to take a domain out for good.
#
# The same in the app: page **Collect**. On the command line: `omnisource collect -w WORKSPACE`. To try it, run
# `omnisource demo DEMO --from-web`: it does the same, trains on what it found, and leaves a workspace for the app.

# %% [markdown]
# ## A web in a box
# The mini-web serves the web files of the small demo under a dozen host names. It answers searches, has galleries and
# redirects, and misbehaves as the real web does. What it planted is known beforehand, so that we can check.

# %%
from omnisource import notebook
from omnisource.notebook import DEMO
from omnisource.pipeline.mini_web import open_web

demo = notebook.demo_workspace(until="target")
web = open_web(DEMO / "world")
notebook.table({"trap": str(trap), "addresses": count} for trap, count in web.plan.planted().items())

# %% [markdown]
# ## A workspace that searches
# Its sources are no folders but searches: pictures, in date windows; clips, by tag; long videos. It lies in a temporary
# folder, and has the labelled clips and the class names of the small demo.

# %%
import tempfile
from pathlib import Path

from omnisource.demo.web_study import quick_fetch, searched_sources
from omnisource.pipeline import collecting, queries
from omnisource.workspace import Workspace

temporary = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
own = {"sources": searched_sources(), "fetch": quick_fetch(web.resolve)}
workspace = Workspace.create(Path(temporary.name) / "work", demo.study().model_copy(update=own))
collecting.collect_target(workspace)
notebook.table(
    {"source": one.name, "format": str(one.format), "searched by": one.search.text, "address": one.search.endpoint}
    for one in workspace.study().searched
)

# %% [markdown]
# `fetch.resolve` of the study is what keeps us in the box: it says where each of the made-up host names leads, to a
# port of this machine. The other settings are the manners: here, for hosts that need no rest, and as they usually are.

# %%
from omnisource import config

fetch, usual = workspace.study().fetch, config.FetchConfig()
shown = ("requests_per_second", "timeout_s", "max_elapsed_s", "max_attempts", "failures_in_a_row", "obey_opt_out")
notebook.table({"setting": name, "here": getattr(fetch, name), "usually": getattr(usual, name)} for name in shown)

# %% [markdown]
# ## Plan before you ask
# The queries (notebook 2) are proposed, and we accept them. Then the plan can be seen, before anybody was asked.

# %%
from omnisource.pipeline.plan_preview import preview

queries.accept(workspace, queries.propose_queries(workspace).number, author="the notebook")
plan = {one.source: one for one in preview(workspace)}
notebook.table(
    {
        "source": one.source,
        "texts": one.num_texts,
        "date windows": one.num_windows,
        "cells to ask": one.num_waiting,
        "budget, requests": one.max_requests,
    }
    for one in plan.values()
)

# %% [markdown]
# Why windows? A search shows only so many results of anything, here 16. Asking for one year at a time gives more; and a
# window that still comes back full is split in two.
#
# ## Search
# From here on the mini-web answers. `search` fills the tables `cells` and `candidates`: addresses, no files yet.

# %%
from contextlib import ExitStack

from omnisource.pipeline import searching

server = ExitStack()
server.enter_context(web.serving())
found = searching.search(workspace, progress=False)
notebook.table(
    {"source": name, "cells": one.cells, "requests": one.requests, "results": one.returned, "new addresses": one.new}
    for name, one in found.items()
)

# %% [markdown]
# As many cells were asked as planned: no window came back full, so none was split. Clips gave three results for each
# new address, since several tags of a class find the same clip. What each query of pictures gave in each window:

# %%
from omnisource.catalog import Catalog
from omnisource.figures.collect import yield_figure
from omnisource.pipeline.yields import cell_yields

cells = cell_yields(workspace, Catalog(workspace), None, source_name="web_image")
drawn = yield_figure(cells, "new", title="new")
notebook.figure(drawn, "New addresses of pictures, by query (rows) and date window (columns)")

# %% [markdown]
# ## Fetch
# Now the files. This takes some ten seconds: traps that drip are left when their time is over, and where a host says
# "come back later", the crawler does.

# %%
from omnisource.pipeline import fetching

fetched = fetching.fetch(workspace, progress=False)
print(f"{fetched.attempts} attempts, {fetched.items} items, {fetched.repeats} contents that were there already")

# %% [markdown]
# Every address ended with a reason, which lies in the table `attempts`. `ok` is what we wanted.

# %%
from omnisource.pipeline.fetch_outcomes import by_reason, fetch_outcomes

outcomes = fetch_outcomes(workspace, Catalog(workspace))
notebook.table({"reason": reason, "addresses": count} for reason, count in by_reason(outcomes).items())

# %% [markdown]
# What stands behind a reason: a host, whether a later run may try again, and an example with what was said of it.

# %%
odd = {one.reason: one for one in outcomes if one.reason != "ok"}
notebook.table(
    {"reason": one.reason, "host": one.host, "again": one.may_retry, "example": one.example} for one in odd.values()
)

# %% [markdown]
# `host_left_alone` is the important one for manners: after eight refusals in a row the host is not asked any more, and
# what was left of its addresses waits for a later run.
#
# ## Planted and found
# A test that only a made-up web allows: was each trap met, and taken for what it is?

# %%
from omnisource.pipeline.planted import compare_planted

planted = compare_planted(workspace, web.plan)
notebook.table(
    {"what": row.kind, "seen as": row.seen_as, "planted": row.planted, "found": row.found} for row in planted
)

# %% [markdown]
# ## Was any rule broken?
# The mini-web remembers every request, so we need not trust the crawler's own word. The gallery forbids its folder
# `/private/` in its robots.txt. How often was robots.txt asked for, and how often something in that folder?

# %%
asked = web.requests()
forbidden = [one for one in asked if one.path.startswith("/private/")]
robots = [one for one in asked if one.path == "/robots.txt"]
counts = {"requests": asked, "for media": web.media_requests(), "for robots.txt": robots, "in /private/": forbidden}
notebook.table([{name: len(of) for name, of in counts.items()}])

# %% [markdown]
# The rules themselves, as the crawler reads them. The longest pattern that matches decides; no match means yes.

# %%
from omnisource.collect.robots import parse_rules

rules = parse_rules(web.answer("gallery.example", "/robots.txt").body.decode(), "OmniSource")
notebook.table({"path": path, "may be asked": rules.allows(path)} for path in ("/p/1.jpg", "/private/1.jpg"))

# %% [markdown]
# Two other ways to say no are headers of an answer: `X-Robots-Tag: noai` and `tdm-reservation: 1`. Such a file is not
# kept. And addresses that lead into this machine or its network are never followed: a web page could otherwise make a
# crawler fetch what only you can reach.
#
# ## What came of it
# Items have their address and the class that they were searched for. Nobody has looked into the files yet.

# %%
from omnisource.browsing import Browsing
from omnisource.filters import Filters, Order, Sort

items = Browsing(Catalog(workspace)).page(Filters(), Order(sort=Sort.RANDOM), offset=0, limit=12)
notebook.wall(workspace, items)

# %% [markdown]
# ## Once more
# The same again. What was asked is written down, and nothing is asked twice but what may be tried again. A host that
# wants to be left alone is left alone for an hour, so this run asks for nothing at all.

# %%
before = len(web.requests())
searching.search(workspace, progress=False)
again = fetching.fetch(workspace, progress=False)
asked_again = web.requests()[before:]
notebook.table([{"requests of the second run": len(asked_again), "new items": again.items}])

# %% [markdown]
# ## Forget a domain
# Somebody asks you to remove what came from their site. First it is only counted, as by
# `omnisource forget --domain art.example`; then it is done, as by the same with `--yes`.

# %%
from omnisource.pipeline.forgetting import forget

told = {really: forget(workspace, domains=["art.example"], really=really) for really in (False, True)}
notebook.table(
    {"removed": one.is_done, "addresses": one.addresses, "contents": one.contents, "files": one.files}
    for one in told.values()
)

# %% [markdown]
# Files and rows are gone. What is kept is the list of what must not come back: even a whole new search, which finds
# these addresses again, leads to no request to that host. The rest is known and is not fetched again either.

# %%
before = len(web.requests())
searching.search(workspace, progress=False, redo=True)
fetching.fetch(workspace, progress=False)
anew = web.requests()[before:]
server.close()
of_host = [row for row in workspace.table("items").read().to_pylist() if "//art.example/" in row["url"]]
asked_host = [one for one in anew if one.host == "art.example"]
notebook.table(
    [{"requests, searching anew": len(anew), "to art.example": len(asked_host), "items from there": len(of_host)}]
)

# %% [markdown]
# Where networks were trained with such files, the runs are named: what a network has learnt cannot be taken out of it,
# it can only be trained anew.
#
# **Try this:** add `"obey_opt_out": False` to the fetch settings (`quick_fetch(...).model_copy(update=...)`), collect
# again, and see which reason is gone. Then think about whose wish you have just passed over.
#
# ## What you should be able to say now

# %%
assert all(row.is_right for row in planted), "every trap was met, and taken for what it is"
assert robots and not forbidden, "robots.txt was read, and obeyed"
assert all(found[name].cells >= one.num_waiting for name, one in plan.items()), "the plan was carried out"
assert fetched.items == len(web.plan.contents()), "what may be had was got, each content once"
assert not asked_again and again.items == 0, "nothing is asked twice"
assert told[False].contents == told[True].contents > 0, "what was counted is what was removed"
assert anew and not asked_host and not of_host, "what is forgotten stays forgotten"
assert not any(one.is_media for one in anew), "and what was fetched is not fetched again"
temporary.cleanup()

# %% [markdown]
# Next: [4. Cleaning](04_cleaning.ipynb): which of these files can be used at all?
