import pytest
import torch
from torch import nn

from omnisource.models.omni import OMNI, Convolution, Norm, OmniNet, Pool
from omnisource.models.resnet import ResNet


def omni(num_classes: int = 5) -> OmniNet:
    return OmniNet(ResNet("resnet50", OMNI, width=0.1), num_classes=num_classes, num_image_classes=7)


def test_forward__clips_give_video_logits_and_images_give_image_logits():
    network = omni().eval()
    assert network(torch.zeros(2, 3, 4, 32, 32)).shape == (2, 5)
    assert network.classify_images(torch.zeros(2, 3, 32, 32)).shape == (2, 7)


def test_classify__takes_features_of_several_views():
    network = omni().eval()
    features = torch.randn(2, 3, 192)
    assert network.classify(features).shape == (2, 3, 5)
    assert torch.allclose(network.classify(features)[1, 2], network.classify(features[1])[2], atol=1e-6)


def test_omni_net__heads_are_the_released_ones():
    network = omni()
    assert (network.neck[0].in_features, network.neck[0].out_features) == (192, 10)  # twice the classes
    assert (network.num_classes, network.dropout.p, network.image_dropout.p) == (5, 0.5, 0.2)
    assert network.backbone.bn1.momentum == 0.01


def test_omni_net__starts_as_torch_does():
    network = omni(num_classes=1000)
    # torch: uniform within 1 / sqrt(2000), whose standard deviation is 1 / sqrt(3 * 2000) = 0.012910
    assert network.classifier.weight.std().item() == pytest.approx(0.012910, rel=0.01)
    assert network.classifier.bias.any()
    # 1 / sqrt(3 * fan in), 3 * 49 values: 0.047619
    assert network.backbone.conv1.weight.std().item() == pytest.approx(0.047619, rel=0.1)


def test_convolution__an_image_meets_the_kernel_summed_over_time():
    layer = Convolution(1, 1, (3, 1, 1), padding=(1, 0, 0), bias=False)
    layer.weight.data = torch.tensor([1.0, 10.0, 100.0]).view(1, 1, 3, 1, 1)
    assert layer(torch.full((1, 1, 1, 1), 2.0)).item() == 222  # 2 * (1 + 10 + 100)
    clip = torch.full((1, 1, 3, 1, 1), 2.0)
    assert layer(clip).flatten().tolist() == [220.0, 222.0, 22.0]  # zeros before and after a still clip


def test_image_features__are_a_still_clips_away_from_its_ends():
    network = omni().eval()
    image = torch.randn(1, 3, 32, 32)
    still = network.backbone(image.unsqueeze(2).expand(1, 3, 25, 32, 32))
    # nine blocks that see three frames: the ends reach nine frames into the clip
    assert torch.allclose(still[:, :, 12], network.backbone(image), atol=1e-5)


def test_norm__images_in_training_use_their_own_statistics_and_keep_those_of_clips():
    norm = Norm(1).train()
    pixels = torch.tensor([1.0, 3.0]).view(2, 1, 1, 1)
    assert norm(pixels).flatten().tolist() == pytest.approx([-1.0, 1.0], abs=1e-4)
    assert (norm.running_mean.item(), norm.running_var.item(), norm.num_batches_tracked.item()) == (0, 1, 0)
    norm(pixels.unsqueeze(2))
    assert norm.running_mean.item() == pytest.approx(0.2)  # a tenth of 2


def test_norm__images_in_tests_use_the_statistics_of_clips():
    norm = Norm(1).eval()
    norm.running_mean.fill_(1.0)
    norm.running_var.fill_(4.0)
    assert norm(torch.full((1, 1, 1, 1), 5.0)).item() == pytest.approx(2.0, abs=1e-4)  # (5 - 1) / 2


def test_pool__pools_images_as_it_pools_frames():
    pool = Pool((1, 3, 3), stride=(1, 2, 2), padding=(0, 1, 1))
    image = torch.randn(1, 2, 8, 8)
    assert torch.equal(pool(image), pool(image.unsqueeze(2)).squeeze(2))


def test_classify_images__trains_the_shared_kernels_and_not_the_video_head():
    network = omni().train()
    network.classify_images(torch.randn(4, 3, 32, 32)).sum().backward()
    assert network.backbone.layer3[0].conv1.weight.grad is not None
    assert network.classifier.weight.grad is None
    assert not any(m.num_batches_tracked for m in network.backbone.modules() if isinstance(m, nn.BatchNorm3d))
