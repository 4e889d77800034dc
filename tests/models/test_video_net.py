import pytest
import torch
from torch import nn

from omnisource.errors import ConfigError
from omnisource.models.video_net import VideoNet


class MeanColour(VideoNet):
    """Its features are the clip's mean colour, so that every number can be checked on paper."""

    dims = 3

    def features(self, clips: torch.Tensor) -> torch.Tensor:
        return clips.mean(dim=(2, 3, 4))


def mean_colour(dropout: float = 0.0, init_std: float = 0.01, num_classes: int = 2) -> MeanColour:
    return MeanColour(nn.Identity(), num_features=3, num_classes=num_classes, dropout=dropout, init_std=init_std)


def test_video_net__classifier_starts_normal_with_init_std_and_no_bias():
    network = mean_colour(init_std=0.05, num_classes=4000)
    assert network.classifier.weight.std().item() == pytest.approx(
        0.05, rel=0.03
    )  # 12,000 draws: within 0.6 % at 1 sigma
    assert network.classifier.weight.mean().item() == pytest.approx(0, abs=0.002)
    assert not network.classifier.bias.any()


def test_video_net__num_classes_is_the_width_of_the_logits():
    network = mean_colour(num_classes=7)
    assert network.num_classes == 7
    assert network(torch.zeros(2, 3, 4, 5, 5)).shape == (2, 7)


def test_forward__classifies_the_features():
    network = mean_colour()
    network.classifier.weight.data = torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 2.0]])
    clip = torch.tensor([1.0, 2.0, 3.0]).view(1, 3, 1, 1, 1).expand(1, 3, 2, 4, 4)
    assert network(clip).tolist() == [[1.0, 8.0]]  # 1; 2 + 2 * 3


def test_classify__drops_features_in_training_only():
    network = mean_colour(dropout=1.0)
    network.classifier.bias.data = torch.tensor([5.0, 6.0])
    assert network.classify(torch.ones(1, 3)).tolist() == [[5.0, 6.0]]  # every feature dropped: the bias is left
    assert network.eval().classify(torch.ones(1, 3)).tolist() != [[5.0, 6.0]]


def test_features__belong_to_the_subclass():
    network = VideoNet(nn.Identity(), num_features=1, num_classes=1, dropout=0.0, init_std=0.01)
    with pytest.raises(NotImplementedError):
        network.features(torch.zeros(1, 3, 1, 1, 1))


def with_two_norms() -> MeanColour:
    backbone = nn.Sequential(nn.Conv3d(3, 3, 1), nn.BatchNorm3d(3), nn.Conv3d(3, 3, 1), nn.BatchNorm3d(3))
    return MeanColour(backbone, num_features=3, num_classes=2, dropout=0.0, init_std=0.01)


@pytest.mark.parametrize(("which", "frozen"), [("none", []), ("all", [1, 3]), ("all_but_first", [3])])
def test_freeze_norms__keeps_statistics_and_weights_in_training(which, frozen):
    network = with_two_norms()
    network.freeze_norms(which)
    network.eval().train()
    network.backbone(torch.randn(4, 3, 2, 2, 2)).sum().backward()
    for i in (1, 3):
        norm = network.backbone[i]
        assert (norm.num_batches_tracked.item() == 0) == (i in frozen)
        assert norm.training == (i not in frozen)
        assert [p.requires_grad for p in norm.parameters()] == [i not in frozen] * 2
    assert network.backbone[0].weight.requires_grad
    assert network.training


def test_freeze_norms__leaves_a_network_in_tests_there():
    network = with_two_norms().eval()
    network.freeze_norms("all_but_first")
    assert not any(module.training for module in network.modules())


@pytest.mark.parametrize("which", ["all", "all_but_first"])
def test_freeze_norms__says_when_there_are_none(which):
    with pytest.raises(
        ConfigError, match=f"frozen_norms is '{which}', but Identity has no batch norms.*set it to none"
    ):
        mean_colour().freeze_norms(which)
