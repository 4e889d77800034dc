"""Web items -> a teacher's class probabilities of their segments (paper 3.4).

Letters: S segments, V views of each, C channels, K classes. The segments of several items share a forward pass; which
ones depends on the given items alone, so a resumed run that scores the same items together gets the same bits.
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch.utils.data import DataLoader

from omnisource.config import NetworkConfig, ScoreConfig
from omnisource.errors import ItemError, TeacherError
from omnisource.label.score_views import Cut, Cutter, FrameChoice, Look, Plan, Read, Unusable, look_of, plan_reads
from omnisource.media import Reader
from omnisource.models.predict import average_views, prepare_for_inference
from omnisource.models.video_net import VideoNet
from omnisource.report import Report
from omnisource.transform.views import normalise
from omnisource.types import Format, WebItem


@dataclass(frozen=True, kw_only=True, slots=True)
class Teacher:
    """One network or several whose probabilities are averaged (paper Fig. 6)."""

    name: str
    """Name of its scores' table."""
    networks: tuple[VideoNet, ...]
    """At least one; the teacher keeps copies prepared for inference on `device`."""
    configs: tuple[NetworkConfig, ...]
    """What each network sees."""
    device: torch.device
    """Where it scores."""

    def __post_init__(self) -> None:
        compared = {what: [getattr(network, what) for network in self.networks] for what in ("dims", "num_classes")}
        compared["format"] = [config.model.format for config in self.configs]
        for what, values in compared.items():
            if len(set(values)) > 1:
                raise TeacherError(
                    f"teacher {self.name!r} averages networks of different {what} ({', '.join(map(str, values))}); "
                    "make one teacher of each"
                )
        prepared = tuple(prepare_for_inference(network, self.device) for network in self.networks)
        object.__setattr__(self, "networks", prepared)

    @property
    def dims(self) -> int:
        """2 for networks that see single frames, 3 for those that see clips."""
        return self.networks[0].dims

    @property
    def num_classes(self) -> int:
        """K."""
        return self.networks[0].num_classes


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemScores:
    """What a teacher says of the S segments of one item."""

    key: bytes
    """The item's key."""
    start_s: np.ndarray
    """(S,) float64 start of each segment in seconds; 0 for a picture."""
    end_s: np.ndarray
    """(S,) float64 end of each segment in seconds; 0 for a picture."""
    top_classes: np.ndarray
    """(S, k) int16 most probable classes, best first; of equals the lower index leads."""
    top_probs: np.ndarray
    """(S, k) float32 their probabilities."""
    query_prob: np.ndarray
    """(S,) float32 probability of the class whose query found the item; NaN if no class did."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Rows:
    """Scored segments of one item."""

    item_index: int
    start_s: np.ndarray
    end_s: np.ndarray
    probs: np.ndarray
    """(S, K) float32."""


def check_formats(teacher: Teacher, formats: Iterable[Format]) -> None:
    """Raise TeacherError if the teacher cannot score one of the formats."""
    if Format.IMAGE not in set(formats):
        return
    if teacher.configs[0].model.format == "flow":
        raise TeacherError(
            f"teacher {teacher.name!r} sees optical flow and cannot score images, which have none; "
            "name a teacher of 2D RGB networks for the format image"
        )
    if teacher.dims == 3:
        raise TeacherError(
            f"teacher {teacher.name!r} is a 3D network and cannot score images: the paper saw performance deteriorate "
            'when deflating 3D teachers to 2D and "therefore only use 2D teachers" for them (3.4); '
            "name a teacher of 2D networks for the format image"
        )


def score_items(
    items: Sequence[WebItem],
    teacher: Teacher,
    config: ScoreConfig,
    report: Report,
    *,
    reader: Reader = "auto",
    workers: int = 0,
    frames: FrameChoice = "exact",
) -> Iterator[ItemScores]:
    """Scores of every item that can be read, in order; the others are dropped into `report`.

    A picture is one segment, seen once. A trimmed clip is one segment, seen in `config.num_clips` frames (2D: their
    features are averaged) or clips (3D). An untrimmed video is cut into segments of 1 s (2D) or 10 s (3D), each seen
    in one frame or clip from its middle. Raises TeacherError before anything is read.
    """
    check_formats(teacher, {item.format for item in items})
    if frames == "keyframes" and teacher.dims == 3:
        raise TeacherError(f"teacher {teacher.name!r} is a 3D network and needs whole clips: use frames='exact'")
    looks = tuple(dict.fromkeys(look_of(c) for c in teacher.configs))
    plan = Plan(looks=looks, dims=teacher.dims, score=config, reader=reader, frames=frames)
    return _score(items, teacher, plan, report, workers)


def _score(
    items: Sequence[WebItem], teacher: Teacher, plan: Plan, report: Report, workers: int
) -> Iterator[ItemScores]:
    failed: set[int] = set()
    cuts = _cuts(items, plan, report, workers, failed)
    rows = (row for batch in _batches(cuts, plan.score.batch_size) for row in _forward(teacher, plan.looks, batch))
    # a row of the next item ends an item, and by then every read of it has been seen to be good or bad
    for item_index, of_item in itertools.groupby(rows, key=lambda row: row.item_index):
        parts = list(of_item)
        if item_index not in failed:
            yield _item_scores(items[item_index], parts, plan.score.top_k)


def _cuts(items: Sequence[WebItem], plan: Plan, report: Report, workers: int, failed: set[int]) -> Iterator[Cut]:
    """Views of the items' segments, in order; an item that fails is dropped once and added to `failed`."""

    def fail(item_index: int, error: ItemError) -> None:
        if item_index not in failed:
            failed.add(item_index)
            report.drop(items[item_index].path, items[item_index].key, error)

    def reads() -> Iterator[Read]:
        for item_index, item in enumerate(items):
            try:
                for read in plan_reads(item, item_index, plan):
                    if item_index in failed:
                        break
                    yield read
            except ItemError as error:
                fail(item_index, error)

    cutter = Cutter(items, plan)
    loader = DataLoader(
        cutter, sampler=reads(), batch_size=None, num_workers=workers, collate_fn=_as_it_is, worker_init_fn=_one_thread
    )
    for result in loader:
        if isinstance(result, Unusable):
            fail(result.item_index, result.error)
        elif result.item_index not in failed:
            yield result


