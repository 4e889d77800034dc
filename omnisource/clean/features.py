"""Frames -> vectors of unit length whose cosine says how alike two frames look (paper 3.3).

Letters: N frames, D features. float32 everywhere until a vector is stored as float16, on both sides of a comparison.
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader

from omnisource.clean.frames import Footage, FrameReader, Frames, Read, Shape, Unreadable, plan_reads
from omnisource.config import InputConfig
from omnisource.errors import CheckpointError, ConfigError, ItemError
from omnisource.models.predict import prepare_for_inference
from omnisource.models.video_net import VideoNet
from omnisource.report import Report
from omnisource.transform.views import normalise

_NUM_STAGES = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Encoder:
    """A backbone that sees single frames; made by `encoder_of`."""

    backbone: nn.Module
    """Frames (N, 3, H, W) -> (N, D) or (N, D, h, w), in evaluation mode on `device`."""
    input: InputConfig
    """How pixels become its input."""
    grid: int
    """Features are averaged over grid x grid places."""
    device: torch.device
    """Where it runs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FootageFeatures:
    """The vectors of one footage: one row for each frame and crop, the whole frames of a read before its crops."""

    index: int
    """Which footage."""
    times_s: np.ndarray
    """(N,) float64."""
    crops: np.ndarray
    """(N,) int8."""
    vectors: np.ndarray
    """(N, D) float16 of unit length; all zeros where the network sees nothing at all."""


def encoder_of(network: VideoNet, input_config: InputConfig, *, stage: int, grid: int, device: torch.device) -> Encoder:
    """The backbone of a network up to one of its stages; raises ConfigError for a network that cannot do this."""
    if network.dims != 2:
        raise ConfigError("features.run names a 3D network, which needs clips; name the run of a 2D one, such as a tsn")
    backbone = prepare_for_inference(network, device).backbone
    for later in range(stage + 1, _NUM_STAGES + 1):
        if not hasattr(backbone, f"layer{later}"):
            raise ConfigError(
                f"features.stage is {stage}, but {type(backbone).__name__} has no stages like a ResNet's; leave it at 4"
            )
        setattr(backbone, f"layer{later}", nn.Identity())
    return Encoder(backbone=backbone, input=input_config, grid=grid, device=device)


@torch.inference_mode()
def encode(encoder: Encoder, pictures: np.ndarray) -> np.ndarray:
    """Pictures (N, H, W, 3) uint8 RGB -> (N, D) float16 of unit length.

    Raises ConfigError where the backbone has no places to average over a grid, CheckpointError for broken weights.
    """
    clips = torch.from_numpy(pictures).to(encoder.device).permute(0, 3, 1, 2)[:, :, None]  # (N, 3, 1, H, W)
    frames = normalise(clips.float(), encoder.input)[:, :, 0].contiguous(memory_format=torch.channels_last)
    features = encoder.backbone(frames)
    if features.ndim == 4:
        features = nn.functional.adaptive_avg_pool2d(features, encoder.grid).flatten(1)
    elif encoder.grid > 1:
        raise ConfigError(
            f"features.grid is {encoder.grid}, but {type(encoder.backbone).__name__} yields one vector a frame, "
            "without places; set it to 1"
        )
    if not torch.isfinite(features).all():
        raise CheckpointError(
            "the features of a frame are no numbers: the weights are broken; choose others by features.pretrained"
        )
    return nn.functional.normalize(features, dim=1, eps=1e-30).cpu().numpy().astype(np.float16)


def extract(
    footages: Sequence[Footage],
    encoder: Encoder,
    shape: Shape,
    report: Report,
    *,
    batch_size: int = 32,
    workers: int = 0,
) -> Iterator[FootageFeatures]:
    """Vectors of every footage that can be read, in order; the others are dropped into `report`."""
    failed: set[int] = set()
    frames = _frames(footages, shape, report, workers, failed)
    encoded = (part for batch in _batches(frames, batch_size) for part in _forward(encoder, batch))
    # a part of the next footage ends one, and by then every read of it has been seen to be good or bad
    for index, of_footage in itertools.groupby(encoded, key=lambda part: part.index):
        parts = list(of_footage)
        if index not in failed:
            yield FootageFeatures(
                index=index,
                times_s=np.concatenate([part.times_s for part in parts]),
                crops=np.concatenate([part.crops for part in parts]),
                vectors=np.concatenate([part.vectors for part in parts]),
            )


def _frames(
    footages: Sequence[Footage], shape: Shape, report: Report, workers: int, failed: set[int]
) -> Iterator[Frames]:
    """Frames of all reads, in order; a footage that fails is dropped once and added to `failed`."""

    def fail(index: int, error: ItemError) -> None:
        if index not in failed:
            failed.add(index)
            report.drop(footages[index].path, footages[index].key, error)

    def reads() -> Iterator[Read]:
        for index, footage in enumerate(footages):
            try:
                for read in plan_reads(footage, index, shape):
                    if index in failed:
                        break
                    yield read
            except ItemError as error:
                fail(index, error)

    loader = DataLoader(
        FrameReader(footages, shape),
        sampler=reads(),
        batch_size=None,
        num_workers=workers,
        collate_fn=_as_it_is,
        worker_init_fn=_one_thread,
    )
    for result in loader:
        if isinstance(result, Unreadable):
            fail(result.index, result.error)
        elif result.index not in failed:
            yield result


def _batches(frames: Iterable[Frames], batch_size: int) -> Iterator[list[Frames]]:
    """Neighbouring frames in batches of exactly `batch_size`, but for the last."""
    batch: list[Frames] = []
    room = batch_size
    for one in frames:
        at = 0
        while at < len(one.times_s):
            part = slice(at, at + room)
            piece = Frames(
                index=one.index, times_s=one.times_s[part], crops=one.crops[part], pictures=one.pictures[part]
            )
            batch.append(piece)
            at, room = at + len(piece.times_s), room - len(piece.times_s)
            if room == 0:
                yield batch
                batch, room = [], batch_size
    if batch:
        yield batch


def _forward(encoder: Encoder, batch: list[Frames]) -> Iterator[FootageFeatures]:
    """One pass of the network, given back to the footages."""
    vectors = encode(encoder, np.concatenate([one.pictures for one in batch]))
    ends = np.cumsum([len(one.times_s) for one in batch])
    for one, of_one in zip(batch, np.split(vectors, ends[:-1])):
        yield FootageFeatures(index=one.index, times_s=one.times_s, crops=one.crops, vectors=of_one)


def _as_it_is(result: Frames | Unreadable) -> Frames | Unreadable:
    return result


def _one_thread(_: int) -> None:
    torch.set_num_threads(1)
    cv2.setNumThreads(0)
