"""Runs as they are now, whoever trains them."""

import json

import pytest

from omnisource import config
from omnisource.catalog import Catalog
from omnisource.errors import WorkspaceError
from omnisource.palette import SOURCES
from omnisource.pipeline import run_watch
from omnisource.pipeline.launching import Launch
from omnisource.tables import sole_writer
from omnisource.workspace import Workspace


def say(workspace: Workspace, run: str, state: str, **more: object) -> None:
    folder = workspace.run(run)
    folder.mkdir(parents=True, exist_ok=True)
    said = {"state": state, "update": 10, "epoch": 2, "total_updates": 40, "heartbeat": 5.0} | more
    (folder / "state.json").write_text(json.dumps(said))


def measured(workspace: Workspace, run: str, *lines: dict) -> None:
    (workspace.run(run) / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def test_runs__alive_ones_first_then_the_newest(fresh: Workspace):
    say(fresh, "tsn-baseline", "done", heartbeat=9.0)
    say(fresh, "tsn-unfiltered", "stopped", heartbeat=7.0)
    say(fresh, "slowonly-omnisource", "running", heartbeat=1.0)
    with sole_writer(fresh.run("slowonly-omnisource"), what="run"):
        found = run_watch.runs(fresh)
    assert [(run.name, run.state) for run in found] == [
        ("slowonly-omnisource", "running"),
        ("tsn-baseline", "done"),
        ("tsn-unfiltered", "stopped"),
    ]
    assert found[0].launch == Launch(network="slowonly", recipe="omnisource")


def test_runs__one_that_nobody_writes_was_interrupted(fresh: Workspace):
    say(fresh, "tsn-baseline", "running")
    (run,) = run_watch.runs(fresh)
    assert (run.state, run.is_alive, run.is_resumable) == ("interrupted", False, True)


def test_runs__say_how_fast_they_are_and_how_long_they_last(fresh: Workspace):
    say(fresh, "tsn-baseline", "running")
    measured(
        fresh, "tsn-baseline", {"update": 9, "loss": 3.0, "seconds": 1.0}, {"update": 10, "loss": 2.0, "seconds": 3.0}
    )
    with sole_writer(fresh.run("tsn-baseline"), what="run"):
        (run,) = run_watch.runs(fresh)
    assert (run.loss, run.share, run.seconds_per_update) == (2.0, 0.25, 2.0)
    assert run.seconds_left == 60  # 30 updates of 2 s


def test_runs__half_a_line_and_one_that_a_crash_spoilt_are_passed_over(fresh: Workspace):
    say(fresh, "tsn-baseline", "stopped")
    lines = ['{"update": 8, "loss": 4.0, "seconds": 1.0}', '{"update": 9, "lo{"update": 9}']
    lines += ['{"update": 10, "loss": 2.0, "seconds": 3.0}', '{"update": 11, "lo']
    (fresh.run("tsn-baseline") / "metrics.jsonl").write_text("\n".join(lines))
    (run,) = run_watch.runs(fresh)
    assert (run.loss, run.seconds_per_update) == (2.0, 2.0)


def test_runs__of_the_pipeline(labelled: Workspace):
    by_name = {run.name: run for run in run_watch.runs(labelled)}
    run = by_name["tsn-baseline"]
    assert (run.state, run.update, run.total_updates, run.top1) == ("done", 3, 3, None)
    (labelled.run("tsn-baseline") / "metrics.json").write_text('{"settings": {}, "metrics": {"top1": 0.5}}')
    assert {run.name: run for run in run_watch.runs(labelled)}["tsn-baseline"].top1 == 0.5


def test_stop__asks_a_run_to_save_itself(fresh: Workspace):
    say(fresh, "tsn-baseline", "running")
    with sole_writer(fresh.run("tsn-baseline"), what="run"):
        run_watch.stop(fresh, "tsn-baseline")
        (run,) = run_watch.runs(fresh)
    assert run.state == "stopping"


def test_stop__a_run_that_is_over(labelled: Workspace):
    with pytest.raises(WorkspaceError, match="'tsn-baseline' is not being trained"):
        run_watch.stop(labelled, "tsn-baseline")
    assert not (labelled.run("tsn-baseline") / "STOP").exists()  # it would stop the next training


def test_drawn_colours__a_mixture_has_the_colour_of_its_first_source():
    sources = tuple(config.SourceConfig(name=name, format="image", path=name) for name in ("a", "b", "c"))
    joint = config.JointConfig(merged={"both": ("b", "c"), "lost": ("x",)})
    found = run_watch.drawn_colours(config.Study(sources=sources, train=config.TrainConfig(joint=joint)))
    assert found["both"] == SOURCES[1]
    assert "lost" not in found


def test_dropped_draws__are_counted_and_lead_to_their_items(labelled: Workspace):
    path = Catalog(labelled).value(f"SELECT path FROM read_parquet('{labelled.table('items').parts()[0]}') LIMIT 1")
    lines = [
        {"update": 1, "source": "web_image", "path": path, "reason": "missing_file", "detail": "gone"},
        {"update": 2, "source": "web_image", "path": path, "reason": "missing_file", "detail": "gone"},
        {"update": 2, "source": "target", "path": "/t/1.mp4", "reason": "bad_frame", "detail": "<b>&"},
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (labelled.run("tsn-baseline") / "dropped.jsonl").write_text(text + '{"upd')
    counts = run_watch.dropped_counts(labelled, "tsn-baseline")
    assert counts == {("web_image", "missing_file"): 2, ("target", "bad_frame"): 1}
    found = run_watch.dropped_draws(labelled, Catalog(labelled), "tsn-baseline")
    assert [(one.path, one.key is not None) for one in found] == [("/t/1.mp4", False), (path, True)]


def test_run_log__is_its_end(fresh: Workspace):
    assert run_watch.run_log(fresh, "tsn-baseline") == ""
    say(fresh, "tsn-baseline", "done")
    (fresh.run("tsn-baseline") / "log.txt").write_text("first line\nsecond line\n")
    assert run_watch.run_log(fresh, "tsn-baseline", limit=15) == "second line\n"  # half a line is left out
