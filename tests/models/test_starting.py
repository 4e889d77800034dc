"""What networks start from: every layout that such a file may have, and what is said when it does not fit."""

import logging
from pathlib import Path

import pytest
import torch
import torchvision
from safetensors.torch import save_file
from torch import nn
from torchvision.models.video.resnet import Bottleneck, VideoResNet

from omnisource.errors import CheckpointError, ConfigError
from omnisource.models import released_models, starting
from omnisource.models.checkpoints import save_network
from omnisource.models.released import to_released
from omnisource.models.zoo import VideoNet, build
from omnisource.network_config import ModelConfig

TSN = ModelConfig(backbone="resnet10", width=0.1, pretrained="none")
SLOWONLY = TSN.model_copy(update={"arch": "slowonly"})
I3D = TSN.model_copy(update={"arch": "i3d", "clip_len": 32})
IRCSN = ModelConfig(arch="ircsn", backbone="resnet50", width=0.1, pretrained="none")
INCEPTION = ModelConfig(backbone="bninception", pretrained="none")


def from_file(config: ModelConfig, path: Path, num_classes: int = 4) -> VideoNet:
    return build(config.model_copy(update={"pretrained": str(path)}), num_classes)


def same_backbone(one: VideoNet, other: VideoNet) -> bool:
    weights = other.backbone.state_dict()
    return all(torch.equal(tensor, weights[key]) for key, tensor in one.backbone.state_dict().items())


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Torch's folder of downloads, empty, on a machine whose network leads to a closed port."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    for name in ("https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    folder = released_models.cache_folder()
    folder.mkdir(parents=True)
    return folder


@pytest.mark.parametrize(
    ("config", "layout"),
    [(TSN, "mmaction2"), (TSN, "mmaction0"), (SLOWONLY, "mmaction2"), (I3D, "mmaction2"), (IRCSN, "mmaction2")]
    + [(IRCSN, "mmaction0"), (INCEPTION, "mmaction0")],
)
@pytest.mark.parametrize("prefix", ["", "module."])
def test_start__released_file_comes_back_whole(tmp_path, config, layout, prefix):
    trained = build(config, 4)
    released = to_released(trained.state_dict(), config.arch, layout)
    content = {"meta": {"epoch": 3}, "state_dict": {prefix + key: tensor for key, tensor in released.items()}}
    torch.save(content, tmp_path / "released.pth")
    again = from_file(config, tmp_path / "released.pth")
    assert all(torch.equal(tensor, trained.state_dict()[key]) for key, tensor in again.state_dict().items())


@pytest.mark.parametrize(("config", "layout"), [(IRCSN, "mmaction2"), (IRCSN, "mmaction0"), (INCEPTION, "mmaction0")])
def test_start__released_backbone_alone(tmp_path, config, layout):
    """As IG-65M's and Caffe's files: the backbone's own names, and no classifier or another kind of one."""
    trained = build(config, 4)
    released = to_released(trained.state_dict(), config.arch, layout)
    bare = {key.removeprefix("backbone."): t for key, t in released.items() if key.startswith("backbone.")}
    torch.save(bare | {"fc.weight": torch.zeros(1000, 1024)}, tmp_path / "bare.pth")
    assert same_backbone(from_file(config, tmp_path / "bare.pth"), trained)


class Depthwise(nn.Conv3d):
    """VMZ's: each channel on its own, with the stride in time too."""

    def __init__(self, in_planes, out_planes, midplanes=None, stride=1, padding=1):
        super().__init__(in_planes, out_planes, 3, stride=stride, padding=padding, groups=in_planes, bias=False)

    @staticmethod
    def get_downsample_stride(stride):
        return stride, stride, stride


def pooled_stem() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv3d(3, 64, (3, 7, 7), stride=(1, 2, 2), padding=(1, 3, 3), bias=False),
        nn.BatchNorm3d(64),
        nn.ReLU(inplace=True),
        nn.MaxPool3d((1, 3, 3), stride=(1, 2, 2), padding=(0, 1, 1)),
    )


