import json

import numpy as np
import pytest
import torch
from torch import nn

from omnisource.config import ModelConfig
from omnisource.models.predict import average_views, prepare_for_inference
from omnisource.models.released import from_released
from omnisource.models.tsn import TSN
from omnisource.models.zoo import build


def pixel_network() -> TSN:
    """One-pixel views (r, g, b) whose logits are (r, g)."""
    network = TSN(nn.Flatten(), num_features=3, num_classes=2).eval()
    network.classifier.weight.data = torch.eye(2, 3)
    return network


def one_pixel_views(*pixels: tuple[float, float, float]) -> torch.Tensor:
    return torch.tensor(pixels).view(1, len(pixels), 3, 1, 1, 1)


@pytest.mark.parametrize(
    ("average", "first"),
    [
        ("features", 0.5),  # means of the logits are (1, 1)
        ("logits", 0.5),
        ("probs", 0.5 * (0.8807971 + 0.1192029)),  # sigmoid(2), sigmoid(-2)
    ],
)
def test_average_views__symmetric_views_are_undecided(average, first):
    views = one_pixel_views((2.0, 0.0, 0.0), (0.0, 2.0, 0.0))
    assert average_views(pixel_network(), views, average).tolist() == [pytest.approx([first, 1 - first])]


@pytest.mark.parametrize(
    ("average", "first"),
    [
        ("features", 0.8807971),  # mean logits (2, 0): sigmoid(2)
        ("logits", 0.8807971),
        ("probs", 0.7410069),  # mean of sigmoid(4) = 0.9820138 and sigmoid(0) = 0.5
    ],
)
def test_average_views__softmax_comes_last_unless_probs_are_averaged(average, first):
    views = one_pixel_views((4.0, 0.0, 0.0), (0.0, 0.0, 0.0))
    assert average_views(pixel_network(), views, average)[0, 0].item() == pytest.approx(first, abs=1e-6)


@pytest.mark.parametrize("max_frames", [1, 5, 7, 1000])
def test_average_views__does_not_depend_on_the_chunks(max_frames):
    network = build(ModelConfig(backbone="resnet10", width=0.1, pretrained="none"), 4).eval()
    views = torch.randn(2, 3, 3, 2, 32, 32)
    whole = average_views(network, views, "probs")
    assert whole.shape == (2, 4)
    assert torch.allclose(average_views(network, views, "probs", max_frames=max_frames), whole, atol=1e-6)


def test_average_views__refuses_a_network_in_training():
    with pytest.raises(AssertionError, match="call network.eval"):
        average_views(pixel_network().train(), one_pixel_views((0.0, 0.0, 0.0)), "probs")


@pytest.mark.slow
def test_average_views__tsn_agrees_with_the_released_code(parity):
    name = "tsn_r50_1x1x3_k400"
    known = np.load(parity.folder / "multi_view.npz")
    meta = json.loads((parity.folder / "multi_view.json").read_text())[name]
    network = build(ModelConfig(arch="tsn", pretrained="none"), 400).eval()
    network.load_state_dict(from_released(parity.weights(name), "tsn"))
    clips = parity.clip(meta["input_name"], tuple(meta["shape"]))  # (N, views, C, H, W)
    views = clips.unsqueeze(3)  # (B, V, 3, T = 1, H, W)
    with torch.inference_mode():
        logits = network(clips.transpose(1, 2))  # the ten frames as snippets of one clip
    assert np.abs(logits.numpy() - known[f"{name}__none"]).max() <= 1e-4 * np.abs(known[f"{name}__none"]).max()
    wanted = known[f"{name}__prob"]
    for average in ("features", "logits"):
        assert np.abs(average_views(network, views, average).numpy() - wanted).max() <= 1e-4 * wanted.max()


@pytest.mark.slow
def test_average_views__slowonly_agrees_with_the_released_code(parity):
    name = "slowonly_r50_4x16_k400"
    known = np.load(parity.folder / "multi_view.npz")
    meta = json.loads((parity.folder / "multi_view.json").read_text())[name]
    network = build(ModelConfig(arch="slowonly", pretrained="none"), 400).eval()
    network.load_state_dict(from_released(parity.weights(name), "slowonly"))
    views = parity.clip(meta["input_name"], tuple(meta["shape"]))  # (B, V, 3, T, H, W)
    with torch.inference_mode():
        logits = network(views.flatten(0, 1)).numpy()
    assert np.abs(logits - known[f"{name}__none"]).max() <= 1e-4 * np.abs(known[f"{name}__none"]).max()
    probs = average_views(network, views, "probs").numpy()
    assert np.abs(probs - known[f"{name}__prob"]).max() <= 1e-4 * known[f"{name}__prob"].max()
    by_score = torch.from_numpy(known[f"{name}__score"]).softmax(dim=1).numpy()
    assert np.abs(average_views(network, views, "logits").numpy() - by_score).max() <= 1e-4 * by_score.max()


