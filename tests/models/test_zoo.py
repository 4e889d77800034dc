import logging

import pytest
import torch
import torchvision
from safetensors.torch import save_file

from omnisource.config import ModelConfig
from omnisource.errors import CheckpointError, ConfigError
from omnisource.models.checkpoints import save_network
from omnisource.models.clip_net import ClipNet
from omnisource.models.omni import OmniNet
from omnisource.models.released import to_released
from omnisource.models.tsn import TSN
from omnisource.models.zoo import build

THIN = ModelConfig(backbone="resnet10", width=0.1, pretrained="none")
THIN_3D = THIN.model_copy(update={"arch": "slowonly"})


@pytest.mark.parametrize(
    ("arch", "network_class", "dropout"),
    [
        ("tsn", TSN, 0.4),
        ("slowonly", ClipNet, 0.5),
        ("i3d", ClipNet, 0.5),
        ("ircsn", ClipNet, 0.5),
        ("omni", OmniNet, 0.5),
    ],
)
def test_build__follows_the_arch(arch, network_class, dropout):
    network = build(ModelConfig(arch=arch, backbone="resnet50", width=0.1, pretrained="none"), 7)
    assert type(network) is network_class
    assert (network.num_classes, network.dropout.p, network.training) == (7, dropout, True)


@pytest.mark.parametrize(
    ("arch", "backbone", "num_classes", "num_parameters"),
    [
        ("tsn", "resnet50", 400, 24_327_632),
        ("tsn", "bninception", 101, 10_373_765),
        ("slowonly", "resnet50", 400, 32_454_096),
        ("i3d", "resnet50", 400, 28_043_472),
        ("ircsn", "resnet152", 400, 29_703_568),
        ("omni", "resnet50", 400, 35_648_792),
    ],
)
def test_build__has_the_released_number_of_parameters(arch, backbone, num_classes, num_parameters):
    with torch.device("meta"):
        network = build(ModelConfig(arch=arch, backbone=backbone, pretrained="none"), num_classes)
    assert sum(p.numel() for p in network.parameters()) == num_parameters  # facts: state_dicts


def test_build__takes_dropout_init_std_and_zero_init_residual_from_the_config():
    config = THIN.model_copy(update={"dropout": 0.8, "init_std": 1.0, "zero_init_residual": True})
    network = build(config, 1000)
    assert network.dropout.p == 0.8
    assert network.classifier.weight.std().item() == pytest.approx(1, rel=0.02)  # 48,000 draws
    assert not network.backbone.layer1[0].bn2.weight.any()


@pytest.mark.parametrize(
    ("settings", "shape"),
    [
        ({"arch": "tsn", "backbone": "resnet10"}, (1, 10, 2, 32, 32)),  # five frames of two channels
        ({"arch": "tsn", "backbone": "resnet10", "flow_frames": 3}, (1, 6, 2, 32, 32)),
        ({"arch": "tsn", "backbone": "bninception"}, (1, 10, 2, 32, 32)),
        ({"arch": "slowonly", "backbone": "resnet10"}, (1, 2, 4, 32, 32)),
        ({"arch": "i3d", "backbone": "resnet10"}, (1, 2, 8, 32, 32)),
        ({"arch": "ircsn", "backbone": "resnet50"}, (1, 2, 8, 32, 32)),
    ],
)
def test_build__flow_networks_see_flow(settings, shape):
    width = {} if settings["backbone"] == "bninception" else {"width": 0.1}
    network = build(ModelConfig(**settings, **width, format="flow", pretrained="none"), 3).eval()
    assert network(torch.zeros(shape)).shape == (1, 3)


