"""Released models by name and by file: the reference logits of the released code, and what files turn out to be."""

import json
import logging
from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision

from omnisource.errors import CheckpointError
from omnisource.models import downloads, released_models
from omnisource.models.checkpoints import save_network
from omnisource.models.loading import examine, load_released
from omnisource.models.released import to_released
from omnisource.models.zoo import build
from omnisource.network_config import ModelConfig, NetworkConfig

THIN = {"backbone": "resnet10", "width": 0.1, "pretrained": "none"}


def released_file(folder: Path, arch: str, num_classes: int, layout: str = "mmaction2", **model: object) -> Path:
    """A file as the released ones are, of a network with random weights."""
    network = build(ModelConfig(**{"arch": arch, "pretrained": "none"} | model), num_classes)
    path = folder / "weights.pth"
    torch.save({"state_dict": to_released(network.state_dict(), arch, layout), "meta": {}}, path)
    return path


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "seeded", "prefix"),
    [
        ("tsn-r50-3seg-k400-omnisource", "tsn_r50_1x1x3_k400", "module."),
        ("slowonly-r50-4x16-k400", "slowonly_r50_4x16_k400", ""),
        ("tsn-bninception-3seg-ucf101", "tsn_bninception_seg3_ucf101", ""),
    ],
)
def test_load_released__by_name_gives_the_released_logits(name, seeded, prefix, parity, tmp_path):
    model = released_models.find_recogniser(name)
    weights = {prefix + key: tensor for key, tensor in parity.weights(seeded).items()}
    torch.save({"meta": {"epoch": 100}, "state_dict": weights}, tmp_path / downloads.file_name(model.url))
    network, config = load_released(name, cache=tmp_path)
    assert config == model.network
    assert not network.training
    meta = json.loads((parity.folder / f"{seeded}.json").read_text())["inputs"][seeded]
    clips = parity.clip(seeded, tuple(meta["shape"]))
    clips = clips.transpose(1, 2) if config.model.dims == 2 else clips.flatten(0, 1)
    with torch.inference_mode():
        logits = network(clips).numpy()
    with np.load(parity.folder / f"{seeded}.npz") as known:
        wanted = known["logits_f64"]
    assert np.abs(logits - wanted).max() <= 1e-4 * np.abs(wanted).max()


@pytest.mark.parametrize(
    ("arch", "num_classes", "layout", "like"),
    [
        ("tsn", 400, "mmaction2", "tsn-r50-3seg-k400"),
        ("tsn", 200, "mmaction0", "tsn-r50-8seg-k200-baseline"),
        ("slowonly", 200, "mmaction2", "slowonly-r50-8x8-k200-baseline"),
        ("omni", 400, "mmaction2", "omniresnet-r50-8x8-k400"),
    ],
)
def test_load_released__a_file_is_tested_as_the_released_model_of_its_shape(
    arch, num_classes, layout, like, tmp_path, caplog
):
    path = released_file(tmp_path, arch, num_classes, layout)
    network, config = load_released(str(path))
    assert config == released_models.network_config(like)
    assert network.num_classes == num_classes
    assert f"{path} says nothing of its test; it is tested as {like}" in caplog.text


def test_load_released__a_released_file_is_known_by_its_name(tmp_path):
    model = released_models.find_recogniser("slowonly-r50-4x16-imagenet-k400")
    path = released_file(tmp_path, "slowonly", 400, "mmaction0").rename(tmp_path / downloads.file_name(model.url))
    assert load_released(str(path))[1] == model.network


def test_load_released__a_shape_that_nobody_released(tmp_path, caplog):
    network, config = load_released(str(released_file(tmp_path, "i3d", 7, **THIN)))
    assert (config.model.arch, config.model.backbone, network.num_classes) == ("i3d", "resnet10", 7)
    assert (config.test.num_clips, config.test.average) == (10, "probs")
    assert "it is tested as the paper tests its kind" in caplog.text


