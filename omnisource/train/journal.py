"""What a run tells the world: metrics.jsonl, dropped.jsonl, TensorBoard, state.json (design: the workspace).

A resumed run writes the same lines as an undisturbed one, but for the fields that end in "seconds".
"""

import json
import logging
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Self

from omnisource.files import write_atomically
from omnisource.report import Dropped
from omnisource.train.datasets import DroppedSample

logger = logging.getLogger(__name__)

_BEAT_S = 1.0
"""state.json is renewed at most this often."""


class Journal:
    """The files of one run; a context manager that closes them. Of several processes only the first has one."""

    def __init__(self, run: Path, *, update: int, total_updates: int) -> None:
        """Forget what was written after update number `update`, from which the run goes on."""
        from torch.utils.tensorboard import SummaryWriter  # slow to import

        run.mkdir(parents=True, exist_ok=True)
        self._state_path = run / "state.json"
        self._total_updates = total_updates
        self._beat_s = -_BEAT_S
        for name in ("metrics.jsonl", "dropped.jsonl"):
            _forget_after(run / name, update)
        self._told = {str(dropped.path) for dropped in dropped_examples(run)}
        self._metrics = (run / "metrics.jsonl").open("a", encoding="utf-8")
        self._dropped = (run / "dropped.jsonl").open("a", encoding="utf-8")
        self._tensorboard = SummaryWriter(run / "tensorboard", purge_step=update + 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._metrics.close()
        self._dropped.close()
        self._tensorboard.close()

    def write(self, metrics: Mapping[str, float | None]) -> None:
        """Append one line; `update` in it is the number of updates that are done."""
        self._metrics.write(json.dumps(metrics) + "\n")
        self._metrics.flush()
        for name, value in metrics.items():
            if name != "update" and value is not None:
                self._tensorboard.add_scalar(name, value, int(metrics["update"]))

    def drop(self, update: int, samples: Sequence[DroppedSample]) -> None:
        """Append one line for each; warns of a path when the run drops it for the first time."""
        for sample in samples:
            path = str(sample.path)
            line = {"update": update, "source": sample.source, "path": path}
            self._dropped.write(json.dumps(line | {"reason": sample.reason, "detail": sample.detail}) + "\n")
            if path not in self._told:
                self._told.add(path)
                shown = path.encode(errors="backslashreplace").decode()  # a name may be no UTF-8
                logger.warning("%s: %s is left out: %s: %s", sample.source, shown, sample.reason, sample.detail)
        self._dropped.flush()

    def sync(self) -> None:
        """Bring the lines to the disk, before a checkpoint promises that they are there."""
        os.fsync(self._metrics.fileno())
        os.fsync(self._dropped.fileno())

    def beat(self, state: str, *, update: int, epoch: int) -> None:
        """Renew state.json: `epoch` and `update` are done; "running" is not written more than once a second."""
        now = time.monotonic()
        if state == "running" and now - self._beat_s < _BEAT_S:
            return
        self._beat_s = now
        content = {"state": state, "update": update, "epoch": epoch, "total_updates": self._total_updates}
        write_atomically(self._state_path, json.dumps(content | {"heartbeat": time.time()}))


def dropped_examples(run: Path) -> list[Dropped]:
    """What the run could not read, over all its sessions: each path once, with its first reason."""
    found: dict[str, Dropped] = {}
    for line in _dropped_lines(run):
        if line["path"] not in found:
            path, reason, detail = Path(line["path"]), line["reason"], line["detail"]
            found[line["path"]] = Dropped(path=path, key=None, reason=reason, detail=detail)
    return list(found.values())


def count_dropped(run: Path, source: str, *, updates: range) -> int:
    """Draws of a source that could not be read in these updates, as `update` counts them."""
    return sum(line["source"] == source and line["update"] in updates for line in _dropped_lines(run))


def _dropped_lines(run: Path) -> Iterator[dict]:
    """The lines of dropped.jsonl, but for half a line that a killed run left."""
    if not (run / "dropped.jsonl").exists():
        return
    with (run / "dropped.jsonl").open(encoding="utf-8") as file:
        for line in file:
            if line.endswith("\n"):
                yield json.loads(line)


def _forget_after(path: Path, update: int) -> None:
    """Keep the lines up to an update; a killed run may have left more of them, and half a line."""
    if not path.exists():
        return
    partial = path.with_name(path.name + ".partial")
    with path.open(encoding="utf-8") as old, partial.open("w", encoding="utf-8") as new:
        for line in old:
            if not line.endswith("\n") or json.loads(line)["update"] > update:
                break
            new.write(line)
    partial.replace(path)
