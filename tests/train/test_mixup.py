import numpy as np
import pytest
import torch

from omnisource.config import JointConfig
from omnisource.train.mixup import mix_update, mixup_across, mixup_within


class Fixed(np.random.Generator):
    """A generator whose weight and partners are known, so that the results can be checked by hand."""

    def __init__(self, weight: float, partners: list[int]) -> None:
        super().__init__(np.random.PCG64(0))
        self.weight, self.partners = weight, partners

    def beta(self, a, b):
        return self.weight

    def permutation(self, n):
        return np.array(self.partners)

    def integers(self, high, size):
        return np.array(self.partners)


class FixedChoice(Fixed):
    """The same, which also chooses the first of several batches."""

    def integers(self, high, size=None):
        return 0 if size is None else super().integers(high, size)


def clips(*values: float, num_frames: int = 1) -> torch.Tensor:
    return torch.tensor(values).reshape(-1, 1, 1, 1, 1).expand(-1, 1, num_frames, 1, 1)


def test_mixup_within__combines_with_the_partner():
    mixed, targets = mixup_within(clips(0.0, 8.0), torch.eye(2), Fixed(0.75, [1, 0]), 0.2)
    assert mixed.flatten().tolist() == [2.0, 6.0]  # 3/4 * 0 + 1/4 * 8, 3/4 * 8 + 1/4 * 0
    assert targets.tolist() == [[0.75, 0.25], [0.25, 0.75]]


def test_mixup_within__a_clip_paired_with_itself_is_unchanged():
    mixed, targets = mixup_within(clips(3.0), torch.tensor([[0.0, 1.0]]), Fixed(0.3, [0]), 0.2)
    assert mixed.flatten().tolist() == pytest.approx([3.0])
    assert targets.tolist() == [pytest.approx([0.0, 1.0])]


def test_mixup_across__combines_each_clip_of_a_with_one_of_b():
    target = torch.eye(3)[:2]
    web = torch.eye(3)[2:]
    mixed, targets = mixup_across(clips(4.0, 8.0), target, clips(0.0), web, Fixed(0.25, [0, 0]), 0.2)
    assert mixed.flatten().tolist() == [1.0, 2.0]
    assert targets.tolist() == [[0.25, 0.0, 0.75], [0.0, 0.25, 0.75]]


@pytest.mark.parametrize("frames_a, frames_b", [(1, 3), (3, 1)])
def test_mixup_across__repeats_single_frames(frames_a, frames_b):
    a, b = clips(4.0, num_frames=frames_a), clips(0.0, num_frames=frames_b)
    mixed, _ = mixup_across(a, torch.eye(1), b, torch.eye(1), Fixed(0.5, [0]), 0.2)
    assert mixed.shape == (1, 1, 3, 1, 1)
    assert mixed.flatten().tolist() == [2.0, 2.0, 2.0]


def test_mixup_across__leaves_its_arguments_alone(rng):
    a, b = torch.ones(2, 3, 1, 2, 2), torch.zeros(3, 3, 1, 2, 2)
    mixup_across(a, torch.eye(3)[:2], b, torch.eye(3), rng, 0.2)
    assert a.min() == 1 and b.max() == 0


def test_mixup_across__targets_stay_probabilities(rng):
    _, targets = mixup_across(
        torch.rand(4, 3, 1, 2, 2), torch.eye(4), torch.rand(2, 3, 1, 2, 2), torch.eye(4)[:2], rng, 1
    )
    assert targets.sum(dim=1).tolist() == pytest.approx([1.0] * 4)


def test_mixup_within__weight_follows_beta():
    # Beta(0.2, 0.2) has mean 1/2 and variance 1 / (4 * 1.4) = 0.1786; one pair of classes shows the weight
    weights = []
    for seed in range(2000):
        rng = np.random.default_rng(seed)
        _, targets = mixup_within(clips(0.0, 1.0), torch.eye(2), rng, 0.2)
        weights.append(float(targets[0, 0]))
    mixed = [w for w in weights if w < 1]  # half of the permutations pair a clip with itself
    assert np.mean(mixed) == pytest.approx(0.5, abs=0.05)
    assert np.var(mixed) == pytest.approx(0.1786, abs=0.02)


TARGET = (clips(8.0), torch.tensor([[1.0, 0.0]]))
WEB = (clips(0.0), torch.tensor([[0.0, 1.0]]))


@pytest.mark.parametrize(
    "within, across, target, web",
    [
        (False, False, 8.0, 0.0),
        (True, False, 8.0, 0.0),  # one target example is its own partner
        (False, True, 2.0, 6.0),  # 1/4 * 8 + 3/4 * 0, and 1/4 * 0 + 3/4 * 8
        (True, True, 8.0, 6.0),  # the target was mixed within; web examples meet unmixed ones
    ],
)
def test_mix_update__follows_the_settings(within, across, target, web):
    config = JointConfig(mixup_within=within, mixup_across=across)
    (mixed, _), [(mixed_web, _)] = mix_update(TARGET, [WEB], config, FixedChoice(0.25, [0]))
    assert (float(mixed), float(mixed_web)) == (target, web)


def test_mix_update__without_web_data_leaves_across_out():
    config = JointConfig(mixup_across=True)
    mixed, web = mix_update(TARGET, [], config, FixedChoice(0.25, [0]))
    assert mixed is TARGET and web == []


def test_mix_update__without_a_target_batch_leaves_web_data_alone(rng):
    config = JointConfig(mixup_across=True, mixup_within=True)
    assert mix_update(None, [WEB], config, rng) == (None, [WEB])
