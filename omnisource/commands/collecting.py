"""`init`, `add` and `check`: labelled clips and web data come into a workspace, broken files go out."""

from pathlib import Path
from typing import Annotated

import typer

from omnisource import config, presets
from omnisource.commands.options import HERE, AsJson, Redo, Where, counted, print_json
from omnisource.errors import OmniSourceError
from omnisource.types import Format
from omnisource.workspace import Workspace


def init(
    workspace: Annotated[Path, typer.Argument(help="Folder to make.")],
    target: Annotated[Path, typer.Option(help="Folder of the labelled clips.")],
    reader: Annotated[
        str | None, typer.Option(help="folders (default), path_label, kinetics, ucf101 or hmdb51.")
    ] = None,
    train: Annotated[str | None, typer.Option(help="Training list or folder, relative to --target.")] = None,
    val: Annotated[str | None, typer.Option(help="Validation list or folder, relative to --target.")] = None,
    classes: Annotated[str | None, typer.Option(help="File with one class name a line, relative to --target.")] = None,
    groups: Annotated[str | None, typer.Option(help="JSON of path to group, relative to --target.")] = None,
    preset: Annotated[str | None, typer.Option(help="A published protocol; `omnisource presets` lists them.")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="KEY=VALUE, like networks.tsn.optim.epochs=30")
    ] = None,
) -> None:
    """Make a workspace for a labelled dataset.

    Example: `omnisource init work --target data --reader path_label --train train.txt --val val.txt`
    """
    given = {"reader": reader, "train": train, "val": val, "classes": classes, "groups": groups}
    own = {
        "target": {key: value for key, value in given.items() if value is not None} | {"root": str(target.resolve())}
    }
    study = presets.start_study(preset, own) if preset else config.parse(config.Study, own, where="init")
    made = Workspace.create(workspace, config.override(study, settings or []))
    from omnisource.pipeline import collecting

    try:
        count = collecting.collect_target(made)
    except OmniSourceError:
        made.study_path.unlink()  # so that the corrected command works
        raise
    print(f"{made.root}: {count} labelled clips in {len(made.taxonomy())} classes; settings in study.yaml")
    if preset is not None:
        print("\n".join(["next:", *presets.next_steps(presets.load(preset), str(workspace))]))


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
    print(f"{name}: {counts[name]} new items; {counted(dict(left_out.most_common())) or 'nothing'} left out")


def check(workspace: Where = HERE, redo: Redo = False, as_json: AsJson = False) -> None:
    """Decode every item once and drop what is broken, with its reason.

    Example: `omnisource check -w work --json`
    """
    from omnisource.pipeline import collecting

    counts = collecting.check(Workspace(workspace), redo=redo)
    if as_json:
        print_json(counts)
    else:
        dropped = {reason: count for reason, count in counts.items() if reason != "ok"}
        print(f"{counts['ok']} items are fine; dropped: {counted(dropped) or 'none'}")
