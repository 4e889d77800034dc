"""Motions: their tracks do what their names say."""

import numpy as np
import pytest

from omnisource.demo.motions import PROP_CHANCES, USUAL_PLACE, choose_place, draw_props, move, rest

TIMES = np.arange(0, 4, 0.02)


def test_move__bouncing_goes_up_and_down_only(rng: np.random.Generator) -> None:
    track = move("bouncing", TIMES, 0.3, rng)

    assert np.ptp(track.places[:, 0]) == 0
    assert 0.2 < np.ptp(track.places[:, 1]) < 0.4  # hop of 0.22 to 0.38
    assert np.ptp(track.angles) == 0


def test_move__bouncing_squashes_only_near_the_ground(rng: np.random.Generator) -> None:
    track = move("bouncing", TIMES, 0.3, rng)
    lowest, highest = track.places[:, 1].argmax(), track.places[:, 1].argmin()

    assert track.stretches[lowest, 0] > 1.2 > 0.8 > track.stretches[lowest, 1]
    np.testing.assert_array_equal(track.stretches[highest], [1, 1])


def test_move__spinning_stays_and_turns_evenly(rng: np.random.Generator) -> None:
    track = move("spinning", TIMES, 0.3, rng)

    assert np.ptp(track.places, axis=0).max() == 0
    turns = np.diff(track.angles)
    np.testing.assert_allclose(turns, turns[0])
    assert abs(track.angles[-1] - track.angles[0]) > 2 * np.pi  # at least 0.6 turns a second for 4 s


def test_move__swinging_keeps_its_distance_from_the_pivot(rng: np.random.Generator) -> None:
    track = move("swinging", TIMES, 0.3, rng)

    distances = np.hypot(*(track.places - np.array(track.pivot)).T)
    np.testing.assert_allclose(distances, distances[0])
    assert np.ptp(track.places[:, 0]) > 0.25  # a rope of 0.45 swings 0.4 rad to each side


def test_move__unknown_motion() -> None:
    with pytest.raises(AssertionError, match="no motion 'flying'"):
        move("flying", TIMES, 0.3, np.random.default_rng(0))


def test_rest__nothing_changes(rng: np.random.Generator) -> None:
    track = rest(TIMES, rng)

    assert np.ptp(track.places, axis=0).max() == np.ptp(track.angles) == 0


@pytest.mark.parametrize("motion", sorted(PROP_CHANCES))
def test_draw_props__no_prop_betrays_a_motion_for_sure(motion: str, rng: np.random.Generator) -> None:
    seen = [draw_props(motion, rng) for _ in range(400)]

    for prop, chance in PROP_CHANCES[motion].items():
        assert np.mean([prop in props for props in seen]) == pytest.approx(chance, abs=0.08)  # 3 standard deviations


def test_choose_place__usual_one_most_often(rng: np.random.Generator) -> None:
    places = [choose_place("spinning", rng) for _ in range(400)]

    assert set(places) == {None, USUAL_PLACE["spinning"]}
    assert places.count(None) < 200
