"""Which pairs of classes are mistaken for each other, and what training changed (paper 5.2; appendix, Eq. 3)."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, kw_only=True, slots=True)
class ConfusionPair:
    """Two classes and a number about them."""

    a: int
    """Class index; the lower of the two."""
    b: int
    """Class index; the higher of the two."""
    score: float
    """Confusion score s_ab in 0-1, or its change in -1 to 1."""


def confusion_matrix(class_indices: np.ndarray, predicted: np.ndarray, num_classes: int) -> np.ndarray:
    """(K, K) int64 counts n_ij of examples of class i that were taken for class j."""
    cells = np.asarray(class_indices, np.int64) * num_classes + np.asarray(predicted, np.int64)
    return np.bincount(cells, minlength=num_classes**2).reshape(num_classes, num_classes)


def confusion_scores(matrix: np.ndarray) -> np.ndarray:
    """(K, K) float64 s_ij = (n_ij + n_ji) / (n_ij + n_ji + n_ii + n_jj), paper 5.2; symmetric, zero diagonal.

    A pair that was never seen (denominator 0) has score 0.
    """
    mistaken = matrix + matrix.T
    right = np.diag(matrix)
    seen = mistaken + right[:, None] + right[None, :]
    scores = mistaken / np.maximum(seen, 1)
    np.fill_diagonal(scores, 0.0)
    return scores


def most_confused(matrix: np.ndarray, top: int) -> list[ConfusionPair]:
    """At most `top` pairs, most confused first; pairs that were never mistaken are left out."""
    return _largest(confusion_scores(matrix), top)


def score_change(baseline: np.ndarray, student: np.ndarray) -> np.ndarray:
    """(K, K) float64 change of the confusion scores, student's minus baseline's, of two matrices of counts (Eq. 3)."""
    return confusion_scores(student) - confusion_scores(baseline)


def changed_pairs(
    baseline: np.ndarray, student: np.ndarray, top: int
) -> tuple[list[ConfusionPair], list[ConfusionPair]]:
    """The at most `top` most improved pairs (lowest change first) and the most worsened ones (highest first)."""
    change = score_change(baseline, student)
    improved = [ConfusionPair(a=pair.a, b=pair.b, score=-pair.score) for pair in _largest(-change, top)]
    return improved, _largest(change, top)


def _largest(values: np.ndarray, top: int) -> list[ConfusionPair]:
    """Pairs a < b of the largest values above 0; of equals the lower class indices lead."""
    rows, columns = np.triu_indices(len(values), k=1)
    of_pairs = values[rows, columns]
    best = [i for i in np.argsort(-of_pairs, kind="stable")[:top] if of_pairs[i] > 0]
    return [ConfusionPair(a=int(rows[i]), b=int(columns[i]), score=float(of_pairs[i])) for i in best]
