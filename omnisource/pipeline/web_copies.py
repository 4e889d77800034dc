"""Features of web items -> the table `alike`: near copies within the web data; goes on where it stopped (paper 3.3)."""

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from omnisource.catalog import Catalog, source
from omnisource.clean import duplicates, similarity, web_copies
from omnisource.clean.pair_index import crop_threshold
from omnisource.clean.web_copies import Copies, Items
from omnisource.clean.whitening import Whitening
from omnisource.errors import WorkspaceError
from omnisource.files import write_atomically
from omnisource.pipeline.duplicates import PAIRS_PER_PART, comparison_settings, fitted, precision_of
from omnisource.pipeline.feature_blocks import blocks_of, vectors_of
from omnisource.pipeline.similar_state import COMPARED, finished_parts, web_features
from omnisource.report import Report
from omnisource.tables import TableWriter
from omnisource.types import Format
from omnisource.workspace import Workspace

logger = logging.getLogger(__name__)

_ALIKE_KINDS = ((Format.IMAGE,), (Format.TRIMMED, Format.UNTRIMMED))
"""Pictures are compared with pictures, videos with videos: a picture taken from a video is no copy of it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CopiesMeasured:
    """What a comparison within the web data found."""

    web_frames: int
    """Frames of web data that were compared with each other."""
    threshold: float
    """The measured crop threshold."""
    copies: int
    """Items with a better near copy at the threshold or above."""
    items: int
    """Items that were compared."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Frames:
    """Frames of one part of the features, of some formats."""

    items: Items
    keys: np.ndarray
    """(I,) object: bytes of each item."""
    times_s: np.ndarray
    """(N,) float64."""
    directions: np.ndarray
    """(N, d) float32."""


def measure_web_copies(workspace: Workspace, *, progress: bool | None = None) -> CopiesMeasured:
    """Every new part of the web features against itself and all earlier ones.

    Call `duplicates.measure` first, which also forgets what is to be made anew. Raises WorkspaceError where no crop
    threshold was measured, or facts were made with other settings.
    """
    threshold, table = crop_threshold(workspace), workspace.table("alike")
    if threshold is None:
        raise WorkspaceError(
            f"{workspace.root} has no measured crop threshold yet; `omnisource duplicates` measures it"
        )
    settings = comparison_settings(workspace)
    with table.writer(settings, rows_per_part=PAIRS_PER_PART) as writer, Report("alike", progress=progress) as report:
        _compare(workspace, writer, report)
    features, alike = source(web_features(workspace)), source(table)
    catalog = Catalog(workspace)
    wanted = {"threshold": threshold}
    return CopiesMeasured(
        web_frames=web_features(workspace).num_rows(),
        threshold=threshold,
        copies=int(catalog.value(f"SELECT count(DISTINCT key) FROM {alike} WHERE similarity >= $threshold", wanted)),
        items=int(catalog.value(f"SELECT count(DISTINCT key) FROM {features}")),
    )


def _compare(workspace: Workspace, writer: TableWriter, report: Report) -> None:
    """A part counts once all of its pairs with itself and the earlier ones are on the disk."""
    table = workspace.table("alike")
    compared, num_parts = finished_parts(table)
    for part in table.parts()[num_parts:]:  # of a part that was in flight when the stage was killed
        part.unlink()
    parts = web_features(workspace).parts()
    new = [part for part in parts if part.name not in compared]
    if not new:
        return
    white, crops = fitted(workspace)
    floor = workspace.study().duplicates.floor
    floor = duplicates.usual_floor(crops.threshold) if floor is None else floor
    precision = precision_of(workspace)
    sources: dict[str, int] = {}
    for done, part in enumerate(new, start=1):
        for formats in _ALIKE_KINDS:
            left = _frames(workspace, part, formats, white, sources)
            for earlier in [path for path in parts if path.name in compared]:
                _write(left, _frames(workspace, earlier, formats, white, sources), floor, precision, writer)
            _write(left, None, floor, precision, writer)
        writer.flush()
        compared.append(part.name)
        saved = {"compared": compared, "parts": len(table.parts()), "floor": floor}
        write_atomically(table.folder / COMPARED, json.dumps(saved))
        report.progress(done, len(new), "comparing web data with itself")
    logger.info("alike: %d parts compared down to a similarity of %.3f", len(new), floor)


