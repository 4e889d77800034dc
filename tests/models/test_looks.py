import pytest
import torch
import torchvision

from omnisource.config import ModelConfig
from omnisource.models.looks import has_released_names, looks_like
from omnisource.models.released import to_released
from omnisource.models.zoo import build


@pytest.mark.parametrize(
    ("model", "looks"),
    [
        ("tsn_r50_1x1x8_k200", "TSN ResNet-50, 200 classes, mmaction2 names"),
        ("mmaction01_tsn_r50_seg3_k400", "TSN ResNet-50, 400 classes, mmaction 0.x names"),
        ("slowonly_r101_8x8_k400", "SlowOnly ResNet-101, 400 classes, mmaction2 names"),
        ("mmaction01_slowonly_r50_4x16_k400", "SlowOnly ResNet-50, 400 classes, mmaction 0.x names"),
        ("i3d_r50_32x2_k400", "I3D ResNet-50, 400 classes, mmaction2 names"),
        ("ircsn_r152_32x2_k400", "irCSN ResNet-152, 400 classes, mmaction2 names"),
        ("mmaction01_ircsn_r152_32x2_k400", "irCSN ResNet-152, 400 classes, mmaction 0.x names"),
        ("tsn_bninception_seg3_ucf101", "TSN BNInception, 101 classes, mmaction 0.x names"),
        ("omni_r50_8x8_in1k_k400", "Omni ResNet-50, 400 classes and 1000 of pictures, mmaction2 names"),
    ],
)
def test_looks_like__names_released_models(model, looks, parity):
    weights = {key: torch.empty(shape, device="meta") for key, shape in parity.shapes(model).items()}
    assert looks_like(weights) == looks
    without_head = {key: tensor for key, tensor in weights.items() if key.startswith("backbone.")}
    if has_released_names(without_head):  # mmaction 0.x's ResNets have our names but for the head
        assert looks_like(without_head) == ", ".join([looks.split(",")[0], "no classifier", looks.split(", ")[-1]])


@pytest.mark.parametrize(
    ("settings", "looks"),
    [
        ({"backbone": "resnet10", "width": 0.25}, "TSN ResNet-10 of width 0.25, 4 classes, our names"),
        ({"backbone": "resnet34", "format": "flow"}, "TSN ResNet-34 on flow (10 channels), 4 classes, our names"),
        ({"arch": "i3d", "format": "flow"}, "I3D ResNet-50 on flow (2 channels), 4 classes, our names"),
        ({"arch": "ircsn", "backbone": "resnet101"}, "irCSN ResNet-101, 4 classes, our names"),
        ({"arch": "omni", "num_image_classes": 9}, "Omni ResNet-50, 4 classes and 9 of pictures, our names"),
        ({"backbone": "bninception"}, "TSN BNInception, 4 classes, our names"),
    ],
)
def test_looks_like__names_our_own(settings, looks):
    with torch.device("meta"):
        weights = build(ModelConfig(**settings, pretrained="none"), 4).state_dict()
    assert looks_like(weights) == looks


def test_looks_like__tells_flow_from_colours_in_released_names():
    with torch.device("meta"):
        weights = build(ModelConfig(arch="i3d", format="flow", pretrained="none"), 400).state_dict()
    assert looks_like(to_released(weights, "i3d")) == "I3D ResNet-50 on flow (2 channels), 400 classes, mmaction2 names"


@pytest.mark.parametrize(
    ("name", "looks"),
    [
        ("resnet50", "torchvision resnet50, 1000 classes"),
        ("resnet18", "torchvision resnet18, 1000 classes"),
        ("resnext50_32x4d", "a wide or grouped relative of torchvision resnet50, 1000 classes"),
        ("wide_resnet50_2", "a wide or grouped relative of torchvision resnet50, 1000 classes"),
        ("mobilenet_v2", None),
        ("densenet121", None),
    ],
)
def test_looks_like__names_torchvisions_resnets(name, looks):
    with torch.device("meta"):
        weights = torchvision.models.get_model(name).state_dict()
    assert looks_like(weights) == looks


def test_looks_like__names_video_networks_of_torchvision():
    with torch.device("meta"):
        weights = torchvision.models.video.r3d_18().state_dict()
    assert looks_like(weights) == "a video ResNet-18, 400 classes, torchvision's or VMZ's video names"


def test_looks_like__is_none_for_anything_else():
    assert looks_like({"a": torch.zeros(1)}) is None


def test_looks_like__counts_the_blocks_of_an_unknown_depth():
    with torch.device("meta"):
        weights = build(ModelConfig(backbone="resnet18", pretrained="none"), 4).state_dict()
    shorter = {key: tensor for key, tensor in weights.items() if not key.startswith("backbone.layer2.1.")}
    assert looks_like(shorter) == "TSN ResNet of 2-1-2-2 blocks, 4 classes, our names"
