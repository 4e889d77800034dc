import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from omnisource.config import InflationConfig, JointConfig, TrainConfig
from omnisource.train.collate import make_loader, to_clips
from omnisource.train.datasets import ExampleDataset
from omnisource.train.setup import FitConfig, Session, set_up
from omnisource.train.step import Outcome, summarise, take_update

CPU = torch.device("cpu")


class Linear(torch.nn.Module):
    """Mean colour -> logits: a gradient that can be written down."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.tensor([[0.1, 0.2, 0.3], [0.3, 0.1, 0.2]]))

    def forward(self, clips):
        return clips.mean(dim=(2, 3, 4)) @ self.weight.T


def prepare(world, tiny, tmp_path, *, network=None, arch="tsn", auxiliary=None, clip_norm=None, **joint):
    settings, own = tiny(arch, clip_norm=clip_norm, momentum=0, weight_decay=0)
    train = TrainConfig(joint=JointConfig(**joint), inflation=InflationConfig(mode="replicate"))
    config = FitConfig(network=settings, train=train, num_classes=2, device="cpu")
    sources = {"images": world.images} if auxiliary is None else auxiliary
    session = set_up(tmp_path, network or own, world.target, sources, config)
    dataset = ExampleDataset(session.examples, settings, train)
    return session, next(iter(make_loader(dataset, session.updates_left(), workers=0, pin_memory=False)))


def gradient_by_hand(session: Session, batch, weight: torch.Tensor, divisor: float) -> torch.Tensor:
    """d/dW of the summed cross-entropies: (softmax - one-hot)^T colour."""
    colours = to_clips(batch, session.config.network.input, CPU).mean(dim=(2, 3, 4))
    errors = (colours @ weight.T).softmax(dim=1) - torch.eye(2)[batch.class_indices]
    return errors.T @ colours / divisor


def test_take_update__summed_is_one_step_on_equation_1(world, tiny, tmp_path):
    network = Linear()
    before = network.weight.detach().clone()
    session, loaded = prepare(world, tiny, tmp_path, network=network, target_share=1)
    lr, rng = session.begin(0)
    outcomes, norm = take_update(session, loaded, rng)
    gradient = sum(gradient_by_hand(session, batch, before, loaded.planned.num_target) for batch in loaded.batches)
    torch.testing.assert_close(network.weight.detach(), before - lr * gradient)
    torch.testing.assert_close(norm, gradient.norm())
    assert [(o.source, o.num_examples) for o in outcomes] == [("target", 3), ("images", 3)]


def test_take_update__summed_divides_by_planned_target_examples(world, tiny, tmp_path):
    network = Linear()
    before = network.weight.detach().clone()
    bad = {"images": [world.broken, world.images[0], world.images[1]]}
    session, loaded = prepare(world, tiny, tmp_path, network=network, auxiliary=bad, target_share=1, resampling="none")
    assert [len(batch) for batch in loaded.batches] == [3, 2]
    lr, rng = session.begin(0)
    take_update(session, loaded, rng)
    gradient = sum(gradient_by_hand(session, batch, before, 3) for batch in loaded.batches)
    torch.testing.assert_close(network.weight.detach(), before - lr * gradient)


def test_take_update__per_source_steps_on_each_mean(world, tiny, tmp_path):
    network = Linear()
    weight = network.weight.detach().clone()
    session, loaded = prepare(world, tiny, tmp_path, network=network, update="per_source", target_share=1)
    lr, rng = session.begin(0)
    _, norm = take_update(session, loaded, rng)
    gradients = []
    for batch in loaded.batches:
        gradients.append(gradient_by_hand(session, batch, weight, len(batch)))
        weight = weight - lr * gradients[-1]
    torch.testing.assert_close(network.weight.detach(), weight)
    torch.testing.assert_close(norm, gradients[0].norm())  # of the target's step


def test_take_update__clips_the_gradient(world, tiny, tmp_path):
    network = Linear()
    before = network.weight.detach().clone()
    session, loaded = prepare(world, tiny, tmp_path, network=network, clip_norm=0.01)
    lr, rng = session.begin(0)
    _, norm = take_update(session, loaded, rng)
    assert float((network.weight.detach() - before).norm()) == pytest.approx(0.01 * lr, rel=1e-3)
    assert norm > 0.01  # the norm before clipping


def test_take_update__nothing_readable_changes_nothing(world, tiny, tmp_path):
    network = Linear()
    before = network.weight.detach().clone()
    session, loaded = prepare(world, tiny, tmp_path, network=network)
    empty = type(loaded)(planned=loaded.planned, batches=tuple(_emptied(b) for b in loaded.batches), dropped=())
    outcomes, norm = take_update(session, empty, np.random.default_rng(0))
    assert outcomes == [] and norm is None
    assert torch.equal(network.weight, before)


def test_take_update__each_source_has_its_own_batch_statistics(world, tiny, tmp_path):
    session, loaded = prepare(world, tiny, tmp_path, target_share=1)
    session.begin(0)
    take_update(session, loaded, np.random.default_rng(0))
    norms = [m for m in session.network.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    assert {int(norm.num_batches_tracked) for norm in norms} == {2}  # target, images


def test_take_update__mixup_across_reaches_the_loss(world, tiny, tmp_path):
    losses = []
    for mixup in (False, True):
        session, loaded = prepare(world, tiny, tmp_path, network=Linear(), target_share=1, mixup_across=mixup)
        _, rng = session.begin(0)
        losses.append([float(o.loss_sum) for o in take_update(session, loaded, rng)[0]])
    assert losses[0][0] != losses[1][0] and losses[0][1] != losses[1][1]


def _emptied(batch):
    from omnisource.train.collate import stack

    return stack(batch.source, [])


def outcome(source: str, loss: float, correct: int, count: int) -> Outcome:
    return Outcome(source, torch.tensor(loss), torch.tensor(correct), count)


def test_summarise__summed_loss_is_equation_1_over_target_examples(world, tiny, tmp_path):
    session, loaded = prepare(world, tiny, tmp_path)
    outcomes = [outcome("target", 6.0, 1, 3), outcome("images", 3.0, 1, 2)]
    metrics, stop = summarise(session, loaded, outcomes, stop=False)
    assert metrics == {
        "loss": 3.0,  # (6 + 3) / 3
        "loss/target": 2.0,
        "loss/images": 1.5,
        "top1/target": pytest.approx(1 / 3),
        "top1/images": 0.5,
        "num_dropped": 0,
    }
    assert not stop


def test_summarise__per_source_loss_is_the_mean_of_the_sources(world, tiny, tmp_path):
    session, loaded = prepare(world, tiny, tmp_path, update="per_source")
    outcomes = [outcome("target", 6.0, 1, 3), outcome("images", 1.0, 1, 2), outcome("images", 3.0, 0, 2)]
    metrics, stop = summarise(session, loaded, outcomes, stop=True)
    assert (metrics["loss"], metrics["loss/images"], metrics["top1/images"]) == (1.5, 1.0, 0.25)
    assert stop


def test_summarise__leaves_out_sources_without_examples(world, tiny, tmp_path):
    session, loaded = prepare(world, tiny, tmp_path)
    assert summarise(session, loaded, [], stop=False)[0] == {"loss": 0, "num_dropped": 0}


def test_take_update__outcome_is_the_sum_of_cross_entropies(world, tiny, tmp_path):
    network = Linear()
    session, loaded = prepare(world, tiny, tmp_path, network=network, auxiliary={})
    clips = to_clips(loaded.batches[0], session.config.network.input, CPU)
    logits = network(clips).detach()
    (found,), _ = take_update(session, loaded, session.begin(0)[1])
    classes = loaded.batches[0].class_indices
    torch.testing.assert_close(found.loss_sum, cross_entropy(logits, classes, reduction="sum"))
    assert int(found.num_correct) == int((logits.argmax(dim=1) == classes).sum())


def prepare_pretraining(world, tiny, tmp_path, network, **joint):
    settings, _ = tiny("tsn", clip_norm=None, momentum=0, weight_decay=0)
    train = TrainConfig(joint=JointConfig(**joint), inflation=InflationConfig(mode="replicate"))
    config = FitConfig(network=settings, train=train, num_classes=2, device="cpu", epoch_size=6)
    session = set_up(tmp_path, network, [], {"images": world.images, "clips": world.clips}, config)
    dataset = ExampleDataset(session.examples, settings, train)
    return session, next(iter(make_loader(dataset, session.updates_left(), workers=0, pin_memory=False)))


def test_take_update__pretraining_is_equation_1_without_its_first_term(world, tiny, tmp_path):
    network = Linear()
    before = network.weight.detach().clone()
    mixed = {"mixup_within": True, "mixup_across": True}  # both need the target
    session, loaded = prepare_pretraining(world, tiny, tmp_path, network, target_share=1, **mixed)
    assert [(batch.source, len(batch)) for batch in loaded.batches] == [("images", 3), ("clips", 3)]
    lr, rng = session.begin(0)
    outcomes, norm = take_update(session, loaded, rng)
    gradient = sum(gradient_by_hand(session, batch, before, 3) for batch in loaded.batches)  # |B_T| is 3
    torch.testing.assert_close(network.weight.detach(), before - lr * gradient)
    torch.testing.assert_close(norm, gradient.norm())
    metrics, _ = summarise(session, loaded, outcomes, stop=False)
    assert metrics["loss"] == pytest.approx(metrics["loss/images"] + metrics["loss/clips"])  # 3 and 3 of 3
    assert "loss/target" not in metrics


def test_take_update__an_update_of_pretraining_without_any_example_changes_nothing(world, tiny, tmp_path):
    network = Linear()
    before = network.weight.detach().clone()
    session, _ = prepare_pretraining(world, tiny, tmp_path, network, target_share=2, update="per_source")
    dataset = ExampleDataset(session.examples, session.config.network, session.config.train)
    second = list(make_loader(dataset, session.updates_left(), workers=0, pin_memory=False))[1]
    assert second.batches == ()  # web batches follow every second target batch
    outcomes, norm = take_update(session, second, np.random.default_rng(0))
    assert (outcomes, norm) == ([], None)
    assert torch.equal(network.weight, before)
