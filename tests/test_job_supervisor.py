"""A supervisor with a real training: asked to stop it saves itself, says so, and goes on later."""

import json
import time
from pathlib import Path

import pytest

from omnisource import config, jobs
from omnisource.commands import options
from omnisource.job_supervisor import STOPPED, _ask_runs, supervise
from omnisource.pipeline import collecting
from omnisource.pipeline.run_folders import run_state
from omnisource.tables import sole_writer
from omnisource.workspace import Workspace
from tests import micro_workspaces, micro_world
from tests.test_jobs import ended, wait_for


@pytest.fixture
def micro(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Labelled clips have been read; one training would take minutes."""
    study = micro_world.study(micro_workspaces.world_once(tmp_path_factory))
    many = ["networks.tsn.optim.epochs=4000", "networks.tsn.optim.milestones=[2]", "train.workers=0"]
    workspace = Workspace.create(tmp_path / "w", config.override(study, many))
    collecting.collect_target(workspace)
    return workspace


def teach(workspace: Workspace) -> jobs.Job:
    arguments = ["teach", "-w", str(workspace.root), "--network", "tsn"]
    return jobs.start(workspace, arguments, title="Teach", needs_device=True)


def updates(workspace: Workspace) -> int:
    path = workspace.run("tsn-baseline") / "state.json"
    return json.loads(path.read_text())["update"] if path.is_file() else 0


def checkpoints(workspace: Workspace) -> list[str]:
    return sorted(path.name for path in (workspace.run("tsn-baseline") / "checkpoints").iterdir())


@pytest.mark.slow
def test_supervise__training_that_is_stopped_saves_itself_and_goes_on(micro: Workspace):
    job = teach(micro)
    wait_for(lambda: updates(micro) >= 3 or not jobs.load(job.folder).is_alive)
    assert jobs.running_elsewhere(micro) == []  # it is this job's
    jobs.stop(job)
    first = ended(job)
    assert (first.state, first.returncode) == ("stopped", STOPPED), jobs.log_since(job, 0)[0]
    folder, done = micro.run("tsn-baseline"), updates(micro)
    assert run_state(folder) == "stopped"
    assert not (folder / "STOP").exists()
    assert any(f"{done}" in name for name in checkpoints(micro))
    again = teach(micro)
    wait_for(lambda: updates(micro) > done or not jobs.load(again.folder).is_alive)
    jobs.stop(again)
    assert ended(again).state == "stopped", jobs.log_since(again, 0)[0]
    assert updates(micro) > done
    lines = (folder / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line)["update"] for line in lines] == list(range(1, updates(micro) + 1))


def test_supervise__a_job_that_was_stopped_before_its_turn_begins_nothing(tmp_path: Path):
    folder = tmp_path / "jobs" / "1"
    folder.mkdir(parents=True)
    asked = {"title": "x", "arguments": ["--version"], "needs_device": True, "asked_s": time.time()}
    (folder / "job.json").write_text(json.dumps(asked))
    (folder / "STOP").touch()
    assert supervise(folder) == "stopped"
    assert jobs.load(folder).started_s is None
    assert not (folder / "log.txt").exists()


def test_ask_runs__leaves_the_runs_of_others_alone(tmp_path: Path):
    own, idle = (tmp_path / "runs" / name for name in ("own", "idle"))
    idle.mkdir(parents=True)
    (idle / ".owner.json").write_text('{"pid": 1}')  # a writer that was killed
    with sole_writer(own, what="run"):
        group = jobs.writing_group(own)
        assert group is not None
        assert _ask_runs(tmp_path, group + 1) == []
        assert not (own / "STOP").exists()
        assert _ask_runs(tmp_path, group) == [own]
        assert (own / "STOP").exists()
    assert not (idle / "STOP").exists()


def test_stopped__is_what_the_commands_end_with():
    assert options.STOPPED == STOPPED
