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
# # 2. Queries and tags: what is searched for each class
#
# Collecting begins with nothing but class names. A search engine is asked for the name itself; a site that is searched
# by tag is asked for three or four single words made of it, since people tag in many ways (paper 3.3).
#
# You will learn
# - how a class name becomes a query and tags, by which rule, and where the rules are at a loss;
# - what happens to a text that would stand for two classes;
# - how a person edits and accepts the list. Nothing is searched before.
#
# The same in the app: page **Collect**, its table of queries. On the command line:
# `omnisource queries -w small-demo/workspace-2d` proposes and shows; `--export`, `--import` and `--accept` follow.

# %% [markdown]
# ## From a name to a query and tags
# Rules, and no language model: the same name gives the same texts, and beside each stands how it was made. The example
# of the paper first.

# %%
from omnisource import notebook
from omnisource.collect.queries import propose


def proposed(*names: str):
    return notebook.table(
        {"class": names[one.class_index], "kind": one.text_kind, "text": one.text, "rule": one.rule, "use": one.use}
        for one in propose(names)
    )


# %%
notebook.table({"kind": one.text_kind, "text": one.text, "rule": one.rule} for one in propose(["beekeeping"]))

# %% [markdown]
# The query is the name and nothing more: adding words to it would change what is found. A tag is one word. "keepbee"
# is hardly English, but it costs one search, and a tag that nobody uses simply finds nothing.
#
# Other shapes of names: joined capitals, a verb with a particle, "or" (which gives tags of both), and brackets, which
# tell two meanings apart.

# %%
proposed("ApplyEyeMakeup", "blowing out candles", "throwing or catching ball", "shooting goal (soccer)")

# %% [markdown]
# ## Why not an ordinary stemmer?
# Stemmers of search engines cut endings off until related words look alike. What they leave need not be a word, and
# nobody tags with it. Here a list of verbs decides, and English spelling for what the list lacks.

# %%
from omnisource.collect.stems import base_form

snowball = {"running": "run", "dancing": "danc", "skydiving": "skydiv", "juggling": "juggl", "tying": "tie"}
snowball |= {"swimming": "swim", "ceiling": "ceil"}  # what the stemmer of that name makes of them
notebook.table({"word": word, "stemmer": stem, "here": base_form(word) or "no verb"} for word, stem in snowball.items())

# %% [markdown]
# ## One text, two classes
# A picture that is found with "cardplay" cannot say which of two classes it was found for. Such a text is listed for
# both and used for neither, unless it is the first of its kind for one of them and for no other. Look at the column
# `use`: "cardplaying" stays with *card playing*, "cardplay" with neither.

# %%
from omnisource.collect.queries import shared_texts

cards = ("playing cards", "card playing", "throwing cards")
for (kind, text), classes in shared_texts(propose(cards)).items():
    print(f"{kind} {text!r} stands for {' and '.join(cards[index] for index in classes)}")
proposed(*cards)

# %% [markdown]
# ## The list of a workspace
# From here on in a workspace of its own, in a temporary folder, with the classes of the small demo: four toys that
# spin, swing or bounce. `omnisource init` makes one on the command line.

# %%
import tempfile
from pathlib import Path

from omnisource.pipeline import collecting, queries
from omnisource.workspace import Workspace

demo = notebook.demo_workspace(until="target")
temporary = tempfile.TemporaryDirectory()
home = Path(temporary.name)
workspace = Workspace.create(home / "work", demo.study())
print(collecting.collect_target(workspace), "labelled clips")
first = queries.propose_queries(workspace)
names = workspace.taxonomy().names

# %% [markdown]
# One line for each class.

# %%
notebook.table(
    {
        "class": name,
        "query": ", ".join(one.text for one in first.queries if (one.class_index, one.text_kind) == (k, "query")),
        "tags": ", ".join(one.text for one in first.queries if (one.class_index, one.text_kind) == (k, "tag")),
    }
    for k, name in enumerate(names)
)

# %% [markdown]
# ## A person looks through it
# The list is a proposal. As long as nobody has accepted it, a search refuses to begin and says what to do.

# %%
from omnisource.errors import DataError, WorkspaceError

told = {}
try:
    queries.accepted_queries(workspace)
except WorkspaceError as error:
    told["too early"] = str(error)
print(told["too early"])

