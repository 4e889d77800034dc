import torch

from omnisource.models.resnet import ResNet
from omnisource.models.slowonly import SlowOnly


def slowonly() -> SlowOnly:
    return SlowOnly(ResNet("resnet10", dims=3, width=0.1), num_classes=5).eval()


def test_features__are_the_mean_over_frames_and_places():
    network = slowonly()
    clips = torch.randn(2, 3, 4, 64, 64)
    wanted = network.backbone(clips).flatten(2).mean(dim=2)  # (2, 48, 4 * 2 * 2) -> (2, 48)
    assert torch.allclose(network.features(clips), wanted, atol=1e-6)


def test_forward__takes_any_clip_length():
    network = slowonly()
    assert network(torch.zeros(1, 3, 4, 32, 32)).shape == (1, 5)
    assert network(torch.zeros(1, 3, 8, 32, 32)).shape == (1, 5)


def test_forward__sees_the_order_of_frames():
    network = slowonly()
    clip = torch.randn(1, 3, 4, 32, 32)
    assert not torch.allclose(network(clip), network(clip.flip(2)))


def test_slowonly__defaults_are_the_released_ones():
    network = slowonly()
    assert (network.dims, network.dropout.p) == (3, 0.5)
