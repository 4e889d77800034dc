"""Valid web items and labelled clips -> the tables of features; goes on where it stopped (paper 3.3)."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from omnisource.catalog import Catalog, source
from omnisource.clean.features import Encoder, FootageFeatures, extract
from omnisource.clean.frames import Footage, Shape
from omnisource.pipeline.collecting import save_report, target_fingerprint
from omnisource.pipeline.encoders import encoder_settings, load_encoder
from omnisource.pipeline.networks import pick_device, share_cores
from omnisource.pipeline.similar_state import target_features, web_features
from omnisource.report import Report
from omnisource.schemas import SCHEMAS
from omnisource.tables import Table
from omnisource.types import Format
from omnisource.workspace import Workspace

ITEMS_PER_CHUNK = {Format.IMAGE: 512, Format.TRIMMED: 64, Format.UNTRIMMED: 8}
"""Items that are seen and written together: what a killed stage sees again at most."""
ROWS_PER_PART = 20_000


@dataclass(slots=True)
class _Lazy:
    """The encoder, loaded once it is needed: a stage with nothing new reads no weights."""

    workspace: Workspace
    encoder: Encoder | None = None

    def get(self) -> Encoder:
        if self.encoder is None:
            study = self.workspace.study()
            device = pick_device(study.device)
            share_cores(device, study.train.workers)
            self.encoder = load_encoder(self.workspace, device)
        return self.encoder


def measure_features(workspace: Workspace, *, progress: bool | None = None, redo: bool = False) -> None:
    """Frames of the labelled clips, then of the valid web items, as the study's network sees them."""
    lazy, settings = _Lazy(workspace=workspace), encoder_settings(workspace)
    _measure_target(workspace, lazy, settings, progress, redo)
    _measure_web(workspace, lazy, settings, progress, redo)


def measure_web_features(workspace: Workspace, *, progress: bool | None = None, redo: bool = False) -> None:
    """Frames of the valid web items alone: enough to search them."""
    _measure_web(workspace, _Lazy(workspace=workspace), encoder_settings(workspace), progress, redo)


def target_settings(workspace: Workspace, settings: dict[str, object]) -> dict[str, object]:
    """What the features of labelled clips depend on."""
    study = workspace.study()
    own = {"target_fps": study.features.target_fps, "crop_clips": study.features.crop_clips, "seed": study.seed}
    own |= {"splits": list(study.duplicates.splits), "target": target_fingerprint(workspace)}
    return settings | own


def _measure_target(
    workspace: Workspace, lazy: _Lazy, settings: dict[str, object], progress: bool | None, redo: bool
) -> None:
    table = target_features(workspace)
    if redo:
        table.clear()
    wanted = target_settings(workspace, settings)
    with table.writer(wanted, rows_per_part=ROWS_PER_PART) as writer, Report("features", progress=progress) as report:
        clips, done = _pending_clips(workspace, table), 0
        for first in range(0, len(clips), ITEMS_PER_CHUNK[Format.TRIMMED]):
            chunk = clips[first : first + ITEMS_PER_CHUNK[Format.TRIMMED]]
            for seen in _seen(chunk, lazy, report):
                writer.add(_rows(seen, chunk[seen.index]))
                done += 1
                report.progress(done, len(clips), "features of labelled clips")
            writer.add([], report.take_dropped())
    save_report(workspace, "features.target", table, report)


def _measure_web(
    workspace: Workspace, lazy: _Lazy, settings: dict[str, object], progress: bool | None, redo: bool
) -> None:
    study, table, catalog = workspace.study(), web_features(workspace), Catalog(workspace)
    if redo:
        table.clear()
    wanted = settings | {"fps": study.features.fps}
    with table.writer(wanted, rows_per_part=ROWS_PER_PART) as writer, Report("features", progress=progress) as report:
        done, total = 0, catalog.count_items(tuple(Format))
        pending = (
            chunk
            for item_format in Format
            for chunk in catalog.pending(table, valid=True, formats=(item_format,), chunk=ITEMS_PER_CHUNK[item_format])
        )
        for chunk in pending:
            footages = [
                Footage(path=item.path, format=item.format, fps=study.features.fps, key=item.key) for item in chunk
            ]
            for seen in _seen(footages, lazy, report):
                writer.add(_rows(seen, footages[seen.index]))
                done += 1
                report.progress(done, total, "features of web data")
            writer.add([], report.take_dropped())
    save_report(workspace, "features.web", table, report)


def _pending_clips(workspace: Workspace, table: Table) -> list[Footage]:
    """Labelled clips whose features are not there, in the order of the splits; some of them are cropped."""
    study = workspace.study()
    target = source(workspace.table("target"), order=True)
    splits = ", ".join(f"('{split}', {place})" for place, split in enumerate(study.duplicates.splits))
    rows = Catalog(workspace).table(
        f"SELECT t.path, t.format, EXISTS (SELECT 1 FROM {source(table)} d WHERE d.target_path = t.path)"
        f" OR EXISTS (SELECT 1 FROM {source(table.dropped())} d WHERE d.path = t.path) AS done"
        f" FROM {target} t JOIN (VALUES {splits}) AS s (split, place) ON s.split = t.split"
        " ORDER BY s.place, filename, file_row_number"
    )
    chosen = np.random.default_rng(study.seed).permutation(rows.num_rows)[: study.features.crop_clips]
    cropped = set(chosen.tolist())
    return [
        Footage(
            path=Path(row["path"]),
            format=Format(row["format"]),
            fps=study.features.target_fps,
            is_cropped=number in cropped,
        )
        for number, row in enumerate(rows.to_pylist())
        if not row["done"]
    ]


def _seen(footages: list[Footage], lazy: _Lazy, report: Report) -> Iterator[FootageFeatures]:
    study = lazy.workspace.study()
    settings = study.features
    shape = Shape(frame_px=settings.frame_px, crop_share=settings.crop_share, reader=study.media.reader)
    return extract(footages, lazy.get(), shape, report, batch_size=settings.batch_size, workers=study.train.workers)


def _rows(seen: FootageFeatures, footage: Footage) -> pa.Table:
    """In the schema of the table `features`."""
    num_rows, dims = seen.vectors.shape
    starts = np.arange(num_rows + 1, dtype=np.int32) * dims
    return pa.table(
        {
            "key": pa.array([footage.key] * num_rows, pa.binary(16)),
            "target_path": pa.array([None if footage.key else str(footage.path)] * num_rows, pa.string()),
            "time_s": seen.times_s,
            "crop": seen.crops,
            "vector": pa.ListArray.from_arrays(starts, pa.array(seen.vectors.ravel())),
        },
        schema=SCHEMAS["features"],
    )
