"""`models` as a person meets it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from omnisource.models import released_models
from omnisource.models.checkpoints import save_network
from omnisource.models.released import to_released
from omnisource.models.zoo import build
from omnisource.network_config import ModelConfig, NetworkConfig
from tests.commands.conftest import Answer

THIN = NetworkConfig.model_validate({"model": {"backbone": "resnet10", "width": 0.1, "pretrained": "none"}})


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)


def test_models__lists_everything_with_whole_names(here: Callable[..., Answer], tmp_path: Path):
    result = here("models", "--cache", str(tmp_path))
    entries = (*released_models.released_models(), *released_models.starts(), *released_models.released_files())
    assert all(f"{entry.name} " in result.stdout or f"{entry.name}\n" in result.stdout for entry in entries)
    assert " here" not in result.stdout
    line = next(line for line in result.stdout.splitlines() if line.startswith("slowonly-r101-8x8-k400-omnisource"))
    assert line.split() == ["slowonly-r101-8x8-k400-omnisource", "8x8", "none", "80.4", "94.4", "openmmlab"]


def test_models__says_what_is_here(here: Callable[..., Answer], tmp_path: Path):
    model = released_models.find_recogniser("slowonly-r50-4x16-k400")
    released_models.path_of(model, tmp_path).write_bytes(b"")
    lines = here("models", "--cache", str(tmp_path)).stdout.splitlines()
    assert [line.split()[0] for line in lines if line.rstrip().endswith(" here")] == [model.name]


def test_models__json_is_complete(here: Callable[..., Answer], tmp_path: Path):
    listed = {entry["name"]: entry for entry in json.loads(here("models", "--json", "--cache", str(tmp_path)).stdout)}
    assert len(listed) == 24 + 4 + 2  # recognisers, starts, lists
    tsn = listed["tsn-r50-3seg-k400-omnisource"]
    assert (tsn["top1"], tsn["top5"], tsn["with_omnisource"], tsn["here"]) == (73.6, 91.0, True, False)
    assert tsn["sha256_prefix"] == "54192355"
    assert tsn["test"]["num_clips"] == 25
    assert "path" not in listed["imagenet"]  # every backbone has its own


def test_models__shows_one(here: Callable[..., Answer], tmp_path: Path):
    shown = here("models", "tsn-r50-8seg-k200-omnisource", "--cache", str(tmp_path)).stdout
    assert "25 frames x three crops of 256, features averaged before the classifier (75 views)" in shown
    assert "https://download.openmmlab.com/mmaction/recognition/omnisource/tsn_r50_1x1x8_100e_mini" in shown
    assert "pretrained: tsn-r50-8seg-k200-omnisource" in shown
    assert "omnisource predict VIDEO --network tsn-r50-8seg-k200-omnisource" in shown
    assert str(tmp_path / "tsn_r50_1x1x8_100e_minikinetics_omnisource_rgb_20201030-0f56ef51.pth") in shown


def test_models__fetch_keeps_what_is_here(here: Callable[..., Answer], tmp_path: Path, no_network: None):
    entry = released_models.find("kinetics_class2ind.txt")
    released_models.path_of(entry, tmp_path).write_text("abseiling 0\n")
    result = here("models", entry.name, "--fetch", "--json", "--cache", str(tmp_path))
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["here"] is True


def test_models__fetch_without_a_network(here: Callable[..., Answer], tmp_path: Path, no_network: None):
    result = here("models", "ig65m", "--fetch", "--cache", str(tmp_path))
    assert result.returncode == 1
    assert "ircsn_from_scratch_r152_ig65m_20200807-771c4135.pth could not be fetched:" in result.stderr
    assert f"put it at {tmp_path}" in result.stderr.replace("\n", " ")


def test_models__check_knows_our_files(here: Callable[..., Answer], tmp_path: Path):
    path = tmp_path / "network.pt"
    save_network(path, build(THIN.model, 3), THIN.model_dump(mode="json"), {"num_classes": 3})
    checked = json.loads(here("models", "--check", str(path), "--json").stdout)
    assert checked["recognises"] == "3 classes"
    assert checked["looks_like"].startswith("TSN ResNet-10 of width")
    assert "tsn of resnet10" in checked["starts"]
    assert checked["usage"] == [f"omnisource predict VIDEO --network {path}", f"pretrained: {path}"]


def test_models__check_knows_released_files(here: Callable[..., Answer], tmp_path: Path):
    network = build(ModelConfig(arch="slowonly", pretrained="none"), 400)
    torch.save({"state_dict": to_released(network.state_dict(), "slowonly", "mmaction0")}, tmp_path / "a.pth")
    shown = here("models", "--check", str(tmp_path / "a.pth")).stdout
    assert "SlowOnly ResNet-50, 400 classes, mmaction 0.x names" in shown
    assert "slowonly-r50-4x16-k400" in shown


def test_models__check_of_weights_of_something_else(here: Callable[..., Answer], tmp_path: Path):
    torch.save({"embedding.weight": torch.zeros(3, 2)}, tmp_path / "a.pth")
    checked = json.loads(here("models", "--check", str(tmp_path / "a.pth"), "--json").stdout)
    assert checked["looks_like"] == "nothing that is known"
    assert checked["starts"] == []
    assert "perhaps a torchvision or own backbone" in checked["hint"]
    assert "usage" not in checked


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["ig65"], "no released model is called 'ig65'; did you mean ig65m"),
        (["--fetch"], "--fetch needs the name of a model; `omnisource models` lists them"),
        (["ig1b", "--check", "a.pth"], "--check looks into a file and goes with no model and no --fetch; leave one"),
        (["--check", "nowhere.pth"], "there is no file of weights at nowhere.pth"),
    ],
)
def test_models__says_what_is_wrong(here: Callable[..., Answer], tmp_path: Path, arguments: list[str], message: str):
    result = here("models", *arguments, cwd=tmp_path)
    assert result.returncode == 1
    assert message in result.stderr
