"""The figure of a long video."""

from pathlib import Path

import pytest

pytest.importorskip("plotly")

from omnisource.figures.ribbons import COLOURS, ribbon_figure
from omnisource.pipeline.ribbons import Ribbon, RibbonSegment, Role
from omnisource.types import Format, WebItem


def test_ribbon_figure__every_segment_is_a_bar_of_its_roles_colour() -> None:
    item = WebItem(key=bytes(16), path=Path("a.mp4"), source="web", format=Format.UNTRIMMED, class_index=0)
    shared = {"top_class": 0, "confidence": 0.8, "least": 0.3}
    segments = (
        RibbonSegment(start_s=0.0, end_s=1.0, prob=0.1, role=Role.NEGATIVE, **shared),
        RibbonSegment(start_s=1.0, end_s=2.0, prob=0.8, role=Role.POSITIVE, **shared),
        RibbonSegment(start_s=2.0, end_s=2.5, prob=None, role=Role.NEGATIVE, **shared),
    )
    ribbon = Ribbon(item=item, class_index=0, classes=(0,), only_class=None, duration_s=2.5, segments=segments)

    figure = ribbon_figure(ribbon)

    positive, negative = figure.data
    assert (positive.name, positive.marker.color) == ("positive", COLOURS[Role.POSITIVE])
    assert (tuple(positive.x), tuple(positive.y), tuple(positive.width)) == ((1.5,), (0.8,), (1.0,))
    assert (tuple(negative.x), tuple(negative.y), tuple(negative.width)) == ((0.5, 2.25), (0.1, 0.0), (1.0, 0.5))
    assert figure.layout.shapes[0].y0 == 0.3 and tuple(figure.layout.xaxis.range) == (0, 2.5)
    assert figure.layout.xaxis.title.text == "seconds" and figure.layout.yaxis.title.text == "probability"
