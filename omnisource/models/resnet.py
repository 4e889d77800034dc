"""ResNets of 10 to 152 layers, 2D or 3D without temporal stride, as wide as asked (paper 5.1).

Module names are torchvision's, so a torchvision state dict of the same depth fits the 2D network, and the 3D one
after inflation. In 3D the stem is 1x7x7 and only the first convolution of every block of stages 3 and 4 sees several
frames: the 1x1x1 of a bottleneck becomes 3x1x1, and the 1x3x3 of a basic block (10, 18 and 34 layers) 3x3x3.
"""

import torch
from torch import nn

BLOCKS_PER_STAGE = {
    "resnet10": (1, 1, 1, 1),
    "resnet18": (2, 2, 2, 2),
    "resnet34": (3, 4, 6, 3),
    "resnet50": (3, 4, 6, 3),
    "resnet101": (3, 4, 23, 3),
    "resnet152": (3, 8, 36, 3),
}
_BASIC = {"resnet10", "resnet18", "resnet34"}
_STEM_CHANNELS = 64
_CONV = {2: nn.Conv2d, 3: nn.Conv3d}
_NORM = {2: nn.BatchNorm2d, 3: nn.BatchNorm3d}
_POOL = {2: nn.MaxPool2d, 3: nn.MaxPool3d}


class ResNet(nn.Module):
    """Frames (N, 3, H, W) or clips (N, 3, T, H, W) -> features (N, D, [T,] H / 32, W / 32), D = `num_features`.

    `width` scales the channels of every stage; `zero_init_residual` starts each block as the identity.
    """

    def __init__(self, name: str, *, dims: int, width: float = 1.0, zero_init_residual: bool = False):
        super().__init__()
        block = BasicBlock if name in _BASIC else Bottleneck
        stem = max(1, round(_STEM_CHANNELS * width))
        self.conv1 = _convolution(dims, 3, stem, size_px=7, stride=2)
        self.bn1 = _NORM[dims](stem)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = _max_pool(dims)
        channels = stem
        for i, num_blocks in enumerate(BLOCKS_PER_STAGE[name]):
            stage = nn.Sequential()
            for j in range(num_blocks):
                stride = 2 if i > 0 and j == 0 else 1
                frames = 3 if dims == 3 and i >= 2 else 1
                stage.append(block(dims, channels, stem * 2**i, stride=stride, frames=frames))
                channels = stem * 2**i * block.expansion
            self.add_module(f"layer{i + 1}", stage)
        self.num_features = channels
        _initialise(self, zero_init_residual=zero_init_residual)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        return self.layer4(self.layer3(self.layer2(self.layer1(x))))


class BasicBlock(nn.Module):
    """Two 3x3 convolutions and a shortcut; the first looks at `frames` frames."""

    expansion = 1

    def __init__(self, dims: int, in_channels: int, channels: int, *, stride: int, frames: int):
        super().__init__()
        self.conv1 = _convolution(dims, in_channels, channels, size_px=3, stride=stride, frames=frames)
        self.bn1 = _NORM[dims](channels)
        self.conv2 = _convolution(dims, channels, channels, size_px=3)
        self.bn2 = _NORM[dims](channels)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = _shortcut(dims, in_channels, channels, stride)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return self.relu(y + (x if self.downsample is None else self.downsample(x)))


class Bottleneck(nn.Module):
    """1x1, 3x3 (with the stride) and 1x1 convolutions and a shortcut; the first looks at `frames` frames."""

    expansion = 4

    def __init__(self, dims: int, in_channels: int, channels: int, *, stride: int, frames: int):
        super().__init__()
        out_channels = channels * self.expansion
        self.conv1 = _convolution(dims, in_channels, channels, size_px=1, frames=frames)
        self.bn1 = _NORM[dims](channels)
        self.conv2 = _convolution(dims, channels, channels, size_px=3, stride=stride)
        self.bn2 = _NORM[dims](channels)
        self.conv3 = _convolution(dims, channels, out_channels, size_px=1)
        self.bn3 = _NORM[dims](out_channels)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = _shortcut(dims, in_channels, out_channels, stride)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return self.relu(y + (x if self.downsample is None else self.downsample(x)))


def _convolution(
    dims: int, in_channels: int, out_channels: int, *, size_px: int, stride: int = 1, frames: int = 1
) -> nn.Module:
    size = (frames, size_px, size_px)[-dims:]
    return _CONV[dims](
        in_channels,
        out_channels,
        size,
        stride=(1, stride, stride)[-dims:],
        padding=tuple(n // 2 for n in size),  # zeros in time too
        bias=False,
    )


def _max_pool(dims: int) -> nn.Module:
    return _POOL[dims]((1, 3, 3)[-dims:], stride=(1, 2, 2)[-dims:], padding=(0, 1, 1)[-dims:])


def _shortcut(dims: int, in_channels: int, out_channels: int, stride: int) -> nn.Sequential | None:
    if stride == 1 and in_channels == out_channels:
        return None
    return nn.Sequential(
        _convolution(dims, in_channels, out_channels, size_px=1, stride=stride), _NORM[dims](out_channels)
    )


def _initialise(network: ResNet, *, zero_init_residual: bool) -> None:
    """Kaiming normal by fan-out for convolutions; norms start at 1 and 0 (protocols: initialisation)."""
    for module in network.modules():
        if isinstance(module, (nn.Conv2d, nn.Conv3d)):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        elif zero_init_residual and isinstance(module, (BasicBlock, Bottleneck)):
            last = module.bn3 if isinstance(module, Bottleneck) else module.bn2
            nn.init.zeros_(last.weight)
