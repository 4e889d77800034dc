"""Videos of no workspace -> their optical flow, for as long as a network looks at them (paper 5.2)."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from omnisource.errors import ItemError
from omnisource.pipeline.flow_extraction import Measure, Video, measure_flow
from omnisource.pipeline.given_files import GivenFile
from omnisource.pipeline.named_network import NamedNetwork
from omnisource.report import Report


def with_flow(named: NamedNetwork, files: Sequence[GivenFile], folder: Path, report: Report) -> list[GivenFile]:
    """The files as the network sees them: as they are, or with flow that is measured into `folder`.

    It is measured as `omnisource flow` does with the network's study. A picture, and a video whose flow cannot be
    measured, is dropped into `report`.
    """
    if named.config.model.format != "flow":
        return list(files)
    settings = named.study.flow
    weights = settings.raft_weights and named.folder / settings.raft_weights
    measure = Measure(
        settings=settings.model_copy(update={"raft_weights": weights}),
        folder=folder / "flow" / "measured",
        reader=named.study.media.reader,
        device=named.study.device,
    )
    return list(report.each(files, partial(_measure, measure=measure), total=len(files)))


def _measure(file: GivenFile, measure: Measure) -> GivenFile:
    if file.duration_s is None:
        raise ItemError("no_flow", f"{file.path}: a picture has no optical flow, which is what the network sees")
    row = measure_flow(Video(path=file.path, key=None), measure)
    return replace(file, flow=measure.folder.parent.parent / str(row["file"]))
