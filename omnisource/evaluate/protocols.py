"""Examples -> predictions: fixed views of each video, averaged (paper 5.1; protocols: test pipelines).

Letters: B examples in one pass, V views of each, T frames a view; views (B, V, C, T, H, W), C = 3 of pictures.
A view of a 3D network is one crop of one clip (T = clip_len); a view of a 2D network is one crop of one frame, or of
one stack of flow frames (T = 1), so that features and logits are averaged over all frames and crops alike.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from omnisource.config import NetworkConfig
from omnisource.errors import ItemError
from omnisource.evaluate.predictions import Predictions
from omnisource.media import Reader, Video, open_video, read_image
from omnisource.models.predict import average_views, prepare_for_inference
from omnisource.models.video_net import VideoNet
from omnisource.report import Report
from omnisource.transform import views
from omnisource.transform.optical_flow import from_pictures
from omnisource.types import Example, Format

logger = logging.getLogger(__name__)

FRAMES_AT_ONCE = 256
"""Frames that may be floats at once, unless one example alone has more."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Decoded:
    """The frames of one example, or why there are none."""

    example_index: int
    class_index: int
    frames: torch.Tensor | ItemError
    """(clips * T, H, W, C) uint8."""


def predict_examples(
    network: VideoNet,
    examples: Sequence[Example],
    config: NetworkConfig,
    *,
    device: torch.device,
    reader: Reader = "auto",
    workers: int = 0,
    report: Report | None = None,
) -> Predictions:
    """Class probabilities of every example that can be read, in order; the others are dropped into `report`.

    `network` itself is not touched: a copy predicts on `device`. `workers` processes decode; 0: this one does.
    """
    decoded = _decode(examples, config, reader, workers)
    indices, classes, probs = [], [], []
    prepared = prepare_for_inference(network, device)
    for batch in _batches(_readable(decoded, examples, report), config.test.batch_size):
        stacked = torch.stack([_cut(one.frames, config) for one in batch])  # (B, V, C, T, h, w)
        probs.append(_average(prepared, stacked.to(device), config))
        indices.extend(one.example_index for one in batch)
        classes.extend(one.class_index for one in batch)
    logger.info("predicted %d of %d examples", len(indices), len(examples))
    return Predictions(
        example_indices=np.array(indices, dtype=np.int64),
        class_indices=np.array(classes, dtype=np.int64),
        probs=np.concatenate([np.zeros((0, network.num_classes), np.float32), *probs]),
    )


def _average(network: VideoNet, views_uint8: torch.Tensor, config: NetworkConfig) -> np.ndarray:
    """(B, V, C, T, H, W) uint8 -> (B, K) float32 probs; examples with many views become floats one after the other."""
    frames_per_example = views_uint8.shape[1] * views_uint8.shape[3]
    probs = []
    for part in views_uint8.split(max(1, FRAMES_AT_ONCE // frames_per_example)):
        normalised = views.normalise(part.float(), config.input)
        probs.append(average_views(network, normalised, config.test.average))
    return torch.cat(probs).cpu().numpy()


def _decode(examples: Sequence[Example], config: NetworkConfig, reader: Reader, workers: int) -> Iterable[_Decoded]:
    """The frames of every example, in order."""
    return DataLoader(
        _Frames(examples, config, reader),
        batch_size=None,
        num_workers=workers,
        collate_fn=_as_it_is,
        worker_init_fn=_use_one_thread,
        generator=torch.Generator(),  # else it draws from torch's own, and validating would change the training
    )


class _Frames(Dataset):
    """The test frames of each example; a bad item becomes a value, because it must leave the worker process."""

    def __init__(self, examples: Sequence[Example], config: NetworkConfig, reader: Reader) -> None:
        self._examples = examples
        self._config = config
        self._reader = reader

    def __len__(self) -> int:
        return len(self._examples)

    def __getitem__(self, index: int) -> _Decoded:
        example = self._examples[index]
        try:
            frames = torch.from_numpy(_read_frames(example, self._config, self._reader))
        except ItemError as error:
            frames = error
        return _Decoded(example_index=index, class_index=example.class_index, frames=frames)


def _read_frames(example: Example, config: NetworkConfig, reader: Reader) -> np.ndarray:
    """(clips * T, H, W, C) uint8; a picture is one frame, repeated to T for a 3D network."""
    short_side_px, flow = config.input.short_side_px, config.model.format == "flow"
    clip_len, frame_interval = _clip(config)
    if example.format == Format.IMAGE:
        picture = read_image(example.path, short_side_px=short_side_px)
        return np.repeat(picture[None], clip_len, axis=0)
    stacked = config.model.num_channels // 2 if flow else 1
    with open_video(example.path, reader=reader, short_side_px=None if flow else short_side_px) as video:
        usable = _usable_frames(example, video)
        test = config.test
        length = clip_len * stacked  # one of the two is 1
        positions = views.test_indices(len(usable), length, frame_interval, test.num_clips, test.positions)
        frames = video.read(usable[positions.ravel()].tolist())
    return from_pictures(frames, short_side_px, stacked=stacked) if flow else np.ascontiguousarray(frames)


def _usable_frames(example: Example, video: Video) -> np.ndarray:
    """Frame indices that the example covers: those of its segments, or all of them."""
    if not example.segments:
        return np.arange(video.num_frames)
    return np.concatenate([np.asarray(video.span(s.start_s, s.end_s)) for s in example.segments])


def _cut(frames: torch.Tensor, config: NetworkConfig) -> torch.Tensor:
    """Frames (clips * T, H, W, C) -> views (V, C, T, crop_px, crop_px), uint8, V = crops * clips."""
    crop_px = config.test.crop_px
    boxes = views.fixed_boxes(frames.shape[2], frames.shape[1], crop_px, config.test.crops)
    crops = torch.from_numpy(views.cut_views(frames.numpy(), boxes, crop_px))  # (crops, clips * T, h, w, C)
    clips = crops.flatten(0, 1).unflatten(0, (-1, _clip(config)[0]))  # (V, T, h, w, C)
    return clips.permute(0, 4, 1, 2, 3)


def _clip(config: NetworkConfig) -> tuple[int, int]:
    """Frames of one view, and the interval between them."""
    return (1, 1) if config.model.dims == 2 else (config.model.clip_len, config.model.frame_interval)


def _readable(decoded: Iterable[_Decoded], examples: Sequence[Example], report: Report | None) -> Iterator[_Decoded]:
    for num_done, one in enumerate(decoded, start=1):
        if report is not None:
            report.progress(num_done, len(examples), "predict")
        if not isinstance(one.frames, ItemError):
            yield one
            continue
        path = examples[one.example_index].path
        logger.warning("%s is left out: %s", path, one.frames)
        if report is not None:
            report.drop(path, None, one.frames)


def _batches(decoded: Iterable[_Decoded], batch_size: int) -> Iterator[list[_Decoded]]:
    """Neighbours that have equally many frames, at most `batch_size` of them; pictures and videos do not mix."""
    batch: list[_Decoded] = []
    for one in decoded:
        if batch and (len(batch) == batch_size or len(batch[0].frames) != len(one.frames)):
            yield batch
            batch = []
        batch.append(one)
    if batch:
        yield batch


def _as_it_is(decoded: _Decoded) -> _Decoded:
    return decoded


def _use_one_thread(_: int) -> None:
    torch.set_num_threads(1)
    cv2.setNumThreads(0)
