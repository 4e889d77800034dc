"""Two runs on the same examples -> how much better the second is, and whether that is chance (exact McNemar test)."""

from dataclasses import dataclass

import numpy as np

from omnisource.errors import DataError
from omnisource.evaluate.predictions import Predictions


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """A baseline and a student, over the examples that both predicted."""

    num_examples: int
    """Examples that both runs predicted."""
    top1_change: float
    """Student's top1 minus the baseline's."""
    num_gained: int
    """Examples that only the student has right."""
    num_lost: int
    """Examples that only the baseline has right."""
    p_value: float
    """Chance of so uneven a split of gained and lost if neither run were better; two-sided."""


def compare_runs(baseline: Predictions, student: Predictions) -> Comparison:
    """Pair the runs by example; raises DataError when they share none or disagree on a true class."""
    shared, of_baseline, of_student = np.intersect1d(
        baseline.example_indices, student.example_indices, assume_unique=True, return_indices=True
    )
    if len(shared) == 0:
        raise DataError("the two runs have no example in common; evaluate both on the same list")
    truth = baseline.class_indices[of_baseline]
    if not np.array_equal(truth, student.class_indices[of_student]):
        raise DataError("the two runs give the same examples different classes; evaluate both on the same list")
    baseline_right = baseline.predicted[of_baseline] == truth
    student_right = student.predicted[of_student] == truth
    num_gained = int((student_right & ~baseline_right).sum())
    num_lost = int((baseline_right & ~student_right).sum())
    return Comparison(
        num_examples=len(shared),
        top1_change=(num_gained - num_lost) / len(shared),
        num_gained=num_gained,
        num_lost=num_lost,
        p_value=mcnemar_p_value(num_gained, num_lost),
    )


def mcnemar_p_value(num_gained: int, num_lost: int) -> float:
    """Exact two-sided McNemar test: 2 * P(Binomial(gained + lost, 1/2) <= the smaller of the two), at most 1."""
    num_changed = num_gained + num_lost
    term = num_ways = 1  # ways to choose 0 of num_changed; integers, so that no count is too large
    for chosen in range(1, min(num_gained, num_lost) + 1):
        term = term * (num_changed - chosen + 1) // chosen
        num_ways += term
    return min(1.0, 2 * num_ways / 2**num_changed)
