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
# # 6. Scores and thresholds: how sure must the teacher be?
#
# A search brings what a word means to a search engine, and much else. So a *teacher*, a network that was trained on
# your labelled clips alone, says of every web item what it takes it for and how sure it is. A *recipe* keeps what
# passes a line (paper 3.4).
#
# You will learn
# - what a score is, and what lies just above and just below a line;
# - how a line changes the amount of data, its balance over the classes (Fig. 3), and how right it is;
# - how judging a few items by eye tells what a line is worth, with honest error bands.
#
# The same in the app: page **Thresholds**. On the command line, from the folder of these notebooks:
# `omnisource thresholds -w small-demo/workspace-2d --recipe omnisource --set confidence=0.5` counts what a recipe
# would keep, and `omnisource audit` says what people's judgements make of it.

# %% [markdown]
# ## The workspace
# The teacher must have scored the web data; what is missing is built first. Judgements will be written down, so this
# notebook works on a copy of its own.

# %%
import tempfile
from pathlib import Path

from omnisource import notebook
from omnisource.pipeline.small_demo import own_copy
from omnisource.reviews import Reviews, Verdict

shared = notebook.demo_workspace(until="score")
said_before = Reviews(shared.reviews_path).current()
temporary = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
workspace = own_copy(shared, Path(temporary.name) / "toys")
names = workspace.taxonomy().names

# %% [markdown]
# ## What the teacher says
# Twelve items by chance: what each was searched for, and below it the teacher's top class with its probability. Do
# both say the same? Which of the two is right?

# %%
from omnisource.browsing import Browsing
from omnisource.catalog import Catalog
from omnisource.filters import Filters, Order, Sort, Stage

catalog = Catalog(workspace)
browsing = Browsing(catalog)
scored = browsing.with_teacher(Filters(stage=Stage.SCORED))
notebook.wall(workspace, browsing.page(scored, Order(sort=Sort.RANDOM), offset=0, limit=12))

# %% [markdown]
# ## All confidences at once
# A recipe also says *which* class is tested (`label_source`). This one tests the class of the query: a
# web item keeps the label that it was searched for where the teacher finds that likely enough. The teacher's top class,
# which the wall above shows, may be another one.
#
# The scores were measured once and are facts; a line is a decision about them. So all probabilities are counted, and
# every line after that is a look into the counts. Bars left of the line are left out, and pale.

# %%
from omnisource.label.thresholds import bars, counts_of, tally
from omnisource.pipeline.thresholding import change_recipe, cubes_of, ready
from omnisource.shares import evenness

recipe = ready(workspace, change_recipe(workspace.recipe("omnisource"), ["confidence=0.5", "confidence_by_source={}"]))
counts = counts_of(cubes_of(catalog, recipe), recipe.label_source)
told = tally(counts, recipe, workspace.taxonomy())

# %%
import numpy as np

from omnisource.figures import thresholds as figures
from omnisource.palette import colours

shown = colours(source.name for source in workspace.study().sources)
everything = np.ones(told.before.shape, bool)
sides = bars(counts, told.lines, everything)
drawn = figures.confidence_figure(sides, counts.sources, shown, [0.5], tested="probability of the query's class")
notebook.figure(drawn, "Segments by the probability of their query's class, with a line at 0.5")

# %% [markdown]
# An image or a trimmed clip is one segment; a long video has one for every second, which is why it fills the figure.
# So here are the web pictures alone.

# %%
only_pictures = everything & counts.of(("web_image",))[:, None]
sides = bars(counts, told.lines, only_pictures)
drawn = figures.confidence_figure(sides, counts.sources, shown, [0.5], tested="probability of the query's class")
notebook.figure(drawn, "Web pictures by the probability of their query's class, with a line at 0.5")

# %% [markdown]
# ## Moving the line
# What several lines keep of every source. Nothing is scored again for that, and no recipe is saved: `change_recipe`
# makes a draft that is forgotten with the notebook.

# %%
from omnisource.pipeline.thresholding import kept_per_source

lines = (0.0, 0.3, 0.5, 0.7, 0.9)
drafts = {line: change_recipe(recipe, [f"confidence={line}"]) for line in lines}
kept_by_line = {line: kept_per_source(catalog, draft) for line, draft in drafts.items()}
notebook.table(
    {"least confidence": line} | {f"{one.source} kept": one.kept for one in sources}
    for line, sources in kept_by_line.items()
)

# %% [markdown]
# ## Both sides of the line
# The number 0.5 says little; the items next to it say much. First those that are kept, but only just.

# %%
from omnisource.label.line_samples import LineSamples, Selection

samples = LineSamples(catalog, recipe, workspace.taxonomy())
pictures = Selection(sources=("web_image",))
both = samples.around(pictures, limit=6)


def shown_as(sample):
    return f"{names[sample.class_index]} {sample.probability:.3f} ({Path(sample.path).name})"


notebook.pictures({shown_as(one): Path(one.path) for one in both.above}, format=both.above[0].format)

# %% [markdown]
# And those that are left out, but only just. If both rows look the same to you, the line could as well be lower.

# %%
notebook.pictures({shown_as(one): Path(one.path) for one in both.below}, format=both.below[0].format)

# %% [markdown]
# ## More data, or righter data?
# The demo's world was generated, so the truth about every file is known: the only reason why the next table can have
# its last two columns. Precision: how much of what is kept is right. Recall: how much of what is right is kept. A high
# line costs recall for precision. Each number stands on few pictures, so small differences mean nothing.

# %%
from omnisource.demo.truth import grade_scores, read_truth

