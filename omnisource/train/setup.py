"""Examples and settings -> a session: devices, network, optimizer and the place where a run goes on (paper 3.2)."""

import hashlib
import json
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from lightning_fabric import Fabric
from lightning_fabric.strategies import DDPStrategy
from torch import nn

from omnisource.config import NetworkConfig, TrainConfig
from omnisource.errors import ConfigError, DataError
from omnisource.train.batches import TARGET, EpochPlan, Update, epoch_plan, num_updates
from omnisource.train.checkpoint import load_newest
from omnisource.train.schedule import learning_rate
from omnisource.types import Example

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class FitConfig:
    """Everything that decides what a run learns, but for the examples."""

    network: NetworkConfig
    """What the network sees and how it is optimised."""
    train: TrainConfig
    """How target and web data are mixed."""
    num_classes: int
    """K."""
    seed: int = 0
    """Of everything random."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where the network runs; auto: on a GPU of CUDA if there is one, else on the CPU."""
    reader: Literal["auto", "decord", "pyav"] = "auto"
    """Video reader."""
    class_names: tuple[str, ...] = ()
    """Kept beside the weights, for whoever uses them elsewhere; empty: unknown."""
    epoch_size: int | None = None
    """Target examples that an epoch counts without reading any, in pre-training; None: the target's are read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """A run under way in this process."""

    folder: Path
    """The run's folder."""
    config: FitConfig
    """Its settings."""
    examples: Mapping[str, Sequence[Example]]
    """"target" first, unless this is pre-training, then the sources that have examples."""
    class_indices: Mapping[str, np.ndarray]
    """(N,) int64 for each of them."""
    fabric: Fabric
    """Device, precision, processes."""
    network: nn.Module
    """The caller's network."""
    module: nn.Module
    """The same, to be called in training."""
    sgd: torch.optim.SGD
    """Holds momentum and learning rate."""
    optimizer: torch.optim.Optimizer
    """The same, to be stepped in training."""
    fingerprint: str
    """Of what decides the result; a checkpoint with another one is refused."""
    start: int
    """Updates that an earlier session did."""

    @property
    def updates_per_epoch(self) -> int:
        """Target batches in one pass."""
        return num_updates(self._num_target, self.config.network.optim.batch_size)

    @property
    def total_updates(self) -> int:
        """Updates of the whole run."""
        return self.config.network.optim.epochs * self.updates_per_epoch

    @property
    def leading(self) -> tuple[str, ...]:
        """The sources without which there is nothing to learn: the target, or in pre-training all of them."""
        return (TARGET,) if TARGET in self.examples else tuple(self.examples)

    @property
    def _num_target(self) -> int:
        return len(self.examples[TARGET]) if self.config.epoch_size is None else self.config.epoch_size

    def plan(self, epoch: int) -> EpochPlan:
        """What all processes together read in one epoch."""
        return epoch_plan(
            self.class_indices,
            self.config.train.joint,
            batch_size=self.config.network.optim.batch_size,
            seed=self.config.seed,
            epoch=epoch,
            num_target=self._num_target,
        )

    def updates_left(self) -> Iterator[Update]:
        """This process's share of every update from `start` on, epoch after epoch."""
        length = self.updates_per_epoch
        for epoch in range(self.start // length, self.config.network.optim.epochs):
            plan = self.plan(epoch)
            for position in range(max(self.start - epoch * length, 0), length):
                yield plan[position].share_of(self.fabric.global_rank, self.fabric.world_size)

    def begin(self, update: int) -> tuple[float, np.random.Generator]:
        """Set the learning rate and seed torch (dropout) for one update; returns the rate, and a generator for mixup.

        Seeding each update by (seed, update, process) is what lets a run go on bit for bit in any number of processes.
        """
        lr = learning_rate(self.config.network.optim, update, self.updates_per_epoch)
        for group in self.sgd.param_groups:
            group["lr"] = lr
        rng = np.random.default_rng([self.config.seed, update, self.fabric.global_rank])
        torch.manual_seed(int(rng.integers(2**63)))
        return lr, rng


def set_up(
    run: Path,
    network: nn.Module,
    target: Sequence[Example],
    auxiliary: Mapping[str, Sequence[Example]],
    config: FitConfig,
) -> Session:
    """Start the processes' exchange, move the network to its device, and load the newest checkpoint, if any.

    Raises DataError, ConfigError or CheckpointError where examples, names or an old checkpoint do not fit.
    """
    examples = _by_source(target, auxiliary, pretraining=config.epoch_size is not None)
    class_indices = {source: _class_indices(source, rows, config.num_classes) for source, rows in examples.items()}
    fabric = _connect(config)
    fabric.to_device(network)
    optim = config.network.optim
    parameters = [parameter for parameter in network.parameters() if parameter.requires_grad]
    sgd = torch.optim.SGD(parameters, lr=0.0, momentum=optim.momentum, weight_decay=optim.weight_decay)
    fingerprint = _fingerprint(config, class_indices)
    found = load_newest(run / "checkpoints", fingerprint=fingerprint, device=fabric.device)
    if found is not None:
        network.load_state_dict(dict(found.network))
        sgd.load_state_dict(dict(found.optimizer))
        if found.scaler:
            fabric.strategy.precision.load_state_dict(dict(found.scaler))
    module, optimizer = fabric.setup(network, sgd)
    module.train()
    return Session(
        folder=run,
        config=config,
        examples=examples,
        class_indices=class_indices,
        fabric=fabric,
        network=network,
        module=module,
        sgd=sgd,
        optimizer=optimizer,
        fingerprint=fingerprint,
        start=found.update if found else 0,
    )


def _by_source(
    target: Sequence[Example], auxiliary: Mapping[str, Sequence[Example]], *, pretraining: bool
) -> dict[str, Sequence[Example]]:
    assert not (pretraining and len(target)), "an epoch counts the target examples, or reads them"
    if not pretraining and not len(target):
        raise DataError("there is no target example to train on; check target.train and target.label_fraction")
    if pretraining and not any(map(len, auxiliary.values())):
        raise DataError("there is no web example to pre-train on; lower the recipe's confidence, or add sources")
    if TARGET in auxiliary:
        raise ConfigError(f"a source may not be called {TARGET!r}; rename it under `sources`")
    for source, rows in auxiliary.items():
        if not len(rows):
            logger.warning("source %s has no example and is left out", source)
    leading = {} if pretraining else {TARGET: target}
    return leading | {source: rows for source, rows in auxiliary.items() if len(rows)}


def _class_indices(source: str, examples: Sequence[Example], num_classes: int) -> np.ndarray:
    """(N,) int64, without making the examples where they are not in memory."""
    known = getattr(examples, "class_indices", None)
    indices = np.array([e.class_index for e in examples]) if known is None else np.asarray(known)
    if indices.min() < 0 or indices.max() >= num_classes:
        worst = indices.max() if indices.max() >= num_classes else indices.min()
        raise DataError(f"source {source!r} has class index {worst}, but the taxonomy has {num_classes} classes")
    return indices


def _connect(config: FitConfig) -> Fabric:
    """One process and device, or those that torchrun started."""
    on_gpu = config.device == "cuda" or (config.device == "auto" and torch.cuda.is_available())
    local, world = (int(os.environ.get(name, "1")) for name in ("LOCAL_WORLD_SIZE", "WORLD_SIZE"))
    fabric = Fabric(
        accelerator="cuda" if on_gpu else "cpu",  # "auto" would take MPS on a Mac
        devices=local,
        num_nodes=world // local,
        precision=config.network.optim.precision,
        strategy=_strategy(config) if world > 1 else "auto",
    )
    fabric.launch()
    return fabric


def _strategy(config: FitConfig) -> DDPStrategy:
    """OmniResNet's head for pictures gets no gradient from clips, so it must not be waited for."""
    has_idle_head = config.network.model.arch == "omni"
    return DDPStrategy(broadcast_buffers=False, find_unused_parameters=has_idle_head)


def _fingerprint(config: FitConfig, class_indices: Mapping[str, np.ndarray]) -> str:
    """Hash of everything that decides the result and can be told without looking at files."""
    bookkeeping = {"workers", "checkpoint_every", "keep_checkpoints", "validate_every", "finetune"}  # not read here
    settings = {
        "network": config.network.model_dump(mode="json", exclude={"test"}),
        "train": config.train.model_dump(mode="json", exclude=bookkeeping),
        "seed": config.seed,
        "num_classes": config.num_classes,
    }
    if config.epoch_size is not None:
        settings["epoch_size"] = config.epoch_size
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    for source, indices in class_indices.items():
        digest.update(source.encode() + np.ascontiguousarray(indices, np.int64).tobytes())
    return digest.hexdigest()
