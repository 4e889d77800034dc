"""Networks come back as they were trained, on the device that was asked for."""

import pytest
import torch

from omnisource.errors import ConfigError, WorkspaceError
from omnisource.pipeline import networks, run_names
from omnisource.workspace import Workspace

CPU = torch.device("cpu")


@pytest.mark.parametrize(("name", "dims"), [("tsn", 2), ("slowonly", 3)])
def test_load_network__has_the_trained_weights_and_settings(labelled: Workspace, name: str, dims: int):
    folder = labelled.run(f"{name}-baseline")
    network, settings = networks.load_network(folder, CPU)
    saved = torch.load(folder / "network.pt", weights_only=True)["state_dict"]
    assert (network.dims, network.num_classes, network.training) == (dims, 3, False)
    assert settings == labelled.study().networks[name]
    assert all(torch.equal(tensor, saved[key]) for key, tensor in network.state_dict().items())


def test_load_network__asks_for_no_pretrained_file(labelled: Workspace):
    folder = labelled.run("tsn-baseline")
    content = torch.load(folder / "network.pt", weights_only=True)
    content["config"]["model"]["pretrained"] = "/nowhere/weights.pth"  # it was there when the run started
    torch.save(content, folder / "network.pt")
    assert networks.load_network(folder, CPU)[0].num_classes == 3


@pytest.mark.parametrize("read", [lambda folder: networks.load_network(folder, CPU), run_names.weights_fingerprint])
def test_load_network__before_the_run_is_finished(fresh: Workspace, read):
    with pytest.raises(WorkspaceError, match="run 'tsn-baseline' has no trained network yet; `omnisource teach`"):
        read(fresh.run("tsn-baseline"))


def test_pick_device__cpu_is_the_cpu():
    assert networks.pick_device("cpu") == CPU


def test_pick_device__auto_is_a_gpu_where_there_is_one():
    assert networks.pick_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_pick_device__a_missing_gpu():
    with pytest.raises(ConfigError, match="device is cuda, but torch finds no GPU here; set device: auto"):
        networks.pick_device("cuda")
