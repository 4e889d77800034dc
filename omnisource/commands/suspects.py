"""`suspects`: the app's queue of suspected duplicates, what is to be expected of them, and the threshold."""

from dataclasses import asdict
from typing import Annotated

import typer

from omnisource.clean.pair_filters import Order
from omnisource.commands.options import HERE, AsJson, Where, print_json
from omnisource.commands.pair_lines import as_rows, line_of, print_pairs, suspected_pairs
from omnisource.errors import WorkspaceError
from omnisource.workspace import Workspace


def suspects(
    workspace: Where = HERE,
    threshold: Annotated[float | None, typer.Option(help="Least similarity of suspects; default: as measured.")] = None,
    order: Annotated[Order, typer.Option(help="Most alike first, nearest the threshold, or random.")] = Order.SIMILAR,
    filters: Annotated[
        list[str] | None,
        typer.Option("--filter", "-f", help="NAME=VALUE, such as said=duplicate, least=0.8; may be repeated."),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many pairs.")] = 24,
    save: Annotated[str | None, typer.Option(help="Write the threshold into this recipe, and list nothing.")] = None,
    as_json: AsJson = False,
) -> None:
    """List web data that may copy labelled clips, most alike first, and say whether reviewing may stop.

    Example: `omnisource suspects -w work --order random --limit 10`
    """
    from omnisource.clean.pair_estimate import advise, estimate
    from omnisource.clean.pair_filters import parse_pair_filter, usual_filter
    from omnisource.clean.pair_index import crop_threshold

    opened = Workspace(workspace)
    line = line_of(opened, threshold)
    if save is not None:
        _save(opened, save, line, as_json)
        return
    pairs = suspected_pairs(opened)
    if pairs is None:
        if crop_threshold(opened) is not None:
            raise WorkspaceError(f"{opened.root} has no suspects: no web frame is nearly as alike to a labelled one")
        raise WorkspaceError(
            f"{opened.root} has no similarities: nothing has compared web data with labelled clips; "
            "`omnisource duplicates` does"
        )
    taxonomy = opened.taxonomy() if opened.taxonomy_path.is_file() else None
    wanted = parse_pair_filter(filters or (), taxonomy, usual_filter(order, line))
    found = pairs.next(wanted, order, threshold=line, limit=limit)
    bands = pairs.bands(line)[0]
    expected = estimate(bands)
    advice = advise(expected, bands)
    if as_json:
        said = {"may_stop": advice.may_stop, "advice": advice.text}
        print_json({"pairs": as_rows(found), "expected": None if expected is None else asdict(expected)} | said)
        return
    print_pairs(found)
    print(advice.text)


def _save(workspace: Workspace, recipe: str, line: float, as_json: bool) -> None:
    workspace.save_recipe(recipe, workspace.recipe(recipe).model_copy(update={"duplicate_similarity": line}))
    if as_json:
        print_json({"recipe": recipe, "duplicate_similarity": line})
    else:
        print(f"recipe {recipe}: pairs from a similarity of {line:g} on are duplicates")
