"""`fiftyone push`, `pull` and `app`: the web data in FiftyOne, and what is decided there back in the workspace."""

from dataclasses import asdict
from typing import Annotated, Literal

import typer

from omnisource.commands.options import HERE, AsJson, Where, counted, print_json
from omnisource.fiftyone_io.ready import USUAL_LIMIT, require_fiftyone
from omnisource.filters import parse_filters
from omnisource.workspace import Workspace

group = typer.Typer(
    name="fiftyone",
    help="Explore web data in FiftyOne and decide there: push, look, pull.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)

OfRecipe = Annotated[
    str | None, typer.Option("--recipe", "-r", help="Whose decisions are shown. Default: the first that was applied.")
]
Filtered = Annotated[
    list[str] | None,
    typer.Option("--where", "-f", help="NAME=VALUE as in `omnisource items`, such as stage=kept; may be repeated."),
]


@group.command()
def push(
    workspace: Where = HERE,
    recipe: OfRecipe = None,
    where: Filtered = None,
    limit: Annotated[
        int, typer.Option(min=1, help="At most so many items, the newest of those that pass.")
    ] = USUAL_LIMIT,
    as_json: AsJson = False,
) -> None:
    """Show web data, suspected duplicates and decisions in FiftyOne; what is there already is brought up to date.

    Example: `omnisource fiftyone push -w work --where stage=kept --limit 5000`
    """
    require_fiftyone()
    from omnisource.fiftyone_io.pushing import push as push_now

    opened = Workspace(workspace)
    filters = parse_filters(where or (), opened.taxonomy())
    told = push_now(opened, recipe=recipe, filters=filters, limit=limit)
    if as_json:
        print_json(asdict(told))
        return
    if told.passing > told.limit:
        print(f"{told.limit} of {told.passing} items (--limit); narrow them with --where, or raise --limit")
    print(f"{told.added} added, {told.updated} updated, {told.unchanged} unchanged, {told.removed} removed")
    if told.pairs or told.vectors:
        print(f"{told.pairs} pairs added or changed, {told.vectors} items with a new embedding")
    if told.left_out:
        print(f"not shown: {counted(dict(told.left_out))}")
    if told.unpulled:
        print(f"{told.unpulled} edits in FiftyOne were left alone; `omnisource fiftyone pull` fetches them")
    for name, size in told.datasets.items():
        print(f"{name}: {size} {'pairs' if name.endswith('-pairs') else 'samples'}")


@group.command()
def pull(
    workspace: Where = HERE,
    author: Annotated[str | None, typer.Option(help="Who decided. Default: you.")] = None,
    prefer: Annotated[
        Literal["fiftyone", "omnisource"] | None,
        typer.Option(help="Whose word counts where both decided. Default: such items are listed and left alone."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Record what was decided in FiftyOne: tags, labels and verdicts that changed since the push.

    Example: `omnisource fiftyone pull -w work`
    """
    require_fiftyone()
    from omnisource.fiftyone_io.pulling import pull as pull_now

    told = pull_now(Workspace(workspace), author=author, prefer=prefer)
    conflicts = [
        {
            "item": one.subject.key.hex(),
            "start_s": one.subject.start_s,
            "target": one.subject.target_path,
            "in_fiftyone": one.in_fiftyone,
            "in_omnisource": one.in_omnisource,
            "author": one.author,
            "made_at": one.made_at,
        }
        for one in told.conflicts
    ]
    if as_json:
        print_json(asdict(told) | {"conflicts": conflicts})
        return
    print(f"{len(told.decided)} decisions and {len(told.undone)} undoings recorded, {told.known} known already")
    for one in conflicts:
        who = f" by {one['author']} at {one['made_at']}" if one["author"] else ""
        print(f"conflict: {one['item']}: FiftyOne says {one['in_fiftyone']}, OmniSource {one['in_omnisource']}{who}")
    if conflicts:
        print("settle them with --prefer fiftyone or --prefer omnisource, or one by one in either app")
    for line in told.unclear:
        print(f"unclear: {line}")


@group.command()
def app(
    workspace: Where = HERE,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Default: the first free one from 5151.")] = None,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open a browser there.")] = True,
    app_url: Annotated[str | None, typer.Option(help="Where `omnisource app` answers, for links to it.")] = None,
) -> None:
    """Open FiftyOne on the workspace: installs the operators, pushes what is missing as before; ends with Ctrl-C.

    Example: `omnisource fiftyone app -w work --no-browser`
    """
    require_fiftyone()
    import webbrowser

    from omnisource.commands.app import choose_port, has_screen
    from omnisource.fiftyone_io.pushing import push_again
    from omnisource.fiftyone_io.serving import FIRST_PORT, install_plugin, launch

    opened, chosen = Workspace(workspace), choose_port(port, first=FIRST_PORT)
    install_plugin()
    told = push_again(opened, app_url=app_url)
    print(", ".join(f"{name}: {size}" for name, size in told.datasets.items()), flush=True)
    session, url = launch(opened, port=chosen)
    print(f"FiftyOne: {url} (Ctrl-C ends it)", flush=True)
    if browser and has_screen():
        webbrowser.open(url)
    try:
        session.wait(-1)
    except KeyboardInterrupt:
        session.close()
