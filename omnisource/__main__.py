"""The command line: one command per stage, `run` for all of them, `demo` to see it work."""

import logging
import os
import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from omnisource import __version__
from omnisource.commands import app as the_app
from omnisource.commands import (
    browsing,
    clips,
    collect_web,
    collecting,
    duplicates,
    export,
    fiftyone,
    flow,
    forget,
    labelling,
    measure,
    mini_web,
    models,
    predict,
    presets,
    queries,
    released,
    report,
    search_items,
    searched,
    settings,
    suspects,
    thresholds,
    training,
    whole,
)
from omnisource.errors import OmniSourceError

COMMANDS = (  # in the order of the help
    collecting.init,
    collecting.add,
    released.add_released,
    searched.add_search,
    queries.queries,
    collect_web.collect,
    forget.forget,
    collecting.check,
    settings.set,
    flow.flow,
    training.teach,
    labelling.score,
    labelling.motion,
    duplicates.duplicates,
    thresholds.thresholds,
    thresholds.audit,
    thresholds.overlap,
    labelling.label,
    settings.plan,
    clips.segments,
    clips.inflate,
    browsing.items,
    browsing.item,
    search_items.search_items,
    suspects.suspects,
    measure.measure,
    training.train,
    training.evaluate,
    training.compare,
    flow.fuse,
    predict.predict,
    export.export,
    training.procedures,
    report.report,
    report.flips,
    presets.presets,
    models.models,
    whole.run,
    whole.status,
    whole.demo,
    mini_web.mini_web,
    the_app.app,
    whole.doctor,
)

app = typer.Typer(
    name="omnisource",
    help="From labelled clips and noisy web data to a better video-recognition model (OmniSource, ECCV 2020).",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    add_completion=False,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """Run the command line; errors that a person can put right are one line, with exit status 1."""
    # torch's waiting threads would otherwise burn the cores that decoding needs (facts: performance, traps)
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    try:
        app()
    except OmniSourceError as error:
        Console(stderr=True).print(f"[bold red]error:[/] {escape(str(error))}", soft_wrap=True)
        sys.exit(1)


@app.callback(invoke_without_command=True)
def _version(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if version:
        print(__version__)
        raise typer.Exit


for command in COMMANDS:
    app.command()(command)
app.add_typer(fiftyone.group)

if __name__ == "__main__":
    main()
