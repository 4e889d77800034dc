"""Backdrops: right size, varied, repeatable."""

import numpy as np
import pytest

from omnisource.demo.backdrops import PLACES, draw_backdrop, draw_card, draw_landscape, draw_pattern


@pytest.mark.parametrize("place", [None, *PLACES])
def test_draw_backdrop__has_the_asked_size(place: str | None, rng: np.random.Generator) -> None:
    backdrop = draw_backdrop(90, 60, rng, place=place)

    assert backdrop.shape == (60, 90, 3) and backdrop.dtype == np.uint8


def test_draw_backdrop__is_repeatable() -> None:
    first, second = (draw_backdrop(90, 60, np.random.default_rng(2)) for _ in range(2))

    np.testing.assert_array_equal(first, second)


def test_draw_backdrop__differs_from_seed_to_seed() -> None:
    first, second = (draw_backdrop(90, 60, np.random.default_rng(seed)) for seed in (2, 3))

    assert (first != second).any()


def test_draw_landscape__has_a_sky_lighter_than_its_ground(rng: np.random.Generator) -> None:
    for _ in range(10):
        picture = draw_landscape(120, 90, rng)
        assert picture[:20].mean() > picture[-10:].mean()


def test_draw_pattern__repeats_few_colours(rng: np.random.Generator) -> None:
    pattern = draw_pattern(160, 120, rng)

    assert pattern.shape == (120, 160, 3)
    assert pattern.reshape(-1, 3).std(axis=0).max() > 0  # not one even colour


def test_draw_card__writes_on_the_gradient() -> None:
    blank = draw_card(160, 120, "", np.random.default_rng(1))
    written = draw_card(160, 120, "toy sale", np.random.default_rng(1))

    changed = (blank != written).any(axis=2)
    assert 0.01 < changed.mean() < 0.6
    assert (written == 250).any()  # letters are almost white
