"""One job from its turn to its end: the process that `jobs.start` leaves behind.

It waits while earlier jobs need the device, starts the command in a process group of its own, says every second how it
goes, and ends it when it is asked to: training saves itself first, anything else can be interrupted, since every stage
goes on where it stopped.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from omnisource.jobs import jobs, say, writing_group
from omnisource.tables import is_being_written, sole_writer

POLL_S = 0.2
BEAT_S = 1.0
STOP_S = 60.0
"""A training run may take so long to save itself after STOP; then it is terminated."""
KILL_S = 10.0
"""So long after that it is killed."""
STOPPED = 3
"""Exit status of a command whose training run was asked to stop (commands.options)."""


def supervise(folder: Path) -> str:
    """Wait for the job's turn, run its command to its end, and say so; the supervisor's whole life."""
    with sole_writer(folder, what=f"job {folder.name!r}"):
        asked = json.loads((folder / "job.json").read_text(encoding="utf-8"))
        if not _wait_for_turn(folder, needs_device=asked["needs_device"]):
            return say(folder, "stopped", ended_s=time.time())
        started_s = time.time()
        with (folder / "log.txt").open("ab") as log:
            child = subprocess.Popen(
                [sys.executable, "-m", "omnisource", *asked["arguments"]],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=os.environ | {"PYTHONUNBUFFERED": "1"},  # the log is read while it is written
            )
        asked_to_stop = _watch(folder, child, started_s)
        states = {0: "done", STOPPED: "stopped"}
        state = states.get(child.returncode, "stopped" if asked_to_stop else "failed")
        return say(folder, state, started_s=started_s, ended_s=time.time(), returncode=child.returncode)


def _wait_for_turn(folder: Path, *, needs_device: bool) -> bool:
    """Until no earlier job that needs the device is alive; False where it was asked to stop first."""
    while not (folder / "STOP").exists():
        say(folder, "queued", supervisor=os.getpid())
        earlier = jobs(folder.parent.parent) if needs_device else []
        if not any(job.needs_device and job.is_alive and job.id < folder.name for job in earlier):
            return True
        _sleep_unless(folder / "STOP", BEAT_S)
    return False


def _watch(folder: Path, child: subprocess.Popen, started_s: float) -> bool:
    """Renew state.json until the command has ended; returns whether it was asked to stop."""
    asked_at: float | None = None
    beat_at = -BEAT_S
    saving: list[Path] = []
    sent: list[signal.Signals] = []
    while child.poll() is None:
        now = time.monotonic()
        if asked_at is None and (folder / "STOP").exists():
            asked_at, beat_at = now, -BEAT_S
            saving = _ask_runs(folder.parent.parent, child.pid)
        patience_s = STOP_S if saving else 0.0  # where nothing trains, nothing has to be saved
        for number, after_s in ((signal.SIGTERM, patience_s), (signal.SIGKILL, patience_s + KILL_S)):
            if asked_at is not None and now - asked_at >= after_s and number not in sent:
                _signal(child, number)
                sent.append(number)
        if now - beat_at >= BEAT_S:
            state = "running" if asked_at is None else "stopping"
            say(folder, state, supervisor=os.getpid(), started_s=started_s, process_group=child.pid)
            beat_at = now
        time.sleep(POLL_S)
    for run in saving:
        (run / "STOP").unlink(missing_ok=True)  # of a run that was killed; its next training would end at once
    return asked_at is not None


def _ask_runs(root: Path, process_group: int) -> list[Path]:
    """Ask the training runs that the command is writing to save themselves and end, and nobody else's."""
    runs = [path.parent for path in root.glob("runs/*/.owner.json") if is_being_written(path.parent)]
    own = [run for run in runs if writing_group(run) == process_group]
    for run in own:
        (run / "STOP").touch()
    return own


def _signal(child: subprocess.Popen, number: signal.Signals) -> None:
    """Send a signal to the command and all that it started."""
    try:
        os.killpg(child.pid, number)
    except ProcessLookupError:
        return  # it ended by itself


def _sleep_unless(wish: Path, seconds: float) -> None:
    """Sleep, but not longer than until a file is there."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and not wish.exists():
        time.sleep(POLL_S)


if __name__ == "__main__":
    supervise(Path(sys.argv[1]))
