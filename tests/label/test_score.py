"""Scoring web items: which frames decide, order, dropped items. A network's logits are twice the mean colour in 0-1."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from omnisource.config import InputConfig, ModelConfig, NetworkConfig, ScoreConfig, TestConfig
from omnisource.errors import TeacherError
from omnisource.label.score import ItemScores, Teacher, check_formats, score_items
from omnisource.media import content_key, write_video
from omnisource.models.video_net import VideoNet
from omnisource.report import Report
from omnisource.types import Format, WebItem

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)
INPUT = InputConfig(short_side_px=32, crop_px=32, mean=(0, 0, 0), std=(255, 255, 255))


class _Seen(list[tuple[int, ...]]):
    """Shapes of the clips that a network saw; shared by the network's copies."""

    def __deepcopy__(self, _: dict) -> "_Seen":
        return self


class MeanColour(VideoNet):
    """Features are the mean R, G, B in 0-1; logits are `scale` times that. Dropout would show if it were on."""

    def __init__(self, dims: int, scale: float = 2.0) -> None:
        super().__init__(nn.Identity(), num_features=3, num_classes=3, dropout=0.9, init_std=0.01)
        self.dims = dims
        self.classifier.weight.data = scale * torch.eye(3)
        self.seen = _Seen()

    def features(self, clips: torch.Tensor) -> torch.Tensor:
        self.seen.append(tuple(clips.shape))
        return clips.mean(dim=(2, 3, 4))


def _network_config(dims: int, clip_len: int = 2) -> NetworkConfig:
    arch, average = ("tsn", "features") if dims == 2 else ("slowonly", "probs")
    model = ModelConfig(arch=arch, clip_len=clip_len, frame_interval=1)
    return NetworkConfig(model=model, input=INPUT, test=TestConfig(crop_px=32, average=average))


def _teacher(*networks: VideoNet, configs: tuple[NetworkConfig, ...] = ()) -> Teacher:
    configs = configs or tuple(_network_config(network.dims) for network in networks)
    return Teacher(name="teacher", networks=networks, configs=configs, device=torch.device("cpu"))


def _item(path: Path, format: Format, class_index: int | None = 0) -> WebItem:
    key = content_key(path) if path.exists() else bytes(16)
    return WebItem(key=key, path=path, source="web", format=format, class_index=class_index)


def _picture(path: Path, colour: tuple[int, int, int], class_index: int | None = 0) -> WebItem:
    Image.new("RGB", (40, 32), colour).save(path)
    return _item(path, Format.IMAGE, class_index)


def _video(path: Path, format: Format, *colours: tuple[int, int, int], fps: float = 4) -> WebItem:
    """One frame of each colour."""
    write_video(path, np.array(colours, dtype=np.uint8)[:, None, None].repeat(32, 1).repeat(40, 2), fps, quality=1)
    return _item(path, format)


def _score(items: list[WebItem], teacher: Teacher, report: Report | None = None, **settings: int) -> list[ItemScores]:
    config = ScoreConfig.model_validate({"batch_size": 4} | settings)
    return list(score_items(items, teacher, config, report or Report("score", progress=False)))


def _softmax(*logits: float) -> np.ndarray:
    return np.exp(logits) / np.exp(logits).sum()


def _probs(scores: ItemScores) -> np.ndarray:
    """(S, K): the full probabilities, when all classes are among the top."""
    probs = np.zeros_like(scores.top_probs)
    np.put_along_axis(probs, scores.top_classes.astype(np.int64), scores.top_probs, axis=1)
    return probs


def test_score_items__a_picture_is_one_segment(tmp_path):
    (scores,) = _score([_picture(tmp_path / "a.png", GREEN, class_index=0)], _teacher(MeanColour(2)))
    assert (scores.start_s.tolist(), scores.end_s.tolist()) == ([0.0], [0.0])
    assert scores.top_classes.tolist() == [[1, 0, 2]]  # of equals the lower index leads
    np.testing.assert_allclose(_probs(scores)[0], _softmax(0, 2, 0), atol=1e-6)
    np.testing.assert_allclose(scores.query_prob, _softmax(0, 2, 0)[:1], atol=1e-6)


