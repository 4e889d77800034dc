"""Predicting examples: order, averaging, dropped items. The network's logits are twice the mean colour in 0-1."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from omnisource.config import InputConfig, ModelConfig, NetworkConfig, TestConfig
from omnisource.evaluate.protocols import predict_examples
from omnisource.media import open_video, write_video
from omnisource.models.predict import average_views
from omnisource.models.video_net import VideoNet
from omnisource.models.zoo import build
from omnisource.report import Report
from omnisource.transform.views import cut_views, fixed_boxes
from omnisource.transform.views import test_indices as indices_of_test  # pytest would collect the name
from omnisource.types import Example, Format, Segment
from tests.flow_files import numbers_of, write_counting_flow

CPU = torch.device("cpu")
RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)
INPUT = InputConfig(short_side_px=32, crop_px=32, mean=(0, 0, 0), std=(255, 255, 255))


class _Seen(list[tuple[int, ...]]):
    """Shapes of the clips that a network saw; shared by the network's copies."""

    def __deepcopy__(self, _: dict) -> "_Seen":
        return self


class MeanColour(VideoNet):
    """Features are the mean R, G, B in 0-1; logits are twice that. Dropout would show if it were not switched off."""

    def __init__(self, dims: int) -> None:
        super().__init__(nn.Identity(), num_features=3, num_classes=3, dropout=0.9, init_std=0.01)
        self.dims = dims
        self.classifier.weight.data = 2 * torch.eye(3)
        self.seen = _Seen()

    def features(self, clips: torch.Tensor) -> torch.Tensor:
        self.seen.append(tuple(clips.shape))
        return clips.mean(dim=(2, 3, 4))


def _config(arch: str = "tsn", **test: object) -> NetworkConfig:
    settings = {"num_clips": 4, "crops": "center", "crop_px": 32, "average": "features", "batch_size": 8} | test
    model = ModelConfig(arch=arch, clip_len=2, frame_interval=1)
    return NetworkConfig(model=model, input=INPUT, test=TestConfig.model_validate(settings))


def _example(path: Path, format: Format = Format.TRIMMED, class_index: int = 0, **fields: object) -> Example:
    return Example(path=path, format=format, source="target", class_index=class_index, **fields)


def _picture(path: Path, colour: tuple[int, int, int]) -> Path:
    Image.new("RGB", (40, 32), colour).save(path)
    return path


def _clip(path: Path, *colours: tuple[int, int, int], fps: float = 4) -> Path:
    """One frame of each colour."""
    write_video(path, np.array(colours, dtype=np.uint8)[:, None, None].repeat(32, 1).repeat(40, 2), fps, quality=1)
    return path


def _softmax(*logits: float) -> np.ndarray:
    return np.exp(logits) / np.exp(logits).sum()


def test_predict_examples__keeps_the_order_and_the_labels(tmp_path):
    colours = [RED, GREEN, BLUE, GREEN]
    examples = [
        _example(_picture(tmp_path / f"{i}.png", colour), Format.IMAGE, class_index=i % 3)
        for i, colour in enumerate(colours)
    ]
    predictions = predict_examples(MeanColour(2), examples, _config(batch_size=3), device=CPU)
    assert predictions.example_indices.tolist() == [0, 1, 2, 3]
    assert predictions.class_indices.tolist() == [0, 1, 2, 0]
    assert predictions.predicted.tolist() == [0, 1, 2, 1]
    assert predictions.probs.dtype == np.float32
    np.testing.assert_allclose(predictions.probs[0], _softmax(2, 0, 0), atol=1e-6)


@pytest.mark.parametrize(
    ("average", "expected"),
    [
        # 4 of 8 frames are seen (1, 3, 5, 7): two red, two blue
        ("features", _softmax(1, 0, 1)),  # mean colour (0.5, 0, 0.5)
        ("logits", _softmax(1, 0, 1)),  # the classifier is linear
        ("probs", (_softmax(2, 0, 0) + _softmax(0, 0, 2)) / 2),
    ],
)
def test_predict_examples__averages_over_frames(tmp_path, average, expected):
    path = _clip(tmp_path / "clip.mp4", *[RED] * 4, *[BLUE] * 4)
    predictions = predict_examples(MeanColour(2), [_example(path)], _config(average=average), device=CPU)
    np.testing.assert_allclose(predictions.probs[0], expected, atol=0.01)


def test_predict_examples__3d_views_are_clips(tmp_path):
    path = _clip(tmp_path / "clip.mp4", *[RED] * 8)
    network = MeanColour(3)
    predict_examples(network, [_example(path)], _config("slowonly", crops="three"), device=CPU)
    assert network.seen == [(12, 3, 2, 32, 32)]  # 3 crops x 4 clips, 2 frames each


