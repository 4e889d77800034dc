"""What tests of runs share: settings of a fit, what a run wrote, and a way to stop it."""

import json
from pathlib import Path

import torch

from omnisource.config import InflationConfig, JointConfig, TrainConfig
from omnisource.train.loop import FitConfig

STILL = InflationConfig(mode="replicate")


def config(network, *, joint=None, **train) -> FitConfig:
    train = {"inflation": STILL} | train
    joint = JointConfig(**{"target_share": 1} | (joint or {}))
    return FitConfig(network=network, train=TrainConfig(joint=joint, **train), num_classes=2, device="cpu")


def lines(run: Path) -> list[dict]:
    """metrics.jsonl without how long things took."""
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [{key: value for key, value in row.items() if not key.endswith("seconds")} for row in rows]


def state(run: Path) -> dict:
    return json.loads((run / "state.json").read_text())


def same_weights(a: torch.nn.Module, b: torch.nn.Module) -> bool:
    ours, theirs = a.state_dict(), b.state_dict()
    return all(torch.equal(ours[name], theirs[name]) for name in ours)


class Interrupting:
    """A validation that asks the run to stop; at the end of an epoch, so that the next update is the last."""

    def __init__(self, run: Path) -> None:
        self.run = run

    def __call__(self, network: torch.nn.Module) -> dict[str, float]:
        (self.run / "STOP").touch()
        return {}
