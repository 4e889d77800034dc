"""A person's own backbone: MobileNet v1 of width 0.25, read from its real ImageNet weights (a TensorFlow network)."""

import os
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn

_CHANNELS = (32, 64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024)
_STRIDES = (2, 1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1)


class MobileNetV1(nn.Module):
    """Frames (N, 3, H, W) of range -1..1 -> feature maps (N, 1024 * width, H / 32, W / 32)."""

    def __init__(self, width: float):
        super().__init__()
        channels = [int(width * n) for n in _CHANNELS]
        self.features = nn.ModuleList([Stem(channels[0])])
        for before, after, stride in zip(channels, channels[1:], _STRIDES[1:]):
            self.features.append(Separable(before, after, stride))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for layer in self.features:
            x = layer(x)
        return x


class Stem(nn.Module):
    def __init__(self, channels: int):
        super().__init__()
        self.conv = nn.Conv2d(3, channels, 3, stride=2, bias=False)
        self.bn = nn.BatchNorm2d(channels, eps=1e-3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return nn.functional.relu6(self.bn(self.conv(padded_as_tensorflow(x, 2))))


class Separable(nn.Module):
    def __init__(self, before: int, after: int, stride: int):
        super().__init__()
        self.stride = stride
        self.dw = nn.Conv2d(before, before, 3, stride=stride, groups=before, bias=False)
        self.dw_bn = nn.BatchNorm2d(before, eps=1e-3)
        self.pw = nn.Conv2d(before, after, 1, bias=False)
        self.pw_bn = nn.BatchNorm2d(after, eps=1e-3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = nn.functional.relu6(self.dw_bn(self.dw(padded_as_tensorflow(x, self.stride))))
        return nn.functional.relu6(self.pw_bn(self.pw(x)))


def padded_as_tensorflow(x: torch.Tensor, stride: int) -> torch.Tensor:
    """Zeros around x for a 3x3 convolution, the odd one at the right and bottom; sides are even at stride 2."""
    return nn.functional.pad(x, (0, 1, 0, 1) if stride == 2 else (1, 1, 1, 1))


def weights_file() -> Path:
    return Path(os.environ["OMNISOURCE_REAL_DATA"]).parent / "weights" / "mobilenet_v1_0.25_224.safetensors"


def factory() -> MobileNetV1:
    network = MobileNetV1(0.25)
    weights = {key: tensor for key, tensor in load_file(weights_file()).items() if key.startswith("features.")}
    network.load_state_dict(weights, strict=False)  # only num_batches_tracked are absent
    return network
