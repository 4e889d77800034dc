import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from omnisource.config import ModelConfig
from omnisource.errors import CheckpointError
from omnisource.models.checkpoints import fit_into, inflate_2d, load_network, load_weights, save_network
from omnisource.models.resnet import ResNet
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
        "are arch, backbone, width and the number of classes those that the weights were trained with?"
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


@pytest.mark.parametrize("name", ["resnet10", "resnet50"])
def test_inflate_2d__a_still_clip_gives_what_the_picture_gives(name):
    flat = ResNet(name, dims=2, width=0.1).eval()
    deep = ResNet(name, dims=3, width=0.1).eval()
    deep.load_state_dict(inflate_2d(flat.state_dict(), deep))
    picture = torch.randn(1, 3, 32, 32)
    with torch.inference_mode():
        wanted = flat(picture)
        middle = deep(picture.unsqueeze(2).expand(-1, -1, 33, -1, -1))[:, :, 16]  # away from the zeros at the ends
    assert (middle - wanted).abs().max() <= 1e-4 * wanted.abs().max()
