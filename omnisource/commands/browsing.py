"""`items` and `item`: the app's wall of web data, and the story of one item, for a terminal or a script."""

from dataclasses import asdict
from typing import Annotated

import typer

from omnisource.commands.options import HERE, AsJson, Where, print_json
from omnisource.errors import WorkspaceError
from omnisource.filters import Order, Sort, parse_filters
from omnisource.workspace import Workspace


def items(
    workspace: Where = HERE,
    filters: Annotated[
        list[str] | None,
        typer.Option(
            "--filter", "-f", help="NAME=VALUE, such as stage=kept, class=boxing, least=0.5; may be repeated."
        ),
    ] = None,
    sort: Annotated[Sort, typer.Option(help="What comes first.")] = Sort.NEWEST,
    seed: Annotated[int, typer.Option(help="Of the random order.")] = 0,
    like: Annotated[str | None, typer.Option(help="The key of the item that `--sort similar` means.")] = None,
    text: Annotated[str | None, typer.Option(help="Or words that it means, where CLIP has seen the items.")] = None,
    of_recipe: Annotated[str | None, typer.Option(help="Whose threshold `--sort threshold` means.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many items.")] = 60,
    offset: Annotated[int, typer.Option(min=0, help="How many come before them.")] = 0,
    as_json: AsJson = False,
) -> None:
    """List web data as the app's wall shows it: key, class, confidence, query, decision, path.

    Example: `omnisource items -w work -f stage=scored -f class=boxing --sort unsure`
    """
    from omnisource.browsing import Browsing
    from omnisource.catalog import Catalog
    from omnisource.pipeline.feature_search import near_order

    opened = Workspace(workspace)
    taxonomy = opened.taxonomy()
    browsing = Browsing(Catalog(opened))
    asked = browsing.with_teacher(parse_filters(filters or (), taxonomy))
    order = Order(sort=sort, seed=seed, recipe=of_recipe, like=like, text=text)
    found = browsing.page(asked, order, offset=offset, limit=limit, nearest=near_order(opened, order))
    decided = browsing.decisions(found)
    rows = [
        {
            "key": item.key.hex() if item.key else None,
            "class": None if item.top_class is None else taxonomy.names[item.top_class],
            "confidence": item.confidence,
            "query": None if item.query_class is None else taxonomy.names[item.query_class],
            "decision": str(decided[item.key].verdict) if item.key in decided else None,
            "reason": item.reason,
            "source": item.source,
            "path": item.path,
        }
        for item in found
    ]
    if as_json:
        print_json({"total": browsing.count(asked), "items": rows})
    else:
        for row in rows:
            print("\t".join("-" if value is None else _shown(value) for value in row.values()))


def item(
    token: Annotated[str, typer.Argument(help="The item's key in hex, as `omnisource items` prints it.")],
    workspace: Where = HERE,
) -> None:
    """Tell everything about one item as JSON: origin, measurements, scores, decisions, and what recipes make of it.

    Example: `omnisource item 3628bf7bc8b4a2b5fba1eea997ec1409 -w work`
    """
    from omnisource.catalog import Catalog
    from omnisource.item_story import tell
    from omnisource.pipeline.outcomes import outcomes
    from omnisource.previews import key_of

    opened = Workspace(workspace)
    key = key_of(token)
    told = None if key is None else tell(Catalog(opened), key)
    if told is None:
        raise WorkspaceError(f"{opened.root} holds no item {token!r}; `omnisource items` lists them")
    print_json(_plain(asdict(told) | {"outcomes": [asdict(one) for one in outcomes(opened, told.item)]}))


def _shown(value: object) -> str:
    """A value in one column of a line."""
    text = f"{value:.3f}" if isinstance(value, float) else str(value)
    return text.replace("\t", " ").replace("\n", " ")


def _plain(value: object) -> object:
    """Records as JSON has them: keys in hex, paths as text."""
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, bytes):
        return value.hex()
    return value if value is None or isinstance(value, bool | int | float) else str(value)
