"""`score`, `motion` and `label`: teachers measure, recipes decide."""

import sys
from typing import Annotated

import typer

from omnisource.commands.options import HERE, AsJson, RecipeNames, Redo, Where, chosen_recipes, counted, print_json
from omnisource.workspace import Workspace


def score(
    workspace: Where = HERE,
    teacher: Annotated[str | None, typer.Option(help="One teacher; default: all.")] = None,
    redo: Redo = False,
) -> None:
    """Let the teachers score all valid web data; goes on where it stopped.

    Example: `omnisource score -w work`
    """
    from omnisource.pipeline import scoring
    from omnisource.pipeline.teachers import teachers

    opened = Workspace(workspace)
    for name in [teacher] if teacher else teachers(opened.study()):
        print(f"teacher {name}: {scoring.score(opened, name, redo=redo)} segments scored")


def motion(
    workspace: Where = HERE,
    redo: Redo = False,
    paths: Annotated[
        bool, typer.Option("--paths", help="Also follow the camera through some clips, to compare drawn motion with.")
    ] = False,
) -> None:
    """Fit the camera motion of the labelled clips, with which pictures become moving clips.

    Example: `omnisource motion -w work --redo`
    """
    from omnisource.pipeline import motion as motion_stage
    from omnisource.pipeline.motion_paths import compare_paths, measure_paths

    opened = Workspace(workspace)
    fitted = motion_stage.fit_motion(opened, redo=redo)
    print(
        f"camera motion: {fitted.agnostic.num_pairs} pairs; dropped: {counted(fitted.agnostic.num_dropped) or 'none'}"
    )
    if paths:
        followed = measure_paths(opened)
        alike = compare_paths(followed, fitted.agnostic, seed=opened.study().seed)
        print(
            f"{len(followed)} paths; distance of drawn from real, 0 alike to 1: single steps "
            f"{alike.steps.distance:.3f} (p {alike.steps.p_value:.3f}), whole paths {alike.paths.distance:.3f} "
            f"(p {alike.paths.p_value:.3f})"
        )


def label(workspace: Where = HERE, recipe: RecipeNames = None, as_json: AsJson = False) -> None:
    """Apply recipes to all facts and decisions: which web data is used, with which label.

    Example: `omnisource label -w work --recipe default`
    """
    from dataclasses import asdict

    from omnisource.console import print_funnel
    from omnisource.pipeline import recipes
    from omnisource.pipeline.similar_state import what_was_not_compared

    opened = Workspace(workspace)
    funnels = {name: recipes.label(opened, name) for name in chosen_recipes(opened, recipe)}
    if as_json:
        print_json({name: [asdict(step) for step in funnel] for name, funnel in funnels.items()})
    else:
        for name, funnel in funnels.items():
            print_funnel(name, funnel)
            if num_copies := recipes.left_out_copies(opened, name):
                print(f"{name}: {num_copies} near copies of used items are left out")
    if not_compared := what_was_not_compared(opened):
        print(not_compared, file=sys.stderr)
