"""How the page Results calls what it shows, and the same as command lines and notebook cells."""

import shlex
from collections.abc import Mapping, Sequence

from omnisource.pipeline.gains import FlippedClip, Kind, Scope
from omnisource.pipeline.web_behind import Certainty

KINDS = {Kind.GAINED: "Now right", Kind.LOST: "Now wrong", Kind.MOVED: "Wrong in another way"}
CERTAINTIES = {
    Certainty.SUREST: "Surest first",
    Certainty.LEAST_SURE: "Least sure first",
    Certainty.NEAREST: "Nearest to these clips",
}
TABLES = {"runs": "Side by side", "sources": "By source", "procedures": "Procedures of Table 1"}
WHY_NOT_NEAREST = (
    "Which web data lies nearest to a clip is known once a network has seen both (`omnisource duplicates`); until then "
    "these are all examples of the chosen classes."
)


def change_note(clip: FlippedClip, kind: Kind, names: Sequence[str]) -> str:
    """What the runs take a clip for, as far as it is not what it is."""
    if kind is Kind.GAINED:
        return f"was {names[clip.before]} {clip.confidence_before:.2f}"
    if kind is Kind.LOST:
        return f"now {names[clip.after]}"
    return f"{names[clip.before]} → {names[clip.after]}"


def flips_text(counts: Mapping[Kind, int]) -> str:
    """How many clips there are of each kind."""
    return (
        f"**{counts[Kind.GAINED]:,}** wrong before and right now, **{counts[Kind.LOST]:,}** right before and wrong "
        f"now, {counts[Kind.MOVED]:,} taken for another wrong class."
    )


def overall_command(where: str, baseline: str, run: str) -> str:
    """Both runs, compared in a terminal and written as a report."""
    pair = f"{shlex.quote(baseline)} {shlex.quote(run)}"
    return (
        f"omnisource compare {pair} {where}\n"
        f"omnisource report {shlex.quote(run)} --baseline {shlex.quote(baseline)} --out report.html {where}"
    )


def overall_cell(root: str, baseline: str, run: str) -> str:
    """Both runs, with their classes and pairs."""
    return (
        _opening(root, "from omnisource.pipeline.gains import Gains")
        + f"gains = Gains(workspace, {baseline!r}, {run!r})\nprint(gains.overall)\ngains.classes(), gains.pairs(top=5)"
    )


def flips_command(where: str, baseline: str, run: str, kind: Kind, classes: Sequence[str]) -> str:
    """The clips about which the runs disagree."""
    named = "".join(f" -c {shlex.quote(name)}" for name in classes)
    return f"omnisource flips {shlex.quote(run)} --baseline {shlex.quote(baseline)} --kind {kind}{named} {where}"


def flips_cell(root: str, baseline: str, run: str, kind: Kind, scope: Scope) -> str:
    """The same clips."""
    return (
        _opening(root, "from omnisource.pipeline.gains import Gains, Kind, Scope")
        + f"gains = Gains(workspace, {baseline!r}, {run!r})\n"
        + f"scope = Scope(a={scope.a}, b={scope.b})\n"
        + f"print(gains.num_flips(scope))\ngains.flips(Kind.{kind.name}, scope, limit=60)"
    )


def web_command(where: str, recipe: str, classes: Sequence[str]) -> str:
    """The examples of each class that the recipe keeps."""
    lines = [f"-f stage=kept -f {shlex.quote(f'recipe={recipe}')} -f {shlex.quote(f'class={c}')}" for c in classes]
    return "\n".join(f"omnisource items {line} --sort confident {where}" for line in lines)


def web_cell(
    root: str, recipe: str, class_indices: Sequence[int], certainty: Certainty, clips: Sequence[str] = ()
) -> str:
    """The same examples; `clips` are those that they are to be near to."""
    by_looks = certainty is Certainty.NEAREST
    nearest = f", nearest=near_clips(workspace, {list(clips)!r})" if by_looks else ""
    more = ["from omnisource.pipeline.feature_search import near_clips"] if by_looks else []
    return (
        _opening(
            root,
            "from omnisource.catalog import Catalog",
            *more,
            "from omnisource.pipeline.web_behind import Certainty, WebBehind",
        )
        + f"behind = WebBehind(Catalog(workspace), {recipe!r}, {list(class_indices)!r})\n"
        + f"print(behind.count())\nbehind.page(Certainty.{certainty.name}, limit=24{nearest})"
    )


def _opening(root: str, *imports: str) -> str:
    lines = ["from pathlib import Path", "", *imports, "from omnisource.workspace import Workspace", ""]
    return "\n".join([*lines, f"workspace = Workspace(Path({root!r}))", ""])
