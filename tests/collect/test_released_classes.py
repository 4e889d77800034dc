"""Labels of the released lists -> classes of a study, by name, by mapping, or as they are."""

import json
from pathlib import Path

import pytest

from omnisource.collect.released_classes import MAPPING, NAMES, class_indices, read_mapping
from omnisource.errors import DataError
from omnisource.types import Taxonomy

NUMBERED = Taxonomy(names=tuple(str(i) for i in range(400)))


def write(folder: Path, document: object) -> Path:
    path = folder / MAPPING
    path.write_text(json.dumps(document))
    return path


def test_class_indices__by_name_whatever_the_order(tmp_path: Path):
    (tmp_path / NAMES).write_text("air drumming\nabseiling\n\n")
    study = Taxonomy(names=("Abseiling", "yoga", "air_drumming"))
    assert class_indices(tmp_path, study) == [2, 0]


def test_class_indices__a_study_of_numbers_counts_as_the_lists_do(tmp_path: Path):
    (tmp_path / NAMES).write_text("air drumming\nabseiling\n")
    assert class_indices(tmp_path, Taxonomy(names=("0", "1"))) == [0, 1]


def test_class_indices__without_class_files_labels_are_classes(tmp_path: Path):
    assert class_indices(tmp_path, Taxonomy(names=("b", "a"))) == [0, 1]


def test_class_indices__unknown_names(tmp_path: Path):
    (tmp_path / NAMES).write_text("air drumming\nabseilin\n")
    with pytest.raises(DataError, match=r"k200_actions.txt:2: unknown class 'abseilin'; did you mean 'abseiling'"):
        class_indices(tmp_path, Taxonomy(names=("abseiling", "air drumming")))


def test_class_indices__the_mapping_serves_a_numbered_study_of_400(tmp_path: Path):
    write(tmp_path, {"3": 0, "399": 1})
    assert class_indices(tmp_path, NUMBERED) == [3, 399]


def test_class_indices__more_classes_and_nothing_to_tell_them_by(tmp_path: Path):
    with pytest.raises(DataError, match="this study has 400 classes and the released lists 200; put k200_actions.txt"):
        class_indices(tmp_path, NUMBERED)


@pytest.mark.parametrize("document", [{"3": 0, "7": 2}, {"3": 0, "7": 1, "400": 2}])
def test_class_indices__a_mapping_with_a_hole(tmp_path: Path, document: dict):
    write(tmp_path, document)
    with pytest.raises(DataError, match="names no class of this study for label"):
        class_indices(tmp_path, NUMBERED)


@pytest.mark.parametrize(
    "document",
    [
        {"3": 0, "399": 1},
        {"0": 3, "1": 399},  # the other way round: 399 can only be one of Kinetics-400
        [[3, 0], [399, 1]],
        {"3": 0, "4": -1, "5": None, "399": 1},  # classes that Mini-Kinetics lacks
    ],
)
def test_read_mapping__any_form(tmp_path: Path, document: object):
    assert read_mapping(write(tmp_path, document)) == {0: 3, 1: 399}


def test_read_mapping__as_guessed(facts: Path):
    assert read_mapping(facts / "examples" / "class_files_guess" / MAPPING) == {0: 3, 1: 0}


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (17, "is not a JSON object, or list of pairs"),
        ([1, 2], "is not a JSON object, or list of pairs"),
        ({"a": 0}, "is not a JSON object, or list of pairs"),
        ({}, "holds no pair of class indices"),
        ({"3": 0, "4": 0}, "gives one Mini-Kinetics class two classes"),
    ],
)
def test_read_mapping__what_is_none(tmp_path: Path, document: object, words: str):
    with pytest.raises(DataError, match=words):
        read_mapping(write(tmp_path, document))


def test_class_indices__names_that_are_not_text(tmp_path: Path):
    (tmp_path / NAMES).write_bytes(b"\xff\xfe")
    with pytest.raises(DataError, match="k200_actions.txt is not UTF-8 text"):
        class_indices(tmp_path, Taxonomy(names=("a", "b")))