def test_start__vmzs_network_gives_vmzs_logits(tmp_path):
    theirs = VideoResNet(Bottleneck, [Depthwise] * 4, [3, 4, 6, 3], pooled_stem, num_classes=7).eval()
    for module in theirs.modules():
        if isinstance(module, nn.BatchNorm3d):
            module.eps = 1e-3
            nn.init.normal_(module.running_mean, std=0.1)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
    torch.save(theirs.state_dict(), tmp_path / "irCSN_50.pth")
    ours = from_file(ModelConfig(arch="ircsn", backbone="resnet50", pretrained="none"), tmp_path / "irCSN_50.pth", 7)
    clip = torch.randn(1, 3, 8, 32, 32)
    with torch.inference_mode():
        wanted, found = theirs(clip), ours.eval()(clip)
    assert (found - wanted).abs().max() <= 1e-4 * wanted.abs().max()


def test_start__vmzs_interaction_preserved_network_is_named(tmp_path):
    weights = {"stem.0.weight": torch.zeros(64, 3, 3, 7, 7), "layer1.0.conv2.0.0.weight": torch.zeros(64, 64, 1, 1, 1)}
    torch.save(weights, tmp_path / "ipcsn.pth")
    with pytest.raises(CheckpointError, match="surplus: .*conv2.0.weight.*they look like a video ResNet.*VMZ"):
        from_file(IRCSN, tmp_path / "ipcsn.pth")


def test_start__plain_classifier_loses_its_head(tmp_path, caplog):
    caplog.set_level(logging.INFO, logger="omnisource.models.starting")
    theirs = torchvision.models.mobilenet_v3_small()
    save_file(theirs.state_dict(), tmp_path / "weights.safetensors")
    ours = from_file(ModelConfig(backbone="mobilenet_v3_small", pretrained="none"), tmp_path / "weights.safetensors")
    assert torch.equal(ours.backbone.classifier[0].weight, theirs.classifier[0].weight)  # not the last layer: kept
    assert [(r.levelname, r.message.partition(": ")[2]) for r in caplog.records] == [
        ("INFO", "the classifier starts fresh: the file has none")  # as always with such a file
    ]


def test_start__a_classifier_of_other_classes_is_said(tmp_path, caplog):
    path = tmp_path / "a.pth"
    save_network(path, build(TSN, 5), {})
    from_file(TSN, path, 3)
    assert [(record.levelname, record.message) for record in caplog.records] == [
        (
            "WARNING",
            f"tsn resnet10 from {path}: the classifier starts fresh: the file's tells 5 classes apart, this one 3",
        )
    ]


def test_start__omni_has_two_heads(tmp_path, caplog):
    omni = TSN.model_copy(update={"arch": "omni", "num_image_classes": 6})
    trained = build(omni, 5)
    save_network(tmp_path / "a.pth", trained, {})
    other = from_file(omni.model_copy(update={"num_image_classes": 7}), tmp_path / "a.pth", 5)
    assert "the classifier of pictures starts fresh: the file's tells 6 classes apart, this one 7" in caplog.text
    assert torch.equal(other.classifier.weight, trained.classifier.weight)
    assert torch.equal(other.neck[0].weight, trained.neck[0].weight)
    another = from_file(omni, tmp_path / "a.pth", 3)  # its neck is as wide as twice the classes
    assert torch.equal(another.image_classifier.weight, trained.image_classifier.weight)
    assert another.num_classes == 3


@pytest.mark.parametrize("deep", [SLOWONLY, I3D, TSN.model_copy(update={"arch": "omni"})], ids=lambda c: c.arch)
@pytest.mark.parametrize("is_released", [False, True])
def test_start__a_2d_file_starts_a_3d_network(tmp_path, deep, is_released):
    flat = build(TSN, 4)
    weights = to_released(flat.state_dict(), "tsn") if is_released else flat.state_dict()
    torch.save({"state_dict": weights}, tmp_path / "a.pth")
    network = from_file(deep, tmp_path / "a.pth")
    assert torch.allclose(network.backbone.conv1.weight.sum(dim=2), flat.backbone.conv1.weight, atol=1e-6)
    assert torch.allclose(
        network.backbone.layer4[0].conv1.weight.sum(dim=2), flat.backbone.layer4[0].conv1.weight, atol=1e-6
    )