def test_score_items__arrays_have_the_types_of_the_table(tmp_path):
    (scores,) = _score([_picture(tmp_path / "a.png", RED)], _teacher(MeanColour(2)))
    types = {field.name: getattr(scores, field.name).dtype for field in dataclasses.fields(scores)[1:]}
    assert types == {
        "start_s": np.float64,
        "end_s": np.float64,
        "top_classes": np.int16,
        "top_probs": np.float32,
        "query_prob": np.float32,
    }


def test_score_items__query_prob_is_nan_without_a_class(tmp_path):
    (scores,) = _score([_picture(tmp_path / "a.png", GREEN, class_index=None)], _teacher(MeanColour(2)))
    assert np.isnan(scores.query_prob).tolist() == [True]


@pytest.mark.parametrize(("top_k", "kept"), [(1, 1), (2, 2), (10, 3)])
def test_score_items__keeps_at_most_top_k_classes(tmp_path, top_k, kept):
    (scores,) = _score([_picture(tmp_path / "a.png", BLUE)], _teacher(MeanColour(2)), top_k=top_k)
    assert scores.top_classes.shape == scores.top_probs.shape == (1, kept)
    assert scores.top_classes[0, 0] == 2


def test_score_items__2d_averages_features_over_the_frames_of_a_clip(tmp_path):
    item = _video(tmp_path / "a.mp4", Format.TRIMMED, *[RED] * 4, *[BLUE] * 4)
    network = MeanColour(2)
    (scores,) = _score([item], _teacher(network), num_clips=2)  # frames 2 and 6: mean colour (0.5, 0, 0.5)
    assert network.seen == [(1, 3, 2, 32, 32)]
    assert (scores.start_s.tolist(), scores.end_s.tolist()) == ([0.0], [2.0])
    np.testing.assert_allclose(_probs(scores)[0], _softmax(1, 0, 1), atol=0.01)


def test_score_items__3d_averages_probabilities_over_the_clips(tmp_path):
    item = _video(tmp_path / "a.mp4", Format.TRIMMED, *[RED] * 4, *[BLUE] * 4)
    network = MeanColour(3)
    # tick (8 - 2 + 1) / 2 = 3.5: clips start at frames 1 and 5, so one is red and one is blue
    (scores,) = _score([item], _teacher(network), num_clips=2)
    assert network.seen == [(2, 3, 2, 32, 32)]
    np.testing.assert_allclose(_probs(scores)[0], (_softmax(2, 0, 0) + _softmax(0, 0, 2)) / 2, atol=0.01)


def test_score_items__2d_sees_the_middle_frame_of_each_second(tmp_path):
    # the middle of four frames is the third
    seconds = [(RED, RED, GREEN, RED), (RED, RED, BLUE, RED), (GREEN, GREEN, RED, GREEN)]
    item = _video(tmp_path / "a.mp4", Format.UNTRIMMED, *[colour for second in seconds for colour in second])
    (scores,) = _score([item], _teacher(MeanColour(2)))
    assert (scores.start_s.tolist(), scores.end_s.tolist()) == ([0, 1, 2], [1, 2, 3])
    assert scores.top_classes[:, 0].tolist() == [1, 2, 0]


def test_score_items__3d_sees_one_clip_from_the_middle_of_each_ten_seconds(tmp_path):
    # 40 frames are ten seconds; start int((40 - 2 + 1) / 2) = 19: frames 19 and 20
    first, second = [RED] * 40, [BLUE] * 40
    first[19:21], second[19:21] = [GREEN] * 2, [RED] * 2
    item = _video(tmp_path / "a.mp4", Format.UNTRIMMED, *first, *second)
    (scores,) = _score([item], _teacher(MeanColour(3)))
    assert (scores.start_s.tolist(), scores.end_s.tolist()) == ([0, 10], [10, 20])
    assert scores.top_classes[:, 0].tolist() == [1, 0]


