"""`add-released`: the released Mini-Kinetics web data comes into a workspace with what its lists say."""

from pathlib import Path
from typing import Annotated

import typer

from omnisource.commands.options import HERE, AsJson, Where, print_json
from omnisource.workspace import Workspace


def add_released(
    folder: Annotated[Path, typer.Argument(help="The released folder: annotations/ and the media beside it.")],
    workspace: Where = HERE,
    redo: Annotated[bool, typer.Option("--redo", help="Read anew what the lists say of items.")] = False,
    as_json: AsJson = False,
) -> None:
    """Add the released Mini-Kinetics web data: every source, and what its lists keep or call duplicates.

    Train on what the lists keep with recipes.NAME.label_source: listed; no teacher is needed then.

    Example: `omnisource add-released data/OmniSource -w work`
    """
    from dataclasses import asdict

    from omnisource.console import print_released
    from omnisource.pipeline import released

    added = released.add(Workspace(workspace), folder, redo=redo)
    if as_json:
        print_json(asdict(added) | {"differences": [asdict(count) for count in added.differences]})
    else:
        print_released(added)
