"""Which frames a training step reads, by hand."""

from pathlib import Path

import numpy as np
import pytest

from omnisource import media
from omnisource.config import ModelConfig
from omnisource.train.frame_choice import choose_frames, num_stacked
from omnisource.types import Example, Format, Segment

FPS = 4


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six seconds, 24 frames."""
    made = tmp_path_factory.mktemp("video") / "v.mp4"
    media.write_video(made, np.zeros((24, 16, 16, 3), np.uint8), FPS)
    return made


def span(start: float) -> Segment:
    return Segment(key=b"0" * 16, start_s=start, end_s=start + 1)


def example(path: Path, format: Format = Format.UNTRIMMED, positive=(), negative=()) -> Example:
    segments, negatives = tuple(map(span, positive)), tuple(map(span, negative))
    return Example(path=path, format=format, source="s", class_index=0, segments=segments, negatives=negatives)


def chosen(one: Example, model: ModelConfig, composition: str = "1_positive_2_negative", seed: int = 0) -> list[int]:
    with media.open_video(one.path) as video:
        return choose_frames(one, video, model, composition, np.random.default_rng(seed)).tolist()


TSN = ModelConfig(arch="tsn", num_snippets=3)
SLOW = ModelConfig(arch="slowonly", clip_len=2, frame_interval=2)
FLOW = ModelConfig(arch="tsn", num_snippets=2, format="flow", flow_frames=3)


@pytest.mark.parametrize("seed", range(5))
def test_choose_frames__one_positive_two_negative(path: Path, seed: int):
    first, *others = chosen(example(path, positive=[2.0], negative=[0.0, 4.0]), TSN, seed=seed)
    assert 8 <= first < 12  # second 2
    assert {frame // FPS for frame in others} == {0, 4}


@pytest.mark.parametrize("seed", range(5))
def test_choose_frames__within_one_positive_segment(path: Path, seed: int):
    frames = chosen(example(path, positive=[1.0], negative=[0.0]), TSN, "within_positive", seed=seed)
    assert all(4 <= frame < 8 for frame in frames)
    assert frames == sorted(frames)


@pytest.mark.parametrize("seed", range(5))
def test_choose_frames__a_clip_lies_in_a_positive_segment(path: Path, seed: int):
    one, other = chosen(example(path, positive=[3.0], negative=[0.0]), SLOW, seed=seed)
    assert other - one == 2
    assert 12 <= one < other < 16


def test_choose_frames__trimmed_and_unscored_videos_are_sampled_whole(path: Path):
    for one in (example(path, Format.TRIMMED), example(path, Format.UNTRIMMED)):
        frames = chosen(one, TSN)
        assert [frame // 8 for frame in frames] == [0, 1, 2]  # one of each third


def test_choose_frames__stacks_of_flow_are_consecutive(path: Path):
    frames = chosen(example(path, positive=[2.0], negative=[0.0]), FLOW)
    assert num_stacked(FLOW) == 3
    assert len(frames) == 2 * 3
    for start in (0, 3):
        assert np.diff(frames[start : start + 3]).tolist() == [1, 1]


@pytest.mark.parametrize("model", [TSN, SLOW])
def test_num_stacked__one_without_flow(model: ModelConfig):
    assert num_stacked(model) == 1
