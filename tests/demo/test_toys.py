"""Toys: sprites are premultiplied, whole, and differ."""

import numpy as np
import pytest

from omnisource.demo.toys import DRAWINGS, SPRITE_PX, Finish, darker, draw_toy, two_colours, vivid

LIFELIKE = Finish(surface="shaded", outline=0.0)
FINISHES = [LIFELIKE, Finish(surface="flat", outline=0.05), Finish(surface="sketch", outline=0.03)]


@pytest.mark.parametrize("finish", FINISHES, ids=lambda finish: finish.surface)
@pytest.mark.parametrize("toy", sorted(DRAWINGS))
def test_draw_toy__colours_never_exceed_their_alpha(toy: str, finish: Finish, rng: np.random.Generator) -> None:
    sprite = draw_toy(toy, finish, rng)

    assert sprite.shape == (SPRITE_PX, SPRITE_PX, 4) and sprite.dtype == np.uint8
    assert (sprite[..., :3].astype(int) <= sprite[..., 3:].astype(int) + 1).all()  # +1: rounding of anti-aliasing


@pytest.mark.parametrize("toy", sorted(DRAWINGS))
def test_draw_toy__leaves_the_border_transparent(toy: str, rng: np.random.Generator) -> None:
    for _ in range(20):
        alpha = draw_toy(toy, FINISHES[1], rng)[..., 3]
        assert max(alpha[0].max(), alpha[-1].max(), alpha[:, 0].max(), alpha[:, -1].max()) == 0


def test_draw_toy__same_generator_state_same_toy() -> None:
    first, second = (draw_toy("duck", LIFELIKE, np.random.default_rng(4)) for _ in range(2))

    np.testing.assert_array_equal(first, second)


def test_draw_toy__other_generator_state_other_toy() -> None:
    first, second = (draw_toy("duck", LIFELIKE, np.random.default_rng(seed)) for seed in (4, 5))

    assert (first != second).any()


def test_draw_toy__ball_is_a_disc(rng: np.random.Generator) -> None:
    # radius 0.82 of half a sprite, drawn at 0.92: area pi * (0.82 * 0.92 * 96)^2 = 16478 px; patterns may reach
    # 0.03 further: pi * (0.85 * 0.92 * 96)^2 = 17705 px
    for _ in range(10):
        area = (draw_toy("ball", LIFELIKE, rng)[..., 3] > 127).sum()
        assert 0.98 * 16478 < area < 1.02 * 17705


def test_draw_toy__sketch_has_no_colour_but_ink_and_paper(rng: np.random.Generator) -> None:
    sprite = draw_toy("ball", FINISHES[2], rng).astype(int)

    opaque = sprite[sprite[..., 3] == 255]
    assert (opaque[:, :3].max(axis=1) - opaque[:, :3].min(axis=1)).max() <= 8  # ink (38, 34, 42), paper (250, 248, 242)


def test_vivid__red_is_hue_zero(rng: np.random.Generator) -> None:
    red, green, blue = vivid(rng, hue=0.0)

    assert red > 160 and green == blue < 0.46 * red  # saturation at least 0.55


def test_two_colours__first_has_the_given_hue(rng: np.random.Generator) -> None:
    red, green, blue = two_colours(rng, 1 / 3)[0]

    assert green > red == blue


def test_darker__scales_each_channel() -> None:
    assert darker((100, 50, 200), 0.5) == (50, 25, 100)
