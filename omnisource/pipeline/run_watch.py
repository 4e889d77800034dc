"""The runs of a workspace as they are now: state, progress, pace, what they dropped; whoever started them (3.6).

Read from the runs' own files, so that runs of a terminal, of another person or of a queue look the same; without torch.
"""

import json
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from omnisource import config
from omnisource.catalog import Catalog, source
from omnisource.errors import WorkspaceError
from omnisource.palette import colours
from omnisource.pipeline.curves import decoded
from omnisource.pipeline.launching import Launch, launch_of
from omnisource.pipeline.run_folders import run_state
from omnisource.workspace import Workspace

ALIVE = ("running", "stopping")
RESUMABLE = ("stopped", "interrupted")
_TAIL_BYTES = 1 << 20
_PACE_LINES = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class RunView:
    """One training run."""

    name: str
    """Of the run."""
    launch: Launch
    """What it belongs to."""
    state: str
    """running, stopping, stopped, interrupted or done."""
    update: int
    """Updates that are done."""
    total_updates: int
    """Of the whole run."""
    epoch: int
    """Epochs that are done."""
    seconds_per_update: float | None
    """Of the last updates; None before the first."""
    loss: float | None
    """Of the last update."""
    top1: float | None
    """On the validation clips, after `omnisource evaluate`; None before."""
    changed_s: float
    """When it was last heard of; seconds since 1970."""

    @property
    def is_alive(self) -> bool:
        """Whether it is being trained."""
        return self.state in ALIVE

    @property
    def is_resumable(self) -> bool:
        """Whether training it again goes on where it ended."""
        return self.state in RESUMABLE

    @property
    def share(self) -> float:
        """How much of it is done."""
        return self.update / max(self.total_updates, 1)

    @property
    def seconds_left(self) -> float | None:
        """At its present pace; None where nothing is left or nothing is known."""
        if not self.is_alive or self.seconds_per_update is None:
            return None
        return (self.total_updates - self.update) * self.seconds_per_update


@dataclass(frozen=True, kw_only=True, slots=True)
class DroppedDraw:
    """A file that a run could not read."""

    path: str
    """Where it lies."""
    source: str
    """"target", or the web resource."""
    reason: str
    """Short slug."""
    detail: str
    """The same for a person."""
    key: bytes | None
    """Of the item; None for a labelled clip."""


def runs(workspace: Workspace) -> list[RunView]:
    """Every run, those that are alive first, then the one that was heard of last."""
    study = workspace.study()
    networks, recipes = list(study.networks), workspace.recipes()
    found = []
    for name in workspace.runs():
        try:
            found.append(_view(workspace, name, launch_of(name, networks, recipes)))
        except FileNotFoundError:
            continue  # it is being made anew
    return sorted(found, key=lambda run: (not run.is_alive, -run.changed_s))


def stop(workspace: Workspace, run: str) -> None:
    """Ask a run to save itself and end, whoever started it; raises WorkspaceError where it is not being trained."""
    folder = workspace.run(run)
    if run_state(folder) != "running":
        raise WorkspaceError(f"run {run!r} is not being trained, so there is nothing to stop")
    (folder / "STOP").touch()


def drawn_colours(study: config.Study) -> dict[str, str]:
    """One colour for everything that training draws; a mixture has its first source's."""
    known = colours(one.name for one in study.sources)
    merged = study.train.joint.merged
    return known | {name: known[parts[0]] for name, parts in merged.items() if parts and parts[0] in known}


def run_log(workspace: Workspace, run: str, *, limit: int = 20_000) -> str:
    """The end of what a run warned of; empty where it never did."""
    return _tail(workspace.run(run) / "log.txt", limit)


def dropped_counts(workspace: Workspace, run: str) -> Counter[tuple[str, str]]:
    """Draws that could not be read, by source and reason; of a long list its end."""
    return Counter((line["source"], line["reason"]) for line in _dropped_lines(workspace, run))


def dropped_draws(workspace: Workspace, catalog: Catalog, run: str, *, limit: int = 100) -> list[DroppedDraw]:
    """The files that a run could not read, last ones first, each once, with the key of what is an item."""
    latest = {line["path"]: line for line in reversed(_dropped_lines(workspace, run))}
    lines = list(latest.values())[:limit]
    keys = _keys(workspace, catalog, [line["path"] for line in lines])
    return [
        DroppedDraw(
            path=line["path"],
            source=line["source"],
            reason=line["reason"],
            detail=line["detail"],
            key=keys.get(line["path"]),
        )
        for line in lines
    ]


def _view(workspace: Workspace, name: str, launch: Launch) -> RunView:
    folder = workspace.run(name)
    said = json.loads((folder / "state.json").read_text(encoding="utf-8"))
    state = run_state(folder)
    lines = _lines(_tail(folder / "metrics.jsonl", 40_000))
    tested = folder / "metrics.json"
    return RunView(
        name=name,
        launch=launch,
        state="stopping" if state == "running" and (folder / "STOP").exists() else state,
        update=said["update"],
        total_updates=said["total_updates"],
        epoch=said["epoch"],
        seconds_per_update=_pace(lines[-_PACE_LINES:]),
        loss=lines[-1].get("loss") if lines else None,
        top1=json.loads(tested.read_text(encoding="utf-8"))["metrics"]["top1"] if tested.is_file() else None,
        changed_s=said.get("heartbeat", time.time()),
    )


def _pace(lines: Sequence[dict]) -> float | None:
    """Mean seconds of the updates."""
    seconds = [line["seconds"] for line in lines if "seconds" in line]
    return sum(seconds) / len(seconds) if seconds else None


def _dropped_lines(workspace: Workspace, run: str) -> list[dict[str, str]]:
    return _lines(_tail(workspace.run(run) / "dropped.jsonl", _TAIL_BYTES))


def _lines(text: str) -> list[dict]:
    """Whole lines of JSON; the last one of a file may be half a line, which is being written."""
    return list(decoded(line for line in text.splitlines(keepends=True) if line.endswith("\n")))


def _tail(path: Path, limit: int) -> str:
    """The last bytes of a file, from the beginning of a line on."""
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - limit))
        text = file.read().decode(errors="replace")
    return text if size <= limit else text.partition("\n")[2]


def _keys(workspace: Workspace, catalog: Catalog, paths: Sequence[str]) -> dict[str, bytes]:
    if not paths:
        return {}
    items = source(workspace.table("items"))
    found: pa.Table = catalog.table(
        f"SELECT path, key FROM {items} WHERE path IN (SELECT unnest($paths))", {"paths": list(paths)}
    )
    return dict(zip(found["path"].to_pylist(), found["key"].to_pylist()))