@pytest.mark.parametrize(("frozen", "num_frozen"), [("none", 0), ("all", 12), ("all_but_first", 11)])
def test_build__freezes_norms(frozen, num_frozen):
    network = build(THIN.model_copy(update={"frozen_norms": frozen}), 2)  # a ResNet-10 has 1 + 4 * 2 + 3 norms
    assert sum(not parameter.requires_grad for parameter in network.parameters()) == 2 * num_frozen
    norms = [module for module in network.backbone.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    assert [norm.training for norm in norms].count(False) == num_frozen
    assert norms[0].training == (frozen != "all")


def test_build__omni_has_a_head_of_its_own_for_pictures():
    config = ModelConfig(arch="omni", backbone="resnet10", width=0.1, pretrained="none", num_image_classes=9)
    assert build(config, 4).eval().classify_images(torch.zeros(2, 3, 32, 32)).shape == (2, 9)


def test_build__i3d_takes_the_shortest_clip_that_it_allows():
    config = ModelConfig(arch="i3d", backbone="resnet10", width=0.1, pretrained="none", clip_len=5)
    assert build(config, 4).eval()(torch.zeros(1, 3, 5, 32, 32)).shape == (1, 4)


def test_build__same_seed_same_network():
    weights = []
    for _ in range(2):
        torch.manual_seed(3)
        weights.append(build(THIN, 2).state_dict())
    assert all(torch.equal(tensor, weights[1][key]) for key, tensor in weights[0].items())


def test_build__takes_any_torchvision_backbone():
    network = build(ModelConfig(backbone="mobilenet_v3_small", pretrained="none"), 3).eval()
    assert network(torch.zeros(2, 3, 2, 64, 64)).shape == (2, 3)


def test_build__imagenet_weights_go_into_a_resnet(monkeypatch, tmp_path, caplog):
    weights = torchvision.models.resnet18().state_dict()
    cached = tmp_path / "hub" / "checkpoints" / torchvision.models.ResNet18_Weights.DEFAULT.url.rpartition("/")[2]
    cached.parent.mkdir(parents=True)
    torch.save(weights, cached)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    caplog.set_level(logging.INFO, logger="omnisource.models.starting")
    flat = build(ModelConfig(arch="tsn", backbone="resnet18", pretrained="imagenet"), 2)
    deep = build(ModelConfig(arch="slowonly", backbone="resnet18", pretrained="imagenet"), 2)
    assert torch.equal(flat.backbone.layer3[0].conv1.weight, weights["layer3.0.conv1.weight"])
    kernel = deep.backbone.layer3[0].conv1.weight
    assert kernel.shape == (256, 128, 3, 3, 3)
    assert torch.allclose(kernel.sum(dim=2), weights["layer3.0.conv1.weight"], atol=1e-6)
    assert "resnet18 from imagenet: the classifier starts fresh: the file has none" in caplog.text


def test_build__plain_torchvision_file_loses_its_head(tmp_path):
    theirs = torchvision.models.mobilenet_v3_small()
    save_file(theirs.state_dict(), tmp_path / "weights.safetensors")
    config = ModelConfig(backbone="mobilenet_v3_small", pretrained=str(tmp_path / "weights.safetensors"))
    network = build(config, 2)
    assert torch.equal(network.backbone.classifier[0].weight, theirs.classifier[0].weight)  # not the last layer: kept
    assert network.num_classes == 2


def test_build__our_own_file_comes_back_with_its_head(tmp_path):
    trained = build(THIN, 4)
    save_network(tmp_path / "a.pth", trained, {})
    again = build(THIN.model_copy(update={"pretrained": str(tmp_path / "a.pth")}), 4)
    assert all(torch.equal(tensor, trained.state_dict()[key]) for key, tensor in again.state_dict().items())


def test_build__our_own_file_of_other_classes_gives_its_backbone(tmp_path):
    trained = build(THIN, 4)
    save_network(tmp_path / "a.pth", trained, {})
    again = build(THIN.model_copy(update={"pretrained": str(tmp_path / "a.pth")}), 5)
    assert torch.equal(again.backbone.conv1.weight, trained.backbone.conv1.weight)
    assert again.num_classes == 5


@pytest.mark.parametrize("layout", ["mmaction2", "mmaction0"])
@pytest.mark.parametrize("config", [THIN, THIN_3D])
def test_build__released_file_comes_back(tmp_path, layout, config):
    trained = build(config, 4)
    released = to_released(trained.state_dict(), config.arch, layout)
    torch.save({"meta": {}, "state_dict": released}, tmp_path / "released.pth")
    again = build(config.model_copy(update={"pretrained": str(tmp_path / "released.pth")}), 4)
    assert all(torch.equal(tensor, trained.state_dict()[key]) for key, tensor in again.state_dict().items())


def test_build__a_2d_file_starts_a_3d_network(tmp_path):
    flat = build(THIN, 4)
    save_network(tmp_path / "a.pth", flat, {})
    deep = build(THIN_3D.model_copy(update={"pretrained": str(tmp_path / "a.pth")}), 4)
    assert torch.allclose(deep.backbone.layer4[0].conv1.weight.sum(dim=2), flat.backbone.layer4[0].conv1.weight)


def test_build__a_released_2d_file_starts_a_3d_network(tmp_path):
    flat = build(THIN, 4)
    torch.save({"state_dict": to_released(flat.state_dict(), "tsn")}, tmp_path / "released.pth")
    deep = build(THIN_3D.model_copy(update={"pretrained": str(tmp_path / "released.pth")}), 4)
    assert torch.allclose(deep.backbone.layer4[0].conv1.weight.sum(dim=2), flat.backbone.layer4[0].conv1.weight)


def test_build__names_keys_of_a_file_of_another_depth(tmp_path):
    torch.save(torchvision.models.resnet18().state_dict(), tmp_path / "resnet18.pth")
    with pytest.raises(CheckpointError, match="surplus: backbone.layer1.1.conv1.weight"):
        build(ModelConfig(backbone="resnet10", pretrained=str(tmp_path / "resnet18.pth")), 2)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"arch": "slowonly", "backbone": "vgg11"},
            "slowonly needs one of resnet10, .*resnet152 as backbone, not 'vgg11",
        ),
        ({"arch": "i3d", "backbone": "bninception"}, "i3d needs one of resnet10, .* as backbone, not 'bninception'"),
        ({"arch": "omni", "backbone": "a.b:c"}, "omni needs one of resnet10, .* as backbone, not 'a.b:c'"),
        (
            {"arch": "ircsn", "backbone": "resnet34"},  # its blocks are bottlenecks
            "^ircsn needs one of resnet50, resnet101, resnet152 as backbone, not 'resnet34'$",
        ),
        ({"backbone": "bninception", "width": 0.5}, "width and zero_init_residual are for .*, not 'bninception'"),
        ({"backbone": "vgg11", "format": "flow"}, "format flow is for bninception and resnet10, .*, not 'vgg11'"),
        (
            {"arch": "omni", "format": "flow"},
            "omni shares its weights with pictures, which have no flow; set format to rgb",
        ),
        (
            {"arch": "omni", "init_std": 0.1},
            "omni's heads start as torch's do, not with init_std 0.1; leave it out",
        ),
        (
            {"arch": "i3d", "clip_len": 4},
            r"clip_len 4 leaves none; set it to 5 or more \(paper: 32\)",
        ),
        (
            {"backbone": "vgg11", "pretrained": "none", "frozen_norms": "all"},
            "frozen_norms is 'all', but VGG has no batch norms that it would freeze; set it to none",
        ),
        ({"backbone": "vgg11", "width": 0.5}, "width and zero_init_residual are for resnet10, .*, not 'vgg11'"),
        ({"backbone": "vgg11", "zero_init_residual": True}, "width and zero_init_residual are for"),
    ],
)
def test_build__refuses_settings_that_do_not_go_together(settings, message):
    with pytest.raises(ConfigError, match=message):
        build(ModelConfig(**settings), 2)
