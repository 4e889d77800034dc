"""What a network said of a list of examples, as arrays and as a table (design: runs/<id>/predictions.parquet)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from omnisource.types import Example, Taxonomy


@dataclass(frozen=True, kw_only=True, slots=True)
class Predictions:
    """Class probabilities of the N examples that could be read, in the order of the list they came from."""

    example_indices: np.ndarray
    """(N,) int64 positions in the list of examples; those that could not be read are absent."""
    class_indices: np.ndarray
    """(N,) int64 true classes."""
    probs: np.ndarray
    """(N, K) float32 class probabilities."""

    def __len__(self) -> int:
        return len(self.example_indices)

    @property
    def predicted(self) -> np.ndarray:
        """(N,) int64 most probable class; the lowest index of equals."""
        return self.probs.argmax(axis=1).astype(np.int64)

    @property
    def confidence(self) -> np.ndarray:
        """(N,) float32 probability of the predicted class."""
        return self.probs.max(axis=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Answers:
    """What a network took N examples for, without the probabilities of all the other classes."""

    example_indices: np.ndarray
    """(N,) int64 positions in the list of examples; those that could not be read are absent."""
    paths: tuple[str, ...]
    """N files."""
    class_indices: np.ndarray
    """(N,) int64 true classes."""
    predicted: np.ndarray
    """(N,) int64 most probable class."""
    confidence: np.ndarray
    """(N,) float32 probability of the predicted class."""


ANSWER_COLUMNS = ("example_index", "path", "class_index", "predicted", "confidence")
"""All that `answers_from_table` reads of a table of predictions."""


def to_table(predictions: Predictions, examples: Sequence[Example], taxonomy: Taxonomy) -> pa.Table:
    """One row per prediction; `examples` is the list that was predicted."""
    shown = [examples[int(i)] for i in predictions.example_indices]
    num_examples, num_classes = predictions.probs.shape
    offsets = np.arange(num_examples + 1, dtype=np.int32) * num_classes
    names = np.array(taxonomy.names, dtype=object)
    return pa.table(
        {
            "example_index": pa.array(predictions.example_indices, pa.int64()),
            "path": pa.array([str(example.path) for example in shown], pa.string()),
            "source": pa.array([example.source for example in shown], pa.string()),
            "class_index": pa.array(predictions.class_indices, pa.int64()),
            "class_name": pa.array(names[predictions.class_indices], pa.string()),
            "predicted": pa.array(predictions.predicted, pa.int64()),
            "predicted_name": pa.array(names[predictions.predicted], pa.string()),
            "confidence": pa.array(predictions.confidence, pa.float32()),
            "probs": pa.ListArray.from_arrays(offsets, pa.array(predictions.probs.ravel(), pa.float32())),
        }
    )


def from_table(table: pa.Table) -> Predictions:
    """The predictions of a table that `to_table` made."""
    lists = table.column("probs").combine_chunks()
    flat = lists.flatten().to_numpy(zero_copy_only=False).astype(np.float32)
    num_classes = len(flat) // max(1, table.num_rows)
    return Predictions(
        example_indices=table.column("example_index").to_numpy().astype(np.int64),
        class_indices=table.column("class_index").to_numpy().astype(np.int64),
        probs=flat.reshape(table.num_rows, num_classes),
    )


def answers_from_table(table: pa.Table) -> Answers:
    """The answers in a table that `to_table` made."""
    return Answers(
        example_indices=table.column("example_index").to_numpy().astype(np.int64),
        paths=tuple(table.column("path").to_pylist()),
        class_indices=table.column("class_index").to_numpy().astype(np.int64),
        predicted=table.column("predicted").to_numpy().astype(np.int64),
        confidence=table.column("confidence").to_numpy().astype(np.float32),
    )
