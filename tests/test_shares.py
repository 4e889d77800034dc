"""Shares of a whole, by hand."""

import numpy as np
import pytest

from omnisource.shares import Z_90, Z_95, evenness, wilson


@pytest.mark.parametrize(
    ("successes", "trials", "z", "low", "high"),
    [
        (0, 0, Z_95, 0.0, 1.0),
        (0, 10, Z_95, 0.0, 0.2775),  # z^2 / (n + z^2) = 3.8415 / 13.8415
        (10, 10, Z_95, 0.7225, 1.0),
        (5, 10, Z_95, 0.2366, 0.7634),
        (2, 4, Z_95, 0.1500, 0.8500),
        (0, 10, Z_90, 0.0, 0.2130),  # 2.7055 / 12.7055
        (5, 10, Z_90, 0.2692, 0.7308),  # 0.5 +- 1.6449 sqrt(0.025 + 2.7055 / 400) / 1.2706
    ],
)
def test_wilson__by_hand(successes: int, trials: int, z: float, low: float, high: float):
    assert wilson(successes, trials, z=z) == pytest.approx((low, high), abs=1e-4)


def test_evenness__by_hand():
    assert evenness(np.array([5, 5, 0, 0])) == pytest.approx(0.5)  # like two of four classes
    assert evenness(np.array([3, 3])) == pytest.approx(1)
    assert evenness(np.array([0.7, 0.2, 0.1])) == pytest.approx(2.2296 / 3, abs=1e-4)  # e^0.80182
    assert np.isnan(evenness(np.array([0, 0])))
