"""Jobs as files and processes: started, queued, watched, stopped, lost, and runs of others beside them."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from omnisource import config, jobs
from omnisource.errors import WorkspaceError
from omnisource.tables import sole_writer
from omnisource.workspace import Workspace

PATIENCE_S = 120.0
"""Other tests keep the machine busy."""


def wait_for(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.05)


def ended(job: jobs.Job) -> jobs.Job:
    wait_for(lambda: not jobs.load(job.folder).is_alive)
    return jobs.load(job.folder)


def heard_of(job: jobs.Job) -> float:
    """When its supervisor said how it goes."""
    said = json.loads((job.folder / "state.json").read_text())
    return said["heartbeat"] if "supervisor" in said else 0.0


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "w", config.Study())


@pytest.fixture
def slow_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """`omnisource` becomes a command that writes when it began, waits for a file, and writes when it ended."""
    package = tmp_path / "fake" / "omnisource_fake.py"
    package.parent.mkdir()
    package.write_text(
        textwrap.dedent("""
            import os, sys, time
            from pathlib import Path
            name, folder = sys.argv[1], Path(sys.argv[2])
            (folder / f"{name}.began").write_text(str(os.getpid()))
            print("working on", name)
            while not (folder / f"{name}.go").exists():
                time.sleep(0.02)
            (folder / f"{name}.ended").touch()
        """)
    )
    (package.parent / "sitecustomize.py").write_text(
        "import os, sys\n"
        "if sys.orig_argv[1:3] == ['-m', 'omnisource']:\n"
        "    sys.argv = ['omnisource', *sys.orig_argv[3:]]\n"
        f"    exec(compile(open({str(package)!r}).read(), 'fake', 'exec'), {{}})\n"
        "    os._exit(0)\n"
    )
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(package.parent), os.getcwd()]))
    yield tmp_path
    for folder in (tmp_path / "w" / "jobs").glob("*"):
        (folder / "STOP").touch()


def begin(workspace: Workspace, folder: Path, name: str, *, needs_device: bool = True) -> jobs.Job:
    return jobs.start(workspace, [name, str(folder)], title=name.upper(), needs_device=needs_device)


def test_start__runs_the_command_to_its_end_and_keeps_what_it_said(workspace: Workspace):
    job = jobs.start(workspace, ["--version"], title="Which version", needs_device=True)
    assert (job.title, job.command) == ("Which version", "omnisource --version")
    assert job.state == "queued"  # nobody waited for the supervisor to live
    done = ended(job)
    assert (done.state, done.returncode) == ("done", 0)
    assert done.asked_s <= done.started_s <= done.ended_s
    text, size = jobs.log_since(done, 0)
    assert text.strip().startswith("0.")
    assert jobs.log_since(done, size) == ("", size)


def test_start__a_command_that_fails_says_why(workspace: Workspace):
    done = ended(jobs.start(workspace, ["check", "-w", "/nowhere"], title="Check", needs_device=False))
    assert (done.state, done.returncode) == ("failed", 1)
    assert "error: /nowhere is no workspace" in jobs.log_since(done, 0)[0]


def test_start_in__a_folder_that_cannot_be_written(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(WorkspaceError, match="no job can be started in .*file: Not a directory; choose another folder"):
        jobs.start_in(tmp_path / "file", ["--version"], title="x", needs_device=False)


def test_jobs__those_that_need_the_device_run_one_after_the_other(workspace: Workspace, slow_command: Path):
    first, second = begin(workspace, slow_command, "a"), begin(workspace, slow_command, "b")
    beside = begin(workspace, slow_command, "c", needs_device=False)
    assert [job.id for job in jobs.jobs(workspace.root)] == [beside.id, second.id, first.id]  # newest first
    wait_for((slow_command / "a.began").exists)
    wait_for((slow_command / "c.began").exists)
    both_began_s = time.time()
    wait_for(lambda: heard_of(second) > both_began_s)  # it has looked whether it is its turn
    assert jobs.load(second.folder).state == "queued"
    assert not (slow_command / "b.began").exists()
    (slow_command / "a.go").touch()
    assert ended(first).state == "done"
    wait_for((slow_command / "b.began").exists)
    for name in "bc":
        (slow_command / f"{name}.go").touch()
    assert [ended(job).state for job in (second, beside)] == ["done", "done"]
    assert jobs.log_since(second, 0)[0] == "working on b\n"


def test_jobs__outlive_whoever_started_them(workspace: Workspace, slow_command: Path):
    code = f"""
        from pathlib import Path
        from omnisource import jobs
        from omnisource.workspace import Workspace
        jobs.start(Workspace(Path({str(workspace.root)!r})), ["a", {str(slow_command)!r}], title="A", needs_device=True)
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True)
    (job,) = jobs.jobs(workspace.root)
    wait_for((slow_command / "a.began").exists)
    wait_for(lambda: jobs.load(job.folder).state == "running")
    (slow_command / "a.go").touch()
    assert ended(job).state == "done"


