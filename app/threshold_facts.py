"""What the page Thresholds asks of the library, kept between reruns until facts or decisions change."""

from collections.abc import Sequence
from contextlib import suppress

import streamlit as st

from omnisource.catalog import Catalog, listed_rows
from omnisource.config import Recipe
from omnisource.label.calibrate import Audit
from omnisource.label.confidence_cube import stamps
from omnisource.label.line_samples import BothSides, Judged, LineSample, LineSamples, Selection
from omnisource.label.recipe_overlap import Overlap, overlap
from omnisource.label.thresholds import Counts, counts_of
from omnisource.pipeline.thresholding import audit_of, cubes_of, judgements
from omnisource.types import Format, Taxonomy
from omnisource.workspace import Workspace

Version = tuple[object, ...]


def scores_version(workspace: Workspace, recipe: Recipe) -> Version:
    """Changes with the facts that a recipe looks at; `recipe` must be ready."""
    if recipe.label_source == "listed":
        return (str(workspace.root), listed_rows(workspace), stamps(workspace.table("validity")))
    tables = [(f, name, stamps(workspace.table(f"scores/{name}"))) for f, name in recipe.teachers.items()]
    return (str(workspace.root), *tables)


def reviews_version(workspace: Workspace) -> Version:
    """Changes with people's decisions."""
    seen = []
    for path in sorted(workspace.root.glob("reviews.sqlite*")):
        with suppress(FileNotFoundError):  # SQLite removes its -wal and -shm whenever the last one has read
            told = path.stat()
            seen.append((path.name, told.st_size, told.st_mtime_ns))
    return tuple(seen)


@st.cache_resource(max_entries=12, show_spinner="Counting the scores, once")
def counted(version: Version, label_source: str, _catalog: Catalog, _recipe: Recipe) -> tuple[Counts, float]:
    """The counts, and how many seconds counting took when it was done."""
    cubes = _cubes(version, _catalog, _recipe)
    once = {id(cube): cube.counted_s for cube in cubes.values()}
    return counts_of(cubes, label_source), sum(once.values())


@st.cache_resource(max_entries=4, show_spinner=False)
def _cubes(version: Version, _catalog: Catalog, _recipe: Recipe) -> dict[Format, object]:
    return cubes_of(_catalog, _recipe)


@st.cache_data(max_entries=200, show_spinner=False)
def around(
    version: Version, recipe: str, selection: Selection, limit: int, reach: tuple[float, float], _samples: LineSamples
) -> BothSides:
    """The segments on both sides of the line."""
    below, above = reach
    return _samples.around(selection, limit=limit, below=below, above=above)


@st.cache_data(max_entries=50, show_spinner="Drawing samples")
def drawn(
    version: Version, recipe: str, selection: Selection, seed: int, share: float, _samples: LineSamples
) -> list[LineSample]:
    """Samples to judge."""
    return _samples.drawn(selection, seed=seed, share=share)


@st.cache_data(max_entries=50, show_spinner=False)
def judged(version: Version, decided: Version, label_source: str, _catalog: Catalog, _recipe: Recipe) -> list[Judged]:
    """What people said of the segments that are tested."""
    return judgements(_catalog, _recipe)


@st.cache_data(max_entries=200, show_spinner=False)
def audited(
    version: Version,
    decided: Version,
    label_source: str,
    of: tuple[tuple[str, ...] | None, int | None],
    _judged: Sequence[Judged],
    _counts: Counts,
) -> Audit:
    """What every threshold is worth, for some sources and one class or all."""
    sources, class_index = of
    return audit_of(_judged, _counts, sources=sources, class_index=class_index)


@st.cache_data(max_entries=20, show_spinner="Comparing item by item")
def overlapping(
    versions: Version, recipes: tuple[str, str], _catalog: Catalog, _both: tuple[Recipe, Recipe], _taxonomy: Taxonomy
) -> list[Overlap]:
    """What two ready recipes have in common."""
    return overlap(_catalog, *_both, _taxonomy)
