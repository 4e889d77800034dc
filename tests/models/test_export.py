"""Exported networks give the logits of the network, for any number of clips, or there is no file."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from omnisource import config
from omnisource.errors import ExportError, MissingExtraError
from omnisource.models import export
from omnisource.models.tsn import TSN
from omnisource.models.video_net import VideoNet
from omnisource.models.zoo import build

KINDS = list(export.FILE_NAMES)


def network_of(model: dict, **input_values: object) -> tuple[VideoNet, config.NetworkConfig]:
    """A thin network of four classes whose norms are not at their start, and its settings; 32 px."""
    thin = {"backbone": "resnet10", "width": 0.1, "pretrained": "none"}
    values = {"model": thin | model, "input": input_values, "test": {"crop_px": 32}}
    settings = config.parse(config.NetworkConfig, values, where="test")
    network = build(settings.model, 4)
    for module in network.modules():
        if isinstance(module, (nn.BatchNorm2d, nn.BatchNorm3d)):
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 1.5)
    return network.eval(), settings


def random_clips(*shape: int) -> np.ndarray:
    return np.random.default_rng(5).integers(0, 256, shape, dtype=np.uint8)


def logits_of(network: VideoNet, clips: np.ndarray, mean: list[float], std: list[float]) -> np.ndarray:
    """What the network says of normalised clips."""
    per_channel = [torch.tensor(values).view(-1, 1, 1, 1) for values in (mean, std)]
    with torch.inference_mode():
        return network((torch.from_numpy(clips).float() - per_channel[0]) / per_channel[1]).numpy()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("model", "shape"),
    [
        ({"arch": "tsn"}, (1, 3, 5, 32, 32)),  # any number of snippets
        ({"arch": "slowonly", "clip_len": 4}, (1, 3, 4, 32, 32)),
    ],
)
def test_export_network__the_file_normalises_and_gives_the_networks_logits(
    tmp_path: Path, kind: export.Kind, model: dict, shape: tuple[int, ...]
):
    network, settings = network_of(model, mean=[100.0, 110.0, 120.0], std=[50.0, 55.0, 60.0])
    path = tmp_path / export.FILE_NAMES[kind]
    measured = export.export_network(network, settings, path, kind)
    assert 0 <= measured <= 1e-4
    clips = random_clips(*shape)
    wanted = logits_of(network, clips, [100.0, 110.0, 120.0], [50.0, 55.0, 60.0])
    said = export.load_exported(path, kind)(clips)
    assert (said.shape, said.dtype) == ((1, 4), np.float32)
    assert np.abs(said - wanted).max() <= 1e-4 * np.abs(wanted).max()
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@pytest.mark.slow
@pytest.mark.parametrize(
    "model",
    [
        {"arch": "tsn", "backbone": "efficientnet_b0", "width": 1.0},
        {"arch": "tsn", "backbone": "bninception", "width": 1.0},
        {"arch": "i3d", "clip_len": 8},
        {"arch": "ircsn", "backbone": "resnet50", "clip_len": 4},
        {"arch": "omni", "clip_len": 4},
        {"arch": "tsn", "format": "flow", "flow_frames": 2},
        {"arch": "slowonly", "format": "flow", "clip_len": 4},
    ],
    ids=lambda model: "-".join(map(str, model.values())),
)
def test_export_network__works_for_every_kind_of_network(tmp_path: Path, model: dict):
    network, settings = network_of(model)
    for kind in ("torchscript", "onnx"):  # which is made of what torch.export records
        assert export.export_network(network, settings, tmp_path / export.FILE_NAMES[kind], kind) <= 1e-4


def pixel_network() -> TSN:
    """Pictures of one grey level (r, g, b) whose logits are (r, g, b)."""
    network = TSN(nn.Identity(), num_features=3, num_classes=3).eval()
    network.classifier.weight.data = torch.eye(3)
    return network


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("order", "logits"), [("rgb", [9.0, 18.0, 27.0]), ("bgr", [29.0, 18.0, 7.0])])
def test_export_network__channels_are_put_in_order_before_they_are_normalised(
    tmp_path: Path, kind: export.Kind, order: str, logits: list[float]
):
    values = {"input": {"channel_order": order, "mean": [1.0, 2.0, 3.0], "std": [1.0]}, "test": {"crop_px": 1}}
    settings = config.parse(config.NetworkConfig, values, where="test")
    path = tmp_path / export.FILE_NAMES[kind]
    export.export_network(pixel_network(), settings, path, kind)
    clip = np.array([10, 20, 30], dtype=np.uint8).reshape(1, 3, 1, 1, 1)  # 30, 20, 10 as BGR
    np.testing.assert_allclose(export.load_exported(path, kind)(clip), [logits], rtol=1e-6)


def test_export_network__the_network_stays_as_it_was(tmp_path: Path):
    network, settings = network_of({"arch": "tsn"})
    network.train()
    export.export_network(network, settings, tmp_path / "network.pt2", "torch.export")
    assert network.training
    assert all(parameter.requires_grad for parameter in network.parameters())


class Counting(nn.Module):
    """Adds how often it was called, which a recording takes for a constant."""

    calls = 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        return x + self.calls


def test_export_network__a_file_that_gives_something_else_is_refused(tmp_path: Path):
    network = TSN(Counting(), num_features=3, num_classes=2).eval()
    settings = config.NetworkConfig(test=config.TestConfig(crop_px=4))
    with pytest.raises(ExportError, match="the torchscript file gives other logits than the network, by .* at most"):
        export.export_network(network, settings, tmp_path / "network.torchscript.pt", "torchscript")
    assert list(tmp_path.iterdir()) == []


class Deciding(nn.Module):
    """Goes another way for bright pictures, which a graph cannot record."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x if x.mean() > 0 else -x


@pytest.mark.parametrize("kind", ["torch.export", "onnx"])
def test_export_network__a_network_that_cannot_be_recorded(tmp_path: Path, kind: export.Kind):
    network = TSN(Deciding(), num_features=3, num_classes=2).eval()
    settings = config.NetworkConfig(test=config.TestConfig(crop_px=4))
    with pytest.raises(
        ExportError, match=rf"the network cannot be written as {kind} \(Could not guard .*\); try another kind"
    ):
        export.export_network(network, settings, tmp_path / "network", kind)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("library", ["onnx", "onnxscript", "onnxruntime"])
def test_export_network__onnx_without_its_libraries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, library: str):
    monkeypatch.setitem(sys.modules, library, None)
    network, settings = network_of({"arch": "tsn"})
    message = rf"writing ONNX needs {library}, which is not installed: pip install 'omnisource\[export\]'"
    with pytest.raises(MissingExtraError, match=message):
        export.export_network(network, settings, tmp_path / "network.onnx", "onnx")


@pytest.mark.parametrize(
    ("model", "shape"),
    [
        ({"arch": "tsn"}, (3, None, 32, 32)),
        ({"arch": "slowonly", "clip_len": 8}, (3, 8, 32, 32)),
        ({"arch": "tsn", "format": "flow", "flow_frames": 5}, (10, None, 32, 32)),
    ],
)
def test_input_shape__is_that_of_one_view(model: dict, shape: tuple):
    values = {"model": model, "test": {"crop_px": 32}}
    assert export.input_shape(config.parse(config.NetworkConfig, values, where="test")) == shape
