"""Counts of scored segments and a recipe -> what its lines keep, per source and class, without a query (paper 3.4).

Letters as in confidence_cube: R pairs of source and format, K classes, B edges. Counts are of segments before
duplicates and people's decisions, which `label` heeds: a picture or trimmed clip is one segment, a long video many.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from omnisource.config import Recipe
from omnisource.label.confidence_cube import NUM_EDGES, STEPS, ConfidenceCube
from omnisource.types import Format, Taxonomy


@dataclass(frozen=True, kw_only=True, slots=True)
class Counts:
    """Numbers of segments by the class and probability that a label source tests."""

    sources: tuple[str, ...]
    """(R,) the web resource."""
    formats: tuple[Format, ...]
    """(R,) the format."""
    num_segments: np.ndarray
    """(R,) int64 scored segments, whether the label source lets them through or not."""
    per_bin: np.ndarray
    """(R, K, B) int64."""
    at_least: np.ndarray
    """(R, K, B) int64 segments whose probability is at least that of the edge."""

    def of(self, sources: Sequence[str] | None) -> np.ndarray:
        """(R,) bool: the rows of some sources; None: all."""
        return np.array([sources is None or name in sources for name in self.sources], bool)


@dataclass(frozen=True, kw_only=True, slots=True)
class Tally:
    """What a recipe's lines make of the counts."""

    lines: np.ndarray
    """(R, K) int: the edge of each line."""
    before: np.ndarray
    """(R, K) int64 segments that the label source tests."""
    kept: np.ndarray
    """(R, K) int64 of these, on or above the line, and of a source that the recipe uses."""
    examples: np.ndarray
    """(R, K) int64 of these, within the cap; an untrimmed video's segments are not capped here."""


def counts_of(cubes: Mapping[Format, ConfidenceCube], label_source: str) -> Counts:
    """What a label source tests, each format as its own teacher sees it."""
    rows = [(c, r) for wanted, c in cubes.items() for r, has in enumerate(c.formats) if has == wanted]
    num_classes = next(iter(cubes.values())).by_query.shape[1] if cubes else 0
    per_bin = np.zeros((len(rows), num_classes, NUM_EDGES), np.int64)
    for row, (cube, r) in enumerate(rows):
        if label_source == "query":
            per_bin[row] = cube.by_query[r]
        elif label_source == "agreement":
            per_bin[row] = cube.by_top[r, :, 1]
        else:
            per_bin[row] = cube.by_top[r].sum(axis=1)
    return Counts(
        sources=tuple(cube.sources[r] for cube, r in rows),
        formats=tuple(cube.formats[r] for cube, r in rows),
        num_segments=np.array([cube.by_top[r].sum(dtype=np.int64) for cube, r in rows], np.int64),
        per_bin=per_bin,
        at_least=np.cumsum(per_bin[..., ::-1], axis=-1)[..., ::-1],
    )


def tally(counts: Counts, recipe: Recipe, taxonomy: Taxonomy) -> Tally:
    """What a recipe keeps; raises UnknownClassError for a class of the recipe that the taxonomy does not hold."""
    lines = lines_of(recipe, taxonomy, counts.sources)
    kept = kept_by(counts, lines) * counts.of(recipe.sources)[:, None]
    examples = kept
    if recipe.max_per_class is not None:
        is_video = np.array([item_format is Format.UNTRIMMED for item_format in counts.formats], bool)
        examples = np.where(is_video[:, None], kept, np.minimum(kept, recipe.max_per_class))
    return Tally(lines=lines, before=counts.at_least[..., 0], kept=kept, examples=examples)


def lines_of(recipe: Recipe, taxonomy: Taxonomy, sources: Sequence[str]) -> np.ndarray:
    """(R, K) int: the edge that a recipe's line lies on, or the next above: of the class, else the source, else all."""
    lines = np.full((len(sources), len(taxonomy)), edge_of(recipe.confidence))
    for r, name in enumerate(sources):
        if name in recipe.confidence_by_source:
            lines[r] = edge_of(recipe.confidence_by_source[name])
    for name, least in recipe.confidence_by_class.items():
        lines[:, taxonomy.index(name)] = edge_of(least)
    return lines


def edge_of(confidence: float) -> int:
    """The first edge that is not below a confidence."""
    return int(np.ceil(confidence * STEPS - 1e-6))  # 0.069 * 1000 is a little above 69


def kept_by(counts: Counts, lines: np.ndarray) -> np.ndarray:
    """(R, K) int64: segments on or above their line."""
    return np.take_along_axis(counts.at_least, lines[..., None], axis=-1)[..., 0]


def window_for(counts: Counts, lines: np.ndarray, chosen: np.ndarray, wanted: int, *, above: bool) -> float:
    """How far from the lines enough segments lie on one side; `chosen` (R, K) bool says which count.

    A query that looks no further is answered many times faster; the window is wide where segments are few.
    """
    kept = kept_by(counts, lines)[chosen].sum()
    for width in (1, 2, 5, 10, 20, 50, 100, 200, 500):
        moved = np.clip(lines + (width if above else -width), 0, STEPS)
        if abs(kept - kept_by(counts, moved)[chosen].sum()) >= wanted:
            return width / STEPS
    return 1.0


def bars(counts: Counts, lines: np.ndarray, chosen: np.ndarray, *, num_bars: int = 50) -> np.ndarray:
    """(R, 2, num_bars) segments left out and kept, by probability; `chosen` (R, K) bool says which count.

    The last bar holds the probabilities of exactly 1 too.
    """
    is_kept = np.arange(NUM_EDGES) >= lines[..., None]
    per_bin = counts.per_bin * chosen[..., None]
    sides = np.stack([(per_bin * ~is_kept).sum(axis=1), (per_bin * is_kept).sum(axis=1)], axis=1)  # (R, 2, B)
    sides[..., -2] += sides[..., -1]
    return sides[..., :-1].reshape(len(per_bin), 2, num_bars, STEPS // num_bars).sum(axis=-1)


def own_lines(recipe: Recipe, taxonomy: Taxonomy, source: str | None, class_index: int | None) -> list[float]:
    """The different lines that a part of the data meets, lowest first; None: all sources, or all classes."""
    if class_index is not None:
        names = {taxonomy.index(name): least for name, least in recipe.confidence_by_class.items()}
        if class_index in names:
            return [names[class_index]]
        of_classes: set[float] = set()
    else:
        of_classes = set(recipe.confidence_by_class.values())
    if source is not None:
        return sorted({recipe.confidence_by_source.get(source, recipe.confidence), *of_classes})
    return sorted({recipe.confidence, *recipe.confidence_by_source.values(), *of_classes})