def _batches(cuts: Iterable[Cut], batch_size: int) -> Iterator[list[Cut]]:
    """Neighbouring segments whose views have one shape, in batches of `batch_size` clips (at least one segment)."""
    batch: list[Cut] = []
    for cut in cuts:
        at = 0
        size = max(1, batch_size // cut.views[0].shape[1])
        if batch and _shapes(batch[0]) != _shapes(cut):
            yield batch
            batch = []
        while at < len(cut):
            room = size - sum(map(len, batch))
            batch.append(cut.part(at, at + room))
            at += room
            if sum(map(len, batch)) == size:
                yield batch
                batch = []
    if batch:
        yield batch


def _shapes(cut: Cut) -> list[torch.Size]:
    return [tensor.shape[1:] for tensor in cut.views]


def _forward(teacher: Teacher, looks: tuple[Look, ...], batch: list[Cut]) -> Iterator[_Rows]:
    """One pass of every network; the mean of their probabilities, given back to the items."""
    stacked = [torch.cat(tensors).to(teacher.device) for tensors in zip(*(cut.views for cut in batch))]
    total = 0.0
    for network, config in zip(teacher.networks, teacher.configs):
        views = stacked[looks.index(look_of(config))]  # (S, V, C, T, h, w) uint8
        clips = normalise(views.float(), config.input)
        total = total + average_views(network, clips, config.test.average).float()
    probs = (total / len(teacher.networks)).cpu().numpy()
    if not np.isfinite(probs).all():
        raise TeacherError(
            f"the probabilities of teacher {teacher.name!r} are no numbers; train it again with a lower learning rate"
        )
    ends = np.cumsum([len(cut) for cut in batch])
    for cut, of_cut in zip(batch, np.split(probs, ends[:-1])):
        yield _Rows(item_index=cut.item_index, start_s=cut.start_s, end_s=cut.end_s, probs=of_cut)


def _item_scores(item: WebItem, rows: list[_Rows], top_k: int) -> ItemScores:
    probs = np.concatenate([row.probs for row in rows]).astype(np.float32)
    top_classes = np.argsort(-probs, axis=1, kind="stable")[:, :top_k]
    nothing_asked = np.full(len(probs), np.nan, dtype=np.float32)
    return ItemScores(
        key=item.key,
        start_s=np.concatenate([row.start_s for row in rows]),
        end_s=np.concatenate([row.end_s for row in rows]),
        top_classes=top_classes.astype(np.int16),
        top_probs=np.take_along_axis(probs, top_classes, axis=1),
        query_prob=nothing_asked if item.class_index is None else probs[:, item.class_index].copy(),
    )


def _as_it_is(result: Cut | Unusable) -> Cut | Unusable:
    return result


def _one_thread(_: int) -> None:
    torch.set_num_threads(1)
    cv2.setNumThreads(0)
