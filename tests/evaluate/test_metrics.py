"""Metrics, with values worked out by hand."""

import numpy as np
import pytest

from omnisource.errors import DataError
from omnisource.evaluate.metrics import (
    average_precisions,
    bootstrap_interval,
    class_accuracies,
    mean_average_precision,
    mean_class_accuracy,
    measure,
    per_class_table,
    per_source_table,
    top_k_accuracy,
)
from omnisource.evaluate.predictions import Predictions
from omnisource.types import Taxonomy

PROBS = np.array(
    [
        [0.7, 0.2, 0.1],  # predicts 0
        [0.5, 0.3, 0.2],  # predicts 0
        [0.1, 0.6, 0.3],  # predicts 1
        [0.4, 0.5, 0.1],  # predicts 1
    ],
    dtype=np.float32,
)
TRUTH = np.array([0, 1, 1, 0])  # right, wrong, right, wrong


def _predictions(probs: np.ndarray = PROBS, truth: np.ndarray = TRUTH) -> Predictions:
    return Predictions(example_indices=np.arange(len(truth)), class_indices=truth, probs=probs)


@pytest.mark.parametrize(
    ("k", "share"),
    [
        (1, 0.5),  # rows 0 and 2
        (2, 1.0),  # rows 1 and 3 have their class second
        (5, 1.0),  # more than there are classes
    ],
)
def test_top_k_accuracy__counts_rows_whose_class_is_among_the_k_first(k, share):
    assert top_k_accuracy(PROBS, TRUTH, k) == share


def test_top_k_accuracy__of_equals_the_lower_class_index_leads():
    probs = np.full((2, 3), 1 / 3, dtype=np.float32)
    assert top_k_accuracy(probs, np.array([0, 1]), 1) == 0.5  # only class 0 comes first
    assert top_k_accuracy(probs, np.array([0, 1]), 2) == 1.0


def test_class_accuracies__are_nan_for_a_class_without_examples():
    np.testing.assert_array_equal(class_accuracies(PROBS, TRUTH), [0.5, 0.5, np.nan])


def test_mean_class_accuracy__weighs_classes_equally():
    truth = np.array([0, 0, 1, 0])  # class 0: 2 of 3 right; class 1: 1 of 1; class 2 has none
    assert mean_class_accuracy(PROBS, truth) == pytest.approx((2 / 3 + 1) / 2)


def test_average_precisions__follow_the_ranking_of_each_class():
    # class 0 by score: row 0 (true), 1 (false), 3 (true), 2: 1/2 * 1/1 + 1/2 * 2/3
    # class 1 by score: row 2 (true), 3 (false), 1 (true), 0: the same
    np.testing.assert_allclose(average_precisions(PROBS, TRUTH), [5 / 6, 5 / 6, np.nan])


def test_average_precisions__rows_of_equal_score_share_one_threshold():
    probs = np.array([[0.9], [0.5], [0.5], [0.1]], dtype=np.float32)
    # positives: rows 1 and 3. Thresholds 0.9: none found; 0.5: 1 of 3 returned; 0.1: 2 of 4
    values = average_precisions(np.hstack([1 - probs, probs]), np.array([0, 1, 0, 1]))
    assert values[1] == pytest.approx(1 / 2 * 1 / 3 + 1 / 2 * 2 / 4)


def test_mean_average_precision__leaves_out_classes_without_examples():
    assert mean_average_precision(PROBS, TRUTH) == pytest.approx(5 / 6)


def test_bootstrap_interval__is_near_the_normal_approximation(rng):
    low, high = bootstrap_interval(0.5, 400, rng)
    # standard deviation sqrt(0.5 * 0.5 / 400) = 0.025, times 1.96 = 0.049
    assert (low, high) == (pytest.approx(0.451, abs=0.005), pytest.approx(0.549, abs=0.005))


def test_bootstrap_interval__has_no_width_when_all_are_right(rng):
    assert bootstrap_interval(1.0, 10, rng) == (1.0, 1.0)


def test_measure__gathers_every_metric(rng):
    metrics = measure(_predictions(), rng)
    assert (metrics.top1, metrics.top5, metrics.mean_class_accuracy, metrics.num_examples) == (0.5, 1.0, 0.5, 4)
    assert metrics.mean_ap == pytest.approx(5 / 6)
    assert metrics.top1_low <= metrics.top1 <= metrics.top1_high


def test_measure__same_seed_same_interval():
    first, second = (measure(_predictions(), np.random.default_rng(3)) for _ in range(2))
    assert first == second


def test_measure__refuses_no_predictions(rng):
    nothing = _predictions(np.zeros((0, 3), np.float32), np.zeros(0, np.int64))
    with pytest.raises(DataError, match="there are no predictions to measure: no example could be read"):
        measure(nothing, rng)


def test_per_class_table__has_a_row_for_every_class():
    rows = per_class_table(_predictions(), Taxonomy(names=("run", "jump", "swim"))).to_pylist()
    assert [row["class_name"] for row in rows] == ["run", "jump", "swim"]
    assert [row["num_examples"] for row in rows] == [2, 2, 0]
    assert rows[0]["top1"] == 0.5
    assert rows[0]["average_precision"] == pytest.approx(5 / 6)
    assert (rows[2]["top1"], rows[2]["average_precision"]) == (None, None)


def test_per_source_table__measures_each_source_alone():
    rows = per_source_table(_predictions(), ["target", "target", "google", "google"]).to_pylist()
    assert [row["source"] for row in rows] == ["google", "target"]
    assert [row["num_examples"] for row in rows] == [2, 2]
    assert [row["top1"] for row in rows] == [0.5, 0.5]  # row 2 of 2 and 3; row 0 of 0 and 1
    assert [row["mean_class_accuracy"] for row in rows] == [0.5, 0.5]
