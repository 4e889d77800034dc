"""ResNets of 10 to 152 layers, 2D or 3D, of any design of `resnet_designs`, as wide as asked (paper 5.1).

Module names are torchvision's, so a torchvision state dict of the same depth fits the 2D network, and the 3D one after
inflation. Where a block sees several frames, its first convolution does: the 1x1x1 of a bottleneck becomes 3x1x1, and
the 1x3x3 of a basic block (10, 18 and 34 layers) 3x3x3; in a depthwise design it is the middle one, 3x3x3.
"""

import torch
from torch import nn

from omnisource.models.resnet_designs import Design

BLOCKS_PER_STAGE = {
    "resnet10": (1, 1, 1, 1),
    "resnet18": (2, 2, 2, 2),
    "resnet34": (3, 4, 6, 3),
    "resnet50": (3, 4, 6, 3),
    "resnet101": (3, 4, 23, 3),
    "resnet152": (3, 8, 36, 3),
}
BASIC = {"resnet10", "resnet18", "resnet34"}
"""Those of basic blocks; the others have bottlenecks."""
STEM_CHANNELS = 64
"""At full width."""


class ResNet(nn.Module):
    """Frames (N, C, H, W) or clips (N, C, T, H, W) -> features (N, D, [T',] H / 32, W / 32), D = `num_features`.

    `width` scales the channels of every stage; `zero_init_residual` starts each block as the identity.
    """

    def __init__(
        self,
        name: str,
        design: Design,
        *,
        in_channels: int = 3,
        width: float = 1.0,
        zero_init_residual: bool = False,
    ):
        super().__init__()
        block = BasicBlock if name in BASIC else Bottleneck
        stem = max(1, round(STEM_CHANNELS * width))
        self.conv1 = _convolution(
            design, in_channels, stem, size=(design.stem_frames, 7, 7), strides=(design.stem_stride, 2)
        )
        self.bn1 = _norm(design, stem)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = _max_pool(design)
        channels = stem
        for i, num_blocks in enumerate(BLOCKS_PER_STAGE[name]):
            stage = nn.Sequential()
            pattern = design.frames[i]
            for j in range(num_blocks):
                strides = (design.strides[i], 2 if i > 0 else 1) if j == 0 else (1, 1)
                frames = pattern[j % len(pattern)]
                stage.append(block(design, channels, stem * 2**i, strides=strides, frames=frames))
                channels = stem * 2**i * block.expansion
            self.add_module(f"layer{i + 1}", stage)
        self.pool2 = nn.MaxPool3d((2, 1, 1)) if design.halves_after_stage1 else nn.Identity()
        self.num_features = channels
        if design.starts_kaiming:
            start_kaiming(self)
        if zero_init_residual:
            _zero_last_norms(self)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        return self.layer4(self.layer3(self.layer2(self.pool2(self.layer1(x)))))


class BasicBlock(nn.Module):
    """Two 3x3 convolutions and a shortcut; the first looks at `frames` frames. `strides` are in time and in space."""

    expansion = 1

    def __init__(self, design: Design, in_channels: int, channels: int, *, strides: tuple[int, int], frames: int):
        super().__init__()
        self.conv1 = _convolution(design, in_channels, channels, size=(frames, 3, 3), strides=strides)
        self.bn1 = _norm(design, channels)
        self.conv2 = _convolution(design, channels, channels, size=(1, 3, 3))
        self.bn2 = _norm(design, channels)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = _shortcut(design, in_channels, channels, strides)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return self.relu(y + (x if self.downsample is None else self.downsample(x)))


class Bottleneck(nn.Module):
    """1x1, 3x3 (with the strides, in time and in space) and 1x1 convolutions and a shortcut.

    The first one looks at `frames` frames; in a depthwise design the second does, and sees each channel on its own.
    """

    expansion = 4

    def __init__(self, design: Design, in_channels: int, channels: int, *, strides: tuple[int, int], frames: int):
        super().__init__()
        out_channels = channels * self.expansion
        frames_1, frames_2, groups = (1, frames, channels) if design.depthwise else (frames, 1, 1)
        self.conv1 = _convolution(design, in_channels, channels, size=(frames_1, 1, 1))
        self.bn1 = _norm(design, channels)
        self.conv2 = _convolution(design, channels, channels, size=(frames_2, 3, 3), strides=strides, groups=groups)
        self.bn2 = _norm(design, channels)
        self.conv3 = _convolution(design, channels, out_channels, size=(1, 1, 1))
        self.bn3 = _norm(design, out_channels)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = _shortcut(design, in_channels, out_channels, strides)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return self.relu(y + (x if self.downsample is None else self.downsample(x)))


def start_kaiming(network: nn.Module) -> None:
    """Convolutions start Kaiming normal by fan-out, without bias; norms start at 1 and 0 (protocols 1).

    The fan-out of a depthwise convolution counts all of its output channels, as the released code does.
    """
    for module in network.modules():
        if isinstance(module, (nn.Conv2d, nn.Conv3d)):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)


def _convolution(
    design: Design,
    in_channels: int,
    out_channels: int,
    *,
    size: tuple[int, int, int],
    strides: tuple[int, int] = (1, 1),
    groups: int = 1,
) -> nn.Module:
    """`size` is (t, h, w); `strides` are in time and in space; a 2D design leaves time out."""
    time_stride, stride = strides
    size = size[-design.dims :]
    return design.convolution(
        in_channels,
        out_channels,
        size,
        stride=(time_stride, stride, stride)[-design.dims :],
        padding=tuple(n // 2 for n in size),  # zeros in time too
        groups=groups,
        bias=False,
    )


def _norm(design: Design, channels: int) -> nn.Module:
    return design.norm(channels, eps=design.norm_eps, momentum=design.norm_momentum)


def _max_pool(design: Design) -> nn.Module:
    size, stride, padding = (1, 3, 3), (design.pool_stride, 2, 2), (0, 1, 1)
    return design.pool(size[-design.dims :], stride=stride[-design.dims :], padding=padding[-design.dims :])


def _shortcut(design: Design, in_channels: int, out_channels: int, strides: tuple[int, int]) -> nn.Sequential | None:
    if strides == (1, 1) and in_channels == out_channels:
        return None
    return nn.Sequential(
        _convolution(design, in_channels, out_channels, size=(1, 1, 1), strides=strides), _norm(design, out_channels)
    )


def _zero_last_norms(network: ResNet) -> None:
    for module in network.modules():
        if isinstance(module, (BasicBlock, Bottleneck)):
            last = module.bn3 if isinstance(module, Bottleneck) else module.bn2
            nn.init.zeros_(last.weight)
