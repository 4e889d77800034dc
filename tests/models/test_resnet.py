import pytest
import torch
import torchvision
from torch import nn

from omnisource.models.resnet import ResNet


@pytest.mark.parametrize("name", ["resnet18", "resnet34", "resnet50", "resnet101", "resnet152"])
def test_resnet__2d_has_torchvisions_names_shapes_and_order(name):
    with torch.device("meta"):
        ours = ResNet(name, dims=2).state_dict()
        theirs = torchvision.models.get_model(name).state_dict()
    wanted = [(key, tensor.shape) for key, tensor in theirs.items() if not key.startswith("fc.")]
    assert [(key, tensor.shape) for key, tensor in ours.items()] == wanted


def test_resnet__2d_computes_what_torchvision_does():
    theirs = torchvision.models.resnet50().eval()
    theirs.avgpool, theirs.fc = nn.Identity(), nn.Identity()
    ours = ResNet("resnet50", dims=2).eval()
    ours.load_state_dict(theirs.state_dict())
    frames = torch.randn(1, 3, 64, 64)
    with torch.inference_mode():
        assert torch.equal(ours(frames).flatten(1), theirs(frames))


@pytest.mark.parametrize(
    ("name", "width", "num_features"),
    [
        ("resnet10", 1.0, 512),  # 64 * 8
        ("resnet18", 0.25, 128),  # round(64 / 4) = 16; 16 * 8
        ("resnet50", 0.5, 1024),  # 32 * 8 * 4
        ("resnet10", 0.01, 8),  # 0.64 rounds to 1 channel; 1 * 8
    ],
)
@pytest.mark.parametrize("dims", [2, 3])
def test_resnet__width_scales_every_stage(name, width, num_features, dims):
    network = ResNet(name, dims=dims, width=width).eval()
    assert network.num_features == num_features
    assert network(torch.zeros(1, 3, *(2,) * (dims - 2), 32, 32)).shape[1] == num_features


def test_resnet__3d_keeps_every_frame():
    network = ResNet("resnet10", dims=3, width=0.1)
    assert network(torch.zeros(1, 3, 5, 64, 64)).shape == (1, 48, 5, 2, 2)  # 6 * 8 channels, 64 / 32 pixels


@pytest.mark.parametrize(
    ("name", "inflated"),
    [
        ("resnet50", [f"layer3.{i}.conv1" for i in range(6)] + [f"layer4.{i}.conv1" for i in range(3)]),
        ("resnet18", [f"layer{stage}.{i}.conv1" for stage in (3, 4) for i in range(2)]),
    ],
)
def test_resnet__3d_sees_three_frames_in_the_first_convolution_of_late_blocks(name, inflated):
    with torch.device("meta"):
        network = ResNet(name, dims=3)
    convolutions = {key: module for key, module in network.named_modules() if isinstance(module, nn.Conv3d)}
    assert [key for key, module in convolutions.items() if module.kernel_size[0] == 3] == inflated
    assert {module.kernel_size[0] for module in convolutions.values()} == {1, 3}
    assert {module.stride[0] for module in convolutions.values()} == {1}


def test_resnet__convolutions_start_kaiming_by_fan_out():
    network = ResNet("resnet18", dims=2)
    # 512 output channels * 3 * 3, ReLU gain: std = sqrt(2 / 4608) = 0.020833
    assert network.layer4[1].conv2.weight.std().item() == pytest.approx(0.020833, rel=0.01)
    # 64 * 7 * 7: sqrt(2 / 3136) = 0.025254
    assert network.conv1.weight.std().item() == pytest.approx(0.025254, rel=0.03)


@pytest.mark.parametrize(("name", "last"), [("resnet10", "bn2"), ("resnet50", "bn3")])
@pytest.mark.parametrize("zero", [True, False])
def test_resnet__zero_init_residual_zeroes_the_last_norm_of_each_block(name, last, zero):
    network = ResNet(name, dims=3, width=0.1, zero_init_residual=zero)
    norms = {key: m.weight.unique().tolist() for key, m in network.named_modules() if isinstance(m, nn.BatchNorm3d)}
    for key, values in norms.items():
        assert values == [0.0 if zero and key.endswith(f".{last}") else 1.0], key


def test_resnet__norms_have_the_released_epsilon_and_momentum():
    network = ResNet("resnet10", dims=3, width=0.1)
    assert (network.bn1.eps, network.bn1.momentum) == (1e-5, 0.1)
