import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from omnisource.config import ModelConfig
from omnisource.errors import CheckpointError
from omnisource.models.checkpoints import (
    fit_into,
    inflate_2d,
    load_either,
    load_network,
    load_weights,
    misfits,
    save_network,
    spread_colours,
)
from omnisource.models.resnet import ResNet
from omnisource.models.resnet_designs import FLAT, SLOWONLY
from omnisource.models.zoo import VideoNet, build


def thin(num_classes: int = 3, arch: str = "tsn") -> VideoNet:
    return build(ModelConfig(arch=arch, backbone="resnet10", width=0.1, pretrained="none"), num_classes)


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_load_weights__reads_tensors_by_name(tmp_path, suffix):
    tensors = {"a": torch.arange(3.0), "b": torch.ones(2, 2)}
    path = tmp_path / f"weights{suffix}"
    save_file(tensors, path) if suffix == ".safetensors" else torch.save(tensors, path)
    loaded = load_weights(path)
    assert loaded.keys() == tensors.keys()
    assert all(torch.equal(loaded[key], tensors[key]) for key in tensors)


def test_load_weights__unwraps_released_files(tmp_path):
    path = tmp_path / "released.pth"
    torch.save({"meta": {"time": "2020", "epoch": 3}, "state_dict": {"module.a": torch.ones(1)}}, path)
    assert load_weights(path) == {"a": torch.ones(1)}


@pytest.mark.parametrize("numpy_module", ["numpy._core.multiarray", "numpy.core.multiarray"])
def test_load_weights__numpys_numbers_beside_the_weights_do_no_harm(tmp_path, numpy_module):
    """mmcv keeps the best score so far as one; before NumPy 2 its module had another name."""
    path, older = tmp_path / "new.pth", tmp_path / "old.pth"
    torch.save({"state_dict": {"a": torch.ones(1)}, "meta": {"best_score": np.float64(0.7)}}, path)
    with zipfile.ZipFile(path) as new, zipfile.ZipFile(older, "w") as old:
        for name in new.namelist():
            old.writestr(name, new.read(name).replace(b"numpy._core.multiarray", numpy_module.encode()))
    assert load_weights(older) == {"a": torch.ones(1)}


def test_load_either__tells_our_files_from_others(tmp_path):
    save_network(tmp_path / "ours.pth", thin(), {"arch": "tsn"})
    torch.save({"state_dict": {"a": torch.ones(1)}, "meta": {}}, tmp_path / "theirs.pth")
    assert load_either(tmp_path / "ours.pth").config == {"arch": "tsn"}
    assert load_either(tmp_path / "theirs.pth") == {"a": torch.ones(1)}


def test_load_weights__says_where_no_file_is(tmp_path):
    with pytest.raises(CheckpointError, match="there is no file of weights at .*nowhere.pth"):
        load_weights(tmp_path / "nowhere.pth")


def test_load_weights__refuses_files_that_could_run_code(tmp_path):
    path = tmp_path / "objects.pth"
    torch.save({"state_dict": {"a": torch.ones(1)}, "meta": Path("here")}, path)  # a Path is a Python object
    with pytest.raises(
        CheckpointError, match="holds Python objects beside tensors.*save its state_dict again as .safe"
    ):
        load_weights(path)


@pytest.mark.parametrize("name", ["damaged.safetensors", "damaged.pth"])
def test_load_weights__says_when_a_file_is_damaged(tmp_path, name):
    whole, path = tmp_path / f"whole_{name}", tmp_path / name
    save = torch.save if name.endswith(".pth") else (lambda tensors, file: save_file(tensors, file))
    save({"a": torch.ones(1000)}, whole)
    path.write_bytes(whole.read_bytes()[:900])
    with pytest.raises(CheckpointError, match=f"{name} is damaged or no file of weights: .*; fetch it again"):
        load_weights(path)


