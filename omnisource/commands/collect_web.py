"""`collect`: searched sources are asked for the accepted queries, and what they found is downloaded (paper 3.3)."""

from typing import Annotated, Literal

import typer

from omnisource.commands.options import HERE, AsJson, Redo, Where, print_json
from omnisource.errors import WorkspaceError
from omnisource.workspace import Workspace


def collect(
    workspace: Where = HERE,
    only: Annotated[
        Literal["search", "fetch"] | None,
        typer.Option(help="One of the two stages; default: both in this order."),
    ] = None,
    redo: Redo = False,
    as_json: AsJson = False,
) -> None:
    """Search the web for every accepted query, and download what was found; goes on where it stopped.

    What is shown counts every address once, by how it ended; `may be tried again` is what a later run takes up.

    Example: `omnisource collect -w work --only search`
    """
    from dataclasses import asdict

    from omnisource.catalog import Catalog
    from omnisource.pipeline import collecting, fetching, searching
    from omnisource.pipeline.fetch_outcomes import fetch_outcomes, search_counts

    opened = Workspace(workspace)
    if not opened.study().searched:
        raise WorkspaceError(f"{opened.root} has no source that is searched; `omnisource add-search` adds one")
    collecting.collect_target(opened)  # the classes that are searched for
    done: dict[str, object] = {}
    if only != "fetch":
        done["search"] = {name: asdict(one) for name, one in searching.search(opened, redo=redo).items()}
    if only != "search":
        done["fetch"] = asdict(fetching.fetch(opened, redo=redo))
    searched, outcomes = search_counts(opened, Catalog(opened)), fetch_outcomes(opened, Catalog(opened))
    if as_json:
        print_json({"done": done, "search": [asdict(one) for one in searched], "fetch": [asdict(o) for o in outcomes]})
        return
    from omnisource.commands.web_tables import print_outcomes, print_searches

    print_searches(searched)
    print_outcomes(outcomes)
