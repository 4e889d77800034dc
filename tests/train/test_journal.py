import json

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from omnisource.train.journal import Journal


def lines(run) -> list[dict]:
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


def write(run, updates, *, start=0) -> None:
    with Journal(run, update=start, total_updates=10) as journal:
        for update in updates:
            journal.write({"update": update, "loss": 1.0 / update, "grad_norm": None})


def test_write__appends_one_line_an_update(tmp_path):
    write(tmp_path / "run", [1, 2])
    assert [line["update"] for line in lines(tmp_path / "run")] == [1, 2]
    assert lines(tmp_path / "run")[1]["loss"] == 0.5


def test_write__goes_to_tensorboard_too(tmp_path):
    write(tmp_path, [1, 2])
    events = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    assert [(e.step, e.value) for e in events.Scalars("loss")] == [(1, 1.0), (2, 0.5)]
    assert events.Tags()["scalars"] == ["loss"]  # absent values are left out


def test_init__forgets_what_came_after_the_checkpoint(tmp_path):
    write(tmp_path, [1, 2, 3, 4])
    write(tmp_path, [3], start=2)
    assert [line["update"] for line in lines(tmp_path)] == [1, 2, 3]


@pytest.mark.parametrize("half", ['{"update": 2, "lo', '{"update": 2}'])
def test_init__forgets_half_a_line(tmp_path, half):
    write(tmp_path, [1])
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write(half)
    write(tmp_path, [2], start=1)
    assert lines(tmp_path) == [{"update": u, "loss": 1.0 / u, "grad_norm": None} for u in (1, 2)]


def test_beat__tells_the_state(tmp_path):
    with Journal(tmp_path, update=0, total_updates=10) as journal:
        journal.beat("done", update=10, epoch=5)
    state = json.loads((tmp_path / "state.json").read_text())
    assert state.pop("heartbeat") > 0
    assert state == {"state": "done", "update": 10, "epoch": 5, "total_updates": 10}


def test_beat__running_is_written_at_once_and_then_rarely(tmp_path):
    with Journal(tmp_path, update=0, total_updates=10) as journal:
        journal.beat("running", update=1, epoch=0)
        journal.beat("running", update=2, epoch=0)
    assert json.loads((tmp_path / "state.json").read_text())["update"] == 1
