"""How the page Thresholds names things, and what it offers to copy."""

import shlex

from app import shared
from app.threshold_draft import Draft
from omnisource.workspace import Workspace

TESTED = {
    "teacher": "confidence of the top class",
    "query": "probability of the query's class",
    "agreement": "confidence, where query and teacher agree",
    "listed": "1: a released list keeps it, 0: it does not",
}


def as_command(workspace: Workspace, draft: Draft, *options: str) -> str:
    """What the recipe would keep, as a command line."""
    settings = "".join(f" \\\n  --set {shlex.quote(setting)}" for setting in draft.settings)
    more = "".join(f" {option}" for option in options)
    return f"omnisource thresholds {shared.shell_quoted(workspace)} --recipe {shlex.quote(draft.base)}{more}{settings}"


def as_cell(workspace: Workspace, draft: Draft) -> str:
    """The same as a notebook cell."""
    return f"""from pathlib import Path

from omnisource.catalog import Catalog
from omnisource.pipeline.thresholding import change_recipe, kept_per_source
from omnisource.workspace import Workspace

workspace = Workspace(Path({str(workspace.root)!r}))
recipe = change_recipe(workspace.recipe({draft.base!r}), {draft.settings!r})
kept_per_source(Catalog(workspace), recipe)"""


def audit_command(workspace: Workspace, draft: Draft, class_name: str | None, source: str | None, wanted: float) -> str:
    """What judgements say of the lines, as a command line."""
    options = [f"--precision {wanted:g}"]
    options += [] if class_name is None else [f"--class {shlex.quote(class_name)}"]
    options += [] if source is None else [f"--source {shlex.quote(source)}"]
    return as_command(workspace, draft, *options).replace("omnisource thresholds", "omnisource audit", 1)


def audit_cell(workspace: Workspace, draft: Draft, class_index: int | None, source: str | None, wanted: float) -> str:
    """The same as a notebook cell."""
    sources = None if source is None else (source,)
    return f"""from pathlib import Path

from omnisource.catalog import Catalog
from omnisource.label.calibrate import threshold_for
from omnisource.label.thresholds import counts_of
from omnisource.pipeline.thresholding import audit_of, change_recipe, cubes_of, judgements, ready
from omnisource.workspace import Workspace

workspace = Workspace(Path({str(workspace.root)!r}))
catalog = Catalog(workspace)
recipe = ready(workspace, change_recipe(workspace.recipe({draft.base!r}), {draft.settings!r}))
counts = counts_of(cubes_of(catalog, recipe), recipe.label_source)
audited = audit_of(judgements(catalog, recipe), counts, sources={sources!r}, class_index={class_index!r})
threshold_for(audited, {wanted:g}, cautious=False), threshold_for(audited, {wanted:g}, cautious=True)"""


def overlap_command(workspace: Workspace, first: str, second: str) -> str:
    """Two saved recipes side by side, as a command line."""
    return f"omnisource overlap {shlex.quote(first)} {shlex.quote(second)} {shared.shell_quoted(workspace)}"


def overlap_cell(workspace: Workspace, first: str, second: str) -> str:
    """The same as a notebook cell."""
    return f"""from pathlib import Path

from omnisource.catalog import Catalog
from omnisource.label.recipe_overlap import overlap
from omnisource.pipeline.thresholding import ready
from omnisource.workspace import Workspace

workspace = Workspace(Path({str(workspace.root)!r}))
both = [ready(workspace, workspace.recipe(name)) for name in ({first!r}, {second!r})]
overlap(Catalog(workspace), *both, workspace.taxonomy())"""
