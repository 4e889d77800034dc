"""Two runs on the same clips -> one: late fusion of an RGB and a flow stream (paper 5.2, Tables 6 and 16).

The paper does not say how its streams are weighted. TSN adds the class scores from before the softmax, RGB to flow 1:1
or 1:1.5 (weights 0.5 and 0.6 here); adding probabilities is the other usual way.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from omnisource.errors import ConfigError, DataError
from omnisource.evaluate.metrics import top_k_accuracy
from omnisource.evaluate.predictions import Predictions

Space = Literal["probs", "logits"]
LEAST_PROB = 1e-12
"""Its logarithm stands for that of 0."""
SWEEP = tuple(step / 10 for step in range(11))
"""Weights that `sweep` tries."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fusion:
    """Two runs in one."""

    predictions: Predictions
    """Of the clips that both runs predicted."""
    num_only_first: int
    """Clips that the second run could not read."""
    num_only_second: int
    """Clips that the first run could not read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SweepPoint:
    """How good a fusion with one weight is."""

    weight: float
    """Of the second run."""
    top1: float
    """Share of clips whose most probable class is right."""
    top5: float
    """Share of clips whose class is among the five most probable."""


def fuse(first: Predictions, second: Predictions, weight: float, space: Space = "probs") -> Fusion:
    """(1 - weight) of the first run and `weight` of the second, over the clips that both predicted.

    "logits" adds logarithms of probabilities, which are the scores before the softmax but for a constant of each clip
    that the last softmax takes away again. Raises DataError where the runs share no clip, disagree on a clip's class or
    count other classes, ConfigError for a weight outside 0 to 1.
    """
    if not 0 <= weight <= 1:
        raise ConfigError(f"weight {weight:g} is not between 0 (the first run alone) and 1 (the second alone)")
    if first.probs.shape[1] != second.probs.shape[1]:
        classes = f"{first.probs.shape[1]} and {second.probs.shape[1]}"
        raise DataError(f"the two runs tell {classes} classes apart; fuse runs of one workspace")
    shared, of_first, of_second = np.intersect1d(
        first.example_indices, second.example_indices, assume_unique=True, return_indices=True
    )
    if len(shared) == 0:
        raise DataError("the two runs have no clip in common; evaluate both on the same list")
    truth = first.class_indices[of_first]
    if not np.array_equal(truth, second.class_indices[of_second]):
        raise DataError("the two runs give the same clips different classes; evaluate both on the same list")
    return Fusion(
        predictions=Predictions(
            example_indices=shared,
            class_indices=truth,
            probs=_mean(first.probs[of_first], second.probs[of_second], weight, space),
        ),
        num_only_first=len(first) - len(shared),
        num_only_second=len(second) - len(shared),
    )


def sweep(first: Predictions, second: Predictions, space: Space = "probs") -> list[SweepPoint]:
    """Accuracy of the fusion with every weight from 0 to 1; raises DataError like `fuse`."""
    points = []
    for weight in SWEEP:
        fused = fuse(first, second, weight, space).predictions
        top1, top5 = (top_k_accuracy(fused.probs, fused.class_indices, k) for k in (1, 5))
        points.append(SweepPoint(weight=weight, top1=top1, top5=top5))
    return points


def _mean(first: np.ndarray, second: np.ndarray, weight: float, space: Space) -> np.ndarray:
    """(N, K) float32 probabilities."""
    if space == "probs":
        return ((1 - weight) * first + weight * second).astype(np.float32)
    scores = (1 - weight) * np.log(np.maximum(first, LEAST_PROB, dtype=np.float64))
    scores += weight * np.log(np.maximum(second, LEAST_PROB, dtype=np.float64))
    probs = np.exp(scores - scores.max(axis=1, keepdims=True))
    return (probs / probs.sum(axis=1, keepdims=True)).astype(np.float32)
