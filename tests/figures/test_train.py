"""Figures of training runs."""

import numpy as np
import pytest

from omnisource.figures.train import accuracy_figure, in_words, loss_figure, pace_figure, rate_figure, running_mean
from omnisource.pipeline.curves import Curves

COLOURS = {"target": "#111111", "web": "#222222"}
NAN = float("nan")


def curves(**values: list[float]) -> Curves:
    named = {name.replace("__", "/"): np.array(column) for name, column in values.items()}
    return Curves(update=np.array([1.0, 2.0, 3.0]), values=named, validations={}, num_lines=3)


NOTHING = Curves(update=np.zeros(0), values={}, validations={}, num_lines=0)


@pytest.mark.parametrize(
    ("values", "width", "expected"),
    [
        ([1, 2, 6], 1, [1, 2, 6]),
        ([1, 2, 6], 3, [1.5, 3, 4]),  # the ends have one neighbour
        ([1, NAN, 5], 3, [1, NAN, 5]),  # what is missing is neither counted nor made up
        ([2, 4], 99, [3, 3]),
        ([], 3, []),
    ],
)
def test_running_mean(values: list[float], width: int, expected: list[float]):
    np.testing.assert_allclose(running_mean(np.array(values, np.float64), width), expected)


def test_loss_figure__one_colour_per_source_and_one_dash_per_run():
    runs = {"a": curves(loss__target=[3, 2, 1], loss__web=[4, NAN, 2]), "b": curves(loss__target=[3, 3, 3])}
    figure = loss_figure(runs, COLOURS)
    lines = [(trace.line.color, trace.line.dash) for trace in figure.data if trace.y[0] is not None]
    assert lines == [("#111111", "solid"), ("#222222", "solid"), ("#111111", "dash")]
    assert [trace.name for trace in figure.data if trace.x[0] is None] == ["target", "web", "a", "b"]
    assert figure.layout.xaxis.title.text == "updates"


def test_accuracy_figure__is_in_percent_with_validations():
    run = Curves(
        update=np.array([1.0, 2.0]),
        values={"top1/target": np.array([0.25, 0.5])},
        validations={"top1": (np.array([2.0]), np.array([0.75]))},
        num_lines=2,
    )
    figure = accuracy_figure({"a": run}, COLOURS)
    assert list(figure.data[0].y) == [25, 50]
    validation = next(trace for trace in figure.data if trace.name == "validation clips")
    assert (list(validation.x), list(validation.y)) == ([2], [75])


def test_pace_figure__a_slow_start_does_not_hide_the_rest():
    steady = [1.0] * 99
    run = Curves(update=np.arange(100.0), values={"seconds": np.array([80.0, *steady])}, validations={}, num_lines=100)
    assert pace_figure({"a": run}).layout.yaxis.range[1] < 5


@pytest.mark.parametrize("figure", [loss_figure, accuracy_figure])
def test_figures__of_a_run_without_updates_are_empty(figure):
    assert len(figure({"a": NOTHING}, COLOURS).data) == 0
    assert len(rate_figure({"a": NOTHING}).data) == 0
    assert pace_figure({"a": NOTHING}).layout.yaxis.range is None


def test_in_words__names_the_newest_values():
    runs = {"a": curves(loss__target=[3, 2, 1], loss__web=[4, 3, NAN]), "b": NOTHING}
    said = in_words(runs, "loss/", "Losses")
    assert said == "Losses. a after 3 updates: target 1, web 3. b after no updates: nothing yet"
