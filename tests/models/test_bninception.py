import pytest
import torch
from torch import nn

from omnisource.errors import ConfigError
from omnisource.models.bninception import CHANNELS, BNInception


def test_bninception__halves_the_side_five_times():
    assert BNInception()(torch.zeros(1, 3, 64, 64)).shape == (1, 1024, 2, 2)


@pytest.mark.parametrize(
    ("block", "num_features"),
    [
        ("3a", 256),  # 64 + 64 + 96 + 32
        ("3b", 320),  # 64 + 96 + 96 + 64
        ("3c", 576),  # 160 + 96 + the 320 that come in
        ("4a", 576),  # 224 + 96 + 128 + 128
        ("4e", 1056),  # 192 + 256 + 608
        ("5b", 1024),  # 352 + 320 + 224 + 128
    ],
)
def test_bninception__blocks_stack_their_branches(block, num_features):
    with torch.device("meta"):
        network = BNInception()
    assert network.get_submodule(f"inception_{block}").num_features == num_features


def test_bninception__only_the_last_pooling_of_full_size_is_a_max():
    with torch.device("meta"):
        network = BNInception()
    poolings = {name: network.get_submodule(f"inception_{name}").pooling for name in CHANNELS}
    assert [name for name, pooling in poolings.items() if pooling.stride == 2] == ["3c", "4e"]
    assert [name for name, pooling in poolings.items() if isinstance(pooling, nn.MaxPool2d)] == ["3c", "4e", "5b"]
    averages = [pooling for pooling in poolings.values() if isinstance(pooling, nn.AvgPool2d)]
    assert all(pooling.count_include_pad for pooling in averages)
    assert (poolings["3c"].ceil_mode, poolings["3c"].padding) == (True, 0)


def test_bninception__has_the_released_norms_and_biases():
    with torch.device("meta"):
        network = BNInception(in_channels=10)
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    convolutions = [module for module in network.modules() if isinstance(module, nn.Conv2d)]
    assert (len(norms), len(convolutions)) == (69, 69)  # 3, 8 blocks of 7 and 2 of 5
    assert {(norm.eps, norm.momentum) for norm in norms} == {(1e-5, 0.9)}
    assert all(convolution.bias is not None for convolution in convolutions)
    assert convolutions[0].in_channels == 10


def test_bninception__starts_kaiming_by_fan_out_without_bias():
    network = BNInception()
    # 320 * 3 * 3, ReLU gain: sqrt(2 / 2880) = 0.026352
    assert network.inception_5b["3x3"].conv.weight.std().item() == pytest.approx(0.026352, rel=0.01)
    assert not any(m.bias.any() for m in network.modules() if isinstance(m, nn.Conv2d))


def test_bninception__says_which_sizes_it_can_halve():
    with pytest.raises(ConfigError) as error:
        BNInception()(torch.zeros(1, 3, 200, 200))  # 100, 50, 25
    assert str(error.value) == ("BNInception cannot halve maps of 25 x 25; set crop_px to a multiple of 32, like 224")