def test_predict_examples__2d_views_are_frames(tmp_path):
    path = _clip(tmp_path / "clip.mp4", *[RED] * 8)
    network = MeanColour(2)
    predict_examples(network, [_example(path)], _config(crops="ten"), device=CPU)
    assert network.seen == [(40, 3, 1, 32, 32)]  # 10 crops x 4 frames


def test_predict_examples__a_picture_is_repeated_for_a_3d_network(tmp_path):
    network = MeanColour(3)
    examples = [_example(_picture(tmp_path / "a.png", GREEN), Format.IMAGE)]
    predictions = predict_examples(network, examples, _config("slowonly"), device=CPU)
    assert network.seen == [(1, 3, 2, 32, 32)]
    np.testing.assert_allclose(predictions.probs[0], _softmax(0, 2, 0), atol=1e-6)


def test_predict_examples__an_untrimmed_video_is_seen_from_start_to_end(tmp_path):
    path = _clip(tmp_path / "long.mp4", *[RED] * 20, *[GREEN] * 20, *[BLUE] * 20)
    config = _config(num_clips=3)  # frames 10, 30, 50
    predictions = predict_examples(MeanColour(2), [_example(path, Format.UNTRIMMED)], config, device=CPU)
    np.testing.assert_allclose(predictions.probs[0], [1 / 3] * 3, atol=0.01)


def test_predict_examples__looks_only_at_the_segments_of_an_example(tmp_path):
    path = _clip(tmp_path / "long.mp4", *[RED] * 4, *[GREEN] * 4, *[BLUE] * 4)  # one second each
    segments = (Segment(key=b"", start_s=1.0, end_s=2.0),)
    example = _example(path, Format.UNTRIMMED, segments=segments)
    predictions = predict_examples(MeanColour(2), [example], _config(), device=CPU)
    np.testing.assert_allclose(predictions.probs[0], _softmax(0, 2, 0), atol=0.01)


@pytest.mark.parametrize("workers", [0, 1])
def test_predict_examples__drops_what_cannot_be_read(tmp_path, workers):
    good = _clip(tmp_path / "good.mp4", *[RED] * 4)
    examples = [_example(tmp_path / "missing.mp4"), _example(good, class_index=2)]
    report = Report("evaluate", progress=False)
    predictions = predict_examples(MeanColour(2), examples, _config(), device=CPU, workers=workers, report=report)
    assert predictions.example_indices.tolist() == [1]
    assert predictions.class_indices.tolist() == [2]
    assert [(dropped.path, dropped.key, dropped.reason) for dropped in report.dropped] == [
        (tmp_path / "missing.mp4", None, "missing_file")
    ]


def test_predict_examples__of_nothing_readable_is_empty(tmp_path):
    predictions = predict_examples(MeanColour(2), [_example(tmp_path / "missing.mp4")], _config(), device=CPU)
    assert predictions.probs.shape == (0, 3)


def test_predict_examples__pictures_and_videos_may_alternate(tmp_path):
    clip, picture = _clip(tmp_path / "a.mp4", *[BLUE] * 4), _picture(tmp_path / "b.png", RED)
    examples = [_example(clip), _example(picture, Format.IMAGE), _example(clip)]
    assert predict_examples(MeanColour(2), examples, _config(), device=CPU).predicted.tolist() == [2, 0, 2]


def test_predict_examples__does_not_touch_the_network(tmp_path):
    network = MeanColour(2).train()
    predict_examples(network, [_example(tmp_path / "missing.mp4")], _config(), device=CPU)
    assert network.training


