"""Update number -> learning rate, as a pure function (paper, appendix: implementation details).

Two conventions of the released code can be set, and their traces are met digit for digit:

- 0.x (the default): the schedule counts from the first epoch and is constant within an epoch; warm-up multiplies it
  and moves at every update.
- 1.x: `cosine_after_warmup`, `warmup_reaches_full`, and `warmup_by` equal to `schedule_by`.
"""

import math

from omnisource.config import OptimConfig


def learning_rate(optim: OptimConfig, update: int, updates_per_epoch: int) -> float:
    """Learning rate of update number `update`, counted from 0 over the whole run; auxiliary steps do not count."""
    full = optim.lr_per_sample * optim.batch_size
    return full * _decay(optim, update, updates_per_epoch) * _warmup(optim, update, updates_per_epoch)


def _decay(optim: OptimConfig, update: int, updates_per_epoch: int) -> float:
    if optim.schedule == "step":
        epoch = update // updates_per_epoch
        return 0.1 ** sum(epoch >= milestone for milestone in optim.milestones)
    start = optim.warmup_epochs if optim.cosine_after_warmup else 0.0
    elapsed = _epochs_at(optim.schedule_by, update, updates_per_epoch) - start
    share = max(elapsed, 0.0) / (optim.epochs - start) if optim.epochs > start else 0.0
    return 0.5 * (1 + math.cos(math.pi * share))


def _warmup(optim: OptimConfig, update: int, updates_per_epoch: int) -> float:
    """Share of the scheduled rate: from `warmup_ratio` in a straight line to 1."""
    elapsed = _epochs_at(optim.warmup_by, update, updates_per_epoch)
    if elapsed >= optim.warmup_epochs:
        return 1.0
    tick = 1.0 if optim.warmup_by == "epoch" else 1.0 / updates_per_epoch
    length = optim.warmup_epochs - (tick if optim.warmup_reaches_full else 0.0)
    share = min(elapsed / length, 1.0) if length > 0 else 1.0
    return 1 - (1 - share) * (1 - optim.warmup_ratio)


def _epochs_at(unit: str, update: int, updates_per_epoch: int) -> float:
    """Epochs that have passed: whole ones where things move by the epoch, fractions where by the update."""
    return update // updates_per_epoch if unit == "epoch" else update / updates_per_epoch
