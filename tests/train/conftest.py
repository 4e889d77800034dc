"""A few tiny clips and pictures, and networks small enough to train on them in a second."""

from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from omnisource.config import InputConfig, ModelConfig, NetworkConfig, OptimConfig
from omnisource.media import write_video
from omnisource.models import zoo
from omnisource.transform.camera_motion import CameraMotion, Motions
from omnisource.types import Example, Format, Segment

FPS = 8.0
KEY = bytes(16)


@dataclass(frozen=True, kw_only=True)
class World:
    """Examples of two classes: reddish and greenish."""

    target: list[Example]
    images: list[Example]
    clips: list[Example]
    untrimmed: list[Example]
    broken: Example
    motions: Motions


@pytest.fixture(scope="session")
def world(tmp_path_factory) -> World:
    folder = tmp_path_factory.mktemp("train_world")
    rng = np.random.default_rng(0)
    (folder / "broken.jpg").write_text("<html>404</html>")
    broken = Example(path=folder / "broken.jpg", format=Format.IMAGE, source="images", class_index=0)
    motion = CameraMotion(
        mean=np.array([1, 0, 0, 0, 1, 0, 0, 0.0]), covariance=1e-6 * np.eye(8), num_pairs=10, num_dropped={}
    )
    spans = [Segment(key=KEY, start_s=s, end_s=s + 1.0) for s in range(4)]
    return World(
        target=[_video(folder / f"target{i}.mp4", i % 2, 12, rng, source="target") for i in range(6)],
        images=[_image(folder / f"image{i}.png", i % 2, rng) for i in range(5)],
        clips=[_video(folder / f"clip{i}.mp4", i % 2, 12, rng, source="clips") for i in range(3)],
        untrimmed=[
            replace(
                _video(folder / f"long{i}.mp4", i % 2, 32, rng, source="untrimmed"),
                format=Format.UNTRIMMED,
                segments=(spans[0], spans[2]),
                negatives=(spans[1], spans[3]),
            )
            for i in range(2)
        ],
        broken=broken,
        motions=Motions(agnostic=motion, by_class={0: motion}),
    )


def tiny_network(arch: str, **optim) -> NetworkConfig:
    settings = {"epochs": 2, "batch_size": 3, "lr_per_sample": 0.003} | optim
    return NetworkConfig(
        model=ModelConfig(
            arch=arch,
            backbone="resnet10",
            width=0.125,
            pretrained="none",
            clip_len=3,
            frame_interval=2,
        ),
        input=InputConfig(short_side_px=40, crop_px=64),
        optim=OptimConfig(**settings),
    )


def build(network: NetworkConfig) -> torch.nn.Module:
    torch.manual_seed(0)
    return zoo.build(network.model, 2)


@pytest.fixture
def tiny():
    """(network settings, network) of an architecture; optimiser settings by name."""

    def make(arch: str = "tsn", **optim) -> tuple[NetworkConfig, torch.nn.Module]:
        network = tiny_network(arch, **optim)
        return network, build(network)

    return make


def _video(path: Path, class_index: int, num_frames: int, rng: np.random.Generator, *, source: str) -> Example:
    frames = rng.integers(0, 80, (num_frames, 32, 44, 3)).astype(np.uint8)
    frames[..., class_index] += 150
    frames[..., 2] = np.arange(num_frames)[:, None, None] * 6  # blue tells the frame
    write_video(path, frames, FPS, quality=10)
    return Example(path=path, format=Format.TRIMMED, source=source, class_index=class_index)


def _image(path: Path, class_index: int, rng: np.random.Generator) -> Example:
    picture = rng.integers(0, 80, (50, 60 + 4 * class_index, 3)).astype(np.uint8)
    picture[..., 2 - class_index] += 150  # cv2 writes BGR
    cv2.imwrite(str(path), picture)
    return Example(path=path, format=Format.IMAGE, source="images", class_index=class_index)
