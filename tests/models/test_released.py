import json

import numpy as np
import pytest
import torch
from torch import nn

from omnisource.config import ModelConfig
from omnisource.errors import CheckpointError
from omnisource.models.released import from_released, is_released, to_released
from omnisource.models.zoo import VideoNet, build

RELEASED = {
    "tsn_r50_1x1x3_k400": ("tsn", "resnet50", 400),
    "tsn_bninception_seg3_ucf101": ("tsn", "bninception", 101),
    "i3d_r50_32x2_k400": ("i3d", "resnet50", 400),
    "ircsn_r152_32x2_k400": ("ircsn", "resnet152", 400),
    "mmaction01_ircsn_r152_32x2_k400": ("ircsn", "resnet152", 400),
    "omni_r50_8x8_in1k_k400": ("omni", "resnet50", 400),
    "tsn_r50_1x1x8_k200": ("tsn", "resnet50", 200),
    "slowonly_r50_4x16_k400": ("slowonly", "resnet50", 400),
    "slowonly_r50_8x8_k200": ("slowonly", "resnet50", 200),
    "slowonly_r101_8x8_k400": ("slowonly", "resnet101", 400),
    "mmaction01_tsn_r50_seg3_k400": ("tsn", "resnet50", 400),
    "mmaction01_slowonly_r50_4x16_k400": ("slowonly", "resnet50", 400),
    "mmaction01_slowonly_r101_8x8_k400": ("slowonly", "resnet101", 400),
}


def network_like(model: str) -> VideoNet:
    arch, backbone, num_classes = RELEASED[model]
    return build(ModelConfig(arch=arch, backbone=backbone, pretrained="none", dropout=0), num_classes)


def layout_of(model: str) -> str:
    return "mmaction0" if model.startswith("mmaction01") or "bninception" in model else "mmaction2"


def as_clips(known: torch.Tensor, arch: str) -> torch.Tensor:
    """(N, T, C, H, W) of 2D, (N, views, C, T, H, W) of 3D -> (B, C, T, H, W); OmniResNet's are clips or images."""
    if arch == "tsn":
        return known.transpose(1, 2)
    return known.flatten(0, 1) if known.ndim == 6 else known


def without_data(shapes: dict[str, tuple[int, ...]]) -> dict[str, torch.Tensor]:
    return {key: torch.empty(shape, device="meta") for key, shape in shapes.items()}


def keys_and_shapes(state_dict: dict[str, torch.Tensor]) -> list[tuple[str, tuple[int, ...]]]:
    return [(key, tuple(tensor.shape)) for key, tensor in state_dict.items()]


@pytest.mark.parametrize("model", RELEASED)
def test_to_released__undoes_from_released(model, parity):
    arch = RELEASED[model][0]
    released = without_data(parity.shapes(model))
    again = to_released(from_released(released, arch), arch, layout_of(model))
    assert keys_and_shapes(again) == keys_and_shapes(released)
    assert all(again[key] is tensor for key, tensor in released.items())


@pytest.mark.parametrize("model", RELEASED)
def test_to_released__gives_our_network_the_released_names_shapes_and_order(model, parity):
    with torch.device("meta"):
        ours = network_like(model).state_dict()
    released = to_released(ours, RELEASED[model][0], layout_of(model))
    assert keys_and_shapes(released) == list(parity.shapes(model).items())


@pytest.mark.parametrize("model", [model for model in RELEASED if model.startswith("mmaction01")])
def test_to_released__translates_one_release_into_the_other(model, facts, parity):
    known = json.loads((facts / "state_dicts" / "key_map_mmaction01_to_mmaction2.json").read_text())[model]["map"]
    arch = RELEASED[model][0]
    old = without_data(parity.shapes(model))
    new = to_released(from_released(old, arch), arch)
    assert {key: next(k for k, t in new.items() if t is tensor) for key, tensor in old.items()} == known