def test_load_released__our_own_file_has_its_settings(tmp_path, caplog):
    caplog.set_level(logging.WARNING)
    config = NetworkConfig.model_validate({"model": THIN | {"num_snippets": 2}, "test": {"crops": "center"}})
    trained = build(config.model, 3)
    save_network(tmp_path / "network.pt", trained, config.model_dump(mode="json"), {"num_classes": 3})
    network, found = load_released(str(tmp_path / "network.pt"))
    assert found == config
    assert torch.equal(network.classifier.weight, trained.classifier.weight)
    assert caplog.records == []


def test_load_released__our_file_keeps_its_settings_where_its_start_is_gone(tmp_path):
    config = NetworkConfig.model_validate({"model": THIN | {"pretrained": "/nowhere/start.pth"}})
    trained = build(config.model.model_copy(update={"pretrained": "none"}), 3)
    save_network(tmp_path / "network.pt", trained, config.model_dump(mode="json"), {"num_classes": 3})
    assert load_released(str(tmp_path / "network.pt"))[0].num_classes == 3


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "tsn-r50-3seg-k4",
            "'tsn-r50-3seg-k4' is neither a released model nor a file of weights; did you mean tsn-",
        ),
        ("ig65m", "ig65m is no recogniser, but irCSN ResNet-152 on 65 million Instagram videos; train a network that"),
    ],
)
def test_load_released__names_that_are_no_recogniser(name, message):
    with pytest.raises(CheckpointError, match=message):
        load_released(name)


def test_load_released__a_picture_classifier_is_only_a_start(tmp_path):
    torch.save(torchvision.models.resnet18().state_dict(), tmp_path / "a.pth")
    message = "is no recogniser of the family .it looks like torchvision resnet18, 1000 classes.; train a network"
    with pytest.raises(CheckpointError, match=message):
        load_released(str(tmp_path / "a.pth"))


def test_load_released__a_name_that_holds_another_network(tmp_path):
    model = released_models.find_recogniser("slowonly-r50-4x16-k400")
    released_file(tmp_path, "tsn", 400).rename(tmp_path / downloads.file_name(model.url))
    with pytest.raises(CheckpointError, match="they look like TSN ResNet-50, 400 classes, mmaction2 names"):
        load_released(model.name, cache=tmp_path)


@pytest.mark.parametrize(
    ("arch", "model", "starts"),
    [
        ("tsn", THIN, ("tsn of resnet10", "slowonly of resnet10", "i3d of resnet10", "omni of resnet10")),
        ("slowonly", THIN, ("slowonly of resnet10",)),
        ("ircsn", THIN | {"backbone": "resnet50"}, ("ircsn of resnet50",)),
        ("tsn", {"backbone": "bninception"}, ("tsn of bninception",)),
        ("tsn", THIN | {"format": "flow"}, ("tsn of resnet10",)),
    ],
)
def test_examine__says_what_it_is_and_starts(arch, model, starts, tmp_path):
    layout = "mmaction0" if model["backbone"] == "bninception" else "mmaction2"
    found = examine(released_file(tmp_path, arch, 7, layout, **model))
    assert set(found.starts) >= set(starts)
    assert all(start.startswith(("tsn", "slowonly", "i3d", "omni")) for start in found.starts) or arch == "ircsn"
    assert found.recogniser.num_classes == 7
    assert found.recogniser.network.model.arch == arch
    assert "7 classes" in found.looks


def test_examine__a_picture_classifier_starts_networks(tmp_path):
    torch.save(torchvision.models.resnet18().state_dict(), tmp_path / "a.pth")
    found = examine(tmp_path / "a.pth")
    assert found.recogniser is None
    assert found.starts == ("tsn of resnet18", "slowonly of resnet18", "i3d of resnet18", "omni of resnet18")


def test_examine__weights_of_something_else(tmp_path):
    torch.save({"embedding.weight": torch.zeros(3, 2)}, tmp_path / "a.pth")
    found = examine(tmp_path / "a.pth")
    assert (found.looks, found.recogniser, found.starts, found.num_tensors) == (None, None, (), 1)
