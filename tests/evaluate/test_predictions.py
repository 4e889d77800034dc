"""Predictions and their table."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from omnisource.evaluate.predictions import ANSWER_COLUMNS, Predictions, answers_from_table, from_table, to_table
from omnisource.types import Example, Format, Taxonomy

TAXONOMY = Taxonomy(names=("run", "jump"))
EXAMPLES = [
    Example(path=Path(f"{name}.mp4"), format=Format.TRIMMED, source="target", class_index=index)
    for name, index in (("a", 0), ("b", 1), ("c", 1))
]
PREDICTIONS = Predictions(  # example 1 could not be read
    example_indices=np.array([0, 2]),
    class_indices=np.array([0, 1]),
    probs=np.array([[0.25, 0.75], [0.5, 0.5]], dtype=np.float32),
)


def test_predicted__is_the_most_probable_class_and_the_lower_of_equals():
    assert PREDICTIONS.predicted.tolist() == [1, 0]


def test_confidence__is_the_probability_of_the_predicted_class():
    assert PREDICTIONS.confidence.tolist() == [0.75, 0.5]


def test_to_table__has_one_row_per_prediction():
    rows = to_table(PREDICTIONS, EXAMPLES, TAXONOMY).to_pylist()
    assert rows[0] == {
        "example_index": 0,
        "path": "a.mp4",
        "source": "target",
        "class_index": 0,
        "class_name": "run",
        "predicted": 1,
        "predicted_name": "jump",
        "confidence": 0.75,
        "probs": [0.25, 0.75],
    }
    assert [row["path"] for row in rows] == ["a.mp4", "c.mp4"]


def test_from_table__gives_back_what_to_table_was_given(tmp_path):
    pq.write_table(to_table(PREDICTIONS, EXAMPLES, TAXONOMY), tmp_path / "predictions.parquet")
    read = from_table(pq.read_table(tmp_path / "predictions.parquet"))
    np.testing.assert_array_equal(read.example_indices, PREDICTIONS.example_indices)
    np.testing.assert_array_equal(read.class_indices, PREDICTIONS.class_indices)
    np.testing.assert_array_equal(read.probs, PREDICTIONS.probs)
    assert read.probs.dtype == np.float32


def test_from_table__of_no_rows_is_empty():
    nothing = np.zeros(0, dtype=np.int64)
    empty = Predictions(example_indices=nothing, class_indices=nothing, probs=np.zeros((0, 2), np.float32))
    assert len(from_table(to_table(empty, EXAMPLES, TAXONOMY))) == 0


def test_answers_from_table__needs_no_probabilities(tmp_path):
    pq.write_table(to_table(PREDICTIONS, EXAMPLES, TAXONOMY), tmp_path / "predictions.parquet")
    answers = answers_from_table(pq.read_table(tmp_path / "predictions.parquet", columns=list(ANSWER_COLUMNS)))
    assert answers.example_indices.tolist() == [0, 2]
    assert answers.class_indices.tolist() == [0, 1]
    assert answers.predicted.tolist() == [1, 0]
    assert answers.confidence.tolist() == [0.75, 0.5]
    assert answers.paths == ("a.mp4", "c.mp4")