@pytest.mark.parametrize(
    ("config", "num_channels"),
    [(TSN, 10), (SLOWONLY, 2)],  # 5 frames of x and y on top of each other; x and y
)
def test_start__rgb_kernels_start_flow_ones(tmp_path, config, num_channels):
    colour = build(config, 4)
    save_network(tmp_path / "a.pth", colour, {})
    flow = from_file(config.model_copy(update={"format": "flow"}), tmp_path / "a.pth")
    kernel = flow.backbone.conv1.weight
    assert kernel.shape[1] == num_channels
    assert torch.equal(kernel, colour.backbone.conv1.weight.mean(dim=1, keepdim=True).expand_as(kernel))


def test_start__a_flow_file_is_no_start_for_rgb(tmp_path):
    save_network(tmp_path / "a.pth", build(TSN.model_copy(update={"format": "flow"}), 4), {})
    with pytest.raises(CheckpointError, match=r"misshapen: backbone.conv1.weight .*they look like TSN .* on flow \(10"):
        from_file(TSN, tmp_path / "a.pth")


@pytest.mark.parametrize(
    ("theirs", "layout", "message"),
    [
        (SLOWONLY, "mmaction2", "a 3D kernel, but tsn is 2D; the weights look like SlowOnly ResNet-10.*4 classes"),
        (IRCSN, "mmaction0", "keys are unknown.*; the weights look like irCSN ResNet-50|a 3D kernel.*irCSN ResNet-50"),
        (
            INCEPTION,
            "mmaction0",
            "the weights do not fit the network; .*they look like TSN BNInception, 4 classes, mma",
        ),
        (
            TSN.model_copy(update={"backbone": "resnet18"}),
            "mmaction2",
            "4 blocks|surplus: .*they look like TSN ResNet-18 of width 0.094, 4 classes, mmaction2 names: are arch",
        ),
        (
            TSN.model_copy(update={"width": 0.2}),
            "mmaction2",
            r"misshapen: backbone.conv1.weight \(is \(13, 3, 7, 7\), should be \(6, 3, 7, 7\)\).* of width 0.2, 4 cla",
        ),
    ],
)
def test_start__says_what_another_networks_file_looks_like(tmp_path, theirs, layout, message):
    torch.save({"state_dict": to_released(build(theirs, 4).state_dict(), theirs.arch, layout)}, tmp_path / "a.pth")
    with pytest.raises(CheckpointError, match=message):
        from_file(TSN, tmp_path / "a.pth")


def test_start__ig1b_is_a_resnet50_in_torchs_cache(cache):
    theirs = torchvision.models.resnet50()
    torch.save(theirs.state_dict(), cache / "semi_weakly_supervised_resnet50-16a12f1b.pth")
    ours = build(ModelConfig(backbone="resnet50", pretrained="ig1b"), 4)
    assert torch.equal(ours.backbone.layer4[2].conv3.weight, theirs.layer4[2].conv3.weight)


@pytest.mark.parametrize("name", ["mobilenet_v3_small", "mnasnet0_5", "shufflenet_v2_x0_5", "densenet121"])
def test_start__imagenet_is_torchvisions(cache, name):
    theirs = torchvision.models.get_model(name, weights=None)
    file = torchvision.models.get_model_weights(name).DEFAULT.url.rpartition("/")[2]
    torch.save(theirs.state_dict(), cache / file)
    ours = build(ModelConfig(backbone=name, pretrained="imagenet"), 4).backbone.state_dict()
    assert all(torch.equal(tensor, theirs.state_dict()[key]) for key, tensor in ours.items())
    assert len(theirs.state_dict()) - len(ours) == 2  # the last layer's weight and bias


