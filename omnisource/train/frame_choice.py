"""Example and generator -> which frames of its video a training step reads (paper 3.5, 5.1, Table 14).

The data set asks it for every draw, and the app for pictures of draws to come: the same generator chooses the same
frames.
"""

import numpy as np

from omnisource.config import ModelConfig
from omnisource.media import Video
from omnisource.transform import views
from omnisource.transform.untrimmed import compose_snippets
from omnisource.types import Example, Format, Segment


def choose_frames(
    example: Example, video: Video, model: ModelConfig, composition: str, rng: np.random.Generator
) -> np.ndarray:
    """(T * stacked,) int64. An untrimmed video without segments is sampled as a whole, like a trimmed one.

    `composition` is that of snippets (config.SnippetConfig).
    """
    positive = example.format is Format.UNTRIMMED and example.segments
    if model.dims == 2 and positive and composition != "within_positive":
        return _snippet_indices(example, video, model, composition, rng)
    span = range(video.num_frames)
    if positive:
        segment = example.segments[rng.integers(len(example.segments))]
        span = video.span(segment.start_s, segment.end_s)
    if model.dims == 2:
        return span.start + views.train_indices(len(span), num_stacked(model), 1, model.num_snippets, rng).ravel()
    return span.start + views.train_indices_dense(len(span), model.clip_len, model.frame_interval, rng)


def num_stacked(model: ModelConfig) -> int:
    """Consecutive flow frames that a 2D network sees as one; 1 otherwise."""
    return model.flow_frames if model.format == "flow" and model.dims == 2 else 1


def _snippet_indices(
    example: Example, video: Video, model: ModelConfig, composition: str, rng: np.random.Generator
) -> np.ndarray:
    """(T * stacked,) int64: one random frame, or stack of flow, of each chosen one-second segment (Table 14)."""
    pools = example.segments, example.negatives
    chosen = compose_snippets(len(pools[0]), len(pools[1]), composition, model.num_snippets, rng)
    segments = [pools[kind == "negative"][index] for kind, index in chosen]
    return np.concatenate([_random_stack(video, segment, num_stacked(model), rng) for segment in segments])


def _random_stack(video: Video, segment: Segment, stacked: int, rng: np.random.Generator) -> np.ndarray:
    """(stacked,) int64: as many consecutive frames from anywhere in the segment."""
    span = video.span(segment.start_s, segment.end_s)
    return span.start + views.train_indices_dense(len(span), stacked, 1, rng)
