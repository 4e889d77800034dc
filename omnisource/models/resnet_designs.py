"""What tells the ResNets of the family apart: kernels and strides in time, and norms (paper 5.1; protocols 1)."""

from dataclasses import dataclass

from torch import nn

PerStage = tuple[int, int, int, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Design:
    """One kind of ResNet; kernels and strides in space are the same for all of them."""

    convolution: type[nn.Module] = nn.Conv3d
    """Layer of every convolution."""
    norm: type[nn.Module] = nn.BatchNorm3d
    """Layer of every norm."""
    pool: type[nn.Module] = nn.MaxPool3d
    """Layer of every pooling."""
    stem_frames: int = 1
    """Frames that the first convolution sees."""
    stem_stride: int = 1
    """In time, of the first convolution."""
    pool_stride: int = 1
    """In time, of the pooling after it, which looks at single frames."""
    halves_after_stage1: bool = False
    """Whether the larger of every two frames after stage 1 is kept."""
    strides: PerStage = (1, 1, 1, 1)
    """In time, of each stage's first block."""
    frames: tuple[tuple[int, ...], ...] = ((1,), (1,), (1,), (1,))
    """Frames that the blocks of each stage see; a pattern that repeats from the stage's first block on."""
    depthwise: bool = False
    """Whether a block's middle convolution sees each channel on its own, and is the one that sees several frames."""
    norm_eps: float = 1e-5
    """Added to a norm's variance."""
    norm_momentum: float = 0.1
    """Share of the new batch in a norm's running statistics."""
    starts_kaiming: bool = True
    """Whether convolutions start Kaiming normal by fan-out; else as torch's do."""

    @property
    def dims(self) -> int:
        """2 for single frames, 3 for clips."""
        return 2 if self.convolution is nn.Conv2d else 3


FLAT = Design(convolution=nn.Conv2d, norm=nn.BatchNorm2d, pool=nn.MaxPool2d)
"""Torchvision's ResNet, for TSN."""
SLOWONLY = Design(frames=((1,), (1,), (3,), (3,)))
"""No stride in time; only stages 3 and 4 see several frames."""
I3D = Design(
    stem_frames=5,
    stem_stride=2,
    pool_stride=2,
    halves_after_stage1=True,
    frames=((3,), (3, 1), (3, 1), (1, 3)),
)
"""An eighth of the frames is left after stage 1; from stage 2 on every second block sees several frames."""
IRCSN = Design(
    stem_frames=3,
    strides=(1, 2, 2, 2),
    frames=((3,), (3,), (3,), (3,)),
    depthwise=True,
    norm_eps=1e-3,
)
"""Interaction-reduced channel-separated: 1x1x1 convolutions mix channels, depthwise 3x3x3 ones mix time and places."""
