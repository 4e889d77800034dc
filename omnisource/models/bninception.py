"""BNInception: Inception with batch norms, the 2D backbone of the two-stream TSN (paper 5.2, Table 6; protocols 1)."""

from collections import OrderedDict

import torch
from torch import nn

from omnisource.errors import ConfigError
from omnisource.models.resnet import start_kaiming

STEM = ("conv1_7x7_s2", "conv2_3x3_reduce", "conv2_3x3")
UNITS = ("1x1", "3x3_reduce", "3x3", "double_3x3_reduce", "double_3x3_1", "double_3x3_2", "pool_proj")
"""Of a block; it has those that have channels."""
CHANNELS = {
    "3a": (64, 64, 64, 64, 96, 96, 32),
    "3b": (64, 64, 96, 64, 96, 96, 64),
    "3c": (0, 128, 160, 64, 96, 96, 0),
    "4a": (224, 64, 96, 96, 128, 128, 128),
    "4b": (192, 96, 128, 96, 128, 128, 128),
    "4c": (160, 128, 160, 128, 160, 160, 128),
    "4d": (96, 128, 192, 160, 192, 192, 128),
    "4e": (0, 128, 192, 192, 256, 256, 0),
    "5a": (352, 192, 320, 160, 224, 224, 128),
    "5b": (352, 192, 320, 192, 224, 224, 128),
}
"""Block -> output channels of each of its units; a block without its first and last unit halves the map."""
NUM_FEATURES = 1024
_MAX_POOLED = {"3c", "4e", "5b"}  # the others average


class BNInception(nn.Module):
    """Frames (N, C, H, W) -> features (N, 1024, H / 32, W / 32); H and W are multiples of 32."""

    num_features = NUM_FEATURES

    def __init__(self, *, in_channels: int = 3):
        super().__init__()
        self.conv1_7x7_s2 = _unit(in_channels, 64, size_px=7, stride=2)
        self.conv2_3x3_reduce = _unit(64, 64, size_px=1)
        self.conv2_3x3 = _unit(64, 192, size_px=3)
        self.pool = _halving_pool()
        channels = 192
        for name, out_channels in CHANNELS.items():
            block = Inception(channels, out_channels, max_pooled=name in _MAX_POOLED)
            self.add_module(f"inception_{name}", block)
            channels = block.num_features
        start_kaiming(self)

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        x = self.pool(self.conv1_7x7_s2(frames))
        x = self.pool(self.conv2_3x3(self.conv2_3x3_reduce(x)))
        for name in CHANNELS:
            x = self.get_submodule(f"inception_{name}")(x)
        return x


class Inception(nn.ModuleDict):
    """Up to four branches over the same map: 1x1, 3x3, two 3x3, and a pooling."""

    def __init__(self, in_channels: int, channels: tuple[int, ...], *, max_pooled: bool):
        super().__init__()
        widths = dict(zip(UNITS, channels, strict=True))
        self.halves = not widths["pool_proj"]
        stride = 2 if self.halves else 1
        reads = {"3x3": "3x3_reduce", "double_3x3_1": "double_3x3_reduce", "double_3x3_2": "double_3x3_1"}
        for name, width in widths.items():
            if width:
                self[name] = _unit(
                    widths[reads[name]] if name in reads else in_channels,
                    width,
                    size_px=3 if name in reads else 1,
                    stride=stride if name in ("3x3", "double_3x3_2") else 1,
                )
        if self.halves:
            self.pooling = _halving_pool()
        else:
            self.pooling = nn.MaxPool2d(3, 1, padding=1) if max_pooled else nn.AvgPool2d(3, 1, padding=1)
        self.num_features = sum(widths[name] for name in ("1x1", "3x3", "double_3x3_2", "pool_proj"))
        self.num_features += in_channels if self.halves else 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.halves and not torch.jit.is_tracing():
            _check_even(x)
        branches = [self["1x1"](x)] if "1x1" in self else []
        branches.append(self["3x3"](self["3x3_reduce"](x)))
        branches.append(self["double_3x3_2"](self["double_3x3_1"](self["double_3x3_reduce"](x))))
        pooled = self.pooling(x)
        branches.append(self["pool_proj"](pooled) if "pool_proj" in self else pooled)
        return torch.cat(branches, dim=1)


def _unit(in_channels: int, out_channels: int, *, size_px: int, stride: int = 1) -> nn.Sequential:
    """Convolution (with a bias, though a norm follows), norm, ReLU."""
    layers = {
        "conv": nn.Conv2d(in_channels, out_channels, size_px, stride=stride, padding=size_px // 2),
        "norm": nn.BatchNorm2d(out_channels, eps=1e-5, momentum=0.9),
        "relu": nn.ReLU(inplace=True),
    }
    return nn.Sequential(OrderedDict(layers))


def _halving_pool() -> nn.MaxPool2d:
    return nn.MaxPool2d(3, 2, ceil_mode=True)


def _check_even(x: torch.Tensor) -> None:
    """A convolution halves 7 pixels to 4 and a pooling to 3, which cannot be stacked."""
    if x.shape[-1] % 2 or x.shape[-2] % 2:
        raise ConfigError(
            f"BNInception cannot halve maps of {x.shape[-2]} x {x.shape[-1]}; set crop_px to a multiple of 32, like 224"
        )
