"""`run`, `status`, `demo` and `doctor`: the whole job, how far it is, and whether this machine can do it."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from omnisource.commands.options import (
    HERE,
    STOPPED,
    AsJson,
    HowTrained,
    RecipeNames,
    Redo,
    Where,
    chosen_recipes,
    print_json,
    print_results,
)
from omnisource.workspace import Workspace


def run(
    workspace: Where = HERE,
    start: Annotated[str, typer.Option("--from", help="First stage; `status` names what is next.")] = "target",
    stop: Annotated[str, typer.Option("--to", help="Last stage.")] = "compare",
    recipe: RecipeNames = None,
    procedure: HowTrained = "joint",
    redo: Redo = False,
) -> None:
    """Run every stage, or some; finished ones are kept, an interrupted one goes on.

    In order: target, search, fetch, add, check, flow, teach, score, motion, similar, label, train, evaluate, compare.

    Example: `omnisource run --from score --to label`
    """
    from omnisource.pipeline import stages

    opened = Workspace(workspace)
    options = stages.Options(recipes=tuple(chosen_recipes(opened, recipe)), procedure=procedure, redo=redo)
    state = stages.run(opened, options, lambda line: print(line, flush=True), start=start, stop=stop)
    if state == "stopped":
        raise typer.Exit(STOPPED)
    if stop == "compare":
        print_results(opened, False)


def status(workspace: Where = HERE, as_json: AsJson = False) -> None:
    """How far a workspace is, and what to do next.

    Example: `omnisource status -w work`
    """
    from omnisource.console import print_status
    from omnisource.pipeline.progress import status as status_of

    found = status_of(Workspace(workspace))
    if as_json:
        print_json(found)
    else:
        print_status(found)


def demo(
    folder: Annotated[Path, typer.Argument(help="Where to build it.")] = Path("demo"),
    seed: Annotated[int, typer.Option(help="Of the world and of the training.")] = 0,
    dims: Annotated[int, typer.Option(min=2, max=3, help="2: TSN student; 3: SlowOnly student.")] = 2,
    from_web: Annotated[
        bool, typer.Option("--from-web", help="Begin with class names: search a small web on this machine, download.")
    ] = False,
    build_only: Annotated[
        bool, typer.Option("--build-only", help="Build the world and the workspace, run nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Build a small generated world with known truth and run the whole job on it.

    With --from-web its web data is not read from folders but searched for and downloaded, from servers on this machine
    that misbehave in known ways; nothing leaves it.

    Example: `omnisource demo demo-3d --dims 3`
    """
    from omnisource.commands.web_tables import print_planted
    from omnisource.console import print_grades
    from omnisource.pipeline import demonstration, web_demonstration

    of_kind = web_demonstration if from_web else demonstration
    workspace = of_kind.build(folder, seed=seed, dims=dims, say=_say_on_stderr)
    if build_only:
        print(workspace.root)
        return
    told = of_kind.run(workspace, folder, say=_say_on_stderr)
    if told is None:
        raise typer.Exit(STOPPED)
    if as_json:
        print_json(of_kind.as_document(workspace, told))
        return
    if isinstance(told, web_demonstration.WebDemo):
        print_planted(told.planted)
        told = told.grades
    print_grades(told)
    print_results(workspace, False)


def doctor(
    folder: Annotated[Path, typer.Argument(help="Where a workspace would be written.")] = HERE, as_json: AsJson = False
) -> None:
    """Check this machine: Python, torch, decoders, H.264, mongod, OpenCV, folders; say what to do.

    Example: `omnisource doctor work --json`
    """
    from dataclasses import asdict

    from omnisource import doctor as examination
    from omnisource.console import print_findings

    findings = examination.examine(folder)
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        print_findings(findings)
    if any(finding.state == "broken" for finding in findings):
        raise typer.Exit(1)


def _say_on_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
