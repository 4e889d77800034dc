"""Batch norms of several processes, each of which saw its own half of every batch."""

import copy
from pathlib import Path

import torch
from lightning_fabric import Fabric
from lightning_fabric.strategies import DDPStrategy

from omnisource.config import JointConfig, TrainConfig
from omnisource.models.checkpoints import load_network
from omnisource.train.loop import FitConfig, fit
from omnisource.train.norms import average_statistics
from tests.two_processes import in_two_processes


def average_of_ranks(folder: Path) -> None:
    fabric = Fabric(accelerator="cpu", devices=2, strategy=DDPStrategy())
    fabric.launch()
    network = torch.nn.Sequential(torch.nn.BatchNorm3d(2), torch.nn.BatchNorm2d(3), torch.nn.BatchNorm3d(2))
    for norm in network:
        norm.running_mean.fill_(fabric.global_rank)
        norm.running_var.fill_(10 + 4 * fabric.global_rank)
    network[2].eval()  # as a frozen norm is
    average_statistics(fabric, network)
    torch.save(network.state_dict(), folder / f"{fabric.global_rank}.pt")


def test_average_statistics__every_process_has_the_mean_but_of_frozen_norms(tmp_path):
    in_two_processes(average_of_ranks, tmp_path)
    for rank in (0, 1):
        found = torch.load(tmp_path / f"{rank}.pt", weights_only=True)
        assert found["0.running_mean"].tolist() == [0.5, 0.5]  # of 0 and 1
        assert found["0.running_var"].tolist() == [12, 12]  # of 10 and 14
        assert (found["1.running_mean"].tolist(), found["1.running_var"].tolist()) == ([0.5] * 3, [12] * 3)
        assert (found["2.running_mean"].tolist(), found["2.running_var"].tolist()) == ([rank] * 2, [10 + 4 * rank] * 2)


def test_fit__two_processes_save_the_means_that_one_finds(world, tiny, tmp_path):
    # a norm before everything else sees the same data in one process and in two; 4 and 2 examples are halved evenly
    network, _ = tiny("tsn", batch_size=4)
    config = FitConfig(network=network, train=TrainConfig(joint=JointConfig()), num_classes=2, device="cpu")
    torch.manual_seed(0)
    layers = [torch.nn.BatchNorm3d(3), torch.nn.AdaptiveAvgPool3d(1), torch.nn.Flatten(), torch.nn.Linear(3, 2)]
    start = torch.nn.Sequential(*layers)
    in_two_processes(fit, tmp_path / "shared", copy.deepcopy(start), world.target, {}, config)
    fit(tmp_path / "alone", start, world.target, {}, config)
    saved = [load_network(tmp_path / name / "network.pt").state_dict["0.running_mean"] for name in ("alone", "shared")]
    torch.testing.assert_close(*saved)


def test_average_statistics__one_process_keeps_its_own():
    norm = torch.nn.BatchNorm2d(1)
    norm.running_mean.fill_(3)
    average_statistics(Fabric(accelerator="cpu", devices=1), norm)
    assert norm.running_mean.item() == 3
