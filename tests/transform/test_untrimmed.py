"""Segments tile the video, their frames tile its frames; snippets follow Table 14."""

import numpy as np
import pytest

from omnisource.transform.untrimmed import clip_segments, compose_snippets
from omnisource.types import Segment

KEY = b"k" * 16


def _spans(segments: list[Segment]) -> list[tuple[float, float]]:
    return [(segment.start_s, segment.end_s) for segment in segments]


@pytest.mark.parametrize(
    ("duration_s", "spans"),
    [
        (30.0, [(0, 10), (10, 20), (20, 30)]),
        (25.0, [(0, 10), (10, 20), (20, 25)]),  # half a length stays
        (24.9, [(0, 10), (10, 20)]),  # less is dropped
        (4.0, [(0, 4)]),  # unless it is the only one
        (10.0, [(0, 10)]),
        (0.04, [(0, 0.04)]),  # one frame
    ],
)
def test_clip_segments__are_back_to_back(duration_s, spans):
    assert _spans(clip_segments(KEY, duration_s, 10.0)) == spans


def test_clip_segments__survive_lengths_that_binary_cannot_hold():
    # 0.3 / 0.1 is 2.9999999999999996 in floating point: still three segments.
    segments = clip_segments(KEY, 0.3, 0.1)
    assert len(segments) == 3
    assert segments[-1].end_s == pytest.approx(0.3)


def test_clip_segments__carry_the_key():
    assert {segment.key for segment in clip_segments(KEY, 30.0, 10.0)} == {KEY}


@pytest.mark.parametrize(
    ("composition", "num_snippets", "num_positive"),
    [
        ("positive", 3, 3),
        ("2_positive_1_negative", 3, 2),
        ("1_positive_2_negative", 3, 1),
        ("1_positive_2_negative", 8, 3),  # 8 / 3 = 2.67
        ("2_positive_1_negative", 8, 5),  # 16 / 3 = 5.33
        ("1_positive_2_negative", 1, 1),  # an input without a positive would carry a wrong label
        ("2_positive_1_negative", 1, 1),
        ("1_positive_2_negative", 2, 1),
        ("2_positive_1_negative", 2, 1),  # 4 / 3 = 1.33
        ("positive", 8, 8),
    ],
)
def test_compose_snippets__keeps_the_proportions(composition, num_snippets, num_positive, rng):
    snippets = compose_snippets(20, 20, composition, num_snippets, rng)
    assert len(snippets) == num_snippets
    assert [side for side, _ in snippets].count("positive") == num_positive


def test_compose_snippets__no_frame_comes_twice_while_others_wait(rng):
    for _ in range(20):
        snippets = compose_snippets(3, 6, "1_positive_2_negative", 9, rng)
        assert sorted(snippets) == sorted([("positive", i) for i in range(3)] + [("negative", i) for i in range(6)])


def test_compose_snippets__repeats_frames_when_there_are_too_few(rng):
    assert compose_snippets(1, 1, "1_positive_2_negative", 3, rng) == [
        ("positive", 0),
        ("negative", 0),
        ("negative", 0),
    ]


def test_compose_snippets__positives_stand_in_for_missing_negatives(rng):
    snippets = compose_snippets(5, 0, "1_positive_2_negative", 3, rng)
    assert [side for side, _ in snippets] == ["positive"] * 3
    assert len(set(snippets)) == 3


def test_compose_snippets__random_draws_from_all_frames_alike(rng):
    drawn = [snippet for _ in range(2000) for snippet in compose_snippets(2, 6, "random", 3, rng)]
    # 2 of 8 frames are positive; deviation about sqrt(.25 * .75 / 6000) = .006.
    assert sum(side == "positive" for side, _ in drawn) / len(drawn) == pytest.approx(0.25, abs=0.03)
    assert {index for side, index in drawn if side == "negative"} == set(range(6))


def test_compose_snippets__every_frame_can_be_chosen(rng):
    drawn = {snippet for _ in range(200) for snippet in compose_snippets(4, 4, "1_positive_2_negative", 3, rng)}
    assert drawn == {(side, i) for side in ("positive", "negative") for i in range(4)}


def test_compose_snippets__without_a_positive_refuses_to_label_negatives(rng):
    with pytest.raises(ValueError, match="'1_positive_2_negative' needs a positive frame"):
        compose_snippets(0, 5, "1_positive_2_negative", 3, rng)


def test_compose_snippets__without_any_frame_says_so(rng):
    with pytest.raises(ValueError, match="'random' needs a frame"):
        compose_snippets(0, 0, "random", 3, rng)


def test_compose_snippets__same_seed_same_snippets():
    first, second = (compose_snippets(9, 9, "random", 3, np.random.default_rng(2)) for _ in range(2))
    assert first == second
