import json
from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from omnisource.report import Dropped
from omnisource.train.datasets import DroppedSample
from omnisource.train.journal import Journal, count_dropped, dropped_examples

HTML = DroppedSample("images", Path("a.jpg"), "not_media", "HTML")
GONE = DroppedSample("target", Path("b\udce9.mp4"), "missing_file", "")  # a name that is not UTF-8
GONE_TOO = DroppedSample("images", Path("a.jpg"), "missing_file", "")


def drop(run, dropped: dict[int, list[DroppedSample]], *, start=0) -> None:
    with Journal(run, update=start, total_updates=10) as journal:
        for update, samples in dropped.items():
            journal.drop(update, samples)


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


def test_drop__appends_one_line_a_draw(tmp_path):
    drop(tmp_path, {1: [HTML], 2: []})
    line = {"update": 1, "source": "images", "path": "a.jpg", "reason": "not_media", "detail": "HTML"}
    assert [json.loads(text) for text in (tmp_path / "dropped.jsonl").read_text().splitlines()] == [line]


def test_drop__warns_of_a_path_once_in_a_run(tmp_path, caplog):
    drop(tmp_path, {1: [HTML], 2: [HTML]})
    drop(tmp_path, {3: [HTML, GONE]}, start=2)
    assert [record.getMessage().split(" is left out: ")[1] for record in caplog.records] == [
        "not_media: HTML",
        "missing_file: ",
    ]


def test_init__forgets_drops_after_the_checkpoint(tmp_path):
    drop(tmp_path / "whole", {1: [HTML], 2: [GONE], 3: [HTML]})
    drop(tmp_path / "cut", {1: [HTML], 2: [GONE]})
    with (tmp_path / "cut" / "dropped.jsonl").open("a") as file:
        file.write('{"update": 2, "so')
    drop(tmp_path / "cut", {2: [GONE], 3: [HTML]}, start=1)
    assert (tmp_path / "cut" / "dropped.jsonl").read_text() == (tmp_path / "whole" / "dropped.jsonl").read_text()


def test_dropped_examples__has_each_path_once_with_its_first_reason(tmp_path):
    drop(tmp_path, {1: [HTML], 2: [GONE, GONE_TOO]})
    drop(tmp_path, {3: [HTML, GONE]}, start=2)  # another session
    assert dropped_examples(tmp_path) == [
        Dropped(path=Path("a.jpg"), key=None, reason="not_media", detail="HTML"),
        Dropped(path=Path("b\udce9.mp4"), key=None, reason="missing_file", detail=""),
    ]


def test_dropped_examples__of_a_run_without_any(tmp_path):
    assert dropped_examples(tmp_path) == []


def test_dropped_examples__leaves_half_a_line_out(tmp_path):
    (tmp_path / "dropped.jsonl").write_text('{"update": 2, "so')
    assert dropped_examples(tmp_path) == []


def test_count_dropped__counts_draws_of_one_source_in_some_updates(tmp_path):
    drop(tmp_path, {1: [GONE], 2: [GONE, GONE, HTML], 3: [GONE], 4: [GONE]})
    assert count_dropped(tmp_path, "target", updates=range(2, 4)) == 3


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
