"""What the commands share: options, exit status, ways to print."""

import json
import math
from pathlib import Path
from typing import Annotated

import typer

from omnisource.config import Procedure
from omnisource.errors import WorkspaceError
from omnisource.workspace import Workspace

STOPPED = 3
"""Exit status of a training run that was asked to stop."""
HERE = Path(".")

Where = Annotated[Path, typer.Option("--workspace", "-w", help="The workspace's folder.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a script instead of a table.")]
Redo = Annotated[bool, typer.Option("--redo", help="Make it anew instead of keeping what is there.")]
RecipeNames = Annotated[
    list[str] | None, typer.Option("--recipe", "-r", help="A recipe's name; may be given again. Default: every recipe.")
]

HowTrained = Annotated[
    Procedure, typer.Option("--procedure", help="Labelled clips and web data together, or web data first (Table 1).")
]


def chosen_recipes(workspace: Workspace, wanted: list[str] | None) -> list[str]:
    """The recipes that were asked for, or all; raises WorkspaceError for one that is not there."""
    if not wanted:
        return workspace.recipes()
    for name in wanted:
        workspace.recipe(name)
    return wanted


def counted(counts: dict[str, int]) -> str:
    """Reasons with their counts, for a person."""
    return ", ".join(f"{reason} {count}" for reason, count in counts.items())


def print_json(document: object) -> None:
    """One JSON document on standard output, for a script; a number that is not known is null."""
    print(json.dumps(_finite(document)))


def _finite(value: object) -> object:
    """JSON has no NaN."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}
    return [_finite(one) for one in value] if isinstance(value, list | tuple) else value


def print_results(workspace: Workspace, as_json: bool) -> None:
    """The table of all evaluated runs; raises WorkspaceError where there is none."""
    from dataclasses import asdict

    from omnisource.console import print_results as print_table
    from omnisource.pipeline import comparing

    results = comparing.results(workspace)
    if not results:
        raise WorkspaceError(f"{workspace.root} has no evaluated run yet; `omnisource teach`, then `evaluate`")
    if as_json:
        print_json({name: asdict(measured) for name, measured in results.items()})
    else:
        print_table(results)