def test_score_items__a_long_video_is_read_in_parts(tmp_path):
    colours = [(RED, GREEN, BLUE)[second % 3] for second in range(150) for _ in range(4)]
    item = _video(tmp_path / "a.mp4", Format.UNTRIMMED, *colours)  # 150 segments: one read has 128
    (scores,) = _score([item], _teacher(MeanColour(2)), batch_size=32)
    assert scores.top_classes[:, 0].tolist() == [second % 3 for second in range(150)]
    assert scores.end_s.tolist() == list(range(1, 151))


def test_score_items__keyframes_scores_only_segments_that_hold_one(tmp_path):
    # nothing moves, so x264 puts keyframes only where it must: every media.KEYFRAME_EVERY = 12 frames
    item = _video(tmp_path / "a.mp4", Format.UNTRIMMED, *[RED] * 300, fps=1)
    config, report = ScoreConfig(), Report("score", progress=False)
    (scores,) = score_items([item], _teacher(MeanColour(2)), config, report, frames="keyframes")
    assert (scores.start_s.tolist(), scores.end_s.tolist()) == (list(range(0, 300, 12)), list(range(1, 301, 12)))
    assert scores.top_classes[:, 0].tolist() == [0] * 25


@pytest.mark.parametrize("workers", [0, 1])
def test_score_items__gives_items_in_order_without_those_that_fail(tmp_path, workers):
    items = [
        _video(tmp_path / "a.mp4", Format.UNTRIMMED, *[RED] * 12),
        _item(tmp_path / "missing.mp4", Format.UNTRIMMED),
        _picture(tmp_path / "b.png", GREEN),
        _item(tmp_path / "missing.png", Format.IMAGE),
        _video(tmp_path / "c.mp4", Format.TRIMMED, *[BLUE] * 8),
    ]
    report = Report("score", progress=False)
    scores = list(score_items(items, _teacher(MeanColour(2)), ScoreConfig(batch_size=2), report, workers=workers))
    assert [one.key for one in scores] == [items[0].key, items[2].key, items[4].key]
    assert [one.top_classes[:, 0].tolist() for one in scores] == [[0, 0, 0], [1], [2]]
    assert {(d.path, d.key, d.reason) for d in report.dropped} == {
        (items[1].path, items[1].key, "missing_file"),
        (items[3].path, items[3].key, "missing_file"),
    }