@pytest.mark.parametrize("content", [[torch.ones(1)], {"epoch": 3}, {"state_dict": {"a": 1}}])
def test_load_weights__says_when_there_are_no_tensors(tmp_path, content):
    path = tmp_path / "other.pth"
    torch.save(content, path)
    with pytest.raises(CheckpointError, match="holds no tensors by name, neither directly nor under 'state_dict'"):
        load_weights(path)


def test_save_network__comes_back_whole(tmp_path):
    network = thin()
    save_network(tmp_path / "a.pth", network, {"arch": "tsn"}, {"epoch": 2, "rng": torch.ones(2)})
    saved = load_network(tmp_path / "a.pth")
    assert saved.config == {"arch": "tsn"}
    assert saved.extra["epoch"] == 2
    assert torch.equal(saved.extra["rng"], torch.ones(2))
    assert all(torch.equal(saved.state_dict[key], tensor) for key, tensor in network.state_dict().items())
    assert load_weights(tmp_path / "a.pth").keys() == network.state_dict().keys()


def test_save_network__keeps_the_old_file_when_writing_fails(tmp_path):
    path = tmp_path / "a.pth"
    save_network(path, nn.Linear(1, 1), {"first": True})
    with pytest.raises((pickle.PicklingError, AttributeError)):
        save_network(path, nn.Linear(1, 1), {"first": lambda: None})  # a lambda cannot be written
    assert load_network(path).config == {"first": True}


def test_load_network__refuses_other_files(tmp_path):
    torch.save({"a": torch.ones(1)}, tmp_path / "a.pth")
    with pytest.raises(CheckpointError, match="was not written by OmniSource; set pretrained to it to start from"):
        load_network(tmp_path / "a.pth")


def test_fit_into__loads_everything():
    source, network = thin(), thin()
    assert fit_into(network, source.state_dict(), fresh_head_ok=False) == []
    assert all(torch.equal(tensor, source.state_dict()[key]) for key, tensor in network.state_dict().items())


def test_fit_into__starts_a_classifier_of_other_classes_fresh():
    network = thin(num_classes=3)
    own = network.classifier.weight.clone()
    source = thin(num_classes=5)
    notes = fit_into(network, source.state_dict(), fresh_head_ok=True)
    assert notes == ["the classifier starts fresh: the file's tells 5 classes apart, this one 3"]
    assert torch.equal(network.classifier.weight, own)
    assert torch.equal(network.backbone.conv1.weight, source.backbone.conv1.weight)


def test_fit_into__starts_an_absent_classifier_fresh():
    state_dict = {key: t for key, t in thin().state_dict().items() if not key.startswith("classifier.")}
    assert fit_into(thin(), state_dict, fresh_head_ok=True) == ["the classifier starts fresh: the file has none"]


def test_fit_into__starts_another_networks_classifier_fresh():
    """OmniResNet's has a layer before it that TSN's lacks."""
    network = thin(arch="omni")
    state_dict = network.state_dict() | {"classifier.weight": torch.zeros(3, 48)}
    given = {key: tensor for key, tensor in state_dict.items() if not key.startswith("neck.")}
    notes = fit_into(network, given, fresh_head_ok=True)
    assert notes == ["the classifier starts fresh: the file's belongs to another kind of network"]


def test_fit_into__says_what_the_weights_look_like():
    weights = thin(arch="slowonly").state_dict()
    with pytest.raises(CheckpointError, match="they look like SlowOnly ResNet-10 of width 0.094, 3 classes, our names"):
        fit_into(thin(), weights, fresh_head_ok=True)


def test_misfits__names_what_does_not_fit():
    own, given = {"a": torch.zeros(1), "b": torch.zeros(2)}, {"b": torch.zeros(3), "c": torch.zeros(1)}
    assert misfits(own, given) == "1 missing: a; 1 surplus: c; 1 misshapen: b (is (3,), should be (2,))"
    assert misfits(own, own) == ""


def test_fit_into__does_not_mind_absent_batch_counters():
    state_dict = {key: t for key, t in thin().state_dict().items() if not key.endswith(".num_batches_tracked")}
    assert fit_into(thin(), state_dict, fresh_head_ok=False) == []


