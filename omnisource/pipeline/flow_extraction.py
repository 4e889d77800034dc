"""Target clips and valid web videos -> their optical flow, kept as gray H.264 files that are read by frame (paper 5.2).

N frames have N - 1 flows: the last one is written twice, so that a flow file has the frames, the times and the length
of its video, and a span of seconds means the same frames in both.
"""

import logging
import multiprocessing
import shutil
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from omnisource import config, media
from omnisource.catalog import Catalog, source
from omnisource.errors import ConfigError, ItemError, WorkspaceError
from omnisource.pipeline.collecting import save_report
from omnisource.pipeline.flow import flow_folder, flow_name, flow_path, modified_ns
from omnisource.report import Report
from omnisource.tables import Table, sole_writer
from omnisource.transform import optical_flow
from omnisource.types import Format
from omnisource.video_streams import open_stream, write_gray
from omnisource.workspace import Workspace

if typing.TYPE_CHECKING:
    from torch import nn

logger = logging.getLogger(__name__)

Part = Literal["target", "web"]
FRAMES_AT_ONCE = 16
"""Frames of one video that are held."""
ROWS_PER_PART = 1_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Video:
    """One video to measure."""

    path: Path
    """Where it lies."""
    key: bytes | None
    """Its content; None where it has not been read yet."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Measure:
    """How a worker measures, and where it writes."""

    settings: config.FlowConfig
    """`raft_weights` is a whole path."""
    folder: Path
    """Of the flow files."""
    reader: media.Reader
    """Of the videos."""
    device: str
    """Where RAFT runs: "auto", "cpu" or "cuda"."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Extraction:
    """What `omnisource flow` has done."""

    name: str
    """The settings in a word."""
    num_new: int
    """Videos whose flow is known since."""
    num_videos: int
    """Videos whose flow is known."""
    dropped: dict[str, int]
    """Videos whose flow could not be measured, by reason."""


def extract(
    workspace: Workspace, *, only: Part | None = None, progress: bool | None = None, redo: bool = False
) -> Extraction:
    """Measure the flow of every target clip and valid web video that has none; goes on where it stopped.

    Raises WorkspaceError where there are no labelled clips yet, CheckpointError where RAFT is asked for and its weights
    are not to be had, ConfigError for `redo` of a part.
    """
    if redo and only:
        raise ConfigError(f"--redo forgets the flow of all videos, not of {only} alone; leave --only {only} out")
    study = workspace.study()
    table, folder = workspace.table(f"flow/{flow_name(workspace)}"), flow_folder(workspace)
    weights = study.flow.raft_weights and workspace.root / study.flow.raft_weights
    settings = study.flow.model_copy(update={"raft_weights": weights})
    if settings.method == "raft":
        _raft(weights, study.device)  # what is wrong with it is said here, and a download is made once
    if redo:
        with sole_writer(table.folder, what=f"table {table.name!r}"):
            shutil.rmtree(folder, ignore_errors=True)
        table.clear()
    measure = Measure(settings=settings, folder=folder, reader=study.media.reader, device=study.device)
    num_before = table.num_rows()
    bound = settings.model_dump(mode="json", exclude={"workers", "raft_weights"})
    with table.writer(bound, rows_per_part=ROWS_PER_PART) as writer, Report("flow", progress=progress) as report:
        videos = _pending(workspace, table, only)
        for row in report.each(videos, partial(measure_flow, measure=measure), workers=settings.workers):
            writer.add([row], report.take_dropped())
        writer.add([], report.take_dropped())
    save_report(workspace, "flow", table, report)
    num_videos = table.num_rows()
    dropped = Catalog(workspace).dropped_by_reason(table.name)
    logger.info("flow %s: %d of %d videos are new", flow_name(workspace), num_videos - num_before, num_videos)
    return Extraction(
        name=flow_name(workspace), num_new=num_videos - num_before, num_videos=num_videos, dropped=dropped
    )


def choose_method(workspace: Workspace, method: Literal["dis", "raft"]) -> None:
    """Write the method into the study, where training and testing look for it."""
    with sole_writer(workspace.root, what="study.yaml"):
        study = workspace.study()
        if study.flow.method != method:
            changed = study.flow.model_copy(update={"method": method})
            config.save_study(study.model_copy(update={"flow": changed}), workspace.study_path)


