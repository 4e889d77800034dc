"""Logits and targets -> the joint loss, Eq. 1: a sum of cross-entropies over target and auxiliary batches (paper 3.2).

Eq. 1 is divided by |B_T|, the target examples that the update planned, and by nothing else. So the learning rate keeps
its meaning per target sample however much web data joins in, and |B_T| : |B_A| is a real weight: twice as many web
examples weigh twice as much. Examples that were dropped are missing terms; they do not make the others heavier.

Letters: N examples of one batch, K classes.
"""

import torch.nn.functional as F
from torch import Tensor


def cross_entropies(logits: Tensor, targets: Tensor) -> Tensor:
    """Cross-entropy (N,) of logits (N, K) against targets (N, K), one-hot or soft."""
    return -(targets * F.log_softmax(logits.float(), dim=1)).sum(dim=1)


def joint_term(losses: Tensor, num_target: int, *, world_size: int = 1) -> Tensor:
    """One source's term of Eq. 1 over |B_T|, from its cross-entropies (N,); the terms of all sources add up.

    Processes average their gradients, so each one's share of the sum counts `world_size` times.
    """
    return losses.sum() * (world_size / num_target)


def own_mean(losses: Tensor) -> Tensor:
    """Mean over the batch itself: the loss of a step that one source takes alone (released code)."""
    return losses.mean()
