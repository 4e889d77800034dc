"""Truth: read back as written; grades counted by hand."""

import math
from pathlib import Path

import pytest

from omnisource.demo.truth import (
    Grade,
    TrueItem,
    Truth,
    grade_duplicates,
    grade_labels,
    grade_query,
    grade_scores,
    grade_segments,
    grade_validity,
    read_truth,
    write_truth,
)
from omnisource.errors import DataError

TRUTH = Truth(
    items={
        "web/image/a/1.jpg": TrueItem(query="a", class_name="a", style="studio"),
        "web/image/a/2.jpg": TrueItem(query="a", class_name="b", style="studio"),
        "web/image/a/3.jpg": TrueItem(query="a", class_name=None, style="irrelevant"),
        "web/image/b/4.jpg": TrueItem(query="b", class_name=None, style="broken", broken=True),
        "web/clip/b/5.mp4": TrueItem(query="b", class_name="b", style="film", copy_of="target/val/b/0.mp4"),
        "web/video/b/6.mp4": TrueItem(query="b", class_name="b", style="film", segments=((2.0, 5.0), (8.0, 9.0))),
    }
)


def test_read_truth__gives_back_what_was_written(tmp_path: Path) -> None:
    write_truth(TRUTH, tmp_path / "truth.json")

    assert read_truth(tmp_path / "truth.json") == TRUTH


def test_read_truth__says_that_only_a_demo_world_has_one(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"truth.json does not exist: only a generated demo world has a truth"):
        read_truth(tmp_path / "truth.json")


def test_under__keeps_one_folder() -> None:
    assert list(TRUTH.under("web/clip").items) == ["web/clip/b/5.mp4"]


def test_grade_validity__counts_broken_files() -> None:
    # two dropped, one of them broken; one broken file in all
    grade = grade_validity(TRUTH, ["web/image/b/4.jpg", "web/image/a/1.jpg"])

    assert (grade.precision, grade.recall) == (0.5, 1.0)


def test_grade_duplicates__counts_copies() -> None:
    grade = grade_duplicates(TRUTH, ["web/clip/b/5.mp4", "web/image/a/2.jpg", "not/known.jpg"])

    assert (grade.said, grade.real, grade.right) == (2, 1, 1)


def test_grade_labels__needs_the_true_class_and_no_copy() -> None:
    kept = {"web/image/a/1.jpg": "a", "web/image/a/2.jpg": "a", "web/clip/b/5.mp4": "b"}

    # right: 1 only (2 shows b, 5 is a copy); usable files: 1, 2 and 6
    assert grade_labels(TRUTH, kept) == Grade(said=3, real=3, right=1)


def test_grade_scores__one_grade_per_threshold() -> None:
    tops = {"web/image/a/1.jpg": ("a", 0.9), "web/image/a/3.jpg": ("b", 0.4)}

    low, high = grade_scores(TRUTH, tops, (0.3, 0.5))
    assert (low.said, low.right, high.said, high.right) == (2, 1, 1, 1)


def test_grade_query__takes_every_readable_file_for_its_folder() -> None:
    # readable: 1 right, 2 and 3 wrong, 5 a copy, 6 right
    assert grade_query(TRUTH) == Grade(said=5, real=3, right=2)


def test_grade_segments__counts_seconds() -> None:
    # said 3 + 2 s; true 3 + 1 s; shared (3, 5) = 2 s and (8, 9) = 1 s
    grade = grade_segments(TRUTH, {"web/video/b/6.mp4": [(3.0, 6.0), (8.0, 10.0)]})

    assert (grade.said, grade.real, grade.right) == (5, 4, 3)


def test_grade__shares_of_nothing_are_nan() -> None:
    grade = Grade(said=0, real=0, right=0)

    assert math.isnan(grade.precision) and math.isnan(grade.recall)


def test_grade__reads_aloud() -> None:
    assert str(Grade(said=4, real=6, right=3)) == "precision 0.750, recall 0.500 (3 of 4 said)"
