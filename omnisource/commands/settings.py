"""`set` and `plan`: settings of a workspace change, and show what a run would draw with them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from omnisource.commands.options import HERE, AsJson, Where, print_json
from omnisource.workspace import Workspace

if TYPE_CHECKING:
    from omnisource.train.planning import DrawPlan


def set(
    settings: Annotated[list[str], typer.Argument(help="KEY=VALUE; the value is YAML.")],
    workspace: Where = HERE,
) -> None:
    """Change settings in study.yaml.

    Example: `omnisource set train.joint.power=0.5 -w work`
    """
    from omnisource.study_changes import change_study, changes_between

    opened = Workspace(workspace)
    before = opened.study()
    change_study(opened, settings)
    for change in changes_between(before, opened.study()):
        print(change.as_sentence)


def plan(
    workspace: Where = HERE,
    recipe: Annotated[str, typer.Option("--recipe", "-r", help="Whose examples.")] = "default",
    network: Annotated[str | None, typer.Option(help="Network; default: the study's student.")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="KEY=VALUE to try without keeping it, like train.joint.power=0.5")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what training would draw from every source, and how often it would read one example (Fig. 8).

    Example: `omnisource plan -w work -r omnisource --set train.joint.resampling=none`
    """
    from omnisource.config import override
    from omnisource.pipeline.balancing import plan_run

    opened = Workspace(workspace)
    study = override(opened.study(), settings or [])
    planned = plan_run(opened, network or study.student, recipe, study.train.joint)
    if as_json:
        print_json(_as_document(planned, opened.taxonomy().names))
    else:
        _print_plan(planned)


def _as_document(planned: "DrawPlan", names: Sequence[str]) -> dict[str, object]:
    sources = {
        one.source: {
            "examples": one.num_examples,
            "draws_per_epoch": one.draws_per_epoch,
            "reads_per_example_and_epoch": one.mean_reads,
            "class_draws_per_epoch": dict(zip(names, one.class_draws.tolist())),
        }
        for one in planned.sources
    }
    return {
        "target": planned.num_target,
        "batch_size": planned.batch_size,
        "epochs": planned.epochs,
        "updates_per_epoch": planned.updates_per_epoch,
        "overfitted": [one.source for one in planned.overfitted],
        "sources": sources,
    }


def _print_plan(planned: "DrawPlan") -> None:
    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(title="What a run draws", title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("source", overflow="fold")
    for column in ("examples", "drawn\nper epoch", "reads per example\nand epoch", "in the\nwhole run", "evenness"):
        table.add_column(column, justify="right", no_wrap=True)
    for one in planned.sources:
        numbers = (f"{one.draws_per_epoch:,.1f}", f"{one.mean_reads:.3g}", f"{one.mean_reads * planned.epochs:.4g}")
        table.add_row(escape(one.source), f"{one.num_examples:,}", *numbers, f"{one.evenness:.0%}")
    console = Console()
    console.print(table)
    console.print(
        f"{planned.num_target:,} labelled clips in batches of {planned.batch_size}: "
        f"{planned.updates_per_epoch:,} updates an epoch, {planned.epochs} epochs"
    )
    for one in planned.overfitted:
        console.print(f"likely to over-fit: {escape(one.source)} is read more often than the labelled clips (Fig. 8)")
