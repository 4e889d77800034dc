"""Web data against labelled clips: features, whitening, crop threshold, every pair above a floor (paper 3.3)."""

import json
import logging
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from omnisource.catalog import Catalog, source
from omnisource.clean import duplicates, similarity, whitening
from omnisource.clean.duplicates import CropThreshold, FrameNames
from omnisource.clean.frames import NUM_CROPS
from omnisource.clean.pair_index import crop_threshold, index_pairs
from omnisource.clean.whitening import Whitening
from omnisource.errors import ConfigError, WorkspaceError
from omnisource.files import write_atomically
from omnisource.pipeline.array_files import save_arrays
from omnisource.pipeline.encoders import encoder_settings, load_encoder
from omnisource.pipeline.feature_blocks import blocks_of, vectors_of
from omnisource.pipeline.frame_features import measure_features, target_settings
from omnisource.pipeline.networks import pick_device
from omnisource.pipeline.similar_state import (
    COMPARED,
    CROP_THRESHOLD,
    WHITENING,
    compared_parts,
    encoder_name,
    target_features,
    web_features,
)
from omnisource.report import Report
from omnisource.tables import TableWriter
from omnisource.workspace import Workspace

logger = logging.getLogger(__name__)

PAIRS_PER_PART = 1_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """What the stage found."""

    encoder: str
    """What saw the frames."""
    web_frames: int
    """Frames of web data that were compared."""
    target_frames: int
    """Frames of labelled clips that they were compared with."""
    threshold: float
    """The measured crop threshold."""
    floor: float
    """Less alike pairs were not written down."""
    pairs: int
    """Pairs of frames that were."""
    suspects: int
    """Web items with a pair at the threshold or above."""


def measure(workspace: Workspace, *, progress: bool | None = None, redo: bool = False) -> Measured:
    """What is new in the web data -> features and the table `similar`; goes on where it stopped.

    Raises WorkspaceError where there are no labelled clips yet, or facts were made with other settings; ConfigError
    where the study names no split to compare with.
    """
    if not workspace.study().duplicates.splits:
        raise ConfigError("duplicates.splits is empty: nothing is to be compared; set it to [val, train]")
    if not workspace.table("target").parts():
        raise WorkspaceError(f"{workspace.root} has no labelled clips yet; `omnisource run --to target` reads them")
    similar = workspace.table("similar")
    if redo:
        load_encoder(workspace, pick_device(workspace.study().device))  # what was measured is kept where this fails
        for table in (similar, workspace.table("alike")):
            table.clear()
            for name in (COMPARED, CROP_THRESHOLD, WHITENING):
                (table.folder / name).unlink(missing_ok=True)
    measure_features(workspace, progress=progress, redo=redo)
    with (
        similar.writer(comparison_settings(workspace), rows_per_part=PAIRS_PER_PART) as writer,
        Report("similar", progress=progress) as report,
    ):
        white, crops = fitted(workspace)
        floor = workspace.study().duplicates.floor
        _compare(workspace, white, duplicates.usual_floor(crops.threshold) if floor is None else floor, writer, report)
    return _measured(workspace)


def suspected_items(workspace: Workspace) -> list[Path]:
    """Web items with a pair at the measured crop threshold or above it, whatever was said of them."""
    threshold = crop_threshold(workspace)
    if threshold is None:
        return []
    similar, items = source(workspace.table("similar")), source(workspace.table("items"))
    found = Catalog(workspace).table(
        f"SELECT path FROM {items} WHERE key IN (SELECT key FROM {similar} WHERE similarity >= $threshold)",
        {"threshold": threshold},
    )
    return [Path(path) for path in found["path"].to_pylist()]


def comparison_settings(workspace: Workspace) -> dict[str, object]:
    """What similarities depend on, for their tables to remember."""
    study = workspace.study()
    settings = target_settings(workspace, encoder_settings(workspace)) | {"fps": study.features.fps}
    return settings | {"encoder": encoder_name(study)} | study.duplicates.model_dump(mode="json", exclude={"precision"})


def fitted(workspace: Workspace) -> tuple[Whitening, CropThreshold]:
    """Whitening and crop threshold of the labelled clips; fitted once, then read back."""
    folder = workspace.table("similar").folder
    saved, fitted = folder / CROP_THRESHOLD, folder / WHITENING
    if saved.is_file() and fitted.is_file():
        numbers = json.loads(saved.read_text(encoding="utf-8"))["crops"]
        return whitening.load(fitted), CropThreshold(**numbers)
    study = workspace.study()
    features = target_features(workspace)
    parts = features.parts()
    # the frames of a clip are nearly one: with more dimensions than clips, whitening would spread a clip's noise
    num_clips = int(Catalog(workspace).value(f"SELECT count(DISTINCT target_path) FROM {source(features)}"))

    def wholes() -> Iterator[np.ndarray]:
        for block in blocks_of(parts, ["crop", "vector"]):
            yield vectors_of(block)[block["crop"].to_numpy() == 0]

    white = whitening.fit(wholes, dims=min(study.duplicates.dims, max(num_clips, 2)), ridge=study.duplicates.ridge)
    crops = duplicates.crop_threshold(_crops(workspace, white))
    arrays = {"mean": white.mean, "projection": white.projection, "num": np.array(white.num_frames)}
    save_arrays(fitted, arrays)
    document = {
        "threshold": crops.threshold,
        "crops": asdict(crops),
        "encoder": encoder_name(study),
        "features": len(white.mean),
        "dims": white.dims,
        "target_frames": white.num_frames,
        "crop_share": study.features.crop_share,
    }
    write_atomically(saved, json.dumps(document, indent=1))
    logger.info("crop threshold %.3f of %d frames in %d dimensions", crops.threshold, crops.num_frames, white.dims)
    return white, crops