def test_score_items__drops_a_video_that_breaks_off_once(tmp_path):
    item = _video(tmp_path / "a.mp4", Format.UNTRIMMED, *[(i % 256, 255 - i % 256, i * 7 % 256) for i in range(1200)])
    content = bytearray(item.path.read_bytes())
    content[len(content) // 3 :] = bytes(len(content) - len(content) // 3)  # the index at the front stays whole
    item.path.write_bytes(content)
    report = Report("score", progress=False)
    good = _picture(tmp_path / "b.png", GREEN)
    scores = _score([item, good], _teacher(MeanColour(2)), report)
    assert [one.key for one in scores] == [good.key]
    assert [(d.path, d.reason) for d in report.dropped] == [(item.path, "truncated")]


def test_score_items__segments_of_several_items_share_a_pass(tmp_path):
    items = [_video(tmp_path / f"{i}.mp4", Format.UNTRIMMED, *[RED] * (4 * n)) for i, n in enumerate((3, 2, 1))]
    network = MeanColour(2)
    _score(items, _teacher(network), batch_size=4)
    assert [shape[0] for shape in network.seen] == [4, 2]  # 3 + 1, then 1 + 1


def test_score_items__scoring_again_gives_the_same_bits(tmp_path):
    items = [_video(tmp_path / f"{i}.mp4", Format.UNTRIMMED, *[RED, BLUE] * (4 * n)) for i, n in enumerate((3, 2))]
    first, second = (_score(items, _teacher(MeanColour(2)))[1].top_probs for _ in range(2))
    assert first.tobytes() == second.tobytes()


def test_score_items__an_ensemble_averages_probabilities(tmp_path):
    teacher = _teacher(MeanColour(2, scale=2), MeanColour(2, scale=4))
    (scores,) = _score([_picture(tmp_path / "a.png", GREEN)], teacher)
    np.testing.assert_allclose(_probs(scores)[0], (_softmax(0, 2, 0) + _softmax(0, 4, 0)) / 2, atol=1e-6)


def test_score_items__members_of_an_ensemble_see_their_own_clips(tmp_path):
    item = _video(tmp_path / "a.mp4", Format.UNTRIMMED, *[RED] * 40)
    networks = MeanColour(3), MeanColour(3)
    teacher = _teacher(*networks, configs=(_network_config(3, clip_len=2), _network_config(3, clip_len=4)))
    (scores,) = _score([item], teacher)
    assert [network.seen for network in networks] == [[(1, 3, 2, 32, 32)], [(1, 3, 4, 32, 32)]]
    np.testing.assert_allclose(_probs(scores)[0], _softmax(2, 0, 0), atol=0.01)


def test_score_items__refuses_keyframes_for_a_3d_teacher():
    report = Report("score", progress=False)
    with pytest.raises(TeacherError, match="3D network and needs whole clips: use frames='exact'"):
        score_items([], _teacher(MeanColour(3)), ScoreConfig(), report, frames="keyframes")


def test_score_items__refuses_pictures_for_a_3d_teacher_before_reading(tmp_path):
    with pytest.raises(TeacherError, match="cannot score images"):
        score_items(
            [_item(tmp_path / "missing.png", Format.IMAGE)],
            _teacher(MeanColour(3)),
            ScoreConfig(),
            Report("score", progress=False),
        )


def test_check_formats__quotes_the_papers_reason():
    with pytest.raises(
        TeacherError, match=r"'teacher' is a 3D network .* \"therefore only use 2D teachers\" .*\(3.4\)"
    ):
        check_formats(_teacher(MeanColour(3)), [Format.TRIMMED, Format.IMAGE])


@pytest.mark.parametrize(("dims", "formats"), [(2, tuple(Format)), (3, (Format.TRIMMED, Format.UNTRIMMED))])
def test_check_formats__accepts_what_a_teacher_can_score(dims, formats):
    check_formats(_teacher(MeanColour(dims)), formats)


def test_teacher__refuses_2d_and_3d_together():
    with pytest.raises(TeacherError, match=r"'teacher' averages networks of different dims \(2, 3\)"):
        _teacher(MeanColour(2), MeanColour(3))


def test_teacher__refuses_networks_of_different_classes():
    other = MeanColour(2)
    other.classifier = nn.Linear(3, 5)
    with pytest.raises(TeacherError, match=r"networks of different num_classes \(3, 5\); make one teacher of each"):
        _teacher(MeanColour(2), other)


def test_teacher__does_not_touch_the_networks():
    network = MeanColour(2).train()
    teacher = _teacher(network)
    assert (network.training, teacher.networks[0].training) == (True, False)
    assert (teacher.dims, teacher.num_classes) == (2, 3)


def test_teacher__networks_on_pictures_and_on_flow_are_not_averaged():
    rgb = _network_config(2)
    flow = rgb.model_copy(update={"model": rgb.model.model_copy(update={"format": "flow"})})
    with pytest.raises(TeacherError, match=r"averages networks of different format \(rgb, flow\); make one teacher of"):
        _teacher(MeanColour(2), MeanColour(2), configs=(rgb, flow))


def test_check_formats__flow_does_not_score_images():
    rgb = _network_config(2)
    flow = rgb.model_copy(update={"model": rgb.model.model_copy(update={"format": "flow"})})
    teacher = _teacher(MeanColour(2), configs=(flow,))
    check_formats(teacher, [Format.TRIMMED, Format.UNTRIMMED])
    with pytest.raises(TeacherError, match="'teacher' sees optical flow and cannot score images"):
        check_formats(teacher, [Format.IMAGE])


def test_score_items__bgr_reaches_the_network_turned(tmp_path):
    config = _network_config(2)
    config = config.model_copy(update={"input": INPUT.model_copy(update={"channel_order": "bgr"})})
    (scores,) = _score([_picture(tmp_path / "a.png", RED)], _teacher(MeanColour(2), configs=(config,)))
    np.testing.assert_allclose(_probs(scores)[0], _softmax(0, 0, 2), atol=1e-6)  # blue comes first
