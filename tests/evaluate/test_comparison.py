"""Pairing two runs, with values worked out by hand."""

import numpy as np
import pytest

from omnisource.errors import DataError
from omnisource.evaluate.comparison import change_interval, compare_runs, mcnemar_p_value, pair_answers
from omnisource.evaluate.predictions import Predictions


def _run(example_indices: list[int], predicted: list[int], truth: list[int]) -> Predictions:
    return Predictions(
        example_indices=np.array(example_indices, dtype=np.int64),
        class_indices=np.array(truth, dtype=np.int64),
        probs=np.eye(2, dtype=np.float32)[predicted],
    )


@pytest.mark.parametrize(
    ("gained", "lost", "p_value"),
    [
        (0, 0, 1.0),  # nothing changed
        (1, 0, 1.0),  # 2 * 1/2
        (5, 0, 2 / 32),  # 2 * C(5,0) / 2^5
        (8, 2, 2 * (1 + 10 + 45) / 1024),  # C(10,0) + C(10,1) + C(10,2)
        (2, 8, 2 * (1 + 10 + 45) / 1024),  # two-sided
        (3, 3, 1.0),  # 2 * 42 / 64 is more than 1
    ],
)
def test_mcnemar_p_value__is_exact(gained, lost, p_value):
    assert mcnemar_p_value(gained, lost) == pytest.approx(p_value, rel=1e-12)


def test_mcnemar_p_value__copes_with_thousands():
    # normal approximation: z = 200 / sqrt(3000) = 3.65, p = 2.6e-4
    assert mcnemar_p_value(1600, 1400) == pytest.approx(2.8e-4, abs=0.4e-4)


def test_compare_runs__counts_what_only_one_run_has_right():
    truth = [0, 0, 1, 1]
    comparison = compare_runs(_run([0, 1, 2, 3], [0, 1, 0, 1], truth), _run([0, 1, 2, 3], [0, 0, 1, 0], truth))
    assert (comparison.num_gained, comparison.num_lost, comparison.num_examples) == (2, 1, 4)
    assert comparison.top1_change == 0.25  # 2 of 4 right, then 3 of 4
    assert comparison.p_value == 1.0


def test_compare_runs__uses_only_examples_that_both_predicted():
    baseline = _run([0, 2, 3], [1, 1, 1], [0, 1, 1])  # example 1 was dropped
    student = _run([0, 1, 2], [0, 0, 1], [0, 0, 1])  # example 3 was dropped
    comparison = compare_runs(baseline, student)
    assert (comparison.num_examples, comparison.num_gained, comparison.num_lost) == (2, 1, 0)


def test_compare_runs__refuses_runs_without_a_common_example():
    with pytest.raises(DataError, match="no example in common; evaluate both on the same list"):
        compare_runs(_run([0], [0], [0]), _run([1], [0], [0]))


def test_compare_runs__refuses_runs_that_disagree_on_the_truth():
    with pytest.raises(DataError, match="give the same examples different classes"):
        compare_runs(_run([0], [0], [0]), _run([0], [0], [1]))


def test_pair_answers__says_what_was_gained_and_lost():
    truth = [0, 0, 1, 1]
    paired = pair_answers(_run([0, 1, 2, 3], [0, 1, 0, 1], truth), _run([0, 1, 2, 3], [0, 0, 1, 0], truth))
    assert paired.is_gained.tolist() == [False, True, True, False]
    assert paired.is_lost.tolist() == [False, False, False, True]


def test_pair_answers__places_of_the_shared_examples_in_both_runs():
    paired = pair_answers(_run([0, 2, 3], [1, 1, 1], [0, 1, 1]), _run([0, 1, 2], [0, 0, 1], [0, 0, 1]))
    assert paired.rows_of_baseline.tolist() == [0, 1]
    assert paired.rows_of_student.tolist() == [0, 2]


@pytest.mark.parametrize(
    ("gained", "lost", "examples", "low", "high"),
    [
        # (2 - 0) / 10 = 0.2; sqrt(2 + 0 + 1 - 4 / 10) / 10 = 0.16125, times 1.95996 = 0.31604
        (2, 0, 8, -0.11604, 0.51604),
        # 0 / 102 = 0; sqrt(0 + 0 + 1) / 102 = 0.00980, times 1.95996 = 0.01922: nothing changed, yet it is not certain
        (0, 0, 100, -0.01922, 0.01922),
        # (1 - 0) / 3 = 0.33333; sqrt(2 - 1 / 3) / 3 = 0.43033, times 1.95996 = 0.84343: no change is above 1
        (1, 0, 1, -0.51010, 1.0),
    ],
)
def test_change_interval__is_agrestis_and_mins(gained: int, lost: int, examples: int, low: float, high: float):
    assert change_interval(gained, lost, examples) == pytest.approx((low, high), abs=1e-5)
