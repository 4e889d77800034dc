"""Predictions -> accuracies and average precision, over all, per class and per source (paper 5).

Letters: probs (N, K) float32, class_indices (N,) int64.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from omnisource.errors import DataError
from omnisource.evaluate.predictions import Predictions
from omnisource.types import Taxonomy

NUM_BOOTSTRAPS = 10_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Metrics:
    """How good a network is on one list of examples; every share lies in 0-1."""

    top1: float
    """Share whose most probable class is right."""
    top1_low: float
    """Lower end of the 95 % bootstrap interval of top1."""
    top1_high: float
    """Upper end of it."""
    top5: float
    """Share whose class is among the five most probable."""
    mean_class_accuracy: float
    """top1 of each class, averaged over the classes that have examples."""
    mean_ap: float
    """Average precision of each class, averaged over the classes that have examples."""
    num_examples: int
    """Examples that were predicted."""


def measure(predictions: Predictions, rng: np.random.Generator) -> Metrics:
    """Every metric of a run; raises DataError when no example could be read."""
    if len(predictions) == 0:
        raise DataError("there are no predictions to measure: no example could be read; the report lists the reasons")
    if not np.isfinite(predictions.probs).all():
        raise DataError(
            "the network gives probabilities that are no numbers: train it again with a lower learning rate"
        )
    probs, truth = predictions.probs, predictions.class_indices
    top1 = top_k_accuracy(probs, truth, 1)
    low, high = bootstrap_interval(top1, len(predictions), rng)
    return Metrics(
        top1=top1,
        top1_low=low,
        top1_high=high,
        top5=top_k_accuracy(probs, truth, 5),
        mean_class_accuracy=mean_class_accuracy(probs, truth),
        mean_ap=mean_average_precision(probs, truth),
        num_examples=len(predictions),
    )


def top_k_accuracy(probs: np.ndarray, class_indices: np.ndarray, k: int) -> float:
    """Share of rows whose class is among the k most probable; of equal probabilities the lower class index leads."""
    own = np.take_along_axis(probs, class_indices[:, None], axis=1)
    lower_index = np.arange(probs.shape[1]) < class_indices[:, None]
    num_ahead = ((probs > own) | ((probs == own) & lower_index)).sum(axis=1)
    return float((num_ahead < k).mean())


def mean_class_accuracy(probs: np.ndarray, class_indices: np.ndarray) -> float:
    """top1 of each class, averaged over the classes that have examples."""
    return float(np.nanmean(class_accuracies(probs, class_indices)))


def mean_average_precision(probs: np.ndarray, class_indices: np.ndarray) -> float:
    """Average precision of each class, averaged over the classes that have examples."""
    return float(np.nanmean(average_precisions(probs, class_indices)))


def class_accuracies(probs: np.ndarray, class_indices: np.ndarray) -> np.ndarray:
    """(K,) float64 top1 of each class; NaN for a class without examples."""
    num_classes = probs.shape[1]
    right = probs.argmax(axis=1) == class_indices
    num_right = np.bincount(class_indices[right], minlength=num_classes)
    num_examples = np.bincount(class_indices, minlength=num_classes)
    return np.where(num_examples > 0, num_right / np.maximum(num_examples, 1), np.nan)


def average_precisions(probs: np.ndarray, class_indices: np.ndarray) -> np.ndarray:
    """(K,) float64 average precision of each class against the rest; NaN for a class without examples."""
    classes = range(probs.shape[1])
    return np.array([_average_precision(probs[:, c], class_indices == c) for c in classes])


def bootstrap_interval(share: float, num_examples: int, rng: np.random.Generator) -> tuple[float, float]:
    """95 % percentile interval of a share of right answers when the examples are drawn again with replacement.

    The number of right answers in such a draw is binomial, so the draws need no copies of the examples.
    """
    shares = rng.binomial(num_examples, share, size=NUM_BOOTSTRAPS) / num_examples
    low, high = np.quantile(shares, (0.025, 0.975))
    return float(low), float(high)


def per_class_table(predictions: Predictions, taxonomy: Taxonomy) -> pa.Table:
    """One row per class: class_index, class_name, num_examples, top1, average_precision (null without examples)."""
    probs, truth = predictions.probs, predictions.class_indices
    return pa.table(
        {
            "class_index": pa.array(range(len(taxonomy)), pa.int64()),
            "class_name": pa.array(taxonomy.names, pa.string()),
            "num_examples": pa.array(np.bincount(truth, minlength=len(taxonomy)), pa.int64()),
            "top1": pa.array(class_accuracies(probs, truth), pa.float64(), from_pandas=True),
            "average_precision": pa.array(average_precisions(probs, truth), pa.float64(), from_pandas=True),
        }
    )


def per_source_table(predictions: Predictions, sources: Sequence[str]) -> pa.Table:
    """One row per source, by name: source, num_examples, top1, top5, mean_class_accuracy; `sources` has one per row."""
    labels = np.array(sources, dtype=object)
    rows = []
    for source in sorted(set(sources)):
        of_source = labels == source
        probs, truth = predictions.probs[of_source], predictions.class_indices[of_source]
        rows.append(
            {
                "source": source,
                "num_examples": len(truth),
                "top1": top_k_accuracy(probs, truth, 1),
                "top5": top_k_accuracy(probs, truth, 5),
                "mean_class_accuracy": mean_class_accuracy(probs, truth),
            }
        )
    shares = [(name, pa.float64()) for name in ("top1", "top5", "mean_class_accuracy")]
    return pa.Table.from_pylist(rows, pa.schema([("source", pa.string()), ("num_examples", pa.int64()), *shares]))


def _average_precision(scores: np.ndarray, positive: np.ndarray) -> float:
    """Sum over the thresholds of precision times the gain in recall; rows of equal score share one threshold."""
    if not positive.any():
        return float("nan")
    order = np.argsort(-scores, kind="stable")
    last_of_equals = np.append(np.diff(scores[order]) != 0, True)
    num_found = np.cumsum(positive[order])[last_of_equals]
    num_returned = np.arange(1, len(scores) + 1)[last_of_equals]
    recall_gain = np.diff(num_found, prepend=0) / positive.sum()
    return float((recall_gain * num_found / num_returned).sum())