world = shared.root.parent / "world"
truth = read_truth(world / "truth.json").under("web/image")
tested = samples.around(pictures, limit=5000)
labels = {
    Path(one.path).resolve().relative_to(world.resolve()).as_posix(): (names[one.class_index], one.probability)
    for one in tested.above + tested.below
}

# %%
grades = grade_scores(truth, labels, lines)
notebook.table(
    {"least confidence": line, "pictures kept": int(one.said), "precision": one.precision, "recall": one.recall}
    for line, one in zip(lines, grades)
)

# %% [markdown]
# ## Which classes stay
# A teacher is surer of some classes than of others, so a line for all takes more from some. *Evenness* is 100 % where
# all classes have the same number. In the paper the filtered data is less even than the raw one (Fig. 3), which is why
# training resamples it (notebook 9).

# %%
before, kept = told.before.sum(axis=0), told.kept.sum(axis=0)
notebook.table([{"evenness before": f"{evenness(before):.0%}", "evenness after": f"{evenness(kept):.0%}"}])

# %%
notebook.figure(
    figures.distribution_figure(before, kept, names, log=False), "Segments of each class before and after the line"
)

# %% [markdown]
# The pictures of each class that several lines keep. Follow a row to the right: some classes lose a few pictures, some
# nearly all of them. Such a class can have a line of its own: `confidence_by_class` in a recipe.

# %%
tallies = {line: tally(counts, draft, workspace.taxonomy()) for line, draft in drafts.items()}
per_class = {line: (one.kept * only_pictures).sum(axis=0) for line, one in tallies.items()}
notebook.table(
    {"class": names[k]} | {f"at least {line}": int(of[k]) for line, of in per_class.items()}
    for k in figures.class_order(per_class[0.0])
)

# %%
notebook.table(
    {"least confidence": line, "pictures": int(of.sum()), "evenness": f"{evenness(of):.0%}"}
    for line, of in per_class.items()
)

# %% [markdown]
# ## Without the truth: judge a few
# With your own data nobody knows the truth, but you can look. `drawn` picks items from well above to far below the
# line; for each you say whether it shows the class. Here the world's truth answers in your place, as you would by eye.

# %%
asked = {one.key: one for seed in range(3) for one in samples.drawn(pictures, seed=seed)}
reviews = Reviews(workspace.reviews_path)
for one in asked.values():
    shows = truth.items[Path(one.path).resolve().relative_to(world.resolve()).as_posix()].class_name
    verdict = Verdict.RELEVANT if shows == names[one.class_index] else Verdict.IRRELEVANT
    reviews.decide(one.subject, verdict, class_index=one.class_index, made_in="notebook")

# %% [markdown]
# From the judgements a curve is fitted: how likely is an item of some confidence relevant? With it and the counts,
# every line has a precision and a recall. The bands hold nine cases out of ten: they are wide, since few were judged.

# %%
from omnisource.label.calibrate import threshold_for
from omnisource.pipeline.thresholding import audit_of, judgements

judged = judgements(catalog, recipe)
audited = audit_of(judged, counts, sources=("web_image",))
drawn = figures.audit_figure(audited, line=0.5, wanted=0.8)
notebook.figure(drawn, "Precision and recall of every line, with bands, from the judgements")

# %% [markdown]
# Is the estimate right? Beside it, the truth about all pictures. The estimate assumes that relevance rises smoothly
# with the probability, and in the truth a copy of a validation clip counts as wrong: expect numbers that are near each
# other, not the same.

# %%
estimated = [audited.precision.at(round(1000 * line)) for line in lines]
notebook.table(
    {"least confidence": line, "estimated": middle, "from": low, "to": high, "truth": one.precision}
    for line, (middle, low, high), one in zip(lines, estimated, grades)
)

# %% [markdown]
# The other way round: which line does a wanted precision ask for? The cautious answer wants the lower end of the band
# to reach it; "none" says that too little was judged to be sure. Compare with the truth in the table further up.

# %%
middle, low, high = audited.precision.at(500)


def said(line):
    return "none" if line is None else f"{line:.3f}"


notebook.table(
    {
        "wanted precision": wanted,
        "line": said(threshold_for(audited, wanted, cautious=False)),
        "line, cautious": said(threshold_for(audited, wanted, cautious=True)),
    }
    for wanted in (0.6, 0.7, 0.8, 0.9)
)

# %% [markdown]
# **Try this:** set `confidence=0.2` in the recipe further up and run on: how do the two rows of pictures change?
#
# ## What you should be able to say now

# %%
assert len(judged) == len(asked), "every judgement speaks of a segment that the recipe tests"
assert (told.kept <= told.before).all() and kept.sum() < before.sum(), "a line only takes away"
assert [one.said for one in grades] == sorted((one.said for one in grades), reverse=True), "a higher line keeps less"
assert all(one.probability >= one.least for one in both.above), "kept: on the line or above"
assert all(one.probability < one.least for one in both.below), "left out: below"
assert all((per_class[a] >= per_class[b]).all() for a, b in zip(lines, lines[1:])), "in every class"
assert [int(one.said) for one in grades] == [int(of.sum()) for of in per_class.values()], "counted in two ways"
assert sorted(workspace.recipes()) == sorted(shared.recipes()), "no draft was saved"
assert low <= middle <= high, "the band holds its middle"
assert Reviews(shared.reviews_path).current() == said_before, "the series' own workspace has heard nothing of it"

# %% [markdown]
# Next: [7. From pictures to clips](07_images_to_clips.ipynb).
