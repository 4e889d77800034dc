"""Pictures: each style has its size and its look."""

import numpy as np
import pytest

from omnisource.demo.pictures import STYLE_SHARES, STYLES, take_irrelevant, take_picture
from omnisource.demo.scene import Act

ACT = Act(motion="spinning", toy="ball")


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(("width", "height"), [(120, 90), (81, 113)])
def test_take_picture__has_the_asked_size(style: str, width: int, height: int, rng: np.random.Generator) -> None:
    picture = take_picture(ACT, style, width, height, rng)

    assert picture.shape == (height, width, 3) and picture.dtype == np.uint8


def test_take_picture__is_repeatable() -> None:
    first, second = (take_picture(ACT, "cartoon", 90, 90, np.random.default_rng(1)) for _ in range(2))

    np.testing.assert_array_equal(first, second)


def test_take_picture__sketch_is_mostly_paper(rng: np.random.Generator) -> None:
    picture = take_picture(ACT, "sketch", 120, 120, rng)

    assert np.median(picture) > 230


def test_take_irrelevant__has_the_asked_size(rng: np.random.Generator) -> None:
    for _ in range(12):  # every kind of irrelevant picture
        assert take_irrelevant(100, 80, rng).shape == (80, 100, 3)


def test_style_shares__are_a_distribution() -> None:
    assert len(STYLE_SHARES) == len(STYLES)
    assert sum(STYLE_SHARES) == pytest.approx(1)
