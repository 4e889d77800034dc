"""Class counts -> how often each class is drawn, and a seeded order of examples (paper 3.6, Table 10)."""

import numpy as np

from omnisource.config import JointConfig


def class_probabilities(counts: np.ndarray, config: JointConfig) -> np.ndarray:
    """Probability (K,) of drawing each class from its number of examples (K,); an empty class has none.

    none: its share; clipped: its share after cutting classes at N_c; power: proportional to N^p.
    """
    weights = counts.astype(np.float64)
    if config.resampling == "clipped":
        weights = np.minimum(weights, config.clip_at)
    elif config.resampling == "power":
        weights = np.where(counts > 0, weights**config.power, 0.0)
    return weights / weights.sum()


def draw_order(class_indices: np.ndarray, config: JointConfig, num_draws: int, rng: np.random.Generator) -> np.ndarray:
    """Indices (num_draws,) int64 into examples whose classes are `class_indices` (N,).

    none: shuffled passes, so that every example is seen before one repeats; the others draw with replacement: a class
    by its probability, then any of its examples.
    """
    num_examples = len(class_indices)
    if config.resampling == "none":
        num_passes = -(-num_draws // num_examples)
        passes = [rng.permutation(num_examples) for _ in range(num_passes)]
        return np.concatenate([np.empty(0, np.int64), *passes])[:num_draws]
    counts = np.bincount(class_indices)
    per_example = class_probabilities(counts, config) / np.maximum(counts, 1)
    upper = np.cumsum(per_example[class_indices])
    indices = np.searchsorted(upper, rng.random(num_draws) * upper[-1], side="right")
    return np.minimum(indices, num_examples - 1)  # a draw may round up to the very end
