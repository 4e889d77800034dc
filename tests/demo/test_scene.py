"""Scenes: frames of the right shape in which the right thing moves."""

import numpy as np
import pytest

from omnisource.demo.scene import ACTS, MOTIONS, TOYS, Act, Lens, film, film_place, film_rest

TRIPOD = Lens(width=64, height=48, fps=12, shake=0.0, noise=0.0)


def test_acts__are_every_toy_with_every_motion() -> None:
    assert len(ACTS) == len(TOYS) * len(MOTIONS) == 12
    assert "spinning_kite" in {act.class_name for act in ACTS}


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.class_name)
def test_film__gives_frames(act: Act, rng: np.random.Generator) -> None:
    frames = film(act, 3, TRIPOD, rng)

    assert frames.shape == (3, 48, 64, 3) and frames.dtype == np.uint8


def test_film__is_repeatable() -> None:
    first, second = (film(ACTS[0], 2, TRIPOD, np.random.default_rng(1)) for _ in range(2))

    np.testing.assert_array_equal(first, second)


def test_film__toy_moves_before_a_still_camera(rng: np.random.Generator) -> None:
    frames = film(Act(motion="swinging", toy="robot"), 6, TRIPOD, rng).astype(int)

    assert np.abs(frames[5] - frames[0]).max() > 40


def test_film_rest__nothing_moves_but_the_light(rng: np.random.Generator) -> None:
    frames = film_rest("duck", 4, TRIPOD, rng).astype(int)

    assert np.abs(frames[3] - frames[0]).max() < 20  # the exposure drifts by at most 6 %


def test_film_place__camera_moves(rng: np.random.Generator) -> None:
    shaking = Lens(width=64, height=48, fps=12, shake=2.0, noise=0.0)
    frames = film_place(12, shaking, rng).astype(int)

    assert np.abs(frames[11] - frames[0]).mean() > 0.5


def test_film__noise_differs_from_frame_to_frame(rng: np.random.Generator) -> None:
    noisy = Lens(width=64, height=48, fps=12, shake=0.0, noise=6.0)
    frames = film_place(2, noisy, rng).astype(float)

    # two frames of independent noise of 6 differ by 6 * sqrt(2) = 8.5 grey levels, where nothing is clipped
    middling = (frames > 40).all(axis=0) & (frames < 215).all(axis=0)
    assert np.std((frames[1] - frames[0])[middling]) == pytest.approx(8.5, abs=0.5)


def test_lens__short_side() -> None:
    assert Lens(width=30, height=50, fps=1).short_side == 30
