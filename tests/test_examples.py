"""Examples on disk, read row by row."""

import pickle
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from omnisource.examples import ExampleFile, write_examples
from omnisource.tables import SCHEMAS
from omnisource.types import Example, Format, Segment

KEY = b"k" * 16


@pytest.fixture
def file(tmp_path: Path) -> ExampleFile:
    rows = [
        {"path": "/a.jpg", "format": "image", "source": "web", "class_index": 2, "confidence": 0.5}
        | {"segments": [], "negatives": [], "key": KEY},
        {"path": "/b.mp4", "format": "untrimmed", "source": "web", "class_index": 1, "confidence": 1.0}
        | {"segments": [{"start_s": 1.0, "end_s": 2.0}], "negatives": [{"start_s": 4.0, "end_s": 5.0}], "key": KEY},
    ]
    batch = pa.RecordBatch.from_pylist(rows, schema=SCHEMAS["auxiliary"])
    assert write_examples(tmp_path / "web.arrow", [batch]) == 2
    return ExampleFile(tmp_path / "web.arrow")


def test_example_file__rows_become_examples(file: ExampleFile):
    assert len(file) == 2
    assert file[0] == Example(path=Path("/a.jpg"), format=Format.IMAGE, source="web", class_index=2, confidence=0.5)
    assert file[1].segments == (Segment(key=KEY, start_s=1.0, end_s=2.0),)
    assert file[-1].negatives == (Segment(key=KEY, start_s=4.0, end_s=5.0),)


def test_example_file__past_the_end(file: ExampleFile):
    with pytest.raises(IndexError, match="example 2 of 2"):
        file[2]


def test_class_indices__without_making_examples(file: ExampleFile):
    np.testing.assert_array_equal(file.class_indices, [2, 1])


def test_example_file__travels_to_workers_as_its_path(file: ExampleFile):
    assert len(pickle.dumps(file)) < 500
    assert pickle.loads(pickle.dumps(file))[0] == file[0]


def test_write_examples__none_is_a_file_too(tmp_path: Path):
    write_examples(tmp_path / "x.arrow", [])
    assert len(ExampleFile(tmp_path / "x.arrow")) == 0
