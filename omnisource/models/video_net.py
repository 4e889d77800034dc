"""What every video network has in common: pooled features, then dropout and one linear classifier (paper 5.1)."""

from typing import Literal

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from omnisource.errors import ConfigError

FrozenNorms = Literal["none", "all", "all_but_first"]


class VideoNet(nn.Module):
    """Clips (B, C, T, H, W) float32 -> logits (B, K).

    A network differs from another only in its backbone and in `features`, which each subclass defines.
    """

    dims: int
    """2 for networks that see single frames, 3 for those that see clips."""
    heads: tuple[tuple[str, ...], ...] = (("classifier",),)
    """Names of the modules of each head; the last one of each counts the classes. Other classes need a fresh head."""

    def __init__(self, backbone: nn.Module, *, num_features: int, num_classes: int, dropout: float, init_std: float):
        super().__init__()
        self.backbone = backbone
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(num_features, num_classes)
        self.frozen_norms: FrozenNorms = "none"
        nn.init.normal_(self.classifier.weight, std=init_std)
        nn.init.zeros_(self.classifier.bias)

    @property
    def num_classes(self) -> int:
        """K, the classes it tells apart."""
        return self.classifier.out_features

    def features(self, clips: torch.Tensor) -> torch.Tensor:
        """Clips (B, C, T, H, W) -> (B, D), pooled over frames and places, before dropout and classifier."""
        raise NotImplementedError

    def classify(self, features: torch.Tensor) -> torch.Tensor:
        """Features (B, D) -> logits (B, K)."""
        return self.classifier(self.dropout(features))

    def forward(self, clips: torch.Tensor) -> torch.Tensor:
        """Clips (B, C, T, H, W) -> logits (B, K)."""
        return self.classify(self.features(clips))

    def freeze_norms(self, which: FrozenNorms) -> None:
        """From now on these batch norms of the backbone keep their statistics, weights and biases, in training too.

        "all" for irCSN that starts from IG-65M, "all_but_first" for TSN on UCF101 (partial BN; protocols 1). Raises
        ConfigError where there are none.
        """
        self.frozen_norms = which
        norms = self._norms_to_freeze()
        if which != "none" and not norms:
            raise ConfigError(
                f"frozen_norms is {which!r}, but {type(self.backbone).__name__} has no batch norms that it would "
                "freeze; set it to none"
            )
        for norm in norms:
            norm.requires_grad_(False)
        self.train(self.training)

    def train(self, mode: bool = True) -> "VideoNet":
        """As nn.Module's, but frozen norms stay in evaluation mode."""
        super().train(mode)
        for norm in self._norms_to_freeze():
            norm.eval()
        return self

    def _norms_to_freeze(self) -> list[nn.Module]:
        if self.frozen_norms == "none":
            return []
        norms = [module for module in self.backbone.modules() if isinstance(module, _BatchNorm)]
        return norms[1:] if self.frozen_norms == "all_but_first" else norms
