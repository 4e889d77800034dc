"""What a measurement says of a whole run."""

import time

import pytest

from omnisource import config
from omnisource.pipeline.measured import Measurement, costs_of, estimate, load_measurement, save_measurement
from omnisource.workspace import Workspace

GIB = 1 << 30


def measurement(**changed: object) -> Measurement:
    usual = {
        "run": "tsn-baseline",
        "device": "CPU, 2 cores",
        "num_updates": 12,
        "seconds_per_update": 0.5,
        "data_seconds": 0.1,
        "memory_bytes": 2 * GIB,
        "memory_limit_bytes": 8 * GIB,
        "checkpoint_bytes": 1000,
        "measured_s": time.time() - 60,
        "costs": {"optim.batch_size": 32},
    }
    return Measurement(**usual | changed)


def test_save_measurement__is_read_back(fresh: Workspace):
    assert load_measurement(fresh, "tsn-baseline") is None
    save_measurement(fresh, measurement())
    assert load_measurement(fresh, "tsn-baseline").seconds_per_update == 0.5


def test_estimate__multiplies_and_names_what_was_other():
    found = estimate(measurement(), {"optim.batch_size": 64}, total_updates=100, keep_checkpoints=2)
    assert found.seconds == 50
    assert found.disk_bytes == 3000  # two checkpoints and the network
    assert 60 <= found.age_s < 120
    assert found.differences == ("optim.batch_size was 32, is 64",)


@pytest.mark.parametrize(("data_seconds", "waits"), [(0.1, False), (0.2, True)])  # of half a second
def test_estimate__waiting_for_data(data_seconds: float, waits: bool):
    found = estimate(measurement(data_seconds=data_seconds), {}, total_updates=1, keep_checkpoints=1)
    assert found.waits_for_data == waits


@pytest.mark.parametrize(("taken", "tight"), [(7, False), (7.5, True)])  # of 8 GiB; nine tenths are 7.2
def test_estimate__little_memory_left(taken: float, tight: bool):
    found = estimate(measurement(memory_bytes=int(taken * GIB)), {}, total_updates=1, keep_checkpoints=1)
    assert found.is_tight == tight


@pytest.mark.parametrize(
    ("setting", "matters"),
    [
        ("networks.tsn.optim.batch_size=8", True),
        ("networks.tsn.input.crop_px=16", True),
        ("train.joint.target_share=1", True),
        ("networks.tsn.optim.epochs=50", False),  # more updates, but none costs more
        ("networks.tsn.optim.lr_per_sample=0.1", False),
        ("train.joint.power=0.9", False),
    ],
)
def test_costs_of__only_what_an_update_costs(labelled: Workspace, setting: str, matters: bool):
    before = costs_of(labelled, labelled.study(), "tsn", "unfiltered")
    after = costs_of(labelled, config.override(labelled.study(), [setting]), "tsn", "unfiltered")
    assert (before != after) == matters


def test_costs_of__a_baseline_draws_no_web_data(labelled: Workspace):
    assert not any(name.startswith("joint.") for name in costs_of(labelled, labelled.study(), "tsn", None))
