"""What a run tells the world while it lasts: metrics.jsonl, TensorBoard, state.json (design: the workspace).

A resumed run writes the same lines as an undisturbed one, but for the fields that end in "seconds".
"""

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from omnisource.files import write_atomically

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
        _forget_after(run / "metrics.jsonl", update)
        self._metrics = (run / "metrics.jsonl").open("a", encoding="utf-8")
        self._tensorboard = SummaryWriter(run / "tensorboard", purge_step=update + 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._metrics.close()
        self._tensorboard.close()

    def write(self, metrics: Mapping[str, float | None]) -> None:
        """Append one line; `update` in it is the number of updates that are done."""
        self._metrics.write(json.dumps(metrics) + "\n")
        self._metrics.flush()
        for name, value in metrics.items():
            if name != "update" and value is not None:
                self._tensorboard.add_scalar(name, value, int(metrics["update"]))

    def sync(self) -> None:
        """Bring the lines to the disk, before a checkpoint promises that they are there."""
        os.fsync(self._metrics.fileno())

    def beat(self, state: str, *, update: int, epoch: int) -> None:
        """Renew state.json: `epoch` and `update` are done; "running" is not written more than once a second."""
        now = time.monotonic()
        if state == "running" and now - self._beat_s < _BEAT_S:
            return
        self._beat_s = now
        content = {"state": state, "update": update, "epoch": epoch, "total_updates": self._total_updates}
        write_atomically(self._state_path, json.dumps(content | {"heartbeat": time.time()}))


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
