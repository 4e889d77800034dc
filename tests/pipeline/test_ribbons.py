"""What each second of a long video is to a recipe, and what training would read of it: as training has it."""

from pathlib import Path

import numpy as np
import pytest

from omnisource import config, media
from omnisource.errors import WorkspaceError
from omnisource.pipeline.recipes import auxiliary_examples
from omnisource.pipeline.ribbons import Role, draws, key_at, ribbon
from omnisource.reviews import Reviews, Subject, Verdict
from omnisource.train.frame_choice import choose_frames
from omnisource.types import Example, Format, Segment
from omnisource.workspace import Workspace
from tests.workspaces import key, workspace_with

BOXING, YOYO, KICK = range(3)


def second(number: int, start: int, top: int, confidence: float, **more) -> dict:
    where = {"number": number, "start": float(start), "end": float(start + 1), "format": "untrimmed"}
    return where | {"top": top, "confidence": confidence, "query": BOXING, "query_prob": 0.1} | more


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """One video of four seconds: boxing, yoyo, nothing sure, boxing; and a picture."""
    scored = [
        second(1, 0, BOXING, 0.9, query_prob=0.9),
        second(1, 1, YOYO, 0.8),
        second(1, 2, KICK, 0.4, query_prob=0.35),
        second(1, 3, BOXING, 0.6, query_prob=0.6),
        {"number": 2, "top": KICK, "confidence": 0.9},
    ]
    made = workspace_with(tmp_path / "work", scored=scored)
    recipe = {"teachers": {name: "teacher" for name in ("image", "trimmed", "untrimmed")}, "confidence": 0.5}
    made.save_recipe("mine", config.Recipe(**recipe))
    made.save_recipe("by_query", config.Recipe(**recipe | {"label_source": "query"}))
    return made


def roles(found) -> list[str]:
    return [str(one.role) for one in found.segments]


def test_ribbon__is_about_the_class_found_most(workspace: Workspace):
    found = ribbon(workspace, key(1), "mine")
    assert found.class_index == BOXING
    assert found.classes == (BOXING, YOYO, KICK)
    assert roles(found) == ["positive", "other", "negative", "positive"]
    assert [found.count(role) for role in Role] == [2, 1, 1]
    assert (found.duration_s, found.least, found.only_class) == (4.0, 0.5, None)


def test_ribbon__probabilities_where_the_teacher_kept_the_class(workspace: Workspace):
    assert [one.prob for one in ribbon(workspace, key(1), "mine").segments] == pytest.approx([0.9, 0.1, 0.35, 0.6])
    # the table keeps the likeliest classes only (here one), and the query's
    assert [one.prob for one in ribbon(workspace, key(1), "mine", class_index=YOYO).segments] == [
        None,
        pytest.approx(0.8),
        None,
        None,
    ]


def test_ribbon__another_class_and_another_threshold(workspace: Workspace):
    assert roles(ribbon(workspace, key(1), "mine", class_index=YOYO)) == ["other", "positive", "negative", "other"]
    tried = ribbon(workspace, key(1), "mine", confidence=0.85)
    assert roles(tried) == ["positive", "negative", "negative", "negative"]
    assert tried.least == pytest.approx(0.85)


def test_ribbon__a_recipe_by_query_asks_for_one_class(workspace: Workspace):
    found = ribbon(workspace, key(1), "by_query")
    assert roles(found) == ["positive", "negative", "negative", "positive"]
    assert found.only_class == BOXING


def test_ribbon__people_win(workspace: Workspace):
    subject = Subject(key=key(1), start_s=2.0, end_s=3.0)
    Reviews(workspace.reviews_path).decide(subject, Verdict.RELABEL, class_index=YOYO, made_in="test", author="me")
    assert roles(ribbon(workspace, key(1), "mine")) == ["positive", "other", "other", "positive"]


