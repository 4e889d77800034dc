"""Long work as processes of their own: started, queued, watched and stopped through files.

Anyone who sees the folder can. A job is a folder WORKSPACE/jobs/<id>: job.json (what was asked for), state.json (how
it goes, renewed every second), log.txt (what it printed), STOP (a wish). Its supervisor (job_supervisor.py) is a
process of its own session, so it outlives the app; it holds the folder's lock while it lives, so a supervisor that died
is told from one that is silent. Jobs that need the device run one at a time, in the order in which they were asked for.
"""

import json
import logging
import os
import shlex
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from omnisource.errors import WorkspaceError
from omnisource.files import write_atomically
from omnisource.tables import is_being_written, owner_of
from omnisource.workspace import Workspace

logger = logging.getLogger(__name__)

ALIVE = ("queued", "running", "stopping")
BIRTH_S = 60.0
"""A busy machine may need so long until a supervisor takes its lock; until then its job waits and is not lost."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """One piece of long work, as its files say."""

    id: str
    """Sorts by when it was asked for."""
    folder: Path
    """Where its files lie."""
    title: str
    """For a person."""
    arguments: tuple[str, ...]
    """What `omnisource` is called with."""
    needs_device: bool
    """Whether it waits for others that train or score."""
    asked_s: float
    """When it was asked for; seconds since 1970."""
    state: str
    """queued, running, stopping, done, failed, stopped, or lost: its supervisor died."""
    started_s: float | None
    """When its command began; None while it is queued."""
    ended_s: float | None
    """When it ended."""
    returncode: int | None
    """Exit status of its command."""
    process_group: int | None
    """Of its command and all that it starts; None before it began."""

    @property
    def is_alive(self) -> bool:
        """Whether it waits or runs."""
        return self.state in ALIVE

    @property
    def command(self) -> str:
        """What a person would type."""
        return shlex.join(["omnisource", *self.arguments])

    def elapsed_s(self, now_s: float) -> float:
        """How long its command has run, or ran; while it is queued, how long it has waited."""
        return max((self.ended_s or now_s) - (self.started_s or self.asked_s), 0.0)


def start(workspace: Workspace, arguments: Sequence[str], *, title: str, needs_device: bool) -> Job:
    """Queue `omnisource ARGUMENTS` for a workspace and return at once."""
    return start_in(workspace.root, arguments, title=title, needs_device=needs_device)


def start_in(root: Path, arguments: Sequence[str], *, title: str, needs_device: bool) -> Job:
    """The same for a folder that is no workspace yet, such as that of a demo to be built."""
    try:
        folder = _new_folder(root.resolve() / "jobs")
    except OSError as error:
        raise WorkspaceError(f"no job can be started in {root}: {error.strerror}; choose another folder") from None
    asked = {"title": title, "arguments": list(arguments), "needs_device": needs_device, "asked_s": time.time()}
    say(folder, "queued")
    write_atomically(folder / "job.json", json.dumps(asked, indent=1))  # last, since it makes the job known
    with (folder / "log.txt").open("ab") as log:
        supervisor = subprocess.Popen(
            [sys.executable, "-m", "omnisource.job_supervisor", str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # the app may end, or be stopped with Ctrl-C
        )
    threading.Thread(target=supervisor.wait, daemon=True).start()  # else it stays a zombie while this process lives
    return load(folder)


def jobs(root: Path) -> list[Job]:
    """All jobs of a workspace (or another folder), newest first."""
    found = []
    for path in sorted((root / "jobs").glob("*/job.json"), reverse=True):
        try:
            found.append(load(path.parent))
        except WorkspaceError as error:
            logger.warning("%s", error)
    return found


def load(folder: Path) -> Job:
    """A job as its files say now; raises WorkspaceError where there is none."""
    try:
        asked, said = _read(folder / "job.json"), _read(folder / "state.json")
        if said["state"] in ALIVE and not _is_supervised(folder, asked, said):
            said = _read(folder / "state.json")  # it may have ended in between
            said |= {"state": said["state"] if said["state"] not in ALIVE else "lost"}
        return Job(
            id=folder.name,
            folder=folder,
            title=asked["title"],
            arguments=tuple(asked["arguments"]),
            needs_device=asked["needs_device"],
            asked_s=asked["asked_s"],
            state=said["state"],
            started_s=said.get("started_s"),
            ended_s=said.get("ended_s"),
            returncode=said.get("returncode"),
            process_group=said.get("process_group"),
        )
    except (OSError, ValueError, KeyError) as error:
        raise WorkspaceError(f"{folder} holds no job that can be read: {error!r}; remove that folder") from None


def stop(job: Job) -> None:
    """Ask a job to end: training saves a checkpoint first; what does not listen is terminated, then killed."""
    (job.folder / "STOP").touch()


def is_asked_to_stop(job: Job) -> bool:
    """Whether somebody has wished for its end."""
    return job.state == "stopping" or (job.is_alive and (job.folder / "STOP").exists())


def log_since(job: Job, offset: int, *, limit: int = 200_000) -> tuple[str, int]:
    """What the job printed from a byte on, and where to go on reading; at most the last `limit` bytes."""
    path = job.folder / "log.txt"
    if not path.is_file():
        return "", offset
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(offset, size - limit))
        return file.read().decode(errors="replace"), size


def running_elsewhere(workspace: Workspace) -> list[str]:
    """Training runs that are being written by no job of the workspace: started in a terminal, or orphaned."""
    writing = [name for name in workspace.runs() if is_being_written(workspace.run(name))]
    if not writing:
        return []
    groups = {job.process_group for job in jobs(workspace.root) if job.is_alive}
    return [name for name in writing if writing_group(workspace.run(name)) not in groups - {None}]


def writing_group(folder: Path) -> int | None:
    """The process group of a folder's sole writer; None where nobody writes, or nobody can say."""
    pid = owner_of(folder)
    try:
        return None if pid is None else os.getpgid(pid)
    except OSError:
        return None


def say(folder: Path, state: str, **more: float | int | None) -> str:
    """Write how a job goes; its supervisor does."""
    write_atomically(folder / "state.json", json.dumps({"state": state, "heartbeat": time.time(), **more}))
    return state


def _is_supervised(folder: Path, asked: dict[str, object], said: dict[str, object]) -> bool:
    """Whether somebody cares for the job, or is still being born."""
    if is_being_written(folder):
        return True
    age_s = time.time() - float(asked["asked_s"])
    return said["state"] == "queued" and "supervisor" not in said and age_s < BIRTH_S


def _read(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


def _new_folder(parent: Path) -> Path:
    """A folder whose name sorts after those that are there, however many are asked for in one second."""
    parent.mkdir(parents=True, exist_ok=True)
    while True:
        now_ns = time.time_ns()
        stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime(now_ns // 10**9))  # local time goes back in autumn
        folder = parent / f"{stamp}-{now_ns // 10**6 % 1000:03d}"
        try:
            folder.mkdir()
            return folder
        except FileExistsError:
            time.sleep(0.001)