def _crops(workspace: Workspace, white: Whitening) -> np.ndarray:
    """(F, R, d) float32: the crops of every frame that has all of them, whitened."""
    features = source(target_features(workspace))
    rows = Catalog(workspace).rows(
        f"SELECT f.vector FROM {features} f SEMI JOIN (SELECT target_path, time_s FROM {features}"
        f" GROUP BY ALL HAVING count(*) = {NUM_CROPS}) c USING (target_path, time_s)"
        " ORDER BY f.target_path, f.time_s, f.crop"
    )
    whitened = [white.directions(vectors_of(pa.Table.from_batches([batch]))) for batch in rows if batch.num_rows]
    if not whitened:
        return np.empty((0, NUM_CROPS, white.dims), dtype=np.float32)
    return np.concatenate(whitened).reshape(-1, NUM_CROPS, white.dims)


def _compare(workspace: Workspace, white: Whitening, floor: float, writer: TableWriter, report: Report) -> None:
    """New parts of the web features -> rows of `similar`; a part counts once all of its pairs are on the disk."""
    table = workspace.table("similar")
    compared, num_parts = compared_parts(workspace)
    for part in table.parts()[num_parts:]:  # of a part that was in flight when the stage was killed
        part.unlink()
    new = [part for part in web_features(workspace).parts() if part.name not in compared]
    if not new:
        return
    scratch = table.folder / "target_directions.partial"  # always of this name: a killed stage leaves one at most
    try:
        names, target = _target_directions(workspace, white, scratch)
        precision = precision_of(workspace)
        for done, part in enumerate(new, start=1):
            for block in blocks_of([part], ["key", "time_s", "vector"]):
                web, directions = _frames_of(block, "key"), white.directions(vectors_of(block))
                if precision == "auto":
                    precision = similarity.faster_precision(directions, target, floor)
                pairs = similarity.pairs_above(directions, target, floor, precision)
                for rows in duplicates.similar_rows(pairs, web, names):
                    writer.add(rows)
            writer.flush()
            compared.append(part.name)
            saved = {"compared": compared, "parts": len(table.parts()), "floor": floor}
            write_atomically(table.folder / COMPARED, json.dumps(saved))
            report.progress(done, len(new), "comparing with labelled clips")
    finally:
        scratch.unlink(missing_ok=True)


def _target_directions(workspace: Workspace, white: Whitening, path: Path) -> tuple[FrameNames, np.ndarray]:
    """The labelled frames whitened, in a file and mapped: (M, d) float32."""
    mapped = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=(white.num_frames, white.dims))
    owners, times_s, first = [], [], 0
    for block in blocks_of(target_features(workspace).parts(), ["target_path", "time_s", "crop", "vector"]):
        wholes = block.filter(pa.array(block["crop"].to_numpy() == 0))
        mapped[first : first + len(wholes)] = white.directions(vectors_of(wholes))
        first += len(wholes)
        frames = _frames_of(wholes, "target_path")
        owners.append(frames.owners)
        times_s.append(frames.times_s)
    mapped.flush()
    return FrameNames(owners=pa.concat_arrays(owners), times_s=np.concatenate(times_s)), np.load(path, mmap_mode="r+")


def _frames_of(block: pa.Table, owner: str) -> FrameNames:
    return FrameNames(owners=block[owner].combine_chunks(), times_s=block["time_s"].to_numpy())


def precision_of(workspace: Workspace) -> similarity.Choice:
    """On a GPU, where there is one and nothing else was asked for."""
    study = workspace.study()
    wanted = study.duplicates.precision
    return "cuda" if wanted == "auto" and pick_device(study.device).type == "cuda" else wanted


def _measured(workspace: Workspace) -> Measured:
    similar = workspace.table("similar")
    numbers = json.loads((similar.folder / CROP_THRESHOLD).read_text(encoding="utf-8"))
    compared = similar.folder / COMPARED
    floor = json.loads(compared.read_text(encoding="utf-8"))["floor"] if compared.is_file() else numbers["threshold"]
    index_pairs(workspace)
    return Measured(
        encoder=numbers["encoder"],
        web_frames=web_features(workspace).num_rows(),
        target_frames=numbers["target_frames"],
        threshold=numbers["threshold"],
        floor=floor,
        pairs=similar.num_rows(),
        suspects=len(suspected_items(workspace)),
    )
