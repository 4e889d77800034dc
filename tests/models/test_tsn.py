import torch
from torch import nn

from omnisource.models.resnet import ResNet
from omnisource.models.resnet_designs import FLAT
from omnisource.models.tsn import TSN


def test_features__are_the_mean_over_snippets():
    network = TSN(nn.Flatten(), num_features=3, num_classes=2)  # one-pixel frames are their own features
    clips = torch.tensor([[[1.0, 3.0], [0.0, 4.0], [2.0, 2.0]]]).view(1, 3, 2, 1, 1)  # channels of 2 snippets
    assert network.features(clips).tolist() == [[2.0, 2.0, 2.0]]


def test_features__average_maps_over_places():
    network = TSN(nn.Identity(), num_features=3, num_classes=2)  # frames are their own feature maps
    clips = torch.arange(8.0).view(1, 1, 2, 2, 2).expand(1, 3, 2, 2, 2)
    assert network.features(clips).tolist() == [[3.5, 3.5, 3.5]]  # mean of 0..7


def test_features__keep_clips_apart():
    network = TSN(nn.Flatten(), num_features=3, num_classes=2)
    clips = torch.stack([torch.zeros(3, 2, 1, 1), torch.ones(3, 2, 1, 1)])
    assert network.features(clips).tolist() == [[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]]


def test_features__take_any_number_of_snippets():
    network = TSN(ResNet("resnet10", FLAT, width=0.1), num_features=48, num_classes=5)
    assert network(torch.zeros(2, 3, 1, 32, 32)).shape == (2, 5)
    assert network(torch.zeros(2, 3, 25, 32, 32)).shape == (2, 5)


def test_tsn__defaults_are_the_released_ones():
    network = TSN(nn.Flatten(), num_features=3, num_classes=2)
    assert (network.dims, network.dropout.p) == (2, 0.4)
