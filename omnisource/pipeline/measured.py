"""What a few updates cost on this machine, measured before a run, and what the whole run would cost by that (3.2).

`omnisource measure` writes it (measuring.py); reading it needs no torch. A measurement says with which settings it was
taken, as far as they decide the cost, so that one of other settings is not believed.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from omnisource import config
from omnisource.files import write_atomically
from omnisource.pipeline.recipes import auxiliary_examples
from omnisource.workspace import Workspace

_COSTLY_MIXTURE = {"target_share", "batch_ratio", "merged", "update", "source_batch_size"}
_COSTLY_OPTIM = {"batch_size", "precision"}
_FREE = {"pretrained", "init_std", "dropout", "zero_init_residual"}
"""What a network's settings say that costs no time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Measurement:
    """What a few updates cost."""

    run: str
    """The run that was tried."""
    device: str
    """What it ran on, for a person."""
    num_updates: int
    """Updates that were counted, after the first ones, which are slower."""
    seconds_per_update: float
    """Wall time of one, on average."""
    data_seconds: float
    """How much of that was waiting for data."""
    memory_bytes: int
    """Most memory that it took: of the GPU if there is one, else of its processes."""
    memory_limit_bytes: int
    """How much there is."""
    checkpoint_bytes: int
    """Size of one checkpoint."""
    measured_s: float
    """When; seconds since 1970."""
    costs: Mapping[str, object]
    """The settings that decide what an update costs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Estimate:
    """What a whole run would cost."""

    measurement: Measurement
    """What it is taken from."""
    seconds: float
    """Wall time, without tests of the network."""
    disk_bytes: int
    """Checkpoints that are kept, and the network."""
    age_s: float
    """Of the measurement."""
    differences: tuple[str, ...]
    """Settings that were others when it was taken; empty: it holds."""

    @property
    def waits_for_data(self) -> bool:
        """Whether more than a third of the time is spent waiting for data."""
        return 3 * self.measurement.data_seconds > self.measurement.seconds_per_update

    @property
    def is_tight(self) -> bool:
        """Whether it takes more than nine tenths of the memory."""
        return 10 * self.measurement.memory_bytes > 9 * self.measurement.memory_limit_bytes


def costs_of(
    workspace: Workspace, study: config.Study, network_name: str, recipe_name: str | None
) -> dict[str, object]:
    """The settings that decide what an update costs, flat."""
    network, joint = study.networks[network_name], study.train.joint
    sections = {
        "model": network.model.model_dump(mode="json", exclude=_FREE),
        "input": network.input.model_dump(mode="json", include={"short_side_px", "crop_px", "crop"}),
        "optim": network.optim.model_dump(mode="json", include=_COSTLY_OPTIM),
        "train": {"workers": study.train.workers, "device": study.device},
    }
    if recipe_name is not None:
        sources, _ = auxiliary_examples(workspace, recipe_name)
        sections["sources"] = {"drawn": sorted(sources)}
        sections["joint"] = joint.model_dump(mode="json", include=_COSTLY_MIXTURE)
    return {f"{section}.{name}": value for section, values in sections.items() for name, value in values.items()}


def save_measurement(workspace: Workspace, measurement: Measurement) -> Path:
    """Keep a measurement; the one before it of the same run is replaced."""
    path = _path(workspace, measurement.run)
    write_atomically(path, json.dumps(asdict(measurement), indent=1))
    return path


def load_measurement(workspace: Workspace, run: str) -> Measurement | None:
    """The measurement of a run; None where there is none."""
    path = _path(workspace, run)
    return Measurement(**json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else None


def estimate(
    measurement: Measurement, costs: Mapping[str, object], *, total_updates: int, keep_checkpoints: int
) -> Estimate:
    """What a run of so many updates would cost with settings that cost `costs`."""
    before = measurement.costs
    names = [name for name in dict.fromkeys([*costs, *before]) if costs.get(name) != before.get(name)]
    return Estimate(
        measurement=measurement,
        seconds=total_updates * measurement.seconds_per_update,
        disk_bytes=(keep_checkpoints + 1) * measurement.checkpoint_bytes,
        age_s=max(time.time() - measurement.measured_s, 0.0),
        differences=tuple(f"{name} was {before.get(name)}, is {costs.get(name)}" for name in names),
    )


def _path(workspace: Workspace, run: str) -> Path:
    return workspace.report_path(f"measure.{run}")