def _write(
    left: _Frames, right: _Frames | None, floor: float, precision: similarity.Choice, writer: TableWriter
) -> None:
    """Copies between two parts, or within one where `right` is None."""
    columns = left.directions if right is None else right.directions
    if not len(left.directions) or not len(columns):
        return
    items = left.items if right is None else web_copies.joined(left.items, right.items)
    first_column = 0 if right is None else len(left.directions)
    pairs = similarity.pairs_above(left.directions, columns, floor, precision)
    copies = web_copies.copies_of(pairs, items, first_column=first_column)
    keys = left.keys if right is None else np.concatenate([left.keys, right.keys])
    times_s = left.times_s if right is None else np.concatenate([left.times_s, right.times_s])
    writer.add(_rows(copies, keys, times_s))


def _rows(copies: Copies, keys: np.ndarray, times_s: np.ndarray) -> pa.Table:
    """In the schema of the table `alike`."""
    return pa.table(
        {
            "key": pa.array(keys[copies.item].tolist(), pa.binary(16)),
            "kept_key": pa.array(keys[copies.kept].tolist(), pa.binary(16)),
            "similarity": np.minimum(copies.similarity, np.float32(1.0)),
            "time_s": times_s[copies.frame],
            "kept_time_s": times_s[copies.kept_frame],
        }
    )


def _frames(
    workspace: Workspace, part: Path, formats: tuple[Format, ...], white: Whitening, sources: dict[str, int]
) -> _Frames:
    """What a part holds of these formats; `sources` numbers the sources as they are met."""
    known = _known(workspace, part, formats)
    numbers = {bytes(row["key"]): number for number, row in enumerate(known)}
    frames, times_s, directions = [], [], [np.empty((0, white.dims), dtype=np.float32)]
    for block in _blocks_with(part, numbers):
        frames += [numbers[key] for key in block["key"].to_pylist()]
        times_s += block["time_s"].to_pylist()
        directions.append(white.directions(vectors_of(block)))
    of_frames = np.array(frames, dtype=np.int64)
    items = Items(
        frames=of_frames,
        num_frames=np.bincount(of_frames, minlength=len(known)),
        area=np.array([row["area"] for row in known], dtype=np.int64),
        order=np.array([row["place"] for row in known], dtype=np.int64),
        source=np.array([sources.setdefault(row["source"], len(sources)) for row in known], dtype=np.int64),
    )
    keys = np.array(list(numbers), dtype=object)
    return _Frames(items=items, keys=keys, times_s=np.array(times_s), directions=np.concatenate(directions))


def _blocks_with(part: Path, wanted: dict[bytes, int]) -> Iterator[pa.Table]:
    """The rows of these items."""
    for block in blocks_of([part], ["key", "time_s", "vector"]):
        chosen = block.filter(pa.array([key in wanted for key in block["key"].to_pylist()]))
        if len(chosen):
            yield chosen


def _known(workspace: Workspace, part: Path, formats: tuple[Format, ...]) -> list[dict[str, object]]:
    """Key, source, pixels and place of the items of a part that are of these formats."""
    items, validity = source(workspace.table("items"), order=True), source(workspace.table("validity"))
    keys = pa.table({"key": pa.concat_tables(blocks_of([part], ["key"]))["key"].unique()})
    # the place: items of earlier parts come first
    found = Catalog(workspace).rows(
        "SELECT i.key, i.source, coalesce(v.width::BIGINT * v.height, 0) AS area,"
        " regexp_extract(i.filename, '([0-9]+)[.]parquet$', 1)::BIGINT * 1000000000 + i.file_row_number AS place"
        f" FROM {items} i SEMI JOIN asked a ON a.key = i.key LEFT JOIN {validity} v ON v.key = i.key"
        " WHERE list_contains($formats, i.format) ORDER BY place",
        {"formats": [str(item_format) for item_format in formats]},
        tables={"asked": keys},
    )
    return found.read_all().to_pylist()
