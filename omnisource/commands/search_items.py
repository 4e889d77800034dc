"""`search-items`: web data that looks like an item, a labelled clip, or like what some words say."""

from pathlib import Path
from typing import Annotated

import typer

from omnisource.commands.options import HERE, AsJson, Where, print_json
from omnisource.errors import WorkspaceError
from omnisource.workspace import Workspace


def search_items(
    workspace: Where = HERE,
    text: Annotated[str | None, typer.Option(help="What is to be seen, in words; needs CLIP features.")] = None,
    like: Annotated[
        str | None, typer.Option(help="The key of an item in hex, as `omnisource items` prints it.")
    ] = None,
    clip: Annotated[Path | None, typer.Option(help="The path of a labelled clip.")] = None,
    measure: Annotated[
        bool, typer.Option("--measure", help="First let the study's network see the items that it has not seen yet.")
    ] = False,
    encoder: Annotated[
        str | None, typer.Option(help="Whose features; default: those of the study's network that can answer.")
    ] = None,
    limit: Annotated[int, typer.Option(min=0, help="How many items.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Find web data by its looks: items like another one or like a labelled clip, or what some words describe.

    Example: `omnisource search-items -w work --text "a person jumping on a trampoline"`
    """
    from omnisource.pipeline import feature_search

    opened = Workspace(workspace)
    if measure:
        from omnisource.pipeline.frame_features import measure_web_features

        measure_web_features(opened)
    if measure and (text, like, clip) == (None, None, None):
        known = feature_search.encoders(opened)
        if as_json:
            print_json({"encoders": known})
        else:
            print(f"features of web data: {', '.join(known) or 'none'}")
        return
    wanted = _wanted(text, like, clip)
    chosen = feature_search.choose_encoder(opened, wanted, encoder)
    if text is not None:
        from omnisource.pipeline.zero_shot import save_text_vector

        save_text_vector(opened, chosen, text)
    found = feature_search.nearest(opened, wanted, limit=limit, encoder=chosen)
    rows = [
        {"key": one.key.hex(), "similarity": one.similarity, "time_s": one.time_s, "path": one.path} for one in found
    ]
    if as_json:
        print_json({"encoder": chosen, "items": rows})
    else:
        for row in rows:
            print(f"{row['similarity']:.3f}\t{row['key']}\t{row['time_s']:.1f} s\t{row['path']}")


def _wanted(text: str | None, like: str | None, clip: Path | None):
    """What was asked for; raises WorkspaceError for nothing, for several things, and for what is no key."""
    from omnisource.pipeline.feature_search import Wanted
    from omnisource.previews import key_of

    key = None if like is None else key_of(like)
    if like is not None and key is None:
        raise WorkspaceError(f"--like {like!r} is no item; `omnisource items` lists their keys")
    return Wanted(item=key, text=text, clip=None if clip is None else str(clip))
