"""Two clip-label pairs -> their convex combination, within a batch or across datasets (paper 3.6, Table 9).

Letters: N clips, C channels, T frames, K classes. Targets are probabilities: one-hot before mixing, soft after it.
One weight is drawn for a batch, from Beta(alpha, alpha).
"""

import numpy as np
import torch
from torch import Tensor

from omnisource.config import JointConfig

Mixture = tuple[Tensor, Tensor]
"""Clips (N, C, T, H, W) and targets (N, K)."""


def mixup_within(clips: Tensor, targets: Tensor, rng: np.random.Generator, alpha: float) -> tuple[Tensor, Tensor]:
    """Mix clips (N, C, T, H, W) and targets (N, K) with a shuffled copy of themselves (intra-dataset mixup)."""
    partners = torch.from_numpy(rng.permutation(len(clips))).to(clips.device)
    weight = float(rng.beta(alpha, alpha))
    return _combine(clips, clips[partners], weight), _combine(targets, targets[partners], weight)


def mixup_across(
    clips_a: Tensor, targets_a: Tensor, clips_b: Tensor, targets_b: Tensor, rng: np.random.Generator, alpha: float
) -> tuple[Tensor, Tensor]:
    """Mix each clip of batch a with one of batch b, drawn with replacement (cross-dataset mixup).

    Either batch may hold single frames (T = 1): they are repeated to the other's T. The result has as many rows as a.
    """
    partners = torch.from_numpy(rng.integers(len(clips_b), size=len(clips_a))).to(clips_b.device)
    weight = float(rng.beta(alpha, alpha))
    return _combine(clips_a, clips_b[partners], weight), _combine(targets_a, targets_b[partners], weight)


def mix_update(
    target: Mixture | None, web: list[Mixture], config: JointConfig, rng: np.random.Generator
) -> tuple[Mixture | None, list[Mixture]]:
    """Mix the batches of one update as configured; each is (clips, targets).

    within: the target batch with itself. across: every web batch with target examples, and the target batch with one
    of the web batches, unless it was mixed within. A batch without a counterpart is left as it is.
    """
    alpha = config.mixup_alpha
    if target is None:
        return target, web
    mixed_target, mixed_web = target, web
    if config.mixup_within:
        mixed_target = mixup_within(*target, rng, alpha)
    elif config.mixup_across and web:
        mixed_target = mixup_across(*target, *web[rng.integers(len(web))], rng, alpha)
    if config.mixup_across:
        mixed_web = [mixup_across(*batch, *target, rng, alpha) for batch in web]
    return mixed_target, mixed_web


def _combine(a: Tensor, b: Tensor, weight: float) -> Tensor:
    return weight * a + (1 - weight) * b