@pytest.mark.parametrize("average", ["features", "logits", "probs"])
@pytest.mark.parametrize("arch", ["tsn", "slowonly"])
def test_predict_examples__equals_all_views_in_one_pass(tmp_path, arch, average):
    torch.manual_seed(0)
    config = _config(arch, average=average, crops="ten", num_clips=20)  # 200 or more frames: more than one pass
    config = config.model_copy(update={"model": ModelConfig(arch=arch, backbone="resnet10", width=0.125, clip_len=2)})
    network = build(config.model.model_copy(update={"pretrained": "none"}), 5).eval()
    path = _clip(tmp_path / "clip.mp4", RED, GREEN, BLUE, GREEN, RED)
    predictions = predict_examples(network, [_example(path)], config, device=CPU)
    with open_video(path, short_side_px=32) as video:
        clip_len, interval = (1, 1) if arch == "tsn" else (2, config.model.frame_interval)
        frames = video.read(indices_of_test(video.num_frames, clip_len, interval, 20).ravel())
    crops = cut_views(frames, fixed_boxes(40, 32, 32, "ten"), 32)  # (10, 20 * T, 32, 32, 3)
    clips = torch.from_numpy(crops).reshape(1, 200, clip_len, 32, 32, 3).permute(0, 1, 5, 2, 3, 4)
    at_once = average_views(network, clips.float() / 255, average, max_frames=1000)
    np.testing.assert_allclose(predictions.probs, at_once.numpy(), rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("batch_size", [1, 2, 8])
def test_predict_examples__does_not_depend_on_the_batch_size(tmp_path, batch_size):
    paths = [_clip(tmp_path / f"{i}.mp4", *[colour] * 4) for i, colour in enumerate((RED, GREEN, BLUE))]
    config = _config(batch_size=batch_size)
    predictions = predict_examples(MeanColour(2), [_example(path) for path in paths], config, device=CPU)
    np.testing.assert_allclose(predictions.probs, [_softmax(*row) for row in 2 * np.eye(3)], atol=0.01)


def test_predict_examples__passes_as_many_examples_at_once_as_the_batch_size(tmp_path):
    examples = [_example(_picture(tmp_path / f"{i}.png", RED), Format.IMAGE) for i in range(5)]
    network = MeanColour(2)
    predict_examples(network, examples, _config(batch_size=2), device=CPU)
    assert [shape[0] for shape in network.seen] == [2, 2, 1]


def test_predict_examples__leaves_torchs_random_numbers_alone(tmp_path):
    network = MeanColour(2)
    before = torch.get_rng_state()
    predict_examples(network, [_example(tmp_path / "missing.mp4")], _config(), device=CPU)
    assert torch.equal(torch.get_rng_state(), before)


def test_predict_examples__bgr_reaches_the_network_turned(tmp_path):
    config = _config()
    config = config.model_copy(update={"input": INPUT.model_copy(update={"channel_order": "bgr"})})
    examples = [_example(_picture(tmp_path / "a.png", RED), Format.IMAGE)]
    predictions = predict_examples(MeanColour(2), examples, config, device=CPU)
    np.testing.assert_allclose(predictions.probs[0], _softmax(0, 0, 2), atol=1e-6)  # blue comes first


class LevelsSeen(VideoNet):
    """Notes the level of every channel of every frame that it sees; says nothing."""

    def __init__(self, dims: int) -> None:
        super().__init__(nn.Identity(), num_features=1, num_classes=3, dropout=0.0, init_std=0.01)
        self.dims = dims
        self.seen = _Seen()

    def features(self, clips: torch.Tensor) -> torch.Tensor:
        self.seen.extend(clips.mean(dim=(3, 4)))  # (C, T) of each view
        return clips.new_zeros(len(clips), 1)


def _flow_config(arch: str, **test: object) -> NetworkConfig:
    config = _config(arch, **test)
    model = config.model.model_copy(update={"format": "flow", "flow_frames": 3})
    settings = INPUT.model_copy(update={"mean": (0,), "std": (1,)})
    return config.model_copy(update={"model": model, "input": settings})


def test_predict_examples__2d_views_of_flow_are_stacks(tmp_path):
    network = LevelsSeen(2)
    example = _example(write_counting_flow(tmp_path / "f.mp4", 30))
    predict_examples(network, [example], _flow_config("tsn"), device=CPU)
    assert [view.shape for view in network.seen] == [(6, 1)] * 4
    # 30 frames, stacks of 3: tick 28 / 4 = 7, from frames 3, 10, 17, 24
    assert [numbers_of(view[0::2, 0]) for view in network.seen] == [[s, s + 1, s + 2] for s in (3, 10, 17, 24)]
    assert all(np.allclose(view[0::2] + view[1::2], 255, atol=2) for view in network.seen)


def test_predict_examples__3d_views_of_flow_are_clips(tmp_path):
    network = LevelsSeen(3)
    example = _example(write_counting_flow(tmp_path / "f.mp4", 21))
    predict_examples(network, [example], _flow_config("slowonly", num_clips=2), device=CPU)
    assert [view.shape for view in network.seen] == [(2, 2)] * 2
    # 21 frames, clips of 2: tick 20 / 2 = 10, from frames 5 and 15
    assert [numbers_of(view[0]) for view in network.seen] == [[5, 6], [15, 16]]


def test_predict_examples__mirrored_views_of_flow_point_the_other_way(tmp_path):
    network = LevelsSeen(2)
    example = _example(write_counting_flow(tmp_path / "f.mp4", 30))
    predict_examples(network, [example], _flow_config("tsn", crops="ten", num_clips=1), device=CPU)
    straight, mirrored = network.seen[0], network.seen[1]
    torch.testing.assert_close(mirrored[0::2], 255 - straight[0::2])
    torch.testing.assert_close(mirrored[1::2], straight[1::2])