@pytest.mark.slow
@pytest.mark.parametrize("model", [model for model in RELEASED if "r101" not in model and "r152" not in model])
def test_from_released__gives_the_released_logits(model, parity):
    arch = RELEASED[model][0]
    network = network_like(model).eval()
    network.load_state_dict(from_released(parity.weights(model), arch))
    inputs = json.loads((parity.folder / f"{model}.json").read_text())["inputs"]
    for name, meta in inputs.items():
        clips = as_clips(parity.clip(name, tuple(meta["shape"])), arch)
        with torch.inference_mode():
            if clips.ndim == 4:
                features, logits = network.image_features(clips), network.classify_images(clips)
            else:
                features = network.features(clips)
                logits = network.classify(features)
        part = name.removeprefix(model)  # OmniResNet's pictures: "_image"
        with np.load(parity.folder / f"{model}.npz") as known:
            wanted, wanted_features = known[f"logits_f64{part}"], known[f"feat_f64{part}"].mean(axis=0, keepdims=True)
        assert np.abs(logits.numpy() - wanted).max() <= 1e-4 * np.abs(wanted).max()
        assert np.abs(features.numpy() - wanted_features).max() <= 1e-4 * np.abs(wanted_features).max()


@pytest.mark.slow
def test_from_released__ircsn_moves_as_much_as_the_released_one_when_it_is_changed(parity):
    """There are no logits of irCSN, but how far two changes moved the largest one, on a clip of 32 x 112 x 112."""
    model = "ircsn_r152_32x2_k400"
    known = json.loads((parity.folder / "mutations_mm1.json").read_text())[model]
    network = network_like(model).eval()
    network.load_state_dict(from_released(parity.weights(model), "ircsn"))
    clips = parity.clip(model, (1, 3, 32, 112, 112))
    with torch.inference_mode():
        logits = network(clips)
        for norm in (module for module in network.modules() if isinstance(module, nn.BatchNorm3d)):
            norm.eps = 1e-5
        assert (network(clips) - logits).abs().max().item() == pytest.approx(known["eps"], rel=1e-4)
        for module in network.modules():
            if isinstance(module, nn.BatchNorm3d):
                module.eps = 1e-3
            if isinstance(module, nn.Conv3d):
                module.stride = (1, *module.stride[1:])
        assert (network(clips) - logits).abs().max().item() == pytest.approx(known["no_temporal_stride"], rel=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("run", "dtype", "rel"),
    [
        ("tsn_r50_1x1x3_k400/clip40_lr0.01", torch.float64, 1e-6),  # as the released code was run
        ("slowonly_r50_4x16_k400/clip1_lr0.1", torch.float32, 1e-3),  # three times faster
    ],
)
def test_from_released__trains_like_the_released_code(run, dtype, rel, parity):
    known = json.loads((parity.folder / "train_steps.json").read_text())[run]
    model = run.partition("/")[0]
    arch = RELEASED[model][0]
    network = network_like(model).train()
    network.load_state_dict(from_released(parity.weights(model), arch))
    network.to(dtype)
    clips = parity.clip(known["input_name"], tuple(known["shape"])).to(dtype)
    clips = as_clips(clips, arch)
    optimizer = torch.optim.SGD(
        network.parameters(), lr=known["lr"], momentum=known["momentum"], weight_decay=known["weight_decay"]
    )
    for step in known["steps"]:
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(network(clips), torch.tensor(known["labels"]))
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(network.parameters(), known["clip"])
        optimizer.step()
        assert loss.item() == pytest.approx(step["loss"], rel=rel)
        assert norm.item() == pytest.approx(step["grad_norm"], rel=rel)
    trained = to_released(network.state_dict(), arch)
    for key, values in known["probes"].items():
        assert trained[key].flatten()[:8].tolist() == pytest.approx(values, rel=rel, abs=rel / 100), key


