import sys
import warnings
from pathlib import Path

import pytest
import torch
import torchvision
from torch import nn

from omnisource.config import ModelConfig
from omnisource.errors import CheckpointError, ConfigError
from omnisource.models.backbones import imagenet_state_dict, own_backbone, torchvision_backbone
from omnisource.models.zoo import build


@pytest.fixture
def no_network(monkeypatch, tmp_path):
    """Downloads meet a closed port, and torch's cache is an empty folder."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    for name in ("https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def module_of(monkeypatch, tmp_path):
    """Write a module whose function is `factory` and return its import path."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(name: str, body: str) -> str:
        (tmp_path / f"{name}.py").write_text(f"import torch\nfrom torch import nn\n\n{body}\n")
        monkeypatch.delitem(sys.modules, name, raising=False)
        return f"{name}:factory"

    return write


@pytest.mark.parametrize(
    ("name", "num_features"),
    [
        ("efficientnet_b4", 1792),
        ("mobilenet_v3_small", 1024),
        ("vgg11", 4096),
        ("densenet121", 1024),
        ("convnext_tiny", 768),
        ("vit_b_32", 768),
        ("swin_t", 768),
        ("shufflenet_v2_x0_5", 1024),
        ("wide_resnet50_2", 2048),
    ],
)
def test_torchvision_backbone__yields_what_its_classifier_read(name, num_features):
    with torch.device("meta"):
        network, found = torchvision_backbone(name)
        features = network.eval()(torch.zeros(1, 3, 224, 224))
    assert found == num_features
    assert features.shape == (1, num_features)


def test_torchvision_backbone__leaves_dropout_to_the_video_network():
    with torch.device("meta"):
        network, _ = torchvision_backbone("efficientnet_b4")
    assert not [m for m in network.modules() if isinstance(m, nn.Dropout)]


def test_torchvision_backbone__computes_the_same_logits_with_the_classifier_put_back():
    torch.manual_seed(1)
    theirs = torchvision.models.mobilenet_v2().eval()
    torch.manual_seed(1)
    ours, _ = torchvision_backbone("mobilenet_v2")
    frames = torch.randn(1, 3, 64, 64)
    assert torch.equal(theirs.classifier[1](ours.eval()(frames)), theirs(frames))


def test_torchvision_backbone__suggests_near_names():
    with pytest.raises(ConfigError, match="'efficientnet_b44' is no torchvision class.*did you mean efficientnet_b4"):
        torchvision_backbone("efficientnet_b44")


def test_torchvision_backbone__says_what_to_write_when_nothing_is_near():
    with pytest.raises(ConfigError, match="write a torchvision name or package.module:factory"):
        torchvision_backbone("???")


def test_torchvision_backbone__does_not_know_segmentation_networks():
    with pytest.raises(ConfigError, match="no torchvision classification network"):
        torchvision_backbone("fcn_resnet50")


@pytest.mark.parametrize("name", ["squeezenet1_0", "googlenet"])
def test_torchvision_backbone__refuses_networks_without_one_last_linear_layer(name):
    with warnings.catch_warnings(), torch.device("meta"):
        warnings.simplefilter("ignore")  # googlenet's note on its initialisation
        with pytest.raises(ConfigError, match=f"'{name}' does not end in one linear layer.*wrap it in a factory"):
            torchvision_backbone(name)


def test_imagenet_state_dict__says_how_to_go_on_without_a_network(no_network):
    with pytest.raises(CheckpointError, match=r"resnet18-\w+.pth could not be fetched: .*refused; .*give the path"):
        imagenet_state_dict("resnet18")


def test_imagenet_state_dict__reads_torchs_cache(no_network):
    cached = no_network / "hub" / "checkpoints" / Path(torchvision.models.ResNet18_Weights.DEFAULT.url).name
    cached.parent.mkdir(parents=True)
    torch.save(torchvision.models.resnet18().state_dict() | {"fc.bias": torch.full((1000,), 7.0)}, cached)
    before = torch.get_rng_state()
    assert imagenet_state_dict("resnet18")["fc.bias"].unique().tolist() == [7.0]
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("content", [b"half a fi", None])
def test_imagenet_state_dict__says_when_the_cached_file_is_damaged(no_network, content):
    cached = no_network / "hub" / "checkpoints" / Path(torchvision.models.ResNet18_Weights.DEFAULT.url).name
    cached.parent.mkdir(parents=True)
    cached.write_bytes(content) if content else torch.save({"fc.bias": torch.zeros(1000)}, cached)
    with pytest.raises(CheckpointError, match=f"{cached.name} does not hold resnet18: .*delete it to have it fetched"):
        imagenet_state_dict("resnet18")


def test_imagenet_state_dict__says_when_there_are_none():
    with pytest.raises(ConfigError, match="there are no ImageNet weights for 'resnet10'; set pretrained to none"):
        imagenet_state_dict("resnet10")


def test_own_backbone__believes_num_features(module_of):
    body = "def factory():\n    network = nn.Identity()\n    network.num_features = 11\n    return network"
    assert own_backbone(module_of("told", body))[1] == 11


@pytest.mark.parametrize(("network", "width"), [("nn.Conv2d(3, 6, 5, 4)", 6), ("nn.Flatten()", 3 * 224 * 224)])
def test_own_backbone__finds_the_width_by_a_run(module_of, network, width):
    found, num_features = own_backbone(module_of("probed", f"def factory():\n    return {network}"))
    assert num_features == width
    assert found.training


def test_own_backbone__refuses_other_outputs(module_of):
    import_path = module_of("odd", "def factory():\n    return nn.Flatten(2)")
    with pytest.raises(ConfigError, match=r"must yield \(N, D\) or \(N, D, h, w\); a frame gave \(1, 3, 50176\)"):
        own_backbone(import_path)


def test_own_backbone__refuses_outputs_that_are_no_tensor(module_of):
    body = "class Two(nn.Module):\n    def forward(self, x):\n        return x, x\n\n\ndef factory():\n    return Two()"
    with pytest.raises(ConfigError, match="a frame gave tuple"):
        own_backbone(module_of("pair", body))


def test_own_backbone__says_when_the_module_is_not_found():
    with pytest.raises(
        ConfigError, match="'nowhere.here:factory': No module named 'nowhere'; write package.module:factory"
    ):
        own_backbone("nowhere.here:factory")


def test_own_backbone__says_when_the_function_is_not_found(module_of):
    module_of("empty", "")
    with pytest.raises(ConfigError, match="'empty:missing': empty has no function 'missing'"):
        own_backbone("empty:missing")


def test_own_backbone__refuses_what_is_no_module(module_of):
    with pytest.raises(ConfigError, match="the factory returned list, not a torch Module"):
        own_backbone(module_of("wrong", "def factory():\n    return []"))


@pytest.mark.real_data
def test_own_backbone__real_mobilenet_trains_as_a_tsn(real_data, monkeypatch):
    if not (weights := real_data.parent / "weights" / "mobilenet_v1_0.25_224.safetensors").is_file():
        pytest.skip(f"the real MobileNet weights are not at {weights}")
    monkeypatch.syspath_prepend(Path(__file__).parent)
    network = build(ModelConfig(backbone="mobilenet_v1:factory", pretrained="none", num_snippets=2), 2)
    frames = torch.rand(2, 3, 2, 224, 224) * 2 - 1
    assert network.eval().features(frames).shape == (2, 256)  # 1024 * 0.25
    network.train()
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    losses = []
    for _ in range(2):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(network.classifier(network.features(frames)), torch.tensor([0, 1]))
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[1] < losses[0]
