import pytest
import torch

from omnisource.models.clip_net import ClipNet
from omnisource.models.resnet import ResNet
from omnisource.models.resnet_designs import I3D, IRCSN, SLOWONLY, Design


def clip_net(design: Design = SLOWONLY) -> ClipNet:
    return ClipNet(ResNet("resnet50" if design is IRCSN else "resnet10", design, width=0.1), num_classes=5).eval()


@pytest.mark.parametrize("design", [SLOWONLY, I3D, IRCSN])
def test_features__are_the_mean_over_frames_and_places(design):
    network = clip_net(design)
    clips = torch.randn(2, 3, 8, 64, 64)
    wanted = network.backbone(clips).flatten(2).mean(dim=2)  # (2, D, T' * 2 * 2) -> (2, D)
    assert torch.allclose(network.features(clips), wanted, atol=1e-6)


@pytest.mark.parametrize("design", [SLOWONLY, I3D, IRCSN])
@pytest.mark.parametrize("num_frames", [8, 16])
def test_forward__takes_any_clip_length(design, num_frames):
    assert clip_net(design)(torch.zeros(1, 3, num_frames, 32, 32)).shape == (1, 5)


@pytest.mark.parametrize("design", [SLOWONLY, I3D, IRCSN])
def test_forward__sees_the_order_of_frames(design):
    network = clip_net(design)
    network.classifier.weight.data.normal_()
    clip = torch.randn(1, 3, 8, 32, 32)
    assert not torch.allclose(network(clip), network(clip.flip(2)))


def test_clip_net__defaults_are_the_released_ones():
    network = clip_net()
    assert (network.dims, network.dropout.p) == (3, 0.5)