@pytest.mark.parametrize(
    ("released", "ours"),
    [
        ("backbone.conv1.conv.weight", "backbone.conv1.weight"),
        ("backbone.conv1.bn.running_var", "backbone.bn1.running_var"),
        ("backbone.layer3.12.conv2.conv.weight", "backbone.layer3.12.conv2.weight"),
        ("backbone.layer3.12.conv2.bn.bias", "backbone.layer3.12.bn2.bias"),
        ("backbone.layer4.0.downsample.conv.weight", "backbone.layer4.0.downsample.0.weight"),
        ("backbone.layer4.0.downsample.bn.num_batches_tracked", "backbone.layer4.0.downsample.1.num_batches_tracked"),
        ("cls_head.fc_cls.bias", "classifier.bias"),
    ],
)
def test_from_released__renames_by_rule(released, ours):
    marker = {"backbone.layer1.0.conv1.conv.weight": torch.zeros(1, 1, 1, 1)}  # one key that tells the layout
    tensor = torch.zeros(1)
    assert from_released({**marker, released: tensor}, "tsn")[ours] is tensor
    assert to_released({ours: tensor}, "tsn") == {released: tensor}


@pytest.mark.parametrize("model", RELEASED)
def test_to_released__has_the_released_order_whatever_the_order_it_is_given(model, parity):
    arch = RELEASED[model][0]
    ours = from_released(without_data(parity.shapes(model)), arch)
    released = to_released({key: ours[key] for key in sorted(ours)}, arch, layout_of(model))  # as safetensors sorts
    assert keys_and_shapes(released) == list(parity.shapes(model).items())


def test_to_released__translates_a_release_in_the_order_of_the_other(parity):
    old = without_data(parity.shapes("mmaction01_slowonly_r101_8x8_k400"))
    new = to_released(from_released(old, "slowonly"), "slowonly")
    assert list(new) == list(parity.shapes("slowonly_r101_8x8_k400"))


@pytest.mark.parametrize(
    ("arch", "backbone", "layout", "keys"),
    [
        ("ircsn", "resnet101", "mmaction0", ["backbone.layer3.w.bn2.weight", "cls_head.fc_cls.weight"]),  # 23 blocks
        ("ircsn", "resnet50", "mmaction0", ["backbone.layer2.a.conv3.weight", "backbone.layer3.f.conv0.weight"]),
        ("ircsn", "resnet50", "mmaction2", ["backbone.layer3.5.conv2.0.bn.running_var", "backbone.conv1.bn.bias"]),
        ("i3d", "resnet101", "mmaction2", ["backbone.layer3.22.conv1.conv.weight"]),
        ("i3d", "resnet101", "mmaction0", ["backbone.layer3.22.bn3.num_batches_tracked"]),
        ("slowonly", "resnet152", "mmaction2", ["backbone.layer3.35.conv3.bn.weight"]),
        ("tsn", "resnet152", "mmaction0", ["backbone.layer4.0.downsample.1.running_mean"]),
        ("tsn", "resnet18", "mmaction2", ["backbone.layer4.1.conv2.bn.weight"]),
        ("tsn", "bninception", "mmaction0", ["backbone.inception_4e_double_3x3_2_bn.bias"]),
        ("omni", "resnet101", "mmaction2", ["backbone.layer3.22.bn3.weight", "cls_head.fc3d.6.bias"]),
    ],
)
@pytest.mark.parametrize("format", ["rgb", "flow"])
def test_to_released__goes_by_rule_for_every_network_of_the_family(arch, backbone, layout, keys, format):
    config = ModelConfig(arch=arch, backbone=backbone, pretrained="none", format="rgb" if arch == "omni" else format)
    with torch.device("meta"):
        ours = build(config, 7).state_dict()
    released = to_released(ours, arch, layout)
    assert set(keys) <= released.keys()
    again = from_released(released, arch)
    assert {key: tuple(tensor.shape) for key, tensor in again.items()} == {
        key: tuple(tensor.shape) for key, tensor in ours.items()
    }
    assert len(released) == len(ours)


