"""`forget`: remove what came from an address or a domain, and never fetch it again."""

import typing
from dataclasses import asdict
from typing import Annotated

import typer

from omnisource.commands.options import HERE, AsJson, Where, counted, print_json
from omnisource.workspace import Workspace

if typing.TYPE_CHECKING:
    from omnisource.pipeline.forgetting import Forgetting

_SHOWN = 20


def forget(
    workspace: Where = HERE,
    url: Annotated[list[str] | None, typer.Option(help="An address of media or of a page; may be given again.")] = None,
    domain: Annotated[
        list[str] | None, typer.Option(help="A domain with all below it, such as example.com; may be given again.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Remove it; without, it is only counted.")] = False,
    as_json: AsJson = False,
) -> None:
    """Remove what came from an address or a domain: files, rows, all that was made of them; no fetch brings it back.

    Decisions of people stay. Runs that were trained with it are named: what a network has learnt cannot be removed.

    Example: `omnisource forget -w work --domain example.com --yes`
    """
    from omnisource.pipeline import forgetting

    told = forgetting.forget(Workspace(workspace), urls=url or (), domains=domain or (), really=yes)
    if as_json:
        print_json(asdict(told))
    else:
        _print(told)


def _print(told: "Forgetting") -> None:
    verb = "removed" if told.is_done else "would be removed"
    print(f"{told.addresses} addresses, {told.contents} contents")
    megabytes = told.num_bytes / 1e6
    print(f"{verb}: {told.files} files ({megabytes:.1f} MB), {told.derived_files} thumbnails, previews and flow files")
    print(f"{verb}: rows {counted(dict(told.rows)) or 'none'}")
    for name in told.recipes:
        print(f"{verb}: the examples of recipe {name}; `omnisource label --recipe {name}` makes them again")
    if told.reviews:
        print(f"kept: {told.reviews} decisions of people about them")
    if told.own:
        print(f"kept: {told.own} items with the same content in folders of your own")
    for path in told.files_elsewhere[:_SHOWN]:
        print(f"kept: {path} lies outside of the workspace; remove it yourself")
    if (more := len(told.files_elsewhere) - _SHOWN) > 0:
        print(f"kept: {more} more such files; --json lists them all")
    for name in told.runs:
        print(f"still there: what run {name} has learnt from it; train it again once its recipe is applied")
    for name in told.runs_in_doubt:
        print(f"perhaps still there: run {name} learnt from web data that nobody can look at any more")
    if told.fiftyone:
        print("FiftyOne shows it until `omnisource fiftyone push`")
    print("no fetch brings it back" if told.is_done else "nothing was removed; --yes removes it")
