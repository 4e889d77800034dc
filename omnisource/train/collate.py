"""Planned update -> batches of frames -> clips on the device; bad examples leave a gap, not a substitute (paper 3.6).

Letters: N examples of one source, S source frames, T frames of a clip, C channels, K classes.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from omnisource.config import InputConfig
from omnisource.train.batches import Update
from omnisource.train.datasets import DroppedSample, ExampleDataset, Sample
from omnisource.transform import views
from omnisource.transform.warp import warp_torch


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceBatch:
    """Examples of one source that go through the network together; may be empty."""

    source: str
    """"target", or the web resource."""
    frames: Tensor
    """(N, S, H, W, C) uint8: clips if `homographies` is None, else frames padded to the largest."""
    sizes: Tensor | None
    """(N, 2) true height and width of padded frames."""
    homographies: Tensor | None
    """(N, T, 3, 3) float64, from the pixels of the frames to those of the clip."""
    class_indices: Tensor
    """(N,) int64."""

    def __len__(self) -> int:
        return len(self.class_indices)

    def pin_memory(self) -> "SourceBatch":
        """The same in memory that a GPU can copy from while it computes."""
        return replace(self, frames=self.frames.pin_memory())


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadedUpdate:
    """One update, read."""

    planned: Update
    """What it was to hold."""
    batches: tuple[SourceBatch, ...]
    """One for each planned batch."""
    dropped: tuple[DroppedSample, ...]
    """What could not be read."""

    def pin_memory(self) -> "LoadedUpdate":
        """Called by the loader."""
        return replace(self, batches=tuple(batch.pin_memory() for batch in self.batches))


class UpdateReader(Dataset[LoadedUpdate]):
    """Reads every draw of an update; indexed by Update."""

    def __init__(self, examples: ExampleDataset) -> None:
        self._examples = examples

    def __getitem__(self, update: Update) -> LoadedUpdate:
        batches: list[SourceBatch] = []
        dropped: list[DroppedSample] = []
        for planned in update.batches:
            read = [self._examples[draw] for draw in planned.draws]
            batches.append(stack(planned.source, [sample for sample in read if isinstance(sample, Sample)]))
            dropped += [sample for sample in read if isinstance(sample, DroppedSample)]
        return LoadedUpdate(planned=update, batches=tuple(batches), dropped=tuple(dropped))


class _PlannedOrder(Iterable[Update]):
    """A sampler that hands updates themselves to the workers."""

    def __init__(self, updates: Iterable[Update]) -> None:
        self._updates = updates

    def __iter__(self) -> Iterator[Update]:
        return iter(self._updates)


def make_loader(
    examples: ExampleDataset, updates: Iterable[Update], *, workers: int, pin_memory: bool
) -> DataLoader[LoadedUpdate]:
    """Loader of updates in their order; `updates` may be endless, since workers look only two ahead."""
    return DataLoader(
        UpdateReader(examples),
        batch_size=None,
        sampler=_PlannedOrder(updates),
        num_workers=workers,
        pin_memory=pin_memory,
        worker_init_fn=_one_thread_each,
    )


def stack(source: str, samples: Sequence[Sample]) -> SourceBatch:
    """Samples -> one batch. Where clips and pictures meet in a source, a picture is repeated to the clips' length."""
    class_indices = torch.tensor([sample.class_index for sample in samples], dtype=torch.int64)
    empty = SourceBatch(
        source=source, frames=torch.empty(0), sizes=None, homographies=None, class_indices=class_indices
    )
    if not samples:
        return empty
    num_sources = max(len(sample.frames) for sample in samples)
    shapes = [sample.frames.shape[1:3] for sample in samples]
    height, width = np.max(shapes, axis=0)
    frames = np.zeros((len(samples), num_sources, height, width, samples[0].frames.shape[-1]), np.uint8)
    for into, sample in zip(frames, samples):
        h, w = sample.frames.shape[1:3]
        into[:, :h, :w] = sample.frames  # S = 1 is repeated
    if samples[0].homographies is None:
        return replace(empty, frames=torch.from_numpy(frames))
    num_frames = max(len(sample.homographies) for sample in samples)
    matrices = np.stack([np.broadcast_to(sample.homographies, (num_frames, 3, 3)) for sample in samples])
    return replace(
        empty,
        frames=torch.from_numpy(frames),
        sizes=torch.tensor(shapes, dtype=torch.int64),
        homographies=torch.from_numpy(matrices),
    )


def to_clips(batch: SourceBatch, settings: InputConfig, device: torch.device) -> Tensor:
    """(N, C, T, crop_px, crop_px) float32, normalised, on the device; warps there what was not warped before."""
    frames = batch.frames.to(device, non_blocking=True)
    if batch.homographies is None:
        clips = frames.permute(0, 4, 1, 2, 3).float()  # (N, T, H, W, C) -> (N, C, T, H, W)
    else:
        clips = warp_torch(frames, batch.sizes, batch.homographies, settings.crop_px)
    # Channels-last strides would pass on to strided 1x1 convolutions, whose CPU backward corrupts memory (torch 2.15).
    return views.normalise(clips, settings).contiguous()


def one_hot(class_indices: Tensor, num_classes: int, device: torch.device) -> Tensor:
    """(N, K) float32 targets on the device."""
    return torch.nn.functional.one_hot(class_indices, num_classes).float().to(device)


def _one_thread_each(worker: int) -> None:
    import cv2  # each worker decodes and warps alone: threads would only fight for the cores

    cv2.setNumThreads(0)
    torch.set_num_threads(1)
