"""Two runs on the same examples -> how much better the second is, and whether that is chance (exact McNemar test)."""

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from omnisource.errors import DataError
from omnisource.shares import Z_95


class Answered(Protocol):
    """What a comparison needs to know of a run: Predictions and Answers have it."""

    @property
    def example_indices(self) -> np.ndarray:
        """(N,) int64 positions in the list of examples."""

    @property
    def class_indices(self) -> np.ndarray:
        """(N,) int64 true classes."""

    @property
    def predicted(self) -> np.ndarray:
        """(N,) int64 most probable class."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PairedAnswers:
    """What a baseline and a student took the M examples for that both predicted."""

    rows_of_baseline: np.ndarray
    """(M,) int64 positions among the baseline's rows."""
    rows_of_student: np.ndarray
    """(M,) int64 positions among the student's rows."""
    class_indices: np.ndarray
    """(M,) int64 true classes."""
    before: np.ndarray
    """(M,) int64 the baseline's answers."""
    after: np.ndarray
    """(M,) int64 the student's answers."""

    @property
    def is_gained(self) -> np.ndarray:
        """(M,) bool: only the student has it right."""
        return (self.after == self.class_indices) & (self.before != self.class_indices)

    @property
    def is_lost(self) -> np.ndarray:
        """(M,) bool: only the baseline has it right."""
        return (self.before == self.class_indices) & (self.after != self.class_indices)


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """A baseline and a student, over the examples that both predicted."""

    num_examples: int
    """Examples that both runs predicted."""
    top1_change: float
    """Student's top1 minus the baseline's."""
    top1_change_low: float
    """Lower end of the 95 % interval of top1_change."""
    top1_change_high: float
    """Upper end of it."""
    num_gained: int
    """Examples that only the student has right."""
    num_lost: int
    """Examples that only the baseline has right."""
    p_value: float
    """Chance of so uneven a split of gained and lost if neither run were better; two-sided."""


def pair_answers(baseline: Answered, student: Answered) -> PairedAnswers:
    """Pair the runs by example; raises DataError when they share none or disagree on a true class."""
    shared, of_baseline, of_student = np.intersect1d(
        baseline.example_indices, student.example_indices, assume_unique=True, return_indices=True
    )
    if len(shared) == 0:
        raise DataError("the two runs have no example in common; evaluate both on the same list")
    truth = baseline.class_indices[of_baseline]
    if not np.array_equal(truth, student.class_indices[of_student]):
        raise DataError("the two runs give the same examples different classes; evaluate both on the same list")
    return PairedAnswers(
        rows_of_baseline=of_baseline,
        rows_of_student=of_student,
        class_indices=truth,
        before=baseline.predicted[of_baseline],
        after=student.predicted[of_student],
    )


def compare_runs(baseline: Answered, student: Answered) -> Comparison:
    """Compare two runs over the examples that both predicted; raises DataError like `pair_answers`."""
    return compare_answers(pair_answers(baseline, student))


def compare_answers(paired: PairedAnswers) -> Comparison:
    """How much better the student is, and whether that is chance."""
    num_examples = len(paired.class_indices)
    num_gained, num_lost = int(paired.is_gained.sum()), int(paired.is_lost.sum())
    low, high = change_interval(num_gained, num_lost, num_examples)
    return Comparison(
        num_examples=num_examples,
        top1_change=(num_gained - num_lost) / num_examples,
        top1_change_low=low,
        top1_change_high=high,
        num_gained=num_gained,
        num_lost=num_lost,
        p_value=mcnemar_p_value(num_gained, num_lost),
    )


def change_interval(num_gained: int, num_lost: int, num_examples: int) -> tuple[float, float]:
    """95 % interval of (gained - lost) / examples, of the same examples before and after.

    Wald's with half an example added to each cell of the 2x2 table, which keeps its promise for few changes too
    (Agresti and Min, Statistics in Medicine 24, 2005).
    """
    total, net = num_examples + 2, num_gained - num_lost
    centre = net / total
    reach = Z_95 * math.sqrt(num_gained + num_lost + 1 - net**2 / total) / total
    return max(centre - reach, -1.0), min(centre + reach, 1.0)


def mcnemar_p_value(num_gained: int, num_lost: int) -> float:
    """Exact two-sided McNemar test: 2 * P(Binomial(gained + lost, 1/2) <= the smaller of the two), at most 1."""
    num_changed = num_gained + num_lost
    term = num_ways = 1  # ways to choose 0 of num_changed; integers, so that no count is too large
    for chosen in range(1, min(num_gained, num_lost) + 1):
        term = term * (num_changed - chosen + 1) // chosen
        num_ways += term
    return min(1.0, 2 * num_ways / 2**num_changed)
