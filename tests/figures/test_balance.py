"""The figures of the mixture show the plan's numbers."""

import numpy as np
import pytest

from omnisource.config import JointConfig
from omnisource.figures.balance import batch_figure, class_order, distribution_figure, reads_figure
from omnisource.train.planning import plan_draws

NAMES = ("<b>boxing</b>", "yoyo", "kick")
TARGET = np.array([10, 10, 20])
COUNTS = {"web": np.array([1, 9, 0]), "clip": np.array([2, 0, 2])}
COLOURS = {"target": "#111111", "web": "#222222", "clip": "#333333"}
PLAN = plan_draws(COUNTS, JointConfig(power=0), num_target=40, batch_size=10, epochs=2)  # 20 of each source an epoch


def test_batch_figure__one_part_per_source():
    bars = batch_figure(PLAN, COLOURS).data
    assert [(bar.name, bar.x[0], bar.marker.color) for bar in bars] == [
        ("target", 10, "#111111"),
        ("web", 5, "#222222"),
        ("clip", 5, "#333333"),
    ]


def test_class_order__most_web_examples_first():
    assert class_order(PLAN, TARGET).tolist() == [1, 0, 2]  # 9, 3, 2


def test_distribution_figure__shares_of_examples_draws_and_clips():
    there, drawn, labelled = distribution_figure(PLAN, TARGET, NAMES, COLOURS).data[:3]
    assert list(there.y) == [90, 10, 0]
    assert list(drawn.y) == [50, 50, 0]  # N^0: the classes that there are, equally often
    assert list(labelled.y) == [25, 25, 50]
    assert list(there.customdata) == ["yoyo", "&lt;b&gt;boxing&lt;/b&gt;", "kick"]


def test_reads_figure__reads_per_example_and_run():
    web, clip = reads_figure(PLAN, TARGET, NAMES, COLOURS).data
    np.testing.assert_allclose(web.y, [10 / 9, 10, np.nan])
    assert web.customdata[0] == ["yoyo", 9, pytest.approx(20 / 9)]  # two epochs
    assert list(clip.marker.symbol) == ["circle", "diamond", "diamond"]  # class 1 has none; 5 reads of each other


def test_figures__are_one_source_wide_at_least():
    empty = plan_draws({}, JointConfig(), num_target=4, batch_size=2, epochs=1)
    assert len(distribution_figure(empty, TARGET, NAMES, COLOURS).data) == 0


def test_class_axis__four_hundred_classes_have_no_names_below():
    names = [f"class {i}" for i in range(400)]
    counts = {"web": np.arange(1, 401), "clip": np.arange(400, 0, -1)}
    plan = plan_draws(counts, JointConfig(), num_target=40, batch_size=10, epochs=1)
    figure = distribution_figure(plan, np.ones(400, int), names, COLOURS)
    assert figure.layout.xaxis.showticklabels is False
    assert [trace.customdata[0] for trace in figure.data[::3]] == ["class 399", "class 0"]  # each has its own tail
    assert figure.layout.xaxis.title.text == "400 classes, those with most examples first"
