"""Figures of results: what stands on their axes, and what a chosen mark says."""

from pathlib import Path

import pytest

from omnisource.figures import results as figures
from omnisource.palette import DROPPED, KEPT
from omnisource.pipeline.gains import ClassGain, PairGain
from omnisource.pipeline.side_by_side import side_by_side
from tests.evaluated_runs import BASELINE, STUDENT, write_run
from tests.workspaces import workspace_with

NAMES = ("<b>boxing</b>", "yoyo", "kick")
PAIRS = [PairGain(a=0, b=1, before=0.375, after=0.0), PairGain(a=0, b=2, before=0.0, after=0.25)]


def test_intervals_figure__one_line_and_one_point_per_compared_run(tmp_path: Path):
    workspace = workspace_with(tmp_path / "w", scored=[])
    write_run(workspace, "tsn-baseline", BASELINE)
    write_run(workspace, "tsn-default", STUDENT)
    line, point = figures.intervals_figure(side_by_side(workspace, "tsn-baseline"), "tsn-default").data
    assert line.x == pytest.approx((-11.604, 51.604), abs=1e-3)
    assert (point.x, point.marker.symbol) == ((25.0,), "circle")


def test_intervals_figure__runs_whose_names_are_cut_alike_have_rows_of_their_own(tmp_path: Path):
    workspace = workspace_with(tmp_path / "w", scored=[])
    write_run(workspace, "tsn-baseline", BASELINE)
    for end in "ab":
        write_run(workspace, f"tsn-everything_the_web_gave_{end}", STUDENT)
    figure = figures.intervals_figure(side_by_side(workspace, "tsn-baseline"), None)
    assert [line.y for line in figure.data[::2]] == [(0, 0), (1, 1)]
    assert figure.layout.yaxis.ticktext == ("tsn-everything_the_web_ga…",) * 2


def test_classes_figure__bars_tell_their_class():
    classes = [
        ClassGain(class_index=1, num_examples=4, before=0.5, after=0.75),
        ClassGain(class_index=0, num_examples=2, before=1.0, after=0.5),
    ]
    figure = figures.classes_figure(classes, NAMES)
    (bars,) = figure.data
    assert (bars.y, bars.marker.color) == ((25.0, -50.0), (KEPT, DROPPED))
    assert [said[0] for said in bars.customdata] == [1, 0]
    assert figure.layout.xaxis.ticktext == ("yoyo", "&lt;b&gt;boxing&lt;/b&gt;")


def test_classes_figure__of_400_classes_has_no_names_below():
    classes = [ClassGain(class_index=i, num_examples=1, before=0.0, after=1.0) for i in range(400)]
    figure = figures.classes_figure(classes, [f"class {i}" for i in range(400)])
    assert figure.layout.xaxis.title.text == "400 classes"
    assert figure.layout.xaxis.showticklabels is False


def test_pairs_matrix__squares_tell_their_pair():
    (squares,) = figures.pairs_matrix(PAIRS, NAMES).data
    assert (squares.x, squares.y) == ((0, 0), (1, 2))
    assert [said[:2] for said in squares.customdata] == [[0, 1], [0, 2]]
    assert squares.marker.color == (-0.375, 0.25)
    assert squares.marker.symbol == "square"


def test_pairs_scatter__before_and_after():
    (squares,) = figures.pairs_scatter(PAIRS, NAMES).data
    assert (squares.x, squares.y) == ((0.375, 0.0), (0.0, 0.25))


def test_pairs_figures__of_nothing():
    assert figures.pairs_matrix([], NAMES).data[0].x in ((), None)
    assert figures.pairs_scatter([], NAMES).data[0].x in ((), None)


def test_matrix_classes__those_of_the_pairs_that_changed_most():
    pairs = [PairGain(a=2 * i, b=2 * i + 1, before=(i + 1) / 100, after=0.0) for i in range(30)]
    classes = figures.matrix_classes(pairs)
    assert len(classes) == figures.MOST_CLASSES
    assert classes[0] == 20  # the ten pairs that changed least are left out
    assert figures.shown_in_matrix(pairs).endswith("Of 60 classes, these 40 have the pairs that changed most.")
    assert figures.shown_in_matrix(PAIRS).endswith("for the clips of the pair.")
