"""Target and auxiliary examples -> a trained network, in one loop that can be killed at any moment (paper 3.2, 3.6).

The teacher is the same `fit` with no auxiliary examples, pre-training (Table 1) with no target. A run is a folder:

- metrics.jsonl: one line an update. `update` counts updates that are done, `epoch` the one they belong to, from 0;
  loss is Eq. 1 over |B_T| (per_source: mean over the sources), loss/<source> and top1/<source> are means over examples.
- dropped.jsonl: one line a draw that could not be read, with its source, path, reason and detail.
- tensorboard/, state.json, checkpoints/, and at the end network.pt.
- STOP: a file of that name asks the run to save itself after the update at hand and end.

Each update seeds its generators from (seed, update, process): a resumed run goes on bit for bit. Of several processes
each normalises by its own batch, as in the released code; their running statistics are averaged where they are saved.

Several devices: `torchrun --nproc-per-node N ...` around the same call.
"""

import logging
import math
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
import torch.distributed
from torch import Tensor, nn

from omnisource.errors import OmniSourceError
from omnisource.models.checkpoints import save_network
from omnisource.report import Report
from omnisource.train.checkpoint import Checkpoint, save
from omnisource.train.collate import LoadedUpdate, make_loader
from omnisource.train.datasets import DroppedSample, ExampleDataset
from omnisource.train.journal import Journal
from omnisource.train.norms import average_statistics
from omnisource.train.setup import FitConfig, Session, set_up
from omnisource.train.step import summarise, take_update
from omnisource.train.unreadable import DrawWatch
from omnisource.transform.camera_motion import Motions
from omnisource.types import Example

logger = logging.getLogger(__name__)

