"""Which network sees frames for duplicates, and what their tables remember of it."""

from pathlib import Path

import pytest
import torch

from omnisource import config
from omnisource.errors import CheckpointError, ConfigError, WeightsAbsentError, WorkspaceError
from omnisource.models.zoo import build
from omnisource.pipeline.encoders import encoder_settings, load_encoder
from omnisource.workspace import Workspace
from tests import workspaces

CPU = torch.device("cpu")


def with_features(workspace: Workspace, **settings: object) -> Workspace:
    workspaces.change(workspace, *(f"features.{name}={value}" for name, value in settings.items()))
    return workspace


def of_resnet10(workspace: Workspace, **settings: object) -> Workspace:
    return with_features(workspace, run="null", backbone="resnet10", stage=1, grid=1, **settings)


def first_weights(workspace: Workspace) -> torch.Tensor:
    return load_encoder(workspace, CPU).backbone.conv1.weight


def test_load_encoder__a_run_brings_its_input(labelled: Workspace):
    encoder = load_encoder(labelled, CPU)
    assert encoder.input.crop_px == 32  # the micro world's
    assert (encoder.grid, encoder.backbone.training) == (2, False)


def test_load_encoder__random_weights_are_the_studys(fresh: Workspace):
    of_resnet10(fresh, pretrained="none", mean=[1], std=[2])
    first = first_weights(fresh)
    torch.rand(3)
    assert torch.equal(first_weights(fresh), first)
    assert load_encoder(fresh, CPU).input.mean == (1,)
    workspaces.change(fresh, "seed=5")
    assert not torch.equal(first_weights(fresh), first)


def test_load_encoder__weights_from_a_file_of_the_workspace(fresh: Workspace):
    network = build(config.ModelConfig(arch="tsn", backbone="resnet10", pretrained="none"), 9)
    torch.save(network.backbone.state_dict(), fresh.root / "mine.pth")
    of_resnet10(fresh, pretrained="mine.pth")
    expected = (
        network.backbone.conv1.weight
        / torch.sqrt(network.backbone.bn1.running_var + network.backbone.bn1.eps)[:, None, None, None]
    )  # the norm is folded in; its weight is 1
    assert torch.allclose(first_weights(fresh), expected)


def test_load_encoder__says_what_else_could_be_used(fresh: Workspace):
    of_resnet10(fresh, pretrained="gone.pth")
    with pytest.raises(CheckpointError, match="gone.pth.*set features.pretrained to a file of weights or to none, or"):
        load_encoder(fresh, CPU)


def test_load_encoder__published_weights_that_cannot_be_had(fresh: Workspace, no_weights: None):
    with_features(fresh, run="null", backbone="resnet18", pretrained="imagenet", stage=4, grid=1)
    with pytest.raises(WeightsAbsentError, match="resnet18-.* could not be fetched.*set features.pretrained to a file"):
        load_encoder(fresh, CPU)
    with pytest.raises(CheckpointError) as error:
        load_encoder(with_features(fresh, pretrained="gone.pth"), CPU)
    assert not isinstance(error.value, WeightsAbsentError)  # somebody chose that file: nothing goes on without it


def test_load_encoder__a_run_that_is_not_trained(fresh: Workspace):
    with pytest.raises(WorkspaceError, match="run 'tsn-baseline' has no trained network yet"):
        load_encoder(fresh, CPU)


def test_load_encoder__a_run_of_clips(labelled: Workspace):
    with pytest.raises(ConfigError, match="features.run names a 3D network, which needs clips"):
        load_encoder(with_features(labelled, run="slowonly-baseline"), CPU)


def test_encoder_settings__tell_weights_apart(labelled: Workspace):
    run = encoder_settings(labelled)
    assert (run["stage"], run["grid"], len(run["weights"])) == (2, 2, 32)
    random = encoder_settings(of_resnet10(labelled, pretrained="none"))
    assert random["weights"] == "random, seed 0"
    named = encoder_settings(with_features(labelled, pretrained="imagenet"))
    assert (named["pretrained"], "weights" in named) == ("imagenet", False)
    (labelled.root / "mine.pth").write_bytes(b"one")
    first = encoder_settings(with_features(labelled, pretrained="mine.pth"))
    (labelled.root / "mine.pth").write_bytes(b"other")
    assert encoder_settings(labelled)["weights"] != first["weights"]


def test_load_encoder__a_network_of_flow(labelled: Workspace, tmp_path: Path):
    from omnisource.models.checkpoints import load_network, save_network
    from omnisource.pipeline.run_names import WEIGHTS

    path = labelled.run("tsn-baseline") / WEIGHTS
    saved = load_network(path)
    model = config.ModelConfig(arch="tsn", backbone="resnet10", width=0.125, pretrained="none", format="flow")
    settings = config.NetworkConfig(model=model).model_dump(mode="json")
    save_network(path, build(model, 3), settings, saved.extra)
    with pytest.raises(ConfigError, match="features.run 'tsn-baseline' sees optical flow, which pictures have none of"):
        load_encoder(labelled, CPU)
