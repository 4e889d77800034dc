"""The panel, called as the App calls it but without a browser."""

import fiftyone as fo
import fiftyone.operators as foo
import pytest

from omnisource.fiftyone_plugin.threshold_panel import EVERY, ConfidenceThreshold

pytestmark = pytest.mark.usefixtures("pushed")


class Spy:
    """Stands where the browser is: keeps what it would be told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, dict]] = []

    def __call__(self, operator: str, params: dict | None = None) -> None:
        self.told.append((operator.rpartition("/")[2], params or {}))

    def last(self, operator: str) -> dict:
        return next(params for name, params in reversed(self.told) if name == operator)


def context(dataset: str, state: dict, **params: object) -> tuple[foo.ExecutionContext, Spy]:
    request = {"dataset_name": dataset, "panel_id": "p", "panel_state": state}
    request["params"] = {"panel_id": "p", "panel_state": state} | params
    ctx, spy = foo.ExecutionContext(request_params=request), Spy()
    ctx.trigger = spy
    return ctx, spy


def test_render__a_slider_a_histogram_and_both_sides():
    ctx, spy = context("w-images", {"class_name": EVERY, "threshold": 0.35})
    panel = ConfidenceThreshold()
    panel.on_load(ctx)
    assert "histogram" in str(spy.told)
    shown = panel.render(ctx).type.properties
    assert {"class_name", "threshold", "histogram", "told", "sides"} <= set(shown)


def test_move__says_how_many_are_above():
    ctx, spy = context("w-images", {"class_name": EVERY, "threshold": 0.35}, value=0.39)  # within a bar
    ConfidenceThreshold().move(ctx)
    assert "3 of 5 items have at least 0.39" in str(spy.told)


def test_move__the_slider_sets_the_view():
    ctx, spy = context("w-images", {"class_name": EVERY, "threshold": 0.35}, value=0.5)
    ConfidenceThreshold().move(ctx)
    shown = fo.DatasetView._build(fo.load_dataset("w-images"), spy.last("set_view")["view"])
    assert sorted(shown.values("teacher.confidence")) == pytest.approx([0.6, 0.9])


def test_move__a_click_on_a_bar():
    ctx, spy = context("w-images", {"class_name": "blue"}, x=0.1125)
    ConfidenceThreshold().move(ctx)
    shown = fo.DatasetView._build(fo.load_dataset("w-images"), spy.last("set_view")["view"])
    assert shown.values("teacher.label") == ["blue"]


def test_below__the_nearest_first():
    ctx, spy = context("w-images", {"class_name": EVERY, "threshold": 0.35})
    ConfidenceThreshold().below(ctx)
    shown = fo.DatasetView._build(fo.load_dataset("w-images"), spy.last("set_view")["view"])
    assert shown.values("teacher.confidence") == pytest.approx([0.3, 0.2])


def test_everything__clears_the_view():
    ctx, spy = context("w-images", {})
    ConfidenceThreshold().everything(ctx)
    assert spy.told[-1][0] == "clear_view"


def test_render__nothing_was_scored():
    fo.load_dataset("w-images").clear_sample_field("teacher")
    ctx, _ = context("w-images", {})
    panel = ConfidenceThreshold()
    panel.on_load(ctx)
    assert set(panel.render(ctx).type.properties) == {"empty"}
