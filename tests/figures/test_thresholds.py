"""The figures of the thresholds show the numbers they were given."""

import numpy as np
import pytest

from omnisource.figures.thresholds import (
    audit_figure,
    class_order,
    confidence_figure,
    distribution_figure,
    relevance_figure,
)
from omnisource.label.calibrate import audit, fit, judged_ranges
from omnisource.label.confidence_cube import NUM_EDGES

COLOURS = {"web": "#222222", "clip": "#333333"}
AUDIT = audit(fit([0.2, 0.9], [False, True]), np.ones(NUM_EDGES, int), np.random.default_rng(0))


def sides() -> np.ndarray:
    """Two sources in four bars; below 0.5 nothing is kept."""
    return np.array([[[5, 6, 0, 0], [0, 0, 7, 8]], [[1, 1, 0, 0], [0, 0, 1, 1]]])


def test_confidence_figure__kept_and_left_out_of_each_source():
    figure = confidence_figure(sides(), ("web", "clip"), COLOURS, [0.5], tested="confidence")
    drawn = [(bar.name, bar.marker.color, list(bar.y), bar.marker.opacity < 1) for bar in figure.data]
    assert drawn == [
        ("web", "#222222", [0, 0, 7, 8], False),
        ("web", "#222222", [5, 6, 0, 0], True),
        ("clip", "#333333", [0, 0, 1, 1], False),
        ("clip", "#333333", [1, 1, 0, 0], True),
    ]
    assert list(figure.data[0].x) == [0.125, 0.375, 0.625, 0.875]
    assert [line.x0 for line in figure.layout.shapes] == [0.5]
    assert (figure.layout.xaxis.title.text, figure.layout.yaxis.title.text) == ("confidence", "segments")


def test_confidence_figure__bars_that_tower_above_the_others_are_cut_and_named():
    high = sides()
    high[0, 0, 0] = 5000
    figure = confidence_figure(high, ("web", "clip"), COLOURS, [0.4, 0.6], tested="confidence")
    assert figure.layout.yaxis.range[1] < 50
    assert [note.text for note in figure.layout.annotations] == ["5,001 ▲"]
    assert len(figure.layout.shapes) == 2


@pytest.mark.parametrize("total", [0, 3])
def test_confidence_figure__nothing_or_one_bar(total: int):
    few = np.zeros((1, 2, 4), int)
    few[0, 1, 3] = total
    figure = confidence_figure(few, ("web",), COLOURS, [0.5], tested="confidence")
    assert figure.layout.yaxis.range[1] >= max(total, 1)


def test_distribution_figure__most_before_first_and_no_markup():
    before, kept = np.array([1, 9, 4]), np.array([1, 2, 4])
    assert class_order(before).tolist() == [1, 2, 0]
    figure = distribution_figure(before, kept, ("<b>boxing</b>", "yoyo", "kick"), log=True)
    assert [(bar.name, list(bar.y)) for bar in figure.data] == [("scored", [9, 4, 1]), ("kept", [2, 4, 1])]
    assert figure.layout.xaxis.ticktext[-1] == "&lt;b&gt;boxing&lt;/b&gt;"
    assert figure.layout.yaxis.type == "log"


def test_distribution_figure__many_classes_have_no_names_below():
    figure = distribution_figure(np.ones(400), np.ones(400), [f"class {i}" for i in range(400)], log=False)
    assert figure.layout.xaxis.title.text == "400 classes, most scored first"
    assert [trace.fill for trace in figure.data] == ["tozeroy", "tozeroy"]


def test_distribution_figure__nothing_on_a_log_scale():
    nothing = np.zeros(3, int)
    assert distribution_figure(nothing, nothing, ("a", "b", "c"), log=True).layout.yaxis.type == "log"


def test_audit_figure__lines_bands_and_the_line_now():
    figure = audit_figure(AUDIT, line=0.3, wanted=0.9)
    assert [trace.name for trace in figure.data if trace.showlegend is not False] == [
        "precision of what is kept",
        "recall of what is relevant",
    ]
    assert [shape.x0 for shape in figure.layout.shapes][0] == 0.3
    assert [shape.y0 for shape in figure.layout.shapes][1] == 0.9
    assert len(audit_figure(AUDIT, line=None, wanted=0.9).layout.shapes) == 1


def test_relevance_figure__what_was_judged_with_its_interval():
    (judged,) = (t for t in relevance_figure(AUDIT, judged_ranges([0.5] * 4, [True] * 4)).data if t.mode == "markers")
    assert (list(judged.x), list(judged.y)) == ([0.5], [1.0])
    assert judged.error_y.arrayminus[0] == pytest.approx(1 - 0.597, abs=0.01)  # 4 / (4 + 2.706)
