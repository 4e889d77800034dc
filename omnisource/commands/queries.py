"""`queries`: what is searched for each class is proposed, edited as a CSV, accepted, and its yield shown."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from omnisource.commands.options import HERE, AsJson, Where, print_json
from omnisource.errors import WorkspaceError
from omnisource.pipeline import queries as texts
from omnisource.workspace import Workspace


def queries(
    workspace: Where = HERE,
    export: Annotated[Path | None, typer.Option("--export", help="Write them to a CSV, to edit.")] = None,
    edited: Annotated[Path | None, typer.Option("--import", help="Read them from the CSV: a new revision.")] = None,
    accept: Annotated[bool, typer.Option("--accept", help="Let the last revision be searched.")] = False,
    anew: Annotated[
        bool, typer.Option("--anew", help="Propose again: adds what the rules give now, and changes no edit.")
    ] = False,
    yields: Annotated[
        bool, typer.Option("--yield", help="Show what each query, source and date window gave, and what was kept.")
    ] = False,
    recipe: Annotated[
        str | None, typer.Option("--recipe", "-r", help="Of --yield: whose line counts; default: the first.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Propose and show what is searched for each class: a query, and tags; nothing is searched before --accept.

    Example: `omnisource queries -w work --export queries.csv`, and once it is edited `--import queries.csv --accept`
    """
    from omnisource.pipeline import collecting

    opened = Workspace(workspace)
    if yields:
        _show_yield(opened, recipe, as_json)
        return
    collecting.collect_target(opened)  # the classes
    revision = texts.propose_queries(opened, anew=anew)
    if edited is not None:
        revision = _import(opened, edited)
    if export is not None:
        _export(opened, export, as_json)
    if accept:
        revision = texts.accept(opened, revision.number)
    if as_json:
        accepted = None if revision.accepted is None else asdict(revision.accepted)
        names = opened.taxonomy().names
        rows = [asdict(one) | {"class": names[one.class_index]} for one in revision.queries]
        print_json({"revision": revision.number, "accepted": accepted, "queries": rows})
        return
    _show(opened, revision, whole=export is None and edited is None and not accept)


def _show(workspace: Workspace, revision: texts.Revision, *, whole: bool) -> None:
    from omnisource.commands.query_tables import print_queries, print_state

    if whole:
        print_queries(revision.queries, workspace.taxonomy())
    print_state(revision, workspace.taxonomy(), workspace.study())


def _import(workspace: Workspace, path: Path) -> texts.Revision:
    from omnisource.collect.query_lists import read_csv

    last = texts.current(workspace)
    return texts.save(workspace, read_csv(path, workspace.taxonomy(), last.queries), based_on=last.number)


def _export(workspace: Workspace, path: Path, as_json: bool) -> None:
    from omnisource.collect.query_lists import write_csv
    from omnisource.files import write_atomically

    if path.exists():
        raise WorkspaceError(f"{path} is there already, perhaps with your changes; choose another name or remove it")
    write_atomically(path, write_csv(texts.current(workspace).queries, workspace.taxonomy()))
    if not as_json:
        print(f"{path}: edit it, then `omnisource queries --import {path}`")


def _show_yield(workspace: Workspace, recipe: str | None, as_json: bool) -> None:
    from omnisource.catalog import Catalog
    from omnisource.commands.query_tables import print_yield
    from omnisource.pipeline.yields import cell_yields

    name = recipe or next(iter(workspace.recipes()), None)
    found = cell_yields(workspace, Catalog(workspace), name)
    if as_json:
        print_json([asdict(one) for one in found])
    elif not found:
        print("nothing has been searched yet; `omnisource collect` does")
    else:
        print_yield(found, name)