def test_stop__in_the_queue(workspace: Workspace, slow_command: Path):
    first, second = begin(workspace, slow_command, "a"), begin(workspace, slow_command, "b")
    jobs.stop(second)
    assert ended(second).state == "stopped"
    (slow_command / "a.go").touch()
    assert ended(first).state == "done"
    assert not (slow_command / "b.began").exists()


def test_stop__what_trains_nothing_ends_at_once(workspace: Workspace, slow_command: Path):
    job = begin(workspace, slow_command, "a")
    wait_for((slow_command / "a.began").exists)
    wait_for(lambda: jobs.load(job.folder).state == "running")
    assert not jobs.is_asked_to_stop(jobs.load(job.folder))
    jobs.stop(job)
    assert jobs.is_asked_to_stop(jobs.load(job.folder))
    done = ended(job)
    assert (done.state, done.returncode) == ("stopped", -signal.SIGTERM)
    assert not (slow_command / "a.ended").exists()


def test_load__a_supervisor_that_died_has_lost_its_job(workspace: Workspace, slow_command: Path):
    job = begin(workspace, slow_command, "a")
    wait_for((slow_command / "a.began").exists)
    wait_for(lambda: jobs.load(job.folder).state == "running")
    supervisor = json.loads((job.folder / "state.json").read_text())["supervisor"]
    os.kill(supervisor, signal.SIGKILL)
    wait_for(lambda: jobs.load(job.folder).state == "lost")
    os.kill(int((slow_command / "a.began").read_text()), signal.SIGKILL)  # its command lived on
    later = begin(workspace, slow_command, "b")  # and holds nobody up
    wait_for((slow_command / "b.began").exists)
    (slow_command / "b.go").touch()
    assert ended(later).state == "done"


def made_by_hand(workspace: Workspace, asked_s: float, **said: object) -> Path:
    folder = workspace.root / "jobs" / "20260101-000000-000"
    folder.mkdir(parents=True)
    asked = {"title": "x", "arguments": ["check"], "needs_device": False, "asked_s": asked_s}
    (folder / "job.json").write_text(json.dumps(asked))
    (folder / "state.json").write_text(json.dumps({"state": "queued", "heartbeat": asked_s} | said))
    return folder


@pytest.mark.parametrize(
    ("age_s", "said", "state"),
    [
        (1.0, {}, "queued"),  # its supervisor is being born
        (61.0, {}, "lost"),  # it never was
        (1.0, {"supervisor": 1}, "lost"),  # it was, and died
        (1.0, {"state": "running"}, "lost"),
        (61.0, {"state": "done", "returncode": 0}, "done"),
    ],
)
def test_load__without_a_supervisor(workspace: Workspace, age_s: float, said: dict, state: str):
    assert jobs.load(made_by_hand(workspace, time.time() - age_s, **said)).state == state


def test_jobs__a_folder_that_cannot_be_read_hides_no_other(workspace: Workspace, caplog: pytest.LogCaptureFixture):
    good = made_by_hand(workspace, time.time(), state="done")
    bad = workspace.root / "jobs" / "20270101-000000-000"
    bad.mkdir()
    (bad / "job.json").write_text("{")
    assert [job.id for job in jobs.jobs(workspace.root)] == [good.name]
    assert "holds no job that can be read" in caplog.text
    with pytest.raises(WorkspaceError, match="20270101-000000-000 holds no job that can be read"):
        jobs.load(bad)


def test_jobs__of_a_folder_without_any(tmp_path: Path):
    assert jobs.jobs(tmp_path / "nowhere") == []


@pytest.mark.parametrize(
    ("started_s", "ended_s", "expected"),
    [(None, None, 40.0), (120.0, None, 20.0), (120.0, 125.0, 5.0)],  # waits since 100; runs since 120; ran 5 s
)
def test_job__elapsed(started_s: float | None, ended_s: float | None, expected: float):
    job = jobs.Job(
        id="x",
        folder=Path("x"),
        title="x",
        arguments=("train", "-w", "a b"),
        needs_device=True,
        asked_s=100.0,
        state="running",
        started_s=started_s,
        ended_s=ended_s,
        returncode=None,
        process_group=None,
    )
    assert job.elapsed_s(140.0) == expected
    assert job.command == "omnisource train -w 'a b'"


def test_log_since__the_end_of_a_long_one(workspace: Workspace):
    job = jobs.load(made_by_hand(workspace, time.time()))
    assert jobs.log_since(job, 0) == ("", 0)
    (job.folder / "log.txt").write_bytes(b"a" * 50 + "é".encode())
    assert jobs.log_since(job, 0, limit=5) == ("aaaé", 52)


def test_running_elsewhere__a_run_that_no_job_writes(workspace: Workspace):
    run = workspace.run("tsn-baseline")
    run.mkdir(parents=True)
    (run / "state.json").write_text(json.dumps({"state": "running"}))
    assert jobs.running_elsewhere(workspace) == []
    with sole_writer(run, what="run"):
        assert jobs.writing_group(run) == os.getpgid(0)
        assert jobs.running_elsewhere(workspace) == ["tsn-baseline"]
        folder = made_by_hand(workspace, time.time(), state="running", process_group=os.getpgid(0))
        with sole_writer(folder, what="job"):  # now it is that job's
            assert jobs.running_elsewhere(workspace) == []