def test_start__bninceptions_imagenet_is_caffes(cache):
    trained = build(INCEPTION, 4)
    released = to_released(trained.state_dict(), "tsn", "mmaction0")
    bare = {key.removeprefix("backbone."): t for key, t in released.items() if key.startswith("backbone.")}
    torch.save(bare, cache / "bn_inception_caffe-ed2e8665.pth")
    flow = build(ModelConfig(backbone="bninception", pretrained="imagenet", format="flow"), 4)
    kernel = flow.backbone.conv1_7x7_s2.conv.weight
    wanted = trained.backbone.conv1_7x7_s2.conv.weight.mean(dim=1, keepdim=True)
    assert torch.equal(kernel, wanted.expand_as(kernel))
    assert torch.equal(flow.backbone.inception_5b["1x1"].conv.weight, trained.backbone.inception_5b["1x1"].conv.weight)


@pytest.mark.parametrize(
    ("settings", "file"),
    [
        ({"pretrained": "ig1b"}, "semi_weakly_supervised_resnet50-16a12f1b.pth"),
        (
            {"arch": "slowonly", "pretrained": "tsn-r50-3seg-k400"},
            "tsn_r50_1x1x3_100e_kinetics400_rgb_20200614-e508be42.pth",
        ),
        ({"backbone": "resnet18", "pretrained": "imagenet"}, "resnet18-f37072fd.pth"),
    ],
)
def test_start__without_a_network_says_where_to_put_the_file(cache, settings, file):
    message = rf"https://\S+/{file} could not be fetched: .*refused; .* put it at {cache / file}, or give the path"
    with pytest.raises(CheckpointError, match=message):
        build(ModelConfig(**settings), 4)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"width": 0.5}, "there are no ImageNet weights for width 0.5; set pretrained to none or to a file"),
        (
            {"width": 0.5, "pretrained": "tsn-r50-3seg-k400"},
            "there are no tsn-r50-3seg-k400 weights for width 0.5; set pretrained to none or to a file",
        ),
        ({"backbone": "resnet10"}, "there are no ImageNet weights for 'resnet10'; set pretrained to none or to a file"),
        (
            {"backbone": "a.b:c"},
            "'a.b:c' makes its own network: load ImageNet weights there and set pretrained to none",
        ),
        (
            {"arch": "ircsn", "backbone": "resnet152", "pretrained": "imagenet"},
            "imagenet starts tsn and slowonly and i3d and omni of torchvision backbones, not ircsn of resnet152; set "
            "pretrained to none, to a file, or to ircsn-r152-32x2-ig65m",
        ),
        ({"backbone": "resnet18", "pretrained": "ig1b"}, "ig1b starts .* of resnet50, not tsn of resnet18; set"),
        (
            {"arch": "ircsn", "backbone": "resnet50", "pretrained": "ig65m"},
            "ig65m starts ircsn of resnet152, not ircsn",
        ),
        (
            {"pretrained": "slowonly-r50-4x16-k400"},
            "slowonly-r50-4x16-k400 is slowonly of resnet50, and cannot start tsn of resnet50; set arch and backbone",
        ),
        (
            {"arch": "slowonly", "backbone": "resnet101", "pretrained": "tsn-r50-3seg-k400"},
            "tsn-r50-3seg-k400 is tsn of resnet50, and cannot start slowonly of resnet101; set arch and backbone",
        ),
    ],
)
def test_check__refuses_starts_that_do_not_fit(settings, message):
    with pytest.raises(ConfigError, match=message):
        build(ModelConfig(**settings), 2)


@pytest.mark.parametrize(
    ("pretrained", "hint"),
    [
        ("imagnet", "did you mean imagenet"),
        ("/work/tsn-r50-3seg-k40", "did you mean tsn-r50-3seg-k400"),
        ("weights/x.pth", "`omnisource models` lists them"),
    ],
)
def test_check__says_when_pretrained_is_nothing_known(pretrained, hint):
    message = f"pretrained '{pretrained}' is neither none, imagenet, ig1b, ig65m, a released model nor a file of wei"
    with pytest.raises(CheckpointError, match=f"{message}ghts; {hint}"):
        starting.check(ModelConfig(pretrained=pretrained))