def test_ribbon__threshold_of_a_class(workspace: Workspace):
    recipe = workspace.recipe("mine").model_copy(update={"confidence_by_class": {"yoyo": 0.95}})
    workspace.save_recipe("mine", recipe)
    found = ribbon(workspace, key(1), "mine", class_index=YOYO)
    assert found.least == pytest.approx(0.95)
    assert roles(found) == ["other", "negative", "negative", "other"]


@pytest.mark.parametrize("number", [2, 9])  # a picture that the recipe's teacher scored; no item at all
def test_ribbon__of_what_is_no_item_there_is_none(workspace: Workspace, number: int):
    found = ribbon(workspace, key(number), "mine")
    assert found is None or found.item.format is not Format.UNTRIMMED


def test_ribbon__a_source_that_the_recipe_leaves_out(workspace: Workspace):
    workspace.save_recipe("mine", workspace.recipe("mine").model_copy(update={"sources": ("other",)}))
    assert ribbon(workspace, key(1), "mine") is None


def test_example__is_what_the_label_stage_wrote(labelled: Workspace):
    examples, _ = auxiliary_examples(labelled, "unfiltered")
    for example in examples["web_video"]:
        found = ribbon(labelled, example.segments[0].key, "unfiltered", class_index=example.class_index).example
        assert (found.segments, found.negatives) == (example.segments, example.negatives)
        assert (found.path, found.source, found.format) == (example.path, example.source, example.format)


def test_example__none_without_a_positive_second(workspace: Workspace):
    assert ribbon(workspace, key(1), "mine", confidence=0.99).example is None


@pytest.fixture
def video(tmp_path: Path) -> Example:
    """Eight seconds at 4 frames a second; seconds 2 and 5 are positive."""
    frames = np.random.default_rng(0).integers(0, 255, (32, 32, 48, 3), dtype=np.uint8)
    media.write_video(tmp_path / "long.mp4", frames, 4)
    spans = [Segment(key=key(1), start_s=float(i), end_s=float(i + 1)) for i in range(8)]
    return Example(
        path=tmp_path / "long.mp4",
        format=Format.UNTRIMMED,
        source="web",
        class_index=0,
        segments=(spans[2], spans[5]),
        negatives=tuple(spans[i] for i in (0, 1, 3, 4, 6, 7)),
    )


def network(**model) -> config.NetworkConfig:
    return config.NetworkConfig(model=config.ModelConfig(backbone="resnet10", pretrained="none", **model))


def test_draws__one_positive_and_two_negative_snippets(video: Example):
    rows = draws(video, network(arch="tsn", num_snippets=3), config.SnippetConfig(), range(8))
    assert len(rows) == 8
    for row in rows:
        assert [str(one.role) for one in row] == ["positive", "negative", "negative"]
        assert int(row[0].time_s) in (2, 5)
    assert len({tuple(one.time_s for one in row) for row in rows}) > 1  # another seed, another draw


def test_draws__a_clip_of_a_positive_segment(video: Example):
    rows = draws(video, network(arch="slowonly", clip_len=2, frame_interval=2), config.SnippetConfig(), range(4))
    for row in rows:
        assert [str(one.role) for one in row] == ["positive", "positive"]
        assert row[1].time_s - row[0].time_s == pytest.approx(0.5)  # two frames apart at 4 a second


def test_draws__are_the_frames_of_the_data_set(video: Example):
    model = network(arch="tsn", num_snippets=3)
    (row,) = draws(video, model, config.SnippetConfig(), [5])
    with media.open_video(video.path) as opened:
        indices = choose_frames(video, opened, model.model, "1_positive_2_negative", np.random.default_rng(5))
        assert [one.time_s for one in row] == [opened.shown_at(int(i)) for i in indices]


def test_key_at__by_path(labelled: Workspace):
    examples, _ = auxiliary_examples(labelled, "unfiltered")
    example = examples["web_video"][0]
    assert key_at(labelled, example.path) == example.segments[0].key
    with pytest.raises(WorkspaceError, match=r"nowhere\.mp4 is no item of .*; give the path of a file that was added"):
        key_at(labelled, Path("/nowhere.mp4"))