# %% [markdown]
# The list as a CSV, for a spreadsheet or for a colleague. On the command line: `omnisource queries --export
# queries.csv`. The order of the lines is the rank; `use` switches a text off without forgetting it.

# %%
from omnisource.collect import query_lists

csv = home / "queries.csv"
csv.write_text(query_lists.write_csv(first.queries, workspace.taxonomy()))
print(*csv.read_text().splitlines()[:6], "...", sep="\n")

# %% [markdown]
# Two edits, as one would make them in a spreadsheet: the last tag of the first class is switched off, and a query of
# our own is added to it. It reads back as a new *revision*; the first is kept.

# %%
head, *lines = csv.read_text().splitlines()
of_first = [line for line in lines if line.startswith(f"{names[0]},tag,")]
own = f"{names[0].replace('_', ' ')} toy"
switched = of_first[-1].replace(",yes,", ",no,")
lines = [switched if line == of_first[-1] else line for line in lines]
csv.write_text("\n".join([head, *lines, f"{names[0]},query,{own},yes,,"]))
edited = query_lists.read_csv(csv, workspace.taxonomy(), first.queries)
second = queries.save(workspace, edited, based_on=first.number)

# %%
notebook.table(
    {"revision": second.number, "kind": one.text_kind, "text": one.text, "use": one.use, "rule": one.rule}
    for one in second.queries
    if one.class_index == 0
)

# %% [markdown]
# What a person wrote has the rule "person". New proposals (`--anew`) only add what was never there: what you edited or
# removed stays as you left it.

# %%
same = queries.propose_queries(workspace, anew=True)
print(f"revision {same.number}, as before: {same == second}")

# %% [markdown]
# Mistakes are told line by line, and nothing is written: a tag of two words, the query of another class, a class that
# does not exist.

# %%
wrong = [head, f"{names[0]},tag,two words,yes,,", f"{names[0]},query,{names[1]},yes,,"]
csv.write_text("\n".join([*wrong, f"{names[1]},query,{names[1]},yes,,", "flying pig,query,pig,yes,,"]))
try:
    query_lists.read_csv(csv, workspace.taxonomy())
except DataError as error:
    told["mistakes"] = str(error).replace(f"{home}/", "")
print(told["mistakes"])

# %% [markdown]
# ## Accepted
# Now they may be searched. Who accepted which revision is kept; a later edit has to be accepted again.

# %%
accepted = queries.accept(workspace, second.number, author="the notebook")
searched = queries.accepted_queries(workspace)
notebook.table([{"by": accepted.accepted.author, "revision": second.number} | {k: len(v) for k, v in searched.items()}])

# %% [markdown]
# What that means in requests: each query is asked once, or once in every date window, since a search engine shows only
# the first few hundred results of anything (notebook 3). So texts times windows is the least number of requests.

# %%
windows = 4
notebook.table(
    {"kind": kind, "texts": len(texts), f"requests in {windows} windows": windows * len(texts)}
    for kind, texts in searched.items()
)

# %% [markdown]
# An edit too many is undone by writing an earlier revision once more. It is a revision like any other, so it waits to
# be accepted.

# %%
third = queries.restore(workspace, first.number, based_on=second.number)
print(
    f"revision {third.number}: as the first: {third.queries == first.queries}; accepted: {third.accepted is not None}"
)

# %% [markdown]
# **Try this:** give `proposed` the names of your own classes. Which tags would you switch off, and which words do
# people use that the rules cannot know?
#
# ## What you should be able to say now

# %%
texts = [one.text for one in propose(["beekeeping"])]
assert texts == ["beekeeping", "beekeeping", "beekeep", "keepingbee", "keepbee"], "the paper's example"
assert base_form("skydiving") == "skydive" and base_form("ceiling") is None
assert any(not one.use for one in propose(cards)), "a text of two classes is not used for both"
assert "not accepted" in told["too early"] and len(told["mistakes"].splitlines()) == 3
assert (second.number, same.number, third.number) == (2, 2, 3), "an edit is a revision; proposing again is none"
assert (0, own) in searched["query"] and all(len(text.split()) == 1 for _, text in searched["tag"])
assert third.accepted is None, "every revision has to be accepted"
temporary.cleanup()

# %% [markdown]
# Next: [3. Collecting politely](03_collecting_politely.ipynb), where these texts are searched.
