"""Scored segments -> their numbers per source, class and confidence, counted once and kept beside the scores (3.4).

Letters: R pairs of source and format, K classes, B edges 0, 0.001, ... 1. A bin begins on its edge as a recipe compares
it (32 bits), so a sum over bins is what a query over the scores would count, to the last segment.
"""

import json
import logging
import time
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from omnisource.catalog import Catalog, source_of_parts
from omnisource.files import save_apart
from omnisource.tables import Table
from omnisource.types import Format

logger = logging.getLogger(__name__)

STEPS = 1000
"""Steps of a threshold between 0 and 1."""
NUM_EDGES = STEPS + 1
"""B: bin b counts probabilities from b / STEPS on and below the next edge; the last one those that are 1."""
_FILE = "confidence_cube.npz"

Stamp = tuple[str, int, int]
"""Name, bytes and time of change of a part."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ConfidenceCube:
    """Numbers of scored segments of one table."""

    sources: tuple[str, ...]
    """(R,) the web resource."""
    formats: tuple[Format, ...]
    """(R,) the format."""
    by_top: np.ndarray
    """(R, K, 2, B) uint32 by the top class, whether it is the query's, and its probability."""
    by_query: np.ndarray
    """(R, K, B) uint32 by the query's class and its probability."""
    parts: tuple[Stamp, ...]
    """What was counted."""
    counted_s: float
    """Seconds that counting took, all parts together."""

    @property
    def num_segments(self) -> int:
        """Scored segments."""
        return int(self.by_top.sum(dtype=np.int64))


def cube_of(catalog: Catalog, table: Table, num_classes: int) -> ConfidenceCube:
    """The counts of a table of scores; only parts that were added since the last time are read."""
    parts = stamps(table)
    kept = _load(table.folder / _FILE, num_classes)
    if kept is not None and kept.parts == parts:
        return kept
    if kept is not None and not set(kept.parts) < set(parts):
        kept = None  # the table was made anew
    known = set(kept.parts) if kept else set()
    new = [table.folder / stamp[0] for stamp in parts if stamp not in known]
    counted = _count(catalog, source_of_parts(new), num_classes) if new else _nothing(num_classes)
    cube = _sum([*([kept] if kept else []), counted], parts)
    logger.info("counted %d new parts of %s in %.2f s", len(new), table.name, counted.counted_s)
    _save(cube, table.folder / _FILE)
    return cube


def count_segments(catalog: Catalog, segments: str, num_classes: int) -> ConfidenceCube:
    """The counts of any SQL with the columns of scores, such as what the released lists say; kept nowhere."""
    return _count(catalog, f"({segments})", num_classes)


def stamps(table: Table) -> tuple[Stamp, ...]:
    """By what it is seen that parts were added, or made anew."""
    return tuple((part.name, part.stat().st_size, part.stat().st_mtime_ns) for part in table.parts())


def _count(catalog: Catalog, segments: str, num_classes: int) -> ConfidenceCube:
    started = time.perf_counter()
    pairs = catalog.table(f"SELECT DISTINCT source, format FROM {segments} ORDER BY ALL").to_pylist()
    row = " ".join(
        f"WHEN source = {_quoted(pair['source'])} AND format = {_quoted(pair['format'])} THEN {r}"
        for r, pair in enumerate(pairs)
    )
    of_class = f"((CASE {row} END)::BIGINT * {num_classes} + {{column}})"
    top = f"({of_class.format(column='top_class')} * 2 + coalesce(top_class = query_class, false)::INTEGER)"
    query = of_class.format(column="query_class")
    shapes = {"by_top": (len(pairs), num_classes, 2), "by_query": (len(pairs), num_classes)}
    cubes = {}
    for name, cells, prob, where in (
        ("by_top", top, "confidence", "true"),
        ("by_query", query, "coalesce(query_prob, 0)", "query_class IS NOT NULL"),
    ):
        cubes[name] = np.zeros((*shapes[name], NUM_EDGES), np.uint32)
        if pairs:
            cell = f"{cells} * {NUM_EDGES} + {_bin(prob)} AS cell"
            for batch in catalog.rows(f"SELECT {cell}, count(*) AS n FROM {segments} WHERE {where} GROUP BY 1"):
                cubes[name].reshape(-1)[batch["cell"].to_numpy()] = batch["n"].to_numpy()
    return ConfidenceCube(
        sources=tuple(pair["source"] for pair in pairs),
        formats=tuple(Format(pair["format"]) for pair in pairs),
        parts=(),
        counted_s=time.perf_counter() - started,
        **cubes,
    )


