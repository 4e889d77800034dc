"""A recipe -> what it would keep, and what people's judgements say of its lines, before it is applied (paper 3.4)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from omnisource import config
from omnisource.catalog import Catalog
from omnisource.errors import WorkspaceError
from omnisource.label.calibrate import Audit, audit, class_thresholds, fit, fit_class
from omnisource.label.confidence_cube import ConfidenceCube, count_segments, cube_of
from omnisource.label.line_samples import Judged, LineSamples
from omnisource.label.listed import listed_segments
from omnisource.label.thresholds import Counts, counts_of, tally
from omnisource.pipeline.recipes import resolve
from omnisource.reviews import Reviews
from omnisource.types import Format
from omnisource.workspace import Workspace


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptOfSource:
    """What a recipe's lines leave of one source."""

    source: str
    """The web resource."""
    format: Format
    """Its format; of an untrimmed source segments are counted."""
    scored: int
    """Segments that a teacher has scored, or that a released list names."""
    tested: int
    """Of these, segments that the label source gives a class to test."""
    kept: int
    """Of these, on or above their line."""
    examples: int
    """Of these, within the recipe's cap; an untrimmed source is not capped here."""


def ready(workspace: Workspace, recipe: config.Recipe) -> config.Recipe:
    """The recipe with a teacher named for every format that one has scored; raises WorkspaceError where none has."""
    resolved = resolve(recipe, workspace.study())
    if resolved.label_source == "listed":
        return resolved
    scored = {f: name for f, name in resolved.teachers.items() if workspace.table(f"scores/{name}").parts()}
    if not scored:
        raise WorkspaceError(f"no teacher of {workspace.root} has scored anything yet; `omnisource score` does it")
    return resolved.model_copy(update={"teachers": scored})


def cubes_of(catalog: Catalog, recipe: config.Recipe) -> dict[Format, ConfidenceCube]:
    """The counts of every format as the teacher that decides sees it; `recipe` must be ready."""
    num_classes = len(catalog.workspace.taxonomy())
    if recipe.label_source == "listed":
        return dict.fromkeys(Format, count_segments(catalog, listed_segments(catalog.workspace), num_classes))
    tables = {name: catalog.workspace.table(f"scores/{name}") for name in recipe.teachers.values()}
    cubes = {name: cube_of(catalog, table, num_classes) for name, table in tables.items()}
    return {item_format: cubes[name] for item_format, name in recipe.teachers.items()}


def kept_per_source(catalog: Catalog, recipe: config.Recipe) -> list[KeptOfSource]:
    """What a recipe's lines leave of every source, before duplicates and people's decisions."""
    recipe = ready(catalog.workspace, recipe)
    counts = counts_of(cubes_of(catalog, recipe), recipe.label_source)
    told = tally(counts, recipe, catalog.workspace.taxonomy())
    return [
        KeptOfSource(
            source=name,
            format=counts.formats[row],
            scored=int(counts.num_segments[row]),
            tested=int(told.before[row].sum()),
            kept=int(told.kept[row].sum()),
            examples=int(told.examples[row].sum()),
        )
        for row, name in enumerate(counts.sources)
    ]


def judgements(catalog: Catalog, recipe: config.Recipe) -> list[Judged]:
    """What people said of the segments that a ready recipe tests, whatever its lines are."""
    reviews = Reviews(catalog.workspace.reviews_path).current()
    return LineSamples(catalog, recipe, catalog.workspace.taxonomy()).judged(reviews)


def audit_of(
    judged: Iterable[Judged], counts: Counts, *, sources: Sequence[str] | None = None, class_index: int | None = None
) -> Audit:
    """What every threshold is worth for some sources, and for one class or all of them together.

    Only judgements about these sources count; a class borrows from the others (label.calibrate).
    """
    told = [one for one in judged if sources is None or one.source in sources]
    probabilities = [one.probability for one in told]
    relevant = [one.is_relevant for one in told]
    per_bin = counts.per_bin[counts.of(sources)]
    rng = np.random.default_rng(0)
    if class_index is None:
        return audit(fit(probabilities, relevant), per_bin.sum(axis=(0, 1)), rng)
    relevance = fit_class([one.class_index for one in told], probabilities, relevant, class_index)
    return audit(relevance, per_bin[:, class_index].sum(axis=0), rng)


def change_recipe(recipe: config.Recipe, settings: Iterable[str]) -> config.Recipe:
    """Apply `confidence=0.4`-like settings to a recipe; values are YAML. Raises ConfigError."""
    study = config.Study(recipes={"draft": recipe})
    return config.override(study, [f"recipes.draft.{setting}" for setting in settings]).recipes["draft"]


def lines_for(
    judged: Sequence[Judged], counts: Counts, wanted: float, *, sources: Sequence[str] | None, cautious: bool
) -> dict[int, float]:
    """The threshold of each class that a wanted precision asks for; classes that do not reach it are left out."""
    told = [one for one in judged if sources is None or one.source in sources]
    return class_thresholds(
        [one.class_index for one in told],
        [one.probability for one in told],
        [one.is_relevant for one in told],
        counts.per_bin[counts.of(sources)].sum(axis=0),
        wanted,
        cautious=cautious,
    )
