"""Examples on disk, read row by row."""

import pickle
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from omnisource.errors import ConfigError
from omnisource.examples import ExampleFile, MergedExamples, merge_sources, write_examples
from omnisource.schemas import SCHEMAS
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


def images(folder: Path, source: str, classes: list[int], format: str = "image") -> ExampleFile:
    rows = [
        {"path": f"/{source}/{number}", "format": format, "source": source, "class_index": index, "confidence": 1.0}
        | {"segments": [], "negatives": [], "key": KEY}
        for number, index in enumerate(classes)
    ]
    path = folder / f"{source}.arrow"
    write_examples(path, [pa.RecordBatch.from_pylist(rows, schema=SCHEMAS["auxiliary"])])
    return ExampleFile(path)


def test_merged_examples__are_one_source_after_the_other(tmp_path: Path):
    both = MergedExamples([images(tmp_path, "google", [3, 1]), images(tmp_path, "instagram", [2])])
    assert [str(example.path) for example in both] == ["/google/0", "/google/1", "/instagram/0"]
    assert both[-1].source == "instagram"
    assert both.class_indices.tolist() == [3, 1, 2]
    assert pickle.loads(pickle.dumps(both))[2] == both[2]
    with pytest.raises(IndexError, match="example 3 of 3"):
        both[3]


def test_merge_sources__a_mixture_stands_where_its_first_source_stood(tmp_path: Path):
    files = {name: images(tmp_path, name, [0]) for name in ("clips", "google", "videos", "instagram")}
    merged = merge_sources(files, {"web_image": ["instagram", "google"]})
    assert [(name, len(rows)) for name, rows in merged.items()] == [("clips", 1), ("web_image", 2), ("videos", 1)]


def test_merge_sources__a_source_without_examples_is_no_hindrance(tmp_path: Path):
    google = images(tmp_path, "google", [0])
    assert merge_sources({"google": google}, {"web_image": ["instagram", "google"]}) == {"web_image": google}


def test_merge_sources__formats_do_not_mix(tmp_path: Path):
    files = {"google": images(tmp_path, "google", [0]), "clips": images(tmp_path, "clips", [0], "trimmed")}
    with pytest.raises(ConfigError, match="train.joint.merged.web mixes image and trimmed; name sources of one format"):
        merge_sources(files, {"web": ["google", "clips"]})