def _bin(prob: str) -> str:
    """SQL for the bin of a probability; an edge is compared as FLOAT, like the line of a recipe."""
    near = f"floor({prob}::DOUBLE * {STEPS})"
    return (
        f"(CASE WHEN {prob} < ({near} / {STEPS})::FLOAT THEN {near} - 1"
        f" WHEN {prob} >= (({near} + 1) / {STEPS})::FLOAT THEN {near} + 1 ELSE {near} END)::BIGINT"
    )


def _sum(cubes: Sequence[ConfidenceCube], parts: tuple[Stamp, ...]) -> ConfidenceCube:
    """Cubes of several parts of one table as one; a source may stand in some of them only."""
    pairs = sorted({pair for cube in cubes for pair in zip(cube.sources, cube.formats)})
    num_classes = cubes[0].by_query.shape[1]
    by_top = np.zeros((len(pairs), num_classes, 2, NUM_EDGES), np.uint32)
    by_query = np.zeros((len(pairs), num_classes, NUM_EDGES), np.uint32)
    for cube in cubes:
        rows = [pairs.index(pair) for pair in zip(cube.sources, cube.formats)]
        by_top[rows] += cube.by_top
        by_query[rows] += cube.by_query
    return ConfidenceCube(
        sources=tuple(name for name, _ in pairs),
        formats=tuple(item_format for _, item_format in pairs),
        by_top=by_top,
        by_query=by_query,
        parts=parts,
        counted_s=sum(cube.counted_s for cube in cubes),
    )


def _nothing(num_classes: int) -> ConfidenceCube:
    return ConfidenceCube(
        sources=(),
        formats=(),
        by_top=np.zeros((0, num_classes, 2, NUM_EDGES), np.uint32),
        by_query=np.zeros((0, num_classes, NUM_EDGES), np.uint32),
        parts=(),
        counted_s=0.0,
    )


def _load(path: Path, num_classes: int) -> ConfidenceCube | None:
    """What was kept; None where nothing was, or nothing that can be used."""
    try:
        with np.load(path, allow_pickle=False) as file:
            by_top, by_query, head = file["by_top"], file["by_query"], json.loads(str(file["head"]))
    except (FileNotFoundError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    if by_query.shape[1:] != (num_classes, NUM_EDGES):
        return None
    return ConfidenceCube(
        sources=tuple(head["sources"]),
        formats=tuple(Format(name) for name in head["formats"]),
        by_top=by_top,
        by_query=by_query,
        parts=tuple((name, size, changed) for name, size, changed in head["parts"]),
        counted_s=head["counted_s"],
    )


def _save(cube: ConfidenceCube, path: Path) -> None:
    """Keep the counts; where the disk refuses, they are only counted again next time."""
    head = {"sources": cube.sources, "formats": cube.formats, "parts": cube.parts, "counted_s": cube.counted_s}
    arrays = {"by_top": cube.by_top, "by_query": cube.by_query, "head": np.array(json.dumps(head))}
    try:
        save_apart(path, lambda partial: np.savez_compressed(partial, **arrays))
    except OSError as error:
        logger.warning("the counts of %s are not kept: %s", path.parent.name, error)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
