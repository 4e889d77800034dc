"""Untrimmed videos -> segments to score, and snippets to train on (paper 3.5, Table 14).

A frame at 1 FPS is a one-second segment; a 3D network's clip is a ten-second one. Which frames a segment holds is
`media.Video.span`, by the time at which they are shown, so that neighbouring segments share no frame.
"""

import math
from typing import Literal

import numpy as np

from omnisource.types import Segment

Side = Literal["positive", "negative"]
Composition = Literal["random", "positive", "2_positive_1_negative", "1_positive_2_negative"]

LEAST_TAIL = 0.5
"""A last segment shorter than this share of the others is dropped."""
POSITIVE_THIRDS = {"positive": 3, "2_positive_1_negative": 2, "1_positive_2_negative": 1}
"""Positive snippets of three (Table 14)."""


def clip_segments(key: bytes, duration_s: float, length_s: float) -> list[Segment]:
    """Segments of `length_s` back to back from 0.

    What is left at the end is a shorter segment, dropped if shorter than half a length; a video that is shorter than
    one length is one segment.
    """
    num_whole = math.floor(duration_s / length_s)
    starts = [i * length_s for i in range(num_whole + 1)]
    segments = [Segment(key=key, start_s=start, end_s=end) for start, end in zip(starts, starts[1:])]
    tail_s = duration_s - starts[-1]
    if not segments or tail_s >= LEAST_TAIL * length_s:
        segments.append(Segment(key=key, start_s=starts[-1], end_s=duration_s))
    return segments


def compose_snippets(
    num_positive: int, num_negative: int, composition: Composition, num_snippets: int, rng: np.random.Generator
) -> list[tuple[Side, int]]:
    """Choose snippets among the positive and negative frames of one video: (side, index into that side).

    A composition is a share: for other numbers than three, its positive thirds are rounded to the nearest number, but
    there is at least one positive, and at least one negative where the composition has one and there is room.
    `random` draws from all frames alike. No frame comes twice before every one of its side came once. Without
    negatives, positives stand in for them. Raises ValueError if there is no positive frame, or no frame at all.
    """
    if composition == "random":
        return _draw_any(num_positive, num_negative, num_snippets, rng)
    if num_positive == 0:
        raise ValueError(f"composition {composition!r} needs a positive frame, and the video has none")
    wanted = _num_positive_snippets(composition, num_snippets) if num_negative else num_snippets
    positives: list[tuple[Side, int]] = [("positive", i) for i in _draw(num_positive, wanted, rng)]
    negatives: list[tuple[Side, int]] = [("negative", i) for i in _draw(num_negative, num_snippets - wanted, rng)]
    return positives + negatives


def _num_positive_snippets(composition: Composition, num_snippets: int) -> int:
    thirds = POSITIVE_THIRDS[composition]
    if thirds == 3 or num_snippets == 1:
        return num_snippets
    nearest = int(num_snippets * thirds / 3 + 0.5)
    return min(max(nearest, 1), num_snippets - 1)


def _draw_any(
    num_positive: int, num_negative: int, num_snippets: int, rng: np.random.Generator
) -> list[tuple[Side, int]]:
    if num_positive + num_negative == 0:
        raise ValueError("composition 'random' needs a frame, and the video has none")
    drawn = _draw(num_positive + num_negative, num_snippets, rng)
    return [("positive", i) if i < num_positive else ("negative", i - num_positive) for i in drawn]


def _draw(num_frames: int, num_wanted: int, rng: np.random.Generator) -> list[int]:
    """Random indices; none comes again before all came equally often."""
    if num_wanted == 0:
        return []
    rounds = [rng.permutation(num_frames) for _ in range(-(-num_wanted // num_frames))]
    return np.concatenate(rounds)[:num_wanted].tolist()
