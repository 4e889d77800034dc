import pytest
import torch
import torchvision
from torch import nn

from omnisource.models.resnet import ResNet
from omnisource.models.resnet_designs import FLAT, I3D, IRCSN, SLOWONLY


@pytest.mark.parametrize("name", ["resnet18", "resnet34", "resnet50", "resnet101", "resnet152"])
def test_resnet__2d_has_torchvisions_names_shapes_and_order(name):
    with torch.device("meta"):
        ours = ResNet(name, FLAT).state_dict()
        theirs = torchvision.models.get_model(name).state_dict()
    wanted = [(key, tensor.shape) for key, tensor in theirs.items() if not key.startswith("fc.")]
    assert [(key, tensor.shape) for key, tensor in ours.items()] == wanted


def test_resnet__2d_computes_what_torchvision_does():
    theirs = torchvision.models.resnet50().eval()
    theirs.avgpool, theirs.fc = nn.Identity(), nn.Identity()
    ours = ResNet("resnet50", FLAT).eval()
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
@pytest.mark.parametrize("design", [FLAT, SLOWONLY, IRCSN])
def test_resnet__width_scales_every_stage(name, width, num_features, design):
    network = ResNet(name, design, width=width).eval()
    assert network.num_features == num_features
    assert network(torch.zeros(1, 3, *(2,) * (design.dims - 2), 32, 32)).shape[1] == num_features


@pytest.mark.parametrize(
    ("design", "num_frames", "left"),
    [
        (SLOWONLY, 5, 5),  # no stride in time
        (I3D, 32, 4),  # 16 after the first convolution, 8 after its pooling, 4 after the pooling behind stage 1
        (I3D, 20, 2),  # 10, 5, and the odd one is dropped
        (IRCSN, 32, 4),  # 16, 8 and 4 after stages 2, 3 and 4
        (IRCSN, 5, 1),  # 3, 2, 1: kernels of 3 with zeros around
    ],
)
def test_resnet__strides_in_time_leave_so_many_frames(design, num_frames, left):
    network = ResNet("resnet50", design, width=0.1)
    features = network(torch.zeros(1, 3, num_frames, 64, 64))
    assert features.shape == (1, 192, left, 2, 2)  # 6 * 8 * 4 channels, 64 / 32 pixels


@pytest.mark.parametrize("design", [FLAT, SLOWONLY, I3D, IRCSN])
def test_resnet__sees_as_many_channels_as_asked(design):
    network = ResNet("resnet50", design, in_channels=10, width=0.1).eval()
    assert network(torch.zeros(1, 10, *(8,) * (design.dims - 2), 32, 32)).shape[1] == 192


@pytest.mark.parametrize(
    ("name", "inflated"),
    [
        ("resnet50", [f"layer3.{i}.conv1" for i in range(6)] + [f"layer4.{i}.conv1" for i in range(3)]),
        ("resnet18", [f"layer{stage}.{i}.conv1" for stage in (3, 4) for i in range(2)]),
    ],
)
def test_resnet__3d_sees_three_frames_in_the_first_convolution_of_late_blocks(name, inflated):
    with torch.device("meta"):
        network = ResNet(name, SLOWONLY)
    convolutions = {key: module for key, module in network.named_modules() if isinstance(module, nn.Conv3d)}
    assert [key for key, module in convolutions.items() if module.kernel_size[0] == 3] == inflated
    assert {module.kernel_size[0] for module in convolutions.values()} == {1, 3}
    assert {module.stride[0] for module in convolutions.values()} == {1}


def test_resnet__convolutions_start_kaiming_by_fan_out():
    network = ResNet("resnet18", FLAT)
    # 512 output channels * 3 * 3, ReLU gain: std = sqrt(2 / 4608) = 0.020833
    assert network.layer4[1].conv2.weight.std().item() == pytest.approx(0.020833, rel=0.01)
    # 64 * 7 * 7: sqrt(2 / 3136) = 0.025254
    assert network.conv1.weight.std().item() == pytest.approx(0.025254, rel=0.03)


@pytest.mark.parametrize(("name", "last"), [("resnet10", "bn2"), ("resnet50", "bn3")])
@pytest.mark.parametrize("zero", [True, False])
def test_resnet__zero_init_residual_zeroes_the_last_norm_of_each_block(name, last, zero):
    network = ResNet(name, SLOWONLY, width=0.1, zero_init_residual=zero)
    norms = {key: m.weight.unique().tolist() for key, m in network.named_modules() if isinstance(m, nn.BatchNorm3d)}
    for key, values in norms.items():
        assert values == [0.0 if zero and key.endswith(f".{last}") else 1.0], key


@pytest.mark.parametrize(("design", "eps"), [(FLAT, 1e-5), (SLOWONLY, 1e-5), (I3D, 1e-5), (IRCSN, 1e-3)])
def test_resnet__norms_have_the_released_epsilon_and_momentum(design, eps):
    network = ResNet("resnet50", design, width=0.1)
    norms = [module for module in network.modules() if isinstance(module, (nn.BatchNorm2d, nn.BatchNorm3d))]
    assert {(norm.eps, norm.momentum) for norm in norms} == {(eps, 0.1)}


@pytest.mark.parametrize(
    ("name", "inflated"),
    [
        ("resnet50", ["111", "1010", "101010", "010"]),  # protocols 1
        ("resnet101", ["111", "1010", "10" * 11 + "1", "010"]),  # the same pattern over 23 blocks
        ("resnet18", ["11", "10", "10", "01"]),
    ],
)
def test_resnet__i3d_inflates_by_the_released_pattern(name, inflated):
    with torch.device("meta"):
        network = ResNet(name, I3D)
    stages = [network.layer1, network.layer2, network.layer3, network.layer4]
    assert ["".join(str(block.conv1.kernel_size[0] // 2) for block in stage) for stage in stages] == inflated
    assert (network.conv1.kernel_size, network.conv1.stride) == ((5, 7, 7), (2, 2, 2))
    assert (network.maxpool.kernel_size, network.maxpool.stride) == ((1, 3, 3), (2, 2, 2))
    assert {m.stride[0] for m in network.modules() if isinstance(m, nn.Conv3d) and m is not network.conv1} == {1}


def test_resnet__ircsn_mixes_frames_and_places_within_channels_only():
    with torch.device("meta"):
        network = ResNet("resnet50", IRCSN)
    for stage in (network.layer1, network.layer2, network.layer3, network.layer4):
        for block in stage:
            channels = block.conv2.in_channels
            assert (block.conv2.kernel_size, block.conv2.groups) == ((3, 3, 3), channels)
            assert (block.conv1.kernel_size, block.conv3.kernel_size) == ((1, 1, 1), (1, 1, 1))
            assert (block.conv1.groups, block.conv3.groups) == (1, 1)
    assert [stage[0].conv2.stride for stage in (network.layer1, network.layer4)] == [(1, 1, 1), (2, 2, 2)]
    assert network.layer4[0].downsample[0].stride == (2, 2, 2)
    assert (network.conv1.kernel_size, network.conv1.stride) == ((3, 7, 7), (1, 2, 2))


def test_resnet__depthwise_convolutions_count_all_channels_in_their_fan_out():
    kernel = ResNet("resnet50", IRCSN, width=0.5).layer4[1].conv2.weight  # 256 channels
    # 256 * 27 values fan out, ReLU gain: sqrt(2 / 6912) = 0.017010; torch counts one channel's, were they a group's
    assert kernel.std().item() == pytest.approx(0.017010, rel=0.04)  # 6912 draws
