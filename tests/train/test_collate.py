from dataclasses import replace

import numpy as np
import pytest
import torch

from omnisource.config import InflationConfig, InputConfig, TrainConfig
from omnisource.train.batches import Draw, PlannedBatch, Update
from omnisource.train.collate import UpdateReader, make_loader, one_hot, stack, to_clips
from omnisource.train.datasets import DroppedSample, ExampleDataset, Sample

CPU = torch.device("cpu")


def sample(num_sources: int, height: int, width: int, value: int, *, num_frames: int | None = None) -> Sample:
    frames = np.full((num_sources, height, width, 3), value, np.uint8)
    homographies = None if num_frames is None else np.tile(np.eye(3), (num_frames, 1, 1))
    return Sample(frames=frames, homographies=homographies, class_index=value)


def test_stack__puts_clips_on_top_of_each_other():
    batch = stack("web", [sample(2, 4, 4, 1), sample(2, 4, 4, 3)])
    assert batch.frames.shape == (2, 2, 4, 4, 3) and batch.frames[1].unique().tolist() == [3]
    assert batch.class_indices.tolist() == [1, 3] and len(batch) == 2
    assert batch.homographies is None and batch.sizes is None


def test_stack__pads_frames_that_a_device_will_warp():
    batch = stack("web", [sample(1, 2, 5, 1, num_frames=3), sample(1, 4, 3, 2, num_frames=3)])
    assert batch.frames.shape == (2, 1, 4, 5, 3)
    assert batch.sizes.tolist() == [[2, 5], [4, 3]]
    assert batch.frames[0, 0, 2:].max() == 0 and batch.frames[0, 0, :2].min() == 1
    assert batch.homographies.shape == (2, 3, 3, 3)


def test_stack__repeats_a_picture_beside_clips():
    batch = stack("web", [sample(1, 4, 4, 1), sample(3, 4, 4, 2)])
    assert batch.frames.shape == (2, 3, 4, 4, 3) and batch.frames[0].unique().tolist() == [1]


def test_stack__nothing_is_an_empty_batch():
    assert len(stack("web", [])) == 0


def test_to_clips__normalises_and_moves_channels_first():
    settings = InputConfig(mean=(1.0, 2.0, 3.0), std=(1.0, 2.0, 4.0))
    clips = to_clips(stack("web", [sample(2, 4, 4, 11)]), settings, CPU)
    assert clips.shape == (1, 3, 2, 4, 4) and clips.is_contiguous()
    # (11 - 1) / 1, (11 - 2) / 2, (11 - 3) / 4
    assert clips[0, :, 0, 0, 0].tolist() == [10.0, 4.5, 2.0]


def test_to_clips__bgr_is_turned_before_it_is_normalised():
    frames = np.broadcast_to(np.array([10, 20, 30], np.uint8), (1, 4, 4, 3))  # R, G, B
    settings = InputConfig(mean=(1.0, 2.0, 3.0), std=(1.0, 2.0, 3.0), channel_order="bgr")
    clips = to_clips(stack("web", [Sample(frames=frames, homographies=None, class_index=0)]), settings, CPU)
    # (30 - 1) / 1, (20 - 2) / 2, (10 - 3) / 3
    assert clips[0, :, 0, 0, 0].tolist() == pytest.approx([29.0, 9.0, 7 / 3])


def test_to_clips__of_flow_keeps_its_channels():
    frames = np.broadcast_to(np.arange(10, dtype=np.uint8), (3, 8, 8, 10))
    settings = InputConfig(mean=(0.0,), std=(1.0,), crop_px=8)
    warped = stack("web", [Sample(frames=frames, homographies=None, class_index=0)] * 2)
    matrices = np.tile(np.eye(3), (3, 1, 1))
    raw = stack("web", [Sample(frames=frames, homographies=matrices, class_index=0)] * 2)
    for batch in (warped, raw):
        clips = to_clips(batch, settings, CPU)
        assert clips.shape == (2, 10, 3, 8, 8)
        assert clips[1, :, 2, 4, 4].tolist() == list(range(10))


@pytest.mark.parametrize("arch, kind", [("tsn", "target"), ("tsn", "images"), ("slowonly", "images")])
def test_to_clips__device_and_worker_warps_agree(world, tiny, arch, kind):
    network, _ = tiny(arch)
    examples = {"s": getattr(world, kind)}
    clips = []
    for warp in (True, False):
        dataset = ExampleDataset(examples, network, TrainConfig(), motions=world.motions, warp=warp)
        read = [dataset[Draw("s", i, 7 + i)] for i in range(3)]
        settings = network.input.model_copy(update={"mean": (0, 0, 0), "std": (1, 1, 1)})
        clips.append(to_clips(stack("s", read), settings, CPU))
    assert clips[0].shape == clips[1].shape
    assert (clips[0] - clips[1]).abs().mean() < 0.5  # of 255 grey levels


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_to_clips__cuda_agrees_with_cpu(world, tiny):
    network, _ = tiny("slowonly")
    dataset = ExampleDataset({"s": world.images}, network, TrainConfig(), motions=world.motions, warp=False)
    batch = stack("s", [dataset[Draw("s", i, i)] for i in range(3)])
    on_cpu, on_gpu = (to_clips(batch, network.input, torch.device(name)).cpu() for name in ("cpu", "cuda"))
    torch.testing.assert_close(on_cpu, on_gpu, atol=0.02, rtol=0)


def test_one_hot__is_float_rows():
    assert one_hot(torch.tensor([2, 0]), 3, CPU).tolist() == [[0, 0, 1], [1, 0, 0]]


def update(*sources: str, num: int = 2) -> Update:
    batches = tuple(PlannedBatch(source, tuple(Draw(source, i, i) for i in range(num))) for source in sources)
    return Update(number=0, epoch=0, num_target=num, batches=batches)


@pytest.fixture
def examples(world, tiny) -> ExampleDataset:
    rows = {"target": world.target, "images": [world.broken, world.images[0]], "bad": [world.broken] * 2}
    train = TrainConfig(inflation=InflationConfig(mode="replicate"))
    return ExampleDataset(rows, tiny("tsn")[0], train)


def test_update_reader__drops_without_replacement(examples):
    loaded = UpdateReader(examples)[update("target", "images", "bad")]
    assert [(batch.source, len(batch)) for batch in loaded.batches] == [("target", 2), ("images", 1), ("bad", 0)]
    assert len(loaded.dropped) == 3
    assert isinstance(loaded.dropped[0], DroppedSample) and loaded.dropped[0].reason == "not_media"


def test_make_loader__workers_give_the_same_updates_in_order(examples):
    planned = [replace(update("target", "images"), number=number) for number in range(4)]
    alone, shared = (list(make_loader(examples, planned, workers=w, pin_memory=False)) for w in (0, 2))
    assert [loaded.planned for loaded in shared] == planned
    for a, b in zip(alone, shared):
        assert a.dropped == b.dropped
        assert all(torch.equal(x.frames, y.frames) for x, y in zip(a.batches, b.batches))


def test_make_loader__looks_only_a_little_ahead(examples):
    asked = []

    def endless():
        number = 0
        while True:
            asked.append(number)
            yield replace(update("target"), number=number)
            number += 1

    iterator = iter(make_loader(examples, endless(), workers=2, pin_memory=False))
    next(iterator)
    assert len(asked) <= 6  # two for each worker, and those handed out since
    del iterator