def with_random_statistics(network: nn.Module) -> nn.Module:
    for module in network.modules():
        if isinstance(module, (nn.BatchNorm2d, nn.BatchNorm3d)):
            for tensor in (module.weight.data, module.running_var):
                tensor.uniform_(0.5, 1.5)
            for tensor in (module.bias.data, module.running_mean):
                tensor.normal_()
    return network


@pytest.mark.parametrize(
    ("arch", "backbone"),
    [
        ("tsn", "resnet10"),  # numbered norms, basic blocks
        ("tsn", "mobilenet_v2"),  # norms in nn.Sequential
        ("tsn", "densenet121"),  # norms before convolutions: most stay
        ("tsn", "resnext50_32x4d"),  # torchvision's own bottlenecks
        ("tsn", "bninception"),  # convolutions with biases
        ("slowonly", "resnet50"),
        ("i3d", "resnet50"),
        ("ircsn", "resnet50"),  # depthwise convolutions
        ("omni", "resnet50"),
    ],
)
def test_prepare_for_inference__predicts_the_same(arch, backbone):
    width = 0.1 if backbone in ("resnet10", "resnet50") else 1.0
    init_std = 0.01 if arch == "omni" else 0.1
    network = build(ModelConfig(arch=arch, backbone=backbone, width=width, pretrained="none", init_std=init_std), 6)
    with_random_statistics(network).eval()
    prepared = prepare_for_inference(network, torch.device("cpu"))
    clips = torch.randn(1, 3, 8 if arch == "i3d" else 2, 64, 64)
    with torch.inference_mode():
        wanted = network(clips)
        assert (prepared(clips) - wanted).abs().max() <= 1e-4 * wanted.abs().max()
        assert (prepared.features(clips) - network.features(clips)).abs().max() <= 1e-4 * network.features(
            clips
        ).abs().max()


@pytest.mark.parametrize("arch", ["tsn", "slowonly", "i3d", "ircsn", "omni"])
@pytest.mark.parametrize("frozen_norms", ["none", "all"])
def test_prepare_for_inference__leaves_no_norm_in_a_resnet(arch, frozen_norms):
    config = ModelConfig(arch=arch, width=0.1, pretrained="none", frozen_norms=frozen_norms)
    prepared = prepare_for_inference(build(config, 2), torch.device("cpu"))
    assert not [m for m in prepared.modules() if isinstance(m, (nn.BatchNorm2d, nn.BatchNorm3d))]
    assert not prepared.training


def test_prepare_for_inference__leaves_no_norm_in_bninception():
    prepared = prepare_for_inference(
        build(ModelConfig(backbone="bninception", pretrained="none"), 2), torch.device("cpu")
    )
    assert not [m for m in prepared.modules() if isinstance(m, nn.BatchNorm2d)]


def test_prepare_for_inference__classifies_pictures_the_same():
    network = with_random_statistics(build(ModelConfig(arch="omni", width=0.1, pretrained="none"), 6)).eval()
    prepared = prepare_for_inference(network, torch.device("cpu"))
    images = torch.randn(2, 3, 64, 64)
    with torch.inference_mode():
        wanted = network.classify_images(images)
        assert (prepared.classify_images(images) - wanted).abs().max() <= 1e-4 * wanted.abs().max()


def test_prepare_for_inference__leaves_the_network_as_it_was():
    network = build(ModelConfig(backbone="resnet10", width=0.1, pretrained="none"), 2)
    before = {key: tensor.clone() for key, tensor in network.state_dict().items()}
    prepare_for_inference(network, torch.device("cpu"))
    assert network.training
    assert before.keys() == network.state_dict().keys()
    assert all(torch.equal(before[key], tensor) for key, tensor in network.state_dict().items())


class NormFirst(nn.Sequential):
    """Runs its children in another order than it lists them."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self[0](self[1](x))


def test_prepare_for_inference__does_not_fold_where_the_order_is_unknown():
    backbone = with_random_statistics(NormFirst(nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3))).eval()
    network = TSN(backbone, num_features=3, num_classes=2).eval()
    clips = torch.randn(1, 3, 1, 4, 4)
    assert torch.allclose(prepare_for_inference(network, torch.device("cpu"))(clips), network(clips), atol=1e-6)
