"""The command line: one command per stage, `run` for all of them, `demo` to see it work."""

import json
import logging
import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from omnisource import __version__, config
from omnisource.errors import OmniSourceError, WorkspaceError
from omnisource.types import Format
from omnisource.workspace import Workspace

STOPPED = 3
"""Exit status of a training run that was asked to stop."""

app = typer.Typer(
    name="omnisource",
    help="From labelled clips and noisy web data to a better video-recognition model (OmniSource, ECCV 2020).",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    add_completion=False,
    pretty_exceptions_enable=False,
)

Where = Annotated[Path, typer.Option("--workspace", "-w", help="The workspace's folder.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a script instead of a table.")]
Redo = Annotated[bool, typer.Option("--redo", help="Make it anew instead of keeping what is there.")]
RecipeNames = Annotated[
    list[str] | None, typer.Option("--recipe", "-r", help="A recipe's name; may be given again. Default: every recipe.")
]
HERE = Path(".")


def main() -> None:
    """Run the command line; errors that a person can put right are one line, with exit status 1."""
    # torch's waiting threads would otherwise burn the cores that decoding needs (facts: performance, traps)
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    try:
        app()
    except OmniSourceError as error:
        Console(stderr=True).print(f"[bold red]error:[/] {_escape(str(error))}", soft_wrap=True)
        sys.exit(1)


@app.callback(invoke_without_command=True)
def _version(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if version:
        print(__version__)
        raise typer.Exit


@app.command()
def init(
    workspace: Annotated[Path, typer.Argument(help="Folder to make.")],
    target: Annotated[Path, typer.Option(help="Folder of the labelled clips.")],
    reader: Annotated[str, typer.Option(help="folders, path_label, kinetics, ucf101 or hmdb51.")] = "folders",
    train: Annotated[str, typer.Option(help="Training list or folder, relative to --target.")] = "train",
    val: Annotated[str, typer.Option(help="Validation list or folder, relative to --target.")] = "val",
    classes: Annotated[str | None, typer.Option(help="File with one class name a line, relative to --target.")] = None,
    groups: Annotated[str | None, typer.Option(help="JSON of path to group, relative to --target.")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="KEY=VALUE, like networks.tsn.optim.epochs=30")
    ] = None,
) -> None:
    """Make a workspace for a labelled dataset.

    Example: `omnisource init work --target data --reader path_label --train train.txt --val val.txt`
    """
    known = {"reader": reader, "root": str(target.resolve()), "train": train, "val": val}
    known |= {"classes": classes, "groups": groups}
    study = config.parse(config.Study, {"target": known}, where="init")
    made = Workspace.create(workspace, config.override(study, settings or []))
    from omnisource.pipeline import collecting

    try:
        count = collecting.collect_target(made)
    except OmniSourceError:
        made.study_path.unlink()  # so that the corrected command works
        raise
    print(f"{made.root}: {count} labelled clips in {len(made.taxonomy())} classes; settings in study.yaml")


@app.command()
def add(
    folder: Annotated[Path, typer.Argument(help="Folder of web data; its sub-folders name the classes.")],
    name: Annotated[str, typer.Option(help="What to call the source, such as google_image.")],
    format: Annotated[Format, typer.Option(help="What is in it.")],
    classes: Annotated[Path | None, typer.Option(help="CSV with the columns path,class.")] = None,
    workspace: Where = HERE,
) -> None:
    """Add a folder of images, clips or long videos as a source.

    Example: `omnisource add crawled/google --name google_image --format image`
    """
    from omnisource.pipeline import collecting

    values = {"name": name, "format": format, "path": folder.resolve(), "classes": classes and classes.resolve()}
    opened = Workspace(workspace)
    collecting.collect_target(opened)  # the classes that the folders are matched with
    collecting.register_source(opened, config.parse(config.SourceConfig, values, where="add"))
    before = opened.table("items").dropped_counts()
    counts = collecting.add(opened)
    left_out = opened.table("items").dropped_counts() - before
    print(f"{name}: {counts[name]} new items; {_counted(dict(left_out.most_common())) or 'nothing'} left out")


@app.command()
def check(workspace: Where = HERE, redo: Redo = False, as_json: AsJson = False) -> None:
    """Decode every item once and drop what is broken, with its reason.

    Example: `omnisource check -w work --json`
    """
    from omnisource.pipeline import collecting

    counts = collecting.check(Workspace(workspace), redo=redo)
    if as_json:
        print(json.dumps(counts))
    else:
        dropped = {reason: count for reason, count in counts.items() if reason != "ok"}
        print(f"{counts['ok']} items are fine; dropped: {_counted(dropped) or 'none'}")


@app.command()
def teach(
    workspace: Where = HERE,
    network: Annotated[str | None, typer.Option(help="One network; default: all that are needed.")] = None,
    redo: Redo = False,
) -> None:
    """Train the teachers, and the student's baseline, on the labelled clips alone.

    Example: `omnisource teach -w work --network tsn`
    """
    from omnisource.pipeline import stages

    opened = Workspace(workspace)
    for name in [network] if network else stages.networks_to_teach(opened):
        _train_one(opened, name, None, redo)


@app.command()
def score(
    workspace: Where = HERE,
    teacher: Annotated[str | None, typer.Option(help="One teacher; default: all.")] = None,
    redo: Redo = False,
) -> None:
    """Let the teachers score all valid web data; goes on where it stopped.

    Example: `omnisource score -w work`
    """
    from omnisource.pipeline import scoring

    opened = Workspace(workspace)
    for name in [teacher] if teacher else scoring.teachers(opened.study()):
        print(f"teacher {name}: {scoring.score(opened, name, redo=redo)} segments scored")


