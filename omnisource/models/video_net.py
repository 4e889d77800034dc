"""What every video network has in common: pooled features, then dropout and one linear classifier (paper 5.1)."""

import torch
from torch import nn


class VideoNet(nn.Module):
    """Clips (B, 3, T, H, W) float32 -> logits (B, K).

    A network differs from another only in its backbone and in `features`, which each subclass defines.
    """

    dims: int
    """2 for networks that see single frames, 3 for those that see clips."""

    def __init__(self, backbone: nn.Module, *, num_features: int, num_classes: int, dropout: float, init_std: float):
        super().__init__()
        self.backbone = backbone
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(num_features, num_classes)
        nn.init.normal_(self.classifier.weight, std=init_std)
        nn.init.zeros_(self.classifier.bias)

    @property
    def num_classes(self) -> int:
        """K, the classes it tells apart."""
        return self.classifier.out_features

    def features(self, clips: torch.Tensor) -> torch.Tensor:
        """Clips (B, 3, T, H, W) -> (B, D), pooled over frames and places, before dropout and classifier."""
        raise NotImplementedError

    def classify(self, features: torch.Tensor) -> torch.Tensor:
        """Features (B, D) -> logits (B, K)."""
        return self.classifier(self.dropout(features))

    def forward(self, clips: torch.Tensor) -> torch.Tensor:
        """Clips (B, 3, T, H, W) -> logits (B, K)."""
        return self.classify(self.features(clips))