@pytest.mark.parametrize(
    ("arch", "backbone", "layout", "message"),
    [
        ("omni", "resnet50", "mmaction0", "mmaction0 has no names for omni; its only layout is mmaction2"),
        ("tsn", "bninception", "mmaction2", "mmaction2 has no names for BNInception; its only layout is mmaction0"),
    ],
)
def test_to_released__says_when_nobody_released_it_so(arch, backbone, layout, message):
    with torch.device("meta"):
        ours = build(ModelConfig(arch=arch, backbone=backbone, pretrained="none"), 2).state_dict()
    with pytest.raises(CheckpointError) as error:
        to_released(ours, arch, layout)
    assert str(error.value) == message


def test_to_released__leaves_basic_blocks_in_order_for_mmaction0():
    with torch.device("meta"):
        ours = build(ModelConfig(backbone="resnet18", pretrained="none"), 2).state_dict()
    released = to_released(ours, "tsn", "mmaction0")
    assert [key.replace("cls_head.fc_cls", "classifier") for key in released] == list(ours)


@pytest.mark.parametrize(
    ("key", "answer"),
    [
        ("cls_head.fc_cls.weight", True),
        ("backbone.conv1.conv.weight", True),  # a backbone alone, in mmaction2's names
        ("backbone.layer1.a.conv0.weight", True),  # in mmaction 0.x's of irCSN
        ("classifier.weight", False),
        ("fc.weight", False),
        ("backbone.conv1_7x7_s2.weight", True),  # BNInception
        ("backbone.conv1_7x7_s2.conv.weight", False),  # ours
    ],
)
def test_is_released__asks_for_the_released_classifier_or_stem(key, answer):
    assert is_released({"backbone.conv1.weight": torch.zeros(1), key: torch.zeros(1)}) is answer


def test_from_released__names_unknown_keys():
    state_dict = {f"backbone.inception_{i}.weight": torch.zeros(1) for i in range(7)}  # of no block
    with pytest.raises(CheckpointError) as error:
        from_released(state_dict, "tsn")
    assert str(error.value) == (
        "7 keys are unknown in the mmaction0 layout of tsn: backbone.inception_0.weight, backbone.inception_1.weight, "
        "backbone.inception_2.weight, backbone.inception_3.weight, backbone.inception_4.weight"
    )


def test_to_released__names_unknown_keys():
    with pytest.raises(CheckpointError, match="1 keys are unknown in our names of tsn: backbone.features.0.0.weight"):
        to_released({"backbone.features.0.0.weight": torch.zeros(1)}, "tsn")


def test_from_released__says_when_the_kernels_are_of_another_arch():
    with pytest.raises(CheckpointError) as error:
        from_released({"backbone.conv1.conv.weight": torch.zeros(64, 3, 1, 7, 7)}, "tsn")
    assert str(error.value) == (
        "backbone.conv1.conv.weight has shape (64, 3, 1, 7, 7), a 3D kernel, but tsn is 2D; "
        "is it a checkpoint of another network?"
    )


def test_from_released__says_what_kernels_of_another_arch_look_like(parity):
    with pytest.raises(CheckpointError) as error:
        from_released(without_data(parity.shapes("i3d_r50_32x2_k400")), "tsn")
    assert str(error.value) == (
        "backbone.conv1.conv.weight has shape (64, 3, 5, 7, 7), a 3D kernel, but tsn is 2D; "
        "the weights look like I3D ResNet-50, 400 classes, mmaction2 names"
    )


def test_from_released__says_what_the_weights_look_like(parity):
    omni = without_data(parity.shapes("omni_r50_8x8_in1k_k400"))
    with pytest.raises(CheckpointError) as error:
        from_released(omni, "slowonly")
    assert str(error.value) == (
        "16 keys are unknown in the mmaction0 layout of slowonly: cls_head.fc2d.2.weight, cls_head.fc2d.2.bias, "
        "cls_head.fc2d.2.running_mean, cls_head.fc2d.2.running_var, cls_head.fc2d.2.num_batches_tracked; "
        "the weights look like Omni ResNet-50, 400 classes and 1000 of pictures, mmaction2 names"
    )
