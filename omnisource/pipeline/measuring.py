"""A few updates of a run, really trained in a scratch folder -> what one costs on this machine (3.2)."""

import json
import os
import resource
import shutil
import sys
import time
from pathlib import Path

import torch

from omnisource import config
from omnisource.pipeline.measured import Measurement, costs_of, save_measurement
from omnisource.pipeline.networks import pick_device
from omnisource.pipeline.training import fit_job, read_data
from omnisource.pipeline.training_jobs import training_jobs
from omnisource.report import Report
from omnisource.tables import sole_writer
from omnisource.workspace import Workspace

SETTLE = 4
"""Updates that are not counted: the loader starts and kernels are chosen in them."""


def measure(
    workspace: Workspace,
    network_name: str,
    recipe_name: str | None,
    *,
    procedure: config.Procedure = "joint",
    num_updates: int = 12,
    progress: bool | None = None,
) -> Measurement:
    """Train the first run of a procedure for a few updates on real data, forget them, and keep what they cost.

    Nothing of it is gone on with. Raises WorkspaceError and ConfigError as training itself would.
    """
    study = workspace.study()
    job = next(training_jobs(workspace, study, network_name, recipe_name, procedure))
    data = read_data(workspace, job)
    device = pick_device(study.device)
    folder = workspace.root / "scratch" / job.run
    with sole_writer(workspace.root / "scratch", what="the scratch folder"):
        _forget(folder)
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(device)
        with _StopAfter(folder, num_updates + SETTLE, progress=progress) as report:
            fit_job(workspace, job, data, folder, report=report)
        lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
        counted = lines[SETTLE:] or lines[-1:]
        memory, limit = _memory(device, study.train.workers)
        measurement = Measurement(
            run=job.run,
            device=_name_of(device),
            num_updates=len(counted),
            seconds_per_update=sum(line["seconds"] for line in counted) / len(counted),
            data_seconds=sum(line["data_seconds"] for line in counted) / len(counted),
            memory_bytes=memory,
            memory_limit_bytes=limit,
            checkpoint_bytes=max(path.stat().st_size for path in (folder / "checkpoints").iterdir()),
            measured_s=time.time(),
            costs=costs_of(workspace, study, network_name, recipe_name),
        )
        _forget(folder)
    save_measurement(workspace, measurement)
    return measurement


class _StopAfter(Report):
    """Asks the run to stop, as a person would, once it has done enough updates."""

    def __init__(self, folder: Path, num_updates: int, *, progress: bool | None) -> None:
        super().__init__("measure", progress=progress)
        self._folder = folder
        self._num_updates = num_updates

    def progress(self, done: int, total: int | None, text: str) -> None:
        super().progress(done, self._num_updates, text)
        if done + 1 >= self._num_updates:  # it ends with the update after this one
            (self._folder / "STOP").touch()


def _forget(folder: Path) -> None:
    """Remove what a measurement left; it lies in the scratch folder, which holds nothing else."""
    if folder.is_dir():
        shutil.rmtree(folder)


def _memory(device: torch.device, workers: int) -> tuple[int, int]:
    """Most memory that was taken, and how much there is, in bytes."""
    if device.type == "cuda":
        return torch.cuda.max_memory_reserved(device), torch.cuda.get_device_properties(device).total_memory
    unit = 1 if sys.platform == "darwin" else 1024
    own, of_one_worker = (
        unit * resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return own + workers * of_one_worker, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _name_of(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else f"CPU, {os.cpu_count()} cores"