@app.command()
def motion(workspace: Where = HERE, redo: Redo = False) -> None:
    """Fit the camera motion of the labelled clips, with which pictures become moving clips.

    Example: `omnisource motion -w work --redo`
    """
    from omnisource.pipeline import motion as motion_stage

    fitted = motion_stage.fit_motion(Workspace(workspace), redo=redo)
    print(
        f"camera motion: {fitted.agnostic.num_pairs} pairs; dropped: {_counted(fitted.agnostic.num_dropped) or 'none'}"
    )


@app.command()
def label(workspace: Where = HERE, recipe: RecipeNames = None, as_json: AsJson = False) -> None:
    """Apply recipes to all facts and decisions: which web data is used, with which label.

    Example: `omnisource label -w work --recipe default`
    """
    from dataclasses import asdict

    from omnisource.console import print_funnel
    from omnisource.pipeline import recipes

    opened = Workspace(workspace)
    funnels = {name: recipes.label(opened, name) for name in _recipes(opened, recipe)}
    if as_json:
        print(json.dumps({name: [asdict(step) for step in funnel] for name, funnel in funnels.items()}))
    else:
        for name, funnel in funnels.items():
            print_funnel(name, funnel)


@app.command()
def train(
    workspace: Where = HERE,
    recipe: RecipeNames = None,
    network: Annotated[str | None, typer.Option(help="Network to train; default: the study's student.")] = None,
    redo: Redo = False,
) -> None:
    """Train students on the labelled clips and the examples of recipes together.

    On several GPUs: `torchrun --nproc-per-node 8 -m omnisource train -w work`
    """
    opened = Workspace(workspace)
    for name in _recipes(opened, recipe):
        _train_one(opened, network or opened.study().student, name, redo)


@app.command()
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
    _print_results(opened, as_json)


@app.command()
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
        print(json.dumps(asdict(result)))
    else:
        print_comparison(result)


@app.command()
def run(
    workspace: Where = HERE,
    start: Annotated[str, typer.Option("--from", help="First stage; `status` names what is next.")] = "target",
    stop: Annotated[str, typer.Option("--to", help="Last stage.")] = "compare",
    recipe: RecipeNames = None,
    redo: Redo = False,
) -> None:
    """Run every stage, or some; finished ones are kept, an interrupted one goes on.

    In order: target, add, check, teach, score, motion, label, train, evaluate, compare.

    Example: `omnisource run --from score --to label`
    """
    from omnisource.pipeline import stages

    opened = Workspace(workspace)
    options = stages.Options(recipes=tuple(_recipes(opened, recipe)), redo=redo)
    state = stages.run(opened, options, lambda line: print(line, flush=True), start=start, stop=stop)
    if state == "stopped":
        raise typer.Exit(STOPPED)
    if stop == "compare":
        _print_results(opened, False)


@app.command()
def status(workspace: Where = HERE, as_json: AsJson = False) -> None:
    """How far a workspace is, and what to do next.

    Example: `omnisource status -w work`
    """
    from omnisource.console import print_status
    from omnisource.pipeline import stages

    found = stages.status(Workspace(workspace))
    if as_json:
        print(json.dumps(found))
    else:
        print_status(found)


@app.command()
def demo(
    folder: Annotated[Path, typer.Argument(help="Where to build it.")] = Path("demo"),
    seed: Annotated[int, typer.Option(help="Of the world and of the training.")] = 0,
    dims: Annotated[int, typer.Option(min=2, max=3, help="2: TSN student; 3: SlowOnly student.")] = 2,
    build_only: Annotated[
        bool, typer.Option("--build-only", help="Build the world and the workspace, run nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Build a small generated world with known truth and run the whole job on it.

    Example: `omnisource demo demo-3d --dims 3`
    """
    from omnisource.pipeline import demonstration

    workspace = demonstration.build(folder, seed=seed, dims=dims, say=_say_on_stderr)
    if build_only:
        print(workspace.root)
        return
    grades = demonstration.run(workspace, folder, say=_say_on_stderr)
    if grades is None:
        raise typer.Exit(STOPPED)
    if as_json:
        print(json.dumps(demonstration.as_document(workspace, grades)))
        return
    from omnisource.console import print_grades

    print_grades(grades)
    _print_results(workspace, False)


@app.command()
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
        print(json.dumps([asdict(finding) for finding in findings]))
    else:
        print_findings(findings)
    if any(finding.state == "broken" for finding in findings):
        raise typer.Exit(1)


def _train_one(workspace: Workspace, network: str, recipe: str | None, redo: bool) -> None:
    from omnisource.pipeline import training
    from omnisource.pipeline.networks import run_name

    state = training.train(workspace, network, recipe, redo=redo)
    print(f"{run_name(network, recipe)}: {state}")
    if state == "stopped":
        raise typer.Exit(STOPPED)


def _recipes(workspace: Workspace, wanted: list[str] | None) -> list[str]:
    if not wanted:
        return workspace.recipes()
    for name in wanted:
        workspace.recipe(name)
    return wanted


def _print_results(workspace: Workspace, as_json: bool) -> None:
    from dataclasses import asdict

    from omnisource.console import print_results
    from omnisource.pipeline import comparing

    results = comparing.results(workspace)
    if not results:
        raise WorkspaceError(f"{workspace.root} has no evaluated run yet; `omnisource teach`, then `evaluate`")
    if as_json:
        print(json.dumps({name: asdict(measured) for name, measured in results.items()}))
    else:
        print_results(results)


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{reason} {count}" for reason, count in counts.items())


def _say_on_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _escape(text: str) -> str:
    from rich.markup import escape

    return escape(text)


if __name__ == "__main__":
    main()
