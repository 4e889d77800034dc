"""SlowOnly, I3D and irCSN: a 3D ResNet over a dense clip (paper 5.1). They differ in the backbone's design."""

import torch

from omnisource.models.resnet import ResNet
from omnisource.models.video_net import VideoNet


class ClipNet(VideoNet):
    """The clip's features are the 3D backbone's, averaged over frames and places."""

    dims = 3

    def __init__(self, backbone: ResNet, *, num_classes: int, dropout: float = 0.5, init_std: float = 0.01):
        super().__init__(
            backbone, num_features=backbone.num_features, num_classes=num_classes, dropout=dropout, init_std=init_std
        )

    def features(self, clips: torch.Tensor) -> torch.Tensor:
        """Clips (B, C, T, H, W), any T that the strides in time leave a frame of -> (B, D)."""
        return self.backbone(clips).mean(dim=(2, 3, 4))
