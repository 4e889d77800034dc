"""`teach`, `train`, `evaluate` and `compare`: networks learn, and are tested against each other."""

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
from omnisource.config import Procedure
from omnisource.workspace import Workspace


def teach(
    workspace: Where = HERE,
    network: Annotated[str | None, typer.Option(help="One network; default: all that are needed.")] = None,
    redo: Redo = False,
) -> None:
    """Train the teachers, and the student's baseline, on the labelled clips alone.

    Example: `omnisource teach -w work --network tsn`
    """
    from omnisource.pipeline import progress

    opened = Workspace(workspace)
    for name in [network] if network else progress.networks_to_teach(opened):
        _train_one(opened, name, None, redo)


def train(
    workspace: Where = HERE,
    recipe: RecipeNames = None,
    network: Annotated[str | None, typer.Option(help="Network to train; default: the study's student.")] = None,
    procedure: HowTrained = "joint",
    redo: Redo = False,
) -> None:
    """Train students on the labelled clips and the examples of recipes together, or one after the other (Table 1).

    Example: `omnisource train -w work -r unfiltered --procedure pretrain_finetune`

    On several GPUs: `torchrun --nproc-per-node 8 -m omnisource train -w work`
    """
    opened = Workspace(workspace)
    for name in chosen_recipes(opened, recipe):
        _train_one(opened, network or opened.study().student, name, redo, procedure)


def evaluate(
    runs: Annotated[list[str] | None, typer.Argument(help="Runs; default: all that are trained.")] = None,
    workspace: Where = HERE,
    redo: Redo = False,
    as_json: AsJson = False,
) -> None:
    """Test runs on the validation clips.

    Example: `omnisource evaluate tsn-baseline tsn-default -w work`
    """
    from omnisource.pipeline import evaluation, training

    opened = Workspace(workspace)
    trained = [name for name in opened.runs() if training.run_state(opened.run(name)) == "done"]
    for name in runs or trained:
        evaluation.evaluate(opened, name, redo=redo)
    print_results(opened, as_json)


def compare(
    baseline: Annotated[str, typer.Argument(help="Run.")],
    student: Annotated[str, typer.Argument(help="Run.")],
    workspace: Where = HERE,
    as_json: AsJson = False,
) -> None:
    """Compare two runs: accuracy, chance, classes, and the pairs that are confused less or more (Eq. 3).

    Example: `omnisource compare tsn-baseline tsn-default -w work`
    """
    from dataclasses import asdict

    from omnisource.console import print_comparison
    from omnisource.pipeline import comparing

    result = comparing.compare(Workspace(workspace), baseline, student)
    if as_json:
        print_json(asdict(result))
    else:
        print_comparison(result)


def procedures(workspace: Where = HERE, as_json: AsJson = False) -> None:
    """Compare Table 1's procedures on the same data: labelled clips alone, web data first, both together.

    Example: `omnisource procedures -w work --json`
    """
    from dataclasses import asdict

    from omnisource.console import print_procedures
    from omnisource.pipeline import comparing

    rows = comparing.procedures(Workspace(workspace))
    if as_json:
        print_json([asdict(row) for row in rows])
    else:
        print_procedures(rows)


def _train_one(
    workspace: Workspace, network: str, recipe: str | None, redo: bool, procedure: Procedure = "joint"
) -> None:
    from omnisource.pipeline import training
    from omnisource.pipeline.run_names import run_names

    state = training.train(workspace, network, recipe, procedure=procedure, redo=redo)
    start = ""
    for run in run_names(network, recipe, procedure):
        if workspace.run(run).is_dir():  # fine-tuning has none before pre-training is done
            print(f"{run}: {training.run_state(workspace.run(run))}{start}")
        start = f", from {run} with its classifier"
    if state == "stopped":
        raise typer.Exit(STOPPED)