def measure_flow(video: Video, measure: Measure) -> dict[str, object]:
    """One row of the table `flow`, once its file is there; raises ItemError. Runs in a worker process."""
    if _is_worker():
        cv2.setNumThreads(0)
    changed_ns = modified_ns(video.path)
    key = video.key or media.content_key(video.path)
    file = flow_path(measure.folder, key)
    if not file.is_file():  # else it belongs to a copy, or a killed run had no time to note it
        file.parent.mkdir(parents=True, exist_ok=True)
        write_flow(video.path, file, measure)
    return {
        "key": key,
        "path": str(video.path),
        "modified_ns": changed_ns,
        "file": str(file.relative_to(measure.folder.parent.parent)),
        "num_frames": media.probe_video(file).num_frames,
    }


def write_flow(path: Path, file: Path, measure: Measure) -> None:
    """Measure a video's flow, a few frames at a time, and write it whole or not at all; raises ItemError."""
    settings, held = measure.settings, []
    estimate = _estimator(measure)
    with open_stream(path, measure.reader, settings.short_side_px) as stream:
        if stream.num_frames < 2:
            raise ItemError("too_few_frames", f"{path}: flow needs two frames")
        width, height = stream.size
        with write_gray(file, stream.times, (2 * width, height)) as write:

            def write_held() -> None:
                for levels in optical_flow.quantise(estimate(np.stack(held)), settings.bound_px):
                    write(optical_flow.to_picture(levels))

            def see(frame: np.ndarray) -> None:
                if len(held) == FRAMES_AT_ONCE:
                    write_held()
                    del held[:-1]
                held.append(frame)

            stream.each(see)
            write_held()
            last = optical_flow.quantise(estimate(np.stack(held[-2:])), settings.bound_px)[0]
            write(optical_flow.to_picture(last))


def _pending(workspace: Workspace, table: Table, only: Part | None) -> Iterator[Video]:
    """Videos that were neither measured nor dropped, target clips first."""
    if only != "web":
        for path in _pending_target(workspace, table):
            yield Video(path=path, key=None)
    if only != "target":
        formats = (Format.TRIMMED, Format.UNTRIMMED)
        for chunk in Catalog(workspace).pending(table, valid=True, formats=formats, chunk=256):
            for item in chunk:
                yield Video(path=item.path, key=item.key)


def _pending_target(workspace: Workspace, table: Table) -> list[Path]:
    """Clips of either split whose name or time of change is new; those that failed are not tried again."""
    target = workspace.table("target")
    if not target.parts():
        raise WorkspaceError(f"{workspace.root} has no labelled clips yet; `omnisource run --to target` reads them")
    catalog = Catalog(workspace)
    clips = catalog.table(f"SELECT DISTINCT path FROM {source(target)} ORDER BY path")["path"].to_pylist()
    known = catalog.table(f"SELECT path, modified_ns FROM {source(table)} f SEMI JOIN {source(target)} t USING (path)")
    measured = set(zip(known["path"].to_pylist(), known["modified_ns"].to_pylist()))
    failed = set(catalog.table(f"SELECT path FROM {source(table.dropped())}")["path"].to_pylist())
    return [Path(clip) for clip in clips if clip not in failed and (clip, modified_ns(Path(clip))) not in measured]


def _estimator(measure: Measure) -> optical_flow.Estimate:
    if measure.settings.method == "dis":
        return optical_flow.estimate_dis
    return partial(optical_flow.estimate_raft, network=_raft(measure.settings.raft_weights, measure.device))


@lru_cache(maxsize=1)
def _raft(weights: Path | None, device: str) -> "nn.Module":
    """One network for all videos of a process; torch is loaded for RAFT only."""
    import torch

    from omnisource.models.raft import load_raft
    from omnisource.pipeline.networks import pick_device

    if _is_worker():
        torch.set_num_threads(1)
    return load_raft(weights, pick_device(device))


def _is_worker() -> bool:
    """Whether videos are measured side by side, where threads would only fight for the cores."""
    return multiprocessing.parent_process() is not None
