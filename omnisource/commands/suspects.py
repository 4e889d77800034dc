"""`suspects`: the app's queue of suspected duplicates, what is to be expected of them, and the threshold."""

from dataclasses import asdict
from typing import Annotated

import typer

from omnisource.clean.pair_filters import Order
from omnisource.commands.options import HERE, AsJson, Where, print_json
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
    limit: Annotated[int, typer.Option(help="How many pairs.")] = 24,
    save: Annotated[str | None, typer.Option(help="Write the threshold into this recipe, and list nothing.")] = None,
    as_json: AsJson = False,
) -> None:
    """List web data that may copy labelled clips, most alike first, and say whether reviewing may stop.

    Example: `omnisource suspects -w work --order random --limit 10`
    """
    from omnisource.catalog import Catalog
    from omnisource.clean.pair_estimate import advise, estimate
    from omnisource.clean.pair_filters import parse_pair_filter, usual_filter
    from omnisource.clean.pair_index import crop_threshold, index_pairs
    from omnisource.clean.pairs import SuspectedPairs
    from omnisource.reviews import Reviews

    opened = Workspace(workspace)
    line = crop_threshold(opened) if threshold is None else threshold
    if line is None:
        raise WorkspaceError(f"{opened.root} has no measured crop threshold; give one with --threshold")
    if save is not None:
        opened.save_recipe(save, opened.recipe(save).model_copy(update={"duplicate_similarity": line}))
        print(f"recipe {save}: pairs from a similarity of {line:g} on are duplicates")
        return
    index = index_pairs(opened)
    if index is None:
        if crop_threshold(opened) is not None:
            raise WorkspaceError(f"{opened.root} has no suspects: no web frame is nearly as alike to a labelled one")
        raise WorkspaceError(f"{opened.root} has no similarities: nothing has compared web data with labelled clips")
    pairs = SuspectedPairs(Catalog(opened), index, Reviews(opened.reviews_path).current())
    taxonomy = opened.taxonomy() if opened.taxonomy_path.is_file() else None
    wanted = parse_pair_filter(filters or (), taxonomy, usual_filter(order, line))
    found = pairs.next(wanted, order, threshold=line, limit=limit)
    bands = pairs.bands(line)[0]
    expected = estimate(bands)
    advice = advise(expected, bands)
    if as_json:
        rows = [asdict(pair) | {"key": pair.key.hex()} for pair in found]
        estimated = None if expected is None else asdict(expected)
        print_json({"pairs": rows, "expected": estimated, "may_stop": advice.may_stop, "advice": advice.text})
        return
    for pair in found:
        sides = f"{pair.path}\t{pair.time_s:.1f} s\t{pair.target_path}\t{pair.target_time_s:.1f} s"
        print(f"{pair.similarity:.3f}\t{pair.state}\t{sides}")
    print(advice.text)
