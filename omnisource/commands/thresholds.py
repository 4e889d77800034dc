"""`thresholds`, `audit` and `overlap`: what recipes would keep, and what judgements say of their lines."""

import math
from dataclasses import asdict
from typing import Annotated

import typer

from omnisource.commands.options import HERE, AsJson, Where, print_json
from omnisource.workspace import Workspace

RecipeName = Annotated[str, typer.Option("--recipe", "-r", help="Which recipe.")]
Settings = Annotated[
    list[str] | None, typer.Option("--set", help="KEY=VALUE of the recipe to try without keeping it: confidence=0.4")
]


def thresholds(
    workspace: Where = HERE, recipe: RecipeName = "default", settings: Settings = None, as_json: AsJson = False
) -> None:
    """Count what a recipe's thresholds leave of every source, before duplicates and people's decisions.

    Example: `omnisource thresholds -w work -r omnisource --set confidence=0.5`
    """
    from omnisource.catalog import Catalog
    from omnisource.pipeline.thresholding import change_recipe, kept_per_source

    opened = Workspace(workspace)
    kept = kept_per_source(Catalog(opened), change_recipe(opened.recipe(recipe), settings or []))
    if as_json:
        print_json([asdict(one) for one in kept])
        return
    print("source\tformat\tscored\ttested\tkept\texamples")
    for one in kept:
        print(f"{one.source}\t{one.format}\t{one.scored}\t{one.tested}\t{one.kept}\t{one.examples}")


def audit(
    workspace: Where = HERE,
    recipe: RecipeName = "default",
    settings: Settings = None,
    precision: Annotated[float, typer.Option(min=0.0, max=1.0, help="The precision that is wanted.")] = 0.9,
    class_name: Annotated[str | None, typer.Option("--class", help="Only this class, which borrows from all.")] = None,
    source: Annotated[list[str] | None, typer.Option(help="Only this source; may be given again.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say from people's judgements what a threshold is worth, and which one a wanted precision asks for.

    Example: `omnisource audit -w work -r omnisource --precision 0.95 --class boxing`
    """
    from omnisource.catalog import Catalog
    from omnisource.label.calibrate import threshold_for
    from omnisource.label.thresholds import counts_of, edge_of, own_lines
    from omnisource.pipeline.thresholding import audit_of, change_recipe, cubes_of, judgements, ready

    opened = Workspace(workspace)
    catalog, changed = Catalog(opened), change_recipe(opened.recipe(recipe), settings or [])
    resolved = ready(opened, changed)
    class_index = None if class_name is None else opened.taxonomy().index(class_name)
    judged = judgements(catalog, resolved)
    counts = counts_of(cubes_of(catalog, resolved), resolved.label_source)
    audited = audit_of(judged, counts, sources=source or resolved.sources, class_index=class_index)
    only = source[0] if source and len(source) == 1 else None
    lines = own_lines(resolved, opened.taxonomy(), only, class_index)
    confidence = lines[0] if len(lines) == 1 else resolved.confidence
    line = edge_of(confidence)
    told = {
        "judged": len(judged),
        "confidence": confidence,
        "precision": audited.precision.at(line),
        "recall": audited.recall.at(line),
        "lost": audited.lost.at(line),
        "threshold": threshold_for(audited, precision, cautious=False),
        "cautious_threshold": threshold_for(audited, precision, cautious=True),
    }
    if as_json:
        print_json(told)
        return
    print(f"{len(judged)} judgements; at confidence {confidence:g}, with 90 % bands:")
    for name in ("precision", "recall"):
        middle, low, high = told[name]
        known = f"{middle:.1%} ({low:.1%} to {high:.1%})"
        print(f"  {name} {'unknown: nothing is there' if math.isnan(middle) else known}")
    middle, low, high = told["lost"]
    print(f"  relevant segments left out {middle:.0f} ({low:.0f} to {high:.0f})")
    for name, what in (("threshold", "the middle"), ("cautious_threshold", "the lower end of the band")):
        found = "no threshold is known to reach it" if told[name] is None else f"confidence {told[name]:.3f}"
        print(f"precision {precision:.0%} by {what}: {found}")


def overlap(
    first: Annotated[str, typer.Argument(help="A recipe.")],
    second: Annotated[str, typer.Argument(help="Another recipe.")],
    workspace: Where = HERE,
    as_json: AsJson = False,
) -> None:
    """Count the items that two recipes both keep, and those that only one of them keeps.

    Example: `omnisource overlap omnisource unfiltered -w work`
    """
    from omnisource.catalog import Catalog
    from omnisource.label.recipe_overlap import overlap as overlap_of
    from omnisource.pipeline.thresholding import ready

    opened = Workspace(workspace)
    both = [ready(opened, opened.recipe(name)) for name in (first, second)]
    found = overlap_of(Catalog(opened), both[0], both[1], opened.taxonomy())
    if as_json:
        print_json([asdict(one) for one in found])
        return
    print(f"source\tboth\trelabelled\tonly {first}\tonly {second}")
    for one in found:
        print(f"{one.source}\t{one.both}\t{one.relabelled}\t{one.only_first}\t{one.only_second}")
