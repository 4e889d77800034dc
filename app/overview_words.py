"""How the overview and the page of sources say things: stages, steps, spans of time, links."""

import time
from collections.abc import Mapping
from urllib.parse import urlencode

from app import browse_words
from app.train_words import span
from omnisource.filters import Stage
from omnisource.pipeline.overview import Reached
from omnisource.types import Format
from omnisource.workspace import Workspace

STAGES = {
    "target": "Read the labelled clips",
    "search": "Search the web",
    "fetch": "Download what was found",
    "add": "Add web data",
    "check": "Check every item",
    "flow": "Measure optical flow",
    "teach": "Train the teachers",
    "score": "Let the teachers score",
    "motion": "Fit the camera motion",
    "similar": "Look for duplicates",
    "label": "Apply the recipes",
    "train": "Train the students",
    "evaluate": "Test the runs",
    "compare": "Compare with the baseline",
}
STATES = {
    "done": ":green[:material/check_circle:]",
    "partly": ":orange[:material/clock_loader_40:]",
    "to_do": ":gray[:material/radio_button_unchecked:]",
    "not_needed": ":gray[:material/remove:]",
}
STEPS = {
    Reached.FOUND: ("Found", "Files of the source that became items."),
    Reached.VALID: ("Valid", "Items that can be decoded and are large enough."),
    Reached.SCORED: ("Scored", "Valid items that the teacher has looked at."),
    Reached.NOT_DUPLICATE: ("Not a duplicate", "Items that are no copies of labelled clips."),
    Reached.CONFIDENT: ("Kept by the teacher", "Items of which the teacher is sure enough."),
    Reached.KEPT: ("In the recipe", "Items that training draws, after the label source, people's words and caps."),
}
"""Title and hint."""
FORMATS = {Format.IMAGE: "images", Format.TRIMMED: "clips", Format.UNTRIMMED: "long videos", None: "unknown"}
LOOK = "overview_look"
"""Query parameter of what is looked at on the page."""


def destination(
    workspace: Workspace, step: Reached, source: str | None, recipe: str | None, teacher: str | None
) -> tuple[str, dict[str, str]]:
    """Page and query parameters that show the items of a source at a step; None: of all sources.

    `teacher`: whose scores brought them there. Where that is not one, the wall of Browse cannot show what was kept.
    """
    here = {"workspace": str(workspace.root)}
    if step is Reached.KEPT and teacher is not None:
        here |= {"browse_teacher": teacher}
        return "browse", here | browse_words.link(stage=Stage.KEPT, source=source, recipe=recipe)
    if step in (Reached.FOUND, Reached.VALID):
        return "browse", here | browse_words.link(stage=Stage(step), source=source)
    return "overview", here | {LOOK: look(step, source, recipe)}


def look(step: Reached, source: str | None, recipe: str | None) -> str:
    """What is looked at on the page, as links have it; recipes' names are last, since they may hold anything."""
    return f"{step}/{source or ''}/{recipe or ''}"


def looked_at(link: str) -> tuple[str, str | None, str | None]:
    """Step, source and recipe of such a link."""
    step, _, rest = link.partition("/")
    source, _, recipe = rest.partition("/")
    return step, source or None, recipe or None


def href(page: str, parameters: Mapping[str, str]) -> str:
    """A link that opens in another window too; the overview is the app's root."""
    return f"{'/' if page == 'overview' else page}?{urlencode(parameters)}"


def ago(changed_s: float | None) -> str:
    """When something happened, for a person."""
    return (
        "" if changed_s is None else f"{span(max(time.time() - changed_s, 0))} ago".replace(" ", "\N{NO-BREAK SPACE}")
    )
