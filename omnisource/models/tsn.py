"""TSN: a 2D backbone over sparse snippets, whose features are averaged before one classifier (paper 5.1)."""

import torch
from torch import nn

from omnisource.models.video_net import VideoNet


class TSN(VideoNet):
    """The clip's features are the mean over its snippets of the 2D backbone's features.

    `backbone` maps frames (N, C, H, W) to features (N, D) or (N, D, h, w); the latter are averaged over places.
    """

    dims = 2

    def __init__(
        self,
        backbone: nn.Module,
        *,
        num_features: int,
        num_classes: int,
        dropout: float = 0.4,
        init_std: float = 0.01,
    ):
        super().__init__(
            backbone, num_features=num_features, num_classes=num_classes, dropout=dropout, init_std=init_std
        )

    def features(self, clips: torch.Tensor) -> torch.Tensor:
        """Clips (B, C, T, H, W), any number T of snippets -> (B, D)."""
        num_clips, _, num_snippets = clips.shape[:3]
        frames = clips.transpose(1, 2).flatten(0, 1)  # (B * T, C, H, W)
        features = self.backbone(frames)
        if features.ndim == 4:
            features = features.mean(dim=(2, 3))
        return features.unflatten(0, (num_clips, num_snippets)).mean(dim=1)
