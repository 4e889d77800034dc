from dataclasses import replace

import numpy as np
import pytest
import torch
from lightning_fabric.accelerators import MPSAccelerator

from omnisource.config import JointConfig, TrainConfig
from omnisource.errors import ConfigError, DataError
from omnisource.train.setup import FitConfig, set_up


class Lazy(list):
    """Examples that know their classes, as those on disk do, and must not be made one by one."""

    class_indices = np.array([1, 0])

    def __iter__(self):
        raise AssertionError("iterated")


def session(world, tiny, tmp_path, *, auxiliary=None, train=None, target=None, seed=0, **optim):
    network, module = tiny("tsn", **optim)
    config = FitConfig(network=network, train=train or TrainConfig(), num_classes=2, seed=seed, device="cpu")
    return set_up(tmp_path, module, world.target if target is None else target, auxiliary or {}, config)


def test_set_up__counts_updates(world, tiny, tmp_path):
    found = session(world, tiny, tmp_path, batch_size=4, epochs=3)
    assert (found.updates_per_epoch, found.total_updates, found.start) == (2, 6, 0)  # 6 examples: 4 + 2


def test_set_up__puts_the_target_first_and_leaves_out_empty_sources(world, tiny, tmp_path, caplog):
    found = session(world, tiny, tmp_path, auxiliary={"images": world.images, "none": []})
    assert list(found.examples) == ["target", "images"]
    assert "source none has no example" in caplog.text


def test_set_up__takes_classes_without_making_examples(world, tiny, tmp_path):
    found = session(world, tiny, tmp_path, auxiliary={"lazy": Lazy(world.clips[:2])})
    assert found.class_indices["lazy"].tolist() == [1, 0]


def test_set_up__refuses_an_empty_target(world, tiny, tmp_path):
    with pytest.raises(DataError, match="no target example to train on; check target.train"):
        session(world, tiny, tmp_path, target=[])


def test_set_up__refuses_a_source_called_target(world, tiny, tmp_path):
    with pytest.raises(ConfigError, match="a source may not be called 'target'; rename it"):
        session(world, tiny, tmp_path, auxiliary={"target": world.images})


@pytest.mark.parametrize("class_index", [-1, 2])
def test_set_up__refuses_classes_outside_the_taxonomy(world, tiny, tmp_path, class_index):
    wrong = [replace(world.images[0], class_index=class_index)]
    with pytest.raises(DataError, match=f"source 'web' has class index {class_index}, but the taxonomy has 2 classes"):
        session(world, tiny, tmp_path, auxiliary={"web": wrong})


def test_set_up__optimizer_is_sgd_with_weight_decay_on_everything(world, tiny, tmp_path):
    (group,) = session(world, tiny, tmp_path).sgd.param_groups
    assert (group["momentum"], group["weight_decay"], group["nesterov"], group["dampening"]) == (0.9, 1e-4, False, 0)
    assert len(group["params"]) == len(list(tiny("tsn")[1].parameters()))


def test_set_up__leaves_out_frozen_parameters(world, tiny, tmp_path):
    network, module = tiny("tsn")
    next(module.parameters()).requires_grad_(False)
    config = FitConfig(network=network, train=TrainConfig(), num_classes=2, device="cpu")
    (group,) = set_up(tmp_path, module, world.target, {}, config).sgd.param_groups
    assert len(group["params"]) == len(list(module.parameters())) - 1


@pytest.mark.skipif(torch.cuda.is_available(), reason="asks what happens without a CUDA device")
def test_set_up__auto_is_never_the_gpu_of_a_mac(world, tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(MPSAccelerator, "is_available", lambda: True)
    network, module = tiny("tsn")
    config = FitConfig(network=network, train=TrainConfig(), num_classes=2, device="auto")
    assert set_up(tmp_path, module, world.target, {}, config).fabric.device.type == "cpu"


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_set_up__auto_is_cuda_where_there_is_one(world, tiny, tmp_path):
    network, module = tiny("tsn")
    config = FitConfig(network=network, train=TrainConfig(), num_classes=2, device="auto")
    assert set_up(tmp_path, module, world.target, {}, config).fabric.device.type == "cuda"


def test_fingerprint__tells_what_decides_the_result(world, tiny, tmp_path):
    first = session(world, tiny, tmp_path).fingerprint
    assert session(world, tiny, tmp_path).fingerprint == first
    assert session(world, tiny, tmp_path, seed=1).fingerprint != first
    assert session(world, tiny, tmp_path, epochs=3).fingerprint != first
    assert session(world, tiny, tmp_path, auxiliary={"images": world.images}).fingerprint != first
    mixed = TrainConfig(joint=JointConfig(mixup_within=True))
    assert session(world, tiny, tmp_path, train=mixed).fingerprint != first


def test_fingerprint__does_not_tell_how_the_work_is_done(world, tiny, tmp_path):
    first = session(world, tiny, tmp_path).fingerprint
    train = TrainConfig(workers=2, checkpoint_every=7, keep_checkpoints=3, validate_every=1)
    assert session(world, tiny, tmp_path, train=train).fingerprint == first


def test_updates_left__continues_in_the_middle_of_an_epoch(world, tiny, tmp_path):
    found = session(world, tiny, tmp_path, batch_size=2, epochs=2)
    everything = list(found.updates_left())
    assert [u.number for u in everything] == [0, 1, 2, 3, 4, 5]
    assert list(replace(found, start=2).updates_left()) == everything[2:]
    assert list(replace(found, start=6).updates_left()) == []


def test_begin__sets_the_rate_and_seeds_torch(world, tiny, tmp_path):
    found = session(world, tiny, tmp_path, batch_size=2, lr_per_sample=0.01, milestones=(1,))
    lr, rng = found.begin(3)  # second epoch: a tenth
    assert lr == pytest.approx(0.002) and found.sgd.param_groups[0]["lr"] == lr
    numbers = float(torch.rand(1)), float(rng.random())
    _, again = found.begin(3)
    assert (float(torch.rand(1)), float(again.random())) == numbers
    found.begin(4)
    assert float(torch.rand(1)) != numbers[0]


def pretraining(world, tiny, tmp_path, auxiliary, *, epoch_size=6, **optim):
    network, module = tiny("tsn", **optim)
    config = FitConfig(network=network, train=TrainConfig(), num_classes=2, device="cpu", epoch_size=epoch_size)
    return set_up(tmp_path, module, [], auxiliary, config)


def test_set_up__pretraining_counts_a_target_that_it_does_not_read(world, tiny, tmp_path):
    found = pretraining(world, tiny, tmp_path, {"images": world.images, "clips": world.clips}, batch_size=4, epochs=3)
    assert (found.updates_per_epoch, found.total_updates) == (2, 6)  # 6 examples: 4 + 2
    assert list(found.examples) == ["images", "clips"] == list(found.leading)
    assert {batch.source for update in found.updates_left() for batch in update.batches} == {"images", "clips"}


def test_set_up__pretraining_without_web_examples(world, tiny, tmp_path):
    with pytest.raises(DataError, match="no web example to pre-train on; lower the recipe's confidence, or add"):
        pretraining(world, tiny, tmp_path, {"images": []})


def test_fingerprint__tells_how_many_target_examples_pretraining_counts(world, tiny, tmp_path):
    first, other = (pretraining(world, tiny, tmp_path, {"images": world.images}, epoch_size=n) for n in (6, 5))
    assert first.fingerprint != other.fingerprint


def test_leading__is_the_target_where_it_is_read(world, tiny, tmp_path):
    assert session(world, tiny, tmp_path, auxiliary={"images": world.images}).leading == ("target",)