Validate = Callable[[nn.Module], Mapping[str, float]]
"""Network in evaluation mode -> numbers, written to metrics.jsonl as val/<name>; called in the first process only."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FitResult:
    """How a run ended."""

    state: Literal["done", "stopped"]
    """stopped: asked to by the file STOP; `fit` with the same arguments goes on."""
    num_updates: int
    """Updates that are done, by this session and those before it."""
    total_updates: int
    """Updates of the whole run."""
    num_dropped: int
    """Examples of this session that could not be read, each time they were drawn."""


def fit(
    run: Path,
    network: nn.Module,
    target: Sequence[Example],
    auxiliary: Mapping[str, Sequence[Example]],
    config: FitConfig,
    *,
    motions: Motions | None = None,
    validate: Validate | None = None,
    report: Report | None = None,
) -> FitResult:
    """Train `network` in place, or go on where the run's newest checkpoint ends; writes run/network.pt when done.

    With `config.epoch_size` the target is empty: an epoch counts that many target examples and draws the web examples
    beside them. Raises OmniSourceError where settings, data or an old checkpoint do not fit, where the loss is not
    finite, and where more than half of an epoch's target draws (pre-training: of all) cannot be read.
    """
    session = set_up(run, network, target, auxiliary, config)
    fabric, done, num_dropped, stop = session.fabric, session.start, 0, False
    warp = fabric.device.type != "cuda"
    dataset = ExampleDataset(
        session.examples, config.network, config.train, reader=config.reader, motions=motions, warp=warp
    )
    loader = make_loader(dataset, session.updates_left(), workers=config.train.workers, pin_memory=not warp)
    logger.info("%s: %d of %d updates are done, on %s", run, done, session.total_updates, fabric.device)
    watch = DrawWatch(session)
    with _reproducible(), _open_journal(session) as journal:
        ended_s = time.perf_counter()
        for loaded in loader:
            loaded_s = time.perf_counter()
            lr, rng = session.begin(done)
            outcomes, norm = take_update(session, loaded, rng)
            asked = journal is not None and (run / "STOP").exists()
            measured, stop = summarise(session, loaded, outcomes, stop=asked)
            watch.see(loaded.planned, _record_dropped(session, loaded, measured["num_dropped"], journal))
            metrics = {"update": done + 1, "epoch": loaded.planned.epoch, "lr": lr, **measured}
            metrics["grad_norm"] = _norm(session, metrics, norm)
            done += 1
            num_dropped += measured["num_dropped"]
            metrics |= _validate(session, validate, done)
            metrics |= {"seconds": time.perf_counter() - ended_s, "data_seconds": loaded_s - ended_s}
            ended_s = time.perf_counter()
            _publish(session, metrics, journal, report)
            due = done % config.train.checkpoint_every == 0 or done % session.updates_per_epoch == 0
            if stop or (due and not _has_lost(session, measured)):  # a run that lost its data goes on from before that
                _save_checkpoint(session, done, journal)
            if stop:
                break
        state = "stopped" if done < session.total_updates else "done"
        _finish(session, state, done, journal)
    logger.info("%s: %s after update %d of %d, %d dropped", run, state, done, session.total_updates, num_dropped)
    return FitResult(state=state, num_updates=done, total_updates=session.total_updates, num_dropped=num_dropped)


def _open_journal(session: Session) -> AbstractContextManager[Journal | None]:
    """The first process writes; the others have None."""
    if not session.fabric.is_global_zero:
        return nullcontext()
    return Journal(session.folder, update=session.start, total_updates=session.total_updates)


@contextmanager
def _reproducible() -> Iterator[None]:
    """Deterministic kernels; torch warns where it has none. What was set before is set again afterwards."""
    cudnn = torch.backends.cudnn
    before = cudnn.deterministic, cudnn.benchmark
    enabled = torch.are_deterministic_algorithms_enabled()
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # stays set: cuBLAS reads it once
    torch.use_deterministic_algorithms(True, warn_only=True)
    cudnn.deterministic, cudnn.benchmark = True, False
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(enabled, warn_only=warn_only)
        cudnn.deterministic, cudnn.benchmark = before


def _norm(session: Session, metrics: Mapping[str, float], norm: Tensor | None) -> float | None:
    """Gradient norm of the first step; None where there was none, or where 16-mixed skipped the step."""
    value = None if norm is None else float(norm)
    finite = value is None or math.isfinite(value)
    if session.config.network.optim.precision == "16-mixed" and math.isfinite(metrics["loss"]):
        return value if finite else None
    if not finite or not math.isfinite(metrics["loss"]):
        raise OmniSourceError(
            f"update {metrics['update']}: the loss is {metrics['loss']} and the gradient norm {value} at learning rate "
            f"{metrics['lr']:.3g}: lower optim.lr_per_sample or raise optim.warmup_epochs, and start a new run"
        )
    return value


def _has_lost(session: Session, measured: Mapping[str, float]) -> bool:
    """Whether the update could read nothing of what it is to learn from."""
    return measured["num_dropped"] > 0 and not any(f"loss/{source}" in measured for source in session.leading)


def _record_dropped(session: Session, loaded: LoadedUpdate, total: int, journal: Journal | None) -> list[DroppedSample]:
    """What all processes together could not read in an update; the first one writes it down."""
    gathered = [loaded.dropped]
    if total and session.fabric.world_size > 1:
        gathered = [()] * session.fabric.world_size
        torch.distributed.all_gather_object(gathered, loaded.dropped)
    dropped = [sample for part in gathered for sample in part]
    if journal is not None:
        journal.drop(loaded.planned.number + 1, dropped)
    return dropped


def _validate(session: Session, validate: Validate | None, done: int) -> dict[str, float]:
    """Numbers of a validation, at the end of every `validate_every`-th epoch."""
    every = session.config.train.validate_every * session.updates_per_epoch
    if validate is None or every == 0 or done % every:
        return {}
    average_statistics(session.fabric, session.network)
    found: Mapping[str, float] = {}
    if session.fabric.is_global_zero:
        session.network.eval()
        found = validate(session.network)
        session.network.train()
    session.fabric.barrier()
    return {f"val/{name}": float(value) for name, value in found.items()}


def _publish(
    session: Session, metrics: Mapping[str, float | None], journal: Journal | None, report: Report | None
) -> None:
    if journal is None:
        return
    update = int(metrics["update"])
    journal.write(metrics)
    journal.beat("running", update=update, epoch=update // session.updates_per_epoch)
    if report is not None:
        epochs = session.config.network.optim.epochs
        text = f"epoch {int(metrics['epoch']) + 1} of {epochs}, loss {metrics['loss']:.3f}"
        report.progress(update, session.total_updates, text)


def _save_checkpoint(session: Session, done: int, journal: Journal | None) -> None:
    """Written by the first process; the lines of metrics before it reach the disk first."""
    average_statistics(session.fabric, session.network)
    if journal is not None:
        journal.sync()
        state = Checkpoint(
            network=session.network.state_dict(),
            optimizer=session.sgd.state_dict(),
            scaler=session.fabric.strategy.precision.state_dict(),
            update=done,
            epoch=done // session.updates_per_epoch,
            fingerprint=session.fingerprint,
        )
        save(session.folder / "checkpoints", state, keep=session.config.train.keep_checkpoints)
    session.fabric.barrier()


def _finish(session: Session, state: str, done: int, journal: Journal | None) -> None:
    """Write the network if the run is done, take the request to stop back, and tell the state."""
    average_statistics(session.fabric, session.network)
    if journal is not None:
        if state == "done":
            settings = session.config.network.model_dump(mode="json")
            extra = {"num_classes": session.config.num_classes, "class_names": list(session.config.class_names)}
            save_network(session.folder / "network.pt", session.network, settings, extra)
        (session.folder / "STOP").unlink(missing_ok=True)
        journal.beat(state, update=done, epoch=done // session.updates_per_epoch)
    session.fabric.barrier()
