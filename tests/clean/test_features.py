"""Features: of unit length, in order, the same whatever is seen together; a network's mean colour is the backbone."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from omnisource.clean.features import Encoder, encode, encoder_of, extract
from omnisource.clean.frames import Footage, Shape
from omnisource.config import InputConfig, ModelConfig
from omnisource.errors import CheckpointError, ConfigError
from omnisource.media import write_video
from omnisource.models.tsn import TSN
from omnisource.models.zoo import build
from omnisource.report import Report
from omnisource.types import Format

CPU = torch.device("cpu")
PLAIN = InputConfig(mean=(0,), std=(255,))
SHAPE = Shape(frame_px=16, crop_share=0.875)
TINY = {"backbone": "resnet10", "width": 0.1, "pretrained": "none"}


def colours(grid: int = 1) -> Encoder:
    return Encoder(backbone=nn.Identity(), input=PLAIN, grid=grid, device=CPU)


def filled(*colour: int) -> np.ndarray:
    return np.full((16, 16, 3), colour, dtype=np.uint8)


def test_encode__unit_vectors_of_the_mean_over_places():
    vectors = encode(colours(), np.stack([filled(30, 0, 40), filled(0, 0, 0)]))
    assert vectors.dtype == np.float16
    assert vectors[0] == pytest.approx([0.6, 0, 0.8], abs=1e-3)
    assert vectors[1].tolist() == [0, 0, 0]  # nothing is seen: no direction


def test_encode__a_grid_keeps_where_things_are():
    picture = filled(0, 0, 0)
    picture[:8, 8:] = (255, 0, 0)  # upper right
    vectors = encode(colours(grid=2), picture[None])
    # 3 channels of 2 x 2 places each: red's upper right is the second
    assert vectors[0].tolist() == [0, 1, 0, 0] + [0] * 8


def test_encode__a_grid_needs_places():
    encoder = Encoder(backbone=nn.Flatten(), input=PLAIN, grid=2, device=CPU)
    with pytest.raises(ConfigError, match="features.grid is 2, but Flatten yields one vector a frame"):
        encode(encoder, filled(1, 2, 3)[None])


def test_encode__broken_weights():
    class Broken(nn.Module):
        def forward(self, frames: torch.Tensor) -> torch.Tensor:
            return frames * float("nan")

    with pytest.raises(CheckpointError, match="the features of a frame are no numbers"):
        encode(Encoder(backbone=Broken(), input=PLAIN, grid=1, device=CPU), filled(1, 2, 3)[None])


@pytest.mark.parametrize(("stage", "width"), [(1, 6), (2, 12), (4, 48)])  # 64 channels x 0.1, doubled by each stage
def test_encoder_of__stops_after_a_stage(stage: int, width: int):
    torch.manual_seed(0)
    network = build(ModelConfig(arch="tsn", **TINY), 2)
    encoder = encoder_of(network, PLAIN, stage=stage, grid=1, device=CPU)
    assert encode(encoder, np.stack([filled(9, 99, 200)] * 2)).shape == (2, width)
    assert network.training  # the encoder has a copy


def test_encoder_of__refuses_what_it_cannot_use():
    deep = build(ModelConfig(arch="slowonly", **TINY), 2)
    with pytest.raises(ConfigError, match="features.run names a 3D network, which needs clips"):
        encoder_of(deep, PLAIN, stage=4, grid=1, device=CPU)


def test_extract__in_order_and_without_what_cannot_be_read(tmp_path: Path):
    Image.fromarray(filled(0, 200, 0)).save(tmp_path / "green.png")
    (tmp_path / "page.jpg").write_text("<html>")
    red_then_blue = np.stack([filled(255, 0, 0)] * 8 + [filled(0, 0, 255)] * 8)
    write_video(tmp_path / "long.mp4", red_then_blue, 4, quality=0)
    footages = [
        Footage(path=tmp_path / "long.mp4", format=Format.UNTRIMMED, fps=1, key=b"v" * 16),
        Footage(path=tmp_path / "page.jpg", format=Format.IMAGE, fps=1, key=b"x" * 16),
        Footage(path=tmp_path / "gone.mp4", format=Format.UNTRIMMED, fps=1, key=b"y" * 16),
        Footage(path=tmp_path / "green.png", format=Format.IMAGE, fps=1, is_cropped=True),
    ]
    with Report("features", progress=False) as report:
        # batches of 3 frames cut through the items
        seen = list(extract(footages, colours(), SHAPE, report, batch_size=3))
        dropped = report.take_dropped()
    assert [(one.index, one.times_s.tolist(), one.crops.tolist()) for one in seen] == [
        (0, [0.5, 1.5, 2.5, 3.5], [0, 0, 0, 0]),
        (3, [0.0] * 5, [0, 1, 2, 3, 4]),
    ]
    assert seen[0].vectors.argmax(axis=1).tolist() == [0, 0, 2, 2]
    assert seen[1].vectors.argmax(axis=1).tolist() == [1] * 5
    assert [(one.key, one.reason) for one in dropped] == [(b"x" * 16, "not_media"), (b"y" * 16, "missing_file")]


def test_extract__workers_see_the_same(tmp_path: Path):
    for number in range(5):
        Image.fromarray(filled(50 * number, 10, 20)).save(tmp_path / f"{number}.png")
    footages = [Footage(path=tmp_path / f"{n}.png", format=Format.IMAGE, fps=1, key=bytes([n]) * 16) for n in range(5)]
    with Report("features", progress=False) as report:
        alone, shared = (list(extract(footages, colours(), SHAPE, report, workers=workers)) for workers in (0, 1))
    assert [one.index for one in shared] == [0, 1, 2, 3, 4]
    for one, other in zip(alone, shared, strict=True):
        assert (one.vectors == other.vectors).all()


def test_encoder_of__a_stage_needs_stages():
    class Plain(nn.Module):
        def forward(self, frames: torch.Tensor) -> torch.Tensor:
            return frames

    network = TSN(Plain(), num_features=3, num_classes=2)
    with pytest.raises(ConfigError, match="features.stage is 3, but Plain has no stages like a ResNet's; leave it"):
        encoder_of(network, PLAIN, stage=3, grid=1, device=CPU)
