"""Confusion scores, with values worked out by hand."""

import numpy as np
import pytest

from omnisource.evaluate.confusion import (
    ConfusionPair,
    changed_pairs,
    confusion_matrix,
    confusion_scores,
    most_confused,
    score_change,
)

MATRIX = np.array([[6, 2, 0], [1, 3, 1], [0, 0, 4]])
# s_01 = (2 + 1) / (2 + 1 + 6 + 3) = 0.25; s_02 = 0; s_12 = (1 + 0) / (1 + 0 + 3 + 4) = 0.125


def test_confusion_matrix__counts_truth_in_rows_and_prediction_in_columns():
    matrix = confusion_matrix(np.array([0, 0, 1, 2]), np.array([0, 1, 1, 0]), 3)
    np.testing.assert_array_equal(matrix, [[1, 1, 0], [0, 1, 0], [1, 0, 0]])


def test_confusion_matrix__of_nothing_is_zero():
    nothing = np.zeros(0, dtype=np.int64)
    np.testing.assert_array_equal(confusion_matrix(nothing, nothing, 2), np.zeros((2, 2)))


def test_confusion_scores__follow_the_papers_formula():
    np.testing.assert_allclose(confusion_scores(MATRIX), [[0, 0.25, 0], [0.25, 0, 0.125], [0, 0.125, 0]])


def test_confusion_scores__are_zero_for_a_pair_that_was_never_seen():
    np.testing.assert_array_equal(confusion_scores(np.diag([0, 0, 5])), np.zeros((3, 3)))


def test_confusion_scores__are_one_when_every_example_is_mistaken():
    assert confusion_scores(np.array([[0, 3], [2, 0]]))[0, 1] == 1.0


def test_most_confused__sorts_pairs_and_leaves_out_those_never_mistaken():
    assert most_confused(MATRIX, 5) == [ConfusionPair(a=0, b=1, score=0.25), ConfusionPair(a=1, b=2, score=0.125)]


def test_most_confused__gives_at_most_top():
    assert [(pair.a, pair.b) for pair in most_confused(MATRIX, 1)] == [(0, 1)]


def test_score_change__is_student_minus_baseline():
    student = np.array([[8, 0, 0], [0, 3, 2], [0, 1, 3]])  # s_01 = 0; s_12 = 3 / (3 + 3 + 3) = 1/3
    change = score_change(MATRIX, student)
    assert change[0, 1] == pytest.approx(-0.25)
    assert change[1, 2] == pytest.approx(1 / 3 - 0.125)
    np.testing.assert_array_equal(change, change.T)


def test_changed_pairs__gives_improved_then_worsened():
    student = np.array([[8, 0, 0], [0, 3, 2], [0, 1, 3]])
    improved, worsened = changed_pairs(MATRIX, student, 5)
    assert improved == [ConfusionPair(a=0, b=1, score=-0.25)]
    assert [(pair.a, pair.b) for pair in worsened] == [(1, 2)]
    assert worsened[0].score == pytest.approx(1 / 3 - 0.125)


def test_changed_pairs__of_equal_runs_are_none():
    assert changed_pairs(MATRIX, MATRIX, 5) == ([], [])
