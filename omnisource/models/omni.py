"""OmniResNet of mmaction2 1.x: one 3D ResNet for clips and for pictures, with a head for each (protocols 8)."""

import torch
from torch import nn
from torch.nn import functional

from omnisource.models.resnet import ResNet
from omnisource.models.resnet_designs import Design
from omnisource.models.video_net import VideoNet

IMAGE_DROPOUT = 0.2


class OmniNet(VideoNet):
    """Clips (B, 3, T, H, W) -> logits (B, K) of the video head; `classify_images` is the other head.

    All weights start as torch's do.
    """

    dims = 3
    heads = (("neck", "classifier"), ("image_norm", "image_classifier"))

    def __init__(self, backbone: ResNet, *, num_classes: int, num_image_classes: int, dropout: float = 0.5):
        num_features = backbone.num_features
        super().__init__(
            backbone, num_features=2 * num_classes, num_classes=num_classes, dropout=dropout, init_std=0.01
        )
        self.classifier.reset_parameters()
        self.neck = nn.Sequential(
            nn.Linear(num_features, 2 * num_classes), nn.BatchNorm1d(2 * num_classes), nn.ReLU(inplace=True)
        )
        self.image_norm = nn.BatchNorm1d(num_features)
        self.image_dropout = nn.Dropout(IMAGE_DROPOUT)
        self.image_classifier = nn.Linear(num_features, num_image_classes)

    def features(self, clips: torch.Tensor) -> torch.Tensor:
        """Clips (B, 3, T, H, W), any T -> (B, D), before the video head."""
        return self.backbone(clips).mean(dim=(2, 3, 4))

    def classify(self, features: torch.Tensor) -> torch.Tensor:
        """Features (..., D) of clips -> logits (..., K)."""
        hidden = self.neck(features.flatten(0, -2)).unflatten(0, features.shape[:-1])
        return self.classifier(self.dropout(hidden))

    def image_features(self, images: torch.Tensor) -> torch.Tensor:
        """Images (B, 3, H, W) -> (B, D), before the image head."""
        return self.backbone(images).mean(dim=(2, 3))

    def classify_images(self, images: torch.Tensor) -> torch.Tensor:
        """Images (B, 3, H, W) -> logits (B, number of image classes)."""
        return self.image_classifier(self.image_dropout(self.image_norm(self.image_features(images))))


class Convolution(nn.Conv3d):
    """A 3D convolution; an image (N, C, H, W) meets its kernel summed over time: a still clip's, but for its ends."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if x.ndim == 5:
            return super().forward(x)
        stride, padding = self.stride[1:], self.padding[1:]
        return functional.conv2d(x, self.weight.sum(dim=2), self.bias, stride, padding, groups=self.groups)


class Norm(nn.BatchNorm3d):
    """A batch norm; images use their own statistics in training and those of clips in tests, and never change them."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if x.ndim == 5:
            return super().forward(x)
        mean, variance = (None, None) if self.training else (self.running_mean, self.running_var)
        return functional.batch_norm(x, mean, variance, self.weight, self.bias, self.training, eps=self.eps)


class Pool(nn.MaxPool3d):
    """A max-pooling of places; the same one for an image."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if x.ndim == 5:
            return super().forward(x)
        return functional.max_pool2d(x, self.kernel_size[1:], self.stride[1:], self.padding[1:])


OMNI = Design(
    convolution=Convolution,
    norm=Norm,
    pool=Pool,
    frames=((1,), (1,), (3,), (3,)),
    norm_momentum=0.01,
    starts_kaiming=False,
)
"""SlowOnly's shape, for pictures too."""