def test_fit_into__names_what_does_not_fit():
    network = nn.Sequential(*(nn.Linear(2, 2, bias=False) for _ in range(7)))
    state_dict = {"0.weight": torch.zeros(3, 2), "extra": torch.zeros(1)}
    with pytest.raises(CheckpointError) as error:
        fit_into(network, state_dict, fresh_head_ok=False)
    assert str(error.value) == (
        "the weights do not fit the network; "
        "6 missing: 1.weight, 2.weight, 3.weight, 4.weight, 5.weight and 1 more; 1 surplus: extra; "
        "1 misshapen: 0.weight (is (3, 2), should be (2, 2)); "
        "are arch, backbone, width, format and the number of classes those that the weights were trained with?"
    )


def test_fit_into__refuses_another_head_unless_told():
    with pytest.raises(CheckpointError, match=r"2 misshapen: classifier.weight \(is \(5, 48\), should be \(3, 48\)\)"):
        fit_into(thin(num_classes=3), thin(num_classes=5).state_dict(), fresh_head_ok=False)


def test_fit_into__changes_nothing_when_it_fails():
    network = thin()
    before = network.backbone.conv1.weight.clone()
    with pytest.raises(CheckpointError):
        fit_into(network, {"backbone.conv1.weight": torch.zeros_like(before)}, fresh_head_ok=True)
    assert torch.equal(network.backbone.conv1.weight, before)


def test_inflate_2d__repeats_kernels_over_time_and_divides():
    network = nn.ModuleDict({"late": nn.Conv3d(1, 1, (3, 1, 1)), "early": nn.Conv3d(1, 1, (1, 1, 1))})
    flat = {"late.weight": torch.full((1, 1, 1, 1), 6.0), "early.weight": torch.full((1, 1, 1, 1), 6.0)}
    inflated = inflate_2d(flat, network)
    assert inflated["late.weight"].flatten().tolist() == [2.0, 2.0, 2.0]
    assert inflated["early.weight"].flatten().tolist() == [6.0]


def test_inflate_2d__keeps_what_is_no_kernel_and_what_is_unknown():
    flat = {"bn.running_mean": torch.ones(4), "unknown.weight": torch.ones(1, 1, 1, 1)}
    assert inflate_2d(flat, nn.BatchNorm3d(4)) == flat


def test_spread_colours__every_channel_gets_the_mean_of_three():
    kernel = torch.tensor([1.0, 2.0, 6.0]).view(1, 3, 1, 1)  # mean 3
    network = nn.ModuleDict({"stem": nn.Conv2d(10, 1, 1, bias=False), "other": nn.Conv2d(2, 1, 1, bias=False)})
    spread = spread_colours({"stem.weight": kernel, "other.weight": torch.ones(1, 2, 1, 1)}, network)
    assert spread["stem.weight"].flatten().tolist() == [3.0] * 10
    assert spread["other.weight"].shape == (1, 2, 1, 1)


def test_spread_colours__leaves_networks_that_see_colours_alone():
    kernel = torch.rand(4, 3, 1, 1)
    assert torch.equal(spread_colours({"weight": kernel}, nn.Conv2d(3, 4, 1))["weight"], kernel)


@pytest.mark.parametrize("name", ["resnet10", "resnet50"])
def test_inflate_2d__a_still_clip_gives_what_the_picture_gives(name):
    flat = ResNet(name, FLAT, width=0.1).eval()
    deep = ResNet(name, SLOWONLY, width=0.1).eval()
    deep.load_state_dict(inflate_2d(flat.state_dict(), deep))
    picture = torch.randn(1, 3, 32, 32)
    with torch.inference_mode():
        wanted = flat(picture)
        middle = deep(picture.unsqueeze(2).expand(-1, -1, 33, -1, -1))[:, :, 16]  # away from the zeros at the ends
    assert (middle - wanted).abs().max() <= 1e-4 * wanted.abs().max()
