"""The figures of camera motion show the comparison's numbers."""

import numpy as np

from omnisource.figures.clips import drift_figure, paths_figure
from omnisource.pipeline.motion_paths import Comparison
from omnisource.transform.motion_likeness import Likeness

ALIKE = Likeness(distance=0.0, p_value=1.0, num_clips=2)


def straight(step: float, length: int) -> np.ndarray:
    """(length + 1, 4, 2): all corners go right by the same step."""
    corners = np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]])
    return corners + np.arange(length + 1)[:, None, None] * np.array([step, 0.0])


COMPARISON = Comparison(
    real=(straight(0.01, 4), straight(0.03, 4), straight(0.02, 9)),
    drawn=(straight(0.0, 4), straight(0.0, 4), straight(0.0, 9)),
    steps=ALIKE,
    paths=ALIKE,
    horizon=4,
)


def test_paths_figure__corners_in_percent_with_gaps_between_clips():
    lines, ends = paths_figure(COMPARISON).data[:2]
    np.testing.assert_allclose(lines.x[:5], [0, 1, 2, 3, 4])
    assert np.isnan(lines.x[5])
    np.testing.assert_allclose(sorted(ends.x), [4, 12, 18])


def test_paths_figure__both_sides_have_one_scale():
    layout = paths_figure(COMPARISON).layout
    assert layout.xaxis.range == layout.xaxis2.range
    assert layout.yaxis.range[0] == -layout.yaxis.range[1]


def test_drift_figure__median_clip_while_half_of_them_go_on():
    band, middle = drift_figure(COMPARISON).data[:2]
    np.testing.assert_allclose(middle.y, [0, 2, 4, 6, 8])  # the clip of step 0.02 is the middle one
    assert len(band.x) == 2 * 5
    assert middle.name == "real"
