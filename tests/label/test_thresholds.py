"""What lines keep, counted by hand on two sources and three classes."""

import numpy as np
import pytest

from omnisource.config import Recipe
from omnisource.label.confidence_cube import NUM_EDGES, ConfidenceCube
from omnisource.label.thresholds import (
    Counts,
    bars,
    counts_of,
    edge_of,
    lines_of,
    own_lines,
    tally,
    window_for,
)
from omnisource.types import Format
from tests.workspaces import CLASSES

CELLS = {  # (row, class, agrees, bin): segments; rows are "image" and "video"
    (0, 0, 1, 300): 5,
    (0, 0, 0, 299): 2,
    (0, 1, 0, 800): 3,
    (1, 0, 1, 300): 7,
    (1, 2, 1, 1000): 1,
}


def cube() -> ConfidenceCube:
    by_top = np.zeros((2, 3, 2, NUM_EDGES), np.uint32)
    for cell, number in CELLS.items():
        by_top[cell] = number
    by_query = np.zeros((2, 3, NUM_EDGES), np.uint32)
    by_query[0, 2, 10] = 4
    formats = (Format.IMAGE, Format.UNTRIMMED)
    return ConfidenceCube(
        sources=("image", "video"), formats=formats, by_top=by_top, by_query=by_query, parts=(), counted_s=0
    )


def counts(label_source: str = "teacher") -> Counts:
    return counts_of(dict.fromkeys(Format, cube()), label_source)


@pytest.mark.parametrize(
    ("label_source", "tested"),
    [
        ("teacher", [[7, 3, 0], [7, 0, 1]]),
        ("agreement", [[5, 0, 0], [7, 0, 1]]),
        ("query", [[0, 0, 4], [0, 0, 0]]),
    ],
)
def test_counts_of__label_source(label_source: str, tested: list[list[int]]):
    found = counts(label_source)
    np.testing.assert_array_equal(found.at_least[..., 0], tested)
    np.testing.assert_array_equal(found.num_segments, [10, 8])  # those that it does not let through are scored too


def test_counts_of__each_format_by_its_own_teacher():
    found = counts_of({Format.UNTRIMMED: cube()}, "teacher")
    assert found.sources == ("video",)
    assert counts_of({}, "teacher").sources == ()


@pytest.mark.parametrize(
    ("confidence", "edge"), [(0, 0), (0.069, 69), (0.3, 300), (0.3001, 301), (0.57, 570), (1, 1000)]
)
def test_edge_of__the_first_that_is_not_below(confidence: float, edge: int):
    assert edge_of(confidence) == edge


def test_lines_of__class_over_source_over_all():
    recipe = Recipe(confidence=0.5, confidence_by_source={"video": 0.4}, confidence_by_class={"Kick": 0.9})
    np.testing.assert_array_equal(lines_of(recipe, CLASSES, ("image", "video")), [[500, 500, 900], [400, 400, 900]])


@pytest.mark.parametrize(
    ("recipe", "kept"),
    [
        ({"confidence": 0.3}, [[5, 3, 0], [7, 0, 1]]),  # 299 is just below
        ({"confidence": 0.301}, [[0, 3, 0], [0, 0, 1]]),
        ({"confidence": 1.0}, [[0, 0, 0], [0, 0, 1]]),
        ({"confidence": 0.0, "sources": ["image"]}, [[7, 3, 0], [0, 0, 0]]),
    ],
)
def test_tally__kept(recipe: dict, kept: list[list[int]]):
    np.testing.assert_array_equal(tally(counts(), Recipe(**recipe), CLASSES).kept, kept)


def test_tally__the_cap_is_per_source_and_class_and_leaves_long_videos():
    told = tally(counts(), Recipe(confidence=0.0, max_per_class=4), CLASSES)
    np.testing.assert_array_equal(told.examples, [[4, 3, 0], [7, 0, 1]])


ALL = np.ones((2, 3), bool)


@pytest.mark.parametrize(
    ("wanted", "above", "window"),
    [
        (12, True, 0.001),  # 5 + 7 on the edge itself
        (13, True, 1.0),  # 0.8 is 0.5 away, which is not within 500 steps
        (2, False, 0.001),
        (3, False, 1.0),
    ],
)
def test_window_for__is_as_narrow_as_it_can_be(wanted: int, above: bool, window: float):
    lines = np.full((2, 3), 300)
    assert window_for(counts(), lines, ALL, wanted, above=above) == window


def test_bars__kept_and_left_out():
    lines = np.full((2, 3), 300)
    found = bars(counts(), lines, ALL, num_bars=10)
    assert found.shape == (2, 2, 10)
    assert (found[0, 0, 2], found[0, 1, 3], found[0, 1, 8]) == (2, 5, 3)
    assert (found[1, 1, 3], found[1, 1, 9]) == (7, 1)  # a probability of 1 stands in the last bar
    assert found.sum() == 18


@pytest.mark.parametrize(
    ("source", "class_index", "lines"),
    [
        (None, None, [0.4, 0.5, 0.9]),
        ("video", None, [0.4, 0.9]),
        ("image", 0, [0.5]),
        ("video", 0, [0.4]),
        ("video", 2, [0.9]),
        (None, 0, [0.4, 0.5]),
    ],
)
def test_own_lines__of_what_is_looked_at(source: str | None, class_index: int | None, lines: list[float]):
    recipe = Recipe(confidence=0.5, confidence_by_source={"video": 0.4}, confidence_by_class={"kick": 0.9})
    assert own_lines(recipe, CLASSES, source, class_index) == lines
