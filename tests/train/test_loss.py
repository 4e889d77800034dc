import math

import pytest
import torch

from omnisource.train.loss import cross_entropies, joint_term, own_mean

EVEN = torch.zeros(2, 4)  # four classes, all equally likely: cross-entropy ln 4
SURE = torch.tensor([[math.log(3.0), 0.0]])  # probabilities 3/4, 1/4


@pytest.mark.parametrize(
    "targets, expected",
    [
        ([[1.0, 0.0]], math.log(4 / 3)),
        ([[0.0, 1.0]], math.log(4)),
        ([[0.5, 0.5]], 0.5 * math.log(4 / 3) + 0.5 * math.log(4)),  # soft target
    ],
)
def test_cross_entropies__of_hard_and_soft_targets(targets, expected):
    assert cross_entropies(SURE, torch.tensor(targets)).tolist() == pytest.approx([expected])


def test_cross_entropies__agree_with_torch(rng):
    logits = torch.tensor(rng.normal(size=(5, 3)), dtype=torch.float32)
    classes = torch.tensor([0, 2, 1, 1, 0])
    ours = cross_entropies(logits, torch.eye(3)[classes])
    torch.testing.assert_close(ours, torch.nn.functional.cross_entropy(logits, classes, reduction="none"))


def test_joint_term__terms_add_up_to_equation_1_over_target_examples():
    # |B_T| = 2 and |B_A| = 6 examples of ln 4 each: (2 + 6) ln 4 / 2
    target = joint_term(cross_entropies(EVEN, torch.eye(4)[:2]), 2)
    web = joint_term(cross_entropies(EVEN.repeat(3, 1), torch.eye(4)[:1].repeat(6, 1)), 2)
    assert float(target + web) == pytest.approx(4 * math.log(4))


def test_joint_term__a_dropped_example_is_a_missing_term():
    # 1 of 2 planned is left: half the loss, not the mean of what is left
    assert float(joint_term(torch.tensor([3.0]), 2)) == 1.5


def test_joint_term__average_over_processes_is_the_whole():
    # 2 + 4 over |B_T| = 2 is 3; the two processes hold 2 * 2/2 and 4 * 2/2, whose mean is 3
    shares = [joint_term(torch.tensor([loss]), 2, world_size=2) for loss in (2.0, 4.0)]
    assert float(sum(shares)) / 2 == 3.0


def test_joint_term__gradient_does_not_depend_on_how_batches_are_cut():
    logits = torch.zeros(4, 2, requires_grad=True)
    targets = torch.eye(2).repeat(2, 1)
    for part in (slice(0, 1), slice(1, 4)):
        joint_term(cross_entropies(logits[part], targets[part]), 4).backward()
    # softmax 1/2 minus the one-hot target, over 4
    torch.testing.assert_close(logits.grad, (0.5 - targets) / 4)


def test_own_mean__is_the_mean_of_the_batch():
    assert float(own_mean(torch.tensor([1.0, 3.0]))) == 2.0
