"""Files that nobody labelled -> their classes, and a timeline of each long video (paper 3.5, 5.1).

For notebooks and apps: `predict(find_network("tsn-baseline", workspace), media_files(["clips/"]))`.
"""

import itertools
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import numpy as np

from omnisource.evaluate.protocols import predict_examples
from omnisource.label.score import ItemScores, Teacher, score_items
from omnisource.pipeline.evaluation import with_one_view
from omnisource.pipeline.flow_on_the_fly import with_flow
from omnisource.pipeline.given_files import GivenFile, look
from omnisource.pipeline.named_network import NamedNetwork
from omnisource.report import Report
from omnisource.types import Example, Format, WebItem

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """What is to be said of each file."""

    top: int = 5
    """Classes, best first."""
    timeline: Literal["auto", "always", "never"] = "auto"
    """For which videos: auto takes those longer than `timeline_over_s`."""
    timeline_over_s: float = 30.0
    """Seconds; shorter videos show one thing."""
    protocol: Literal["published", "fast"] = "published"
    """published: the views that `omnisource evaluate` averages; fast: one, see `evaluation.with_one_view`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Guess:
    """One class of a file."""

    class_index: int
    """Its position among the network's classes."""
    class_name: str | None
    """None where the network came without names."""
    confidence: float
    """Probability."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """Neighbouring segments of a video with the same most probable class."""

    start_s: float
    """Start of the first in seconds."""
    end_s: float
    """End of the last in seconds."""
    class_index: int
    """Their class."""
    class_name: str | None
    """None where the network came without names."""
    confidence: float
    """Mean probability of the class over the segments."""
    num_segments: int
    """How many segments were joined."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Prediction:
    """What a network says of one file."""

    path: Path
    """As it was given, or as it was found in a folder."""
    duration_s: float | None
    """Of a video; None for a picture."""
    top: tuple[Guess, ...]
    """Most probable classes of the whole file, best first; of equals the lower index leads."""
    timeline: tuple[Span, ...]
    """From start to end; empty where none was asked for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Unreadable:
    """A file, or the timeline of one, of which nothing can be said."""

    path: Path
    """As in Prediction."""
    reason: str
    """Short slug, as in the reports of a workspace."""
    detail: str
    """What is wrong with it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answers:
    """What a network says of some files."""

    predictions: tuple[Prediction, ...]
    """In the order of the files."""
    unreadable: tuple[Unreadable, ...]
    """What is missing, and why; a video whose timeline broke off is in both."""


def predict(
    named: NamedNetwork, paths: Sequence[Path], options: Options | None = None, *, progress: bool | None = None
) -> Answers:
    """Classes of pictures and videos; by the published protocol they are exactly what `evaluate` stores.

    Files that cannot be read are among the answers with their reason and stop nothing. A 3D network sees a picture as a
    clip that stands still.
    """
    options = options or Options()
    with Report(f"predict with {named.name}", progress=progress) as report, TemporaryDirectory() as scratch:
        looked = list(report.each([GivenFile(path=path) for path in paths], look, total=len(paths)))
        files = with_flow(named, looked, Path(scratch), report)
        answered = _whole_files(named, files, options, report)
        long = [files[index] for index in answered if _wants_timeline(files[index], options)]
        timelines = _timelines(named, long, report)
        dropped = report.take_dropped()
    predictions = tuple(
        Prediction(
            path=files[index].path,
            duration_s=files[index].duration_s,
            top=_top(probs, options.top, named.class_names),
            timeline=timelines.get(files[index].path, ()),
        )
        for index, probs in answered.items()
    )
    given = {file.seen: file.path for file in files}  # what was dropped while it was seen may be its flow
    unreadable = tuple(Unreadable(path=given.get(d.path, d.path), reason=d.reason, detail=d.detail) for d in dropped)
    logger.info("%s: %d files answered, %d unreadable", named.name, len(predictions), len(unreadable))
    return Answers(predictions=predictions, unreadable=unreadable)


def as_document(answers: Answers, named: NamedNetwork) -> dict[str, object]:
    """All answers as plain values, for JSON."""
    answered = [asdict(prediction) | {"path": str(prediction.path)} for prediction in answers.predictions]
    left = [asdict(unreadable) | {"path": str(unreadable.path)} for unreadable in answers.unreadable]
    return {"network": named.name, "weights": named.weights, "predictions": answered, "unreadable": left}


def join_segments(
    start_s: np.ndarray, end_s: np.ndarray, classes: np.ndarray, confidences: np.ndarray, names: Sequence[str] | None
) -> tuple[Span, ...]:
    """Segments in order, each (S,), -> spans in which neighbours agree on the class."""
    spans = []
    for class_index, group in itertools.groupby(range(len(classes)), key=lambda i: int(classes[i])):
        rows = list(group)
        spans.append(
            Span(
                start_s=float(start_s[rows[0]]),
                end_s=float(end_s[rows[-1]]),
                class_index=class_index,
                class_name=names[class_index] if names else None,
                confidence=float(confidences[rows].mean()),
                num_segments=len(rows),
            )
        )
    return tuple(spans)


def _whole_files(
    named: NamedNetwork, files: list[GivenFile], options: Options, report: Report
) -> dict[int, np.ndarray]:
    """(K,) probs of each file that can be read, by its position."""
    seen = with_one_view(named.config) if options.protocol == "fast" else named.config
    predicted = predict_examples(
        named.network,
        [_example(file) for file in files],
        seen,
        device=named.device,
        reader=named.study.media.reader,
        workers=min(named.study.train.workers, len(files)),
        report=report,
    )
    return dict(zip(predicted.example_indices.tolist(), predicted.probs))


def _example(file: GivenFile) -> Example:
    """With class 0, since nobody knows it and predicting does not look at it."""
    file_format = Format.IMAGE if file.duration_s is None else Format.TRIMMED
    return Example(path=file.seen, format=file_format, source="unlabelled", class_index=0)


def _wants_timeline(file: GivenFile, options: Options) -> bool:
    if file.duration_s is None or options.timeline == "never":
        return False
    return options.timeline == "always" or file.duration_s > options.timeline_over_s


def _timelines(named: NamedNetwork, files: list[GivenFile], report: Report) -> dict[Path, tuple[Span, ...]]:
    """The spans of each video, cut into segments as the scoring stage cuts untrimmed videos."""
    if not files:
        return {}
    teacher = Teacher(name=named.name, networks=(named.network,), configs=(named.config,), device=named.device)
    # numbers as keys, not the content's: two files may hold the same bytes
    items = {number.to_bytes(16): file for number, file in enumerate(files)}
    web_items = [
        WebItem(key=key, path=file.seen, source="unlabelled", format=Format.UNTRIMMED, class_index=None)
        for key, file in items.items()
    ]
    only_best = named.study.score.model_copy(update={"top_k": 1})
    workers = min(named.study.train.workers, len(files))
    scored = score_items(web_items, teacher, only_best, report, reader=named.study.media.reader, workers=workers)
    return {items[scores.key].path: _spans(scores, named.class_names) for scores in scored}


def _spans(scores: ItemScores, names: Sequence[str] | None) -> tuple[Span, ...]:
    return join_segments(scores.start_s, scores.end_s, scores.top_classes[:, 0], scores.top_probs[:, 0], names)


def _top(probs: np.ndarray, top: int, names: Sequence[str] | None) -> tuple[Guess, ...]:
    best = np.argsort(-probs, kind="stable")[:top].tolist()
    return tuple(Guess(class_index=i, class_name=names[i] if names else None, confidence=float(probs[i])) for i in best)
