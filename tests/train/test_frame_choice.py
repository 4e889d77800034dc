"""Which frames a draw reads; the data set's own tests look at the pictures."""

from pathlib import Path

import numpy as np
import pytest

from omnisource.config import ModelConfig
from omnisource.media import open_video, write_video
from omnisource.train.frame_choice import choose_frames, num_stacked
from omnisource.types import Example, Format, Segment

LONG = Segment(key=bytes(16), start_s=1.0, end_s=2.0)


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ({}, 1),
        ({"format": "flow"}, 5),
        ({"format": "flow", "flow_frames": 3}, 3),
        ({"arch": "slowonly", "format": "flow"}, 1),  # a clip has consecutive frames anyway
    ],
)
def test_num_stacked__only_2d_flow_is_stacked(model, expected):
    assert num_stacked(ModelConfig(**model)) == expected


@pytest.mark.parametrize(
    ("model", "composition", "within"),
    [
        ({"num_snippets": 3}, "within_positive", range(10, 20)),  # of 1 s at 10 frames a second
        ({"num_snippets": 3}, "positive", range(10, 20)),
        ({"arch": "slowonly", "clip_len": 4, "frame_interval": 2}, "positive", range(10, 20)),
    ],
)
def test_choose_frames__stay_in_the_positive_segment(tmp_path: Path, model, composition, within):
    write_video(tmp_path / "a.mp4", np.zeros((40, 32, 32, 3), np.uint8), 10)
    example = Example(path=tmp_path / "a.mp4", format=Format.UNTRIMMED, source="web", class_index=0, segments=(LONG,))
    with open_video(example.path) as video:
        for seed in range(10):
            chosen = choose_frames(example, video, ModelConfig(**model), composition, np.random.default_rng(seed))
            assert set(chosen.tolist()) <= set(within)
            again = choose_frames(example, video, ModelConfig(**model), composition, np.random.default_rng(seed))
            assert chosen.tolist() == again.tolist()
