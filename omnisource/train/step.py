"""One loaded update -> changed weights: Eq. 1 in one step, or the released code's step per source (paper 3.2, 3.6).

Every source goes through the network by itself, so that its batch norm sees one kind of data at a time. In pre-training
Eq. 1 lacks its first term and is divided by the same |B_T|: a larger web batch has a larger rate, as per sample.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from omnisource.train.batches import TARGET
from omnisource.train.collate import LoadedUpdate, SourceBatch, one_hot, to_clips
from omnisource.train.loss import cross_entropies, joint_term, own_mean
from omnisource.train.mixup import Mixture, mix_update
from omnisource.train.setup import Session


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one batch of this process gave."""

    source: str
    """"target", or the web resource."""
    loss_sum: Tensor
    """Sum of its cross-entropies."""
    num_correct: Tensor
    """Examples whose highest logit is the highest target."""
    num_examples: int
    """How many there were."""


def take_update(
    session: Session, loaded: LoadedUpdate, rng: np.random.Generator
) -> tuple[list[Outcome], Tensor | None]:
    """Forward, backward and step for all batches; returns what each gave, and the first step's gradient norm.

    `rng` chooses the mixup. The norm is None where every example was dropped.
    """
    mixtures = _mixtures(session, loaded.batches, rng)
    summed = session.config.train.joint.update == "summed"
    pairs = list(zip(loaded.batches, mixtures))
    groups = [pairs] if summed else [[pair] for pair in pairs]
    outcomes: list[Outcome] = []
    norms: list[Tensor] = []
    for group in groups:
        num_target = loaded.planned.num_target if summed else None
        found = _accumulate(session, group, num_target)
        if found or session.fabric.world_size > 1:
            norms.append(_step(session))
        outcomes += found
    return outcomes, norms[0] if norms else None


def summarise(
    session: Session, loaded: LoadedUpdate, outcomes: Sequence[Outcome], *, stop: bool
) -> tuple[dict[str, float], bool]:
    """Add up what the batches of all processes gave: one line of metrics, and whether any process was told to stop."""
    sources = list(session.examples)
    table = torch.zeros(len(sources) + 1, 3, device=session.fabric.device)  # a row: loss, correct, examples
    for outcome in outcomes:
        number = outcome.loss_sum.new_tensor(outcome.num_examples)
        table[sources.index(outcome.source)] += torch.stack([outcome.loss_sum, outcome.num_correct.float(), number])
    table[-1] = torch.tensor([len(loaded.dropped), stop, 0.0])
    *rows, (dropped, stopped, _) = session.fabric.all_reduce(table, reduce_op="sum").tolist()
    seen = {source: row for source, row in zip(sources, rows) if row[2]}
    means = {f"loss/{source}": loss / number for source, (loss, _, number) in seen.items()}
    if session.config.train.joint.update == "summed":
        loss = sum(loss for loss, _, _ in seen.values()) / loaded.planned.num_target
    else:
        loss = sum(means.values()) / max(len(means), 1)
    top1 = {f"top1/{source}": correct / number for source, (_, correct, number) in seen.items()}
    return {"loss": loss, **means, **top1, "num_dropped": int(dropped)}, stopped > 0


def _mixtures(session: Session, batches: Sequence[SourceBatch], rng: np.random.Generator) -> list[Mixture | None]:
    """(clips, targets) of each batch on the device, mixed as configured; None for an empty one."""
    device = session.fabric.device
    mixtures = [
        (
            to_clips(batch, session.config.network.input, device),
            one_hot(batch.class_indices, session.config.num_classes, device),
        )
        if len(batch)
        else None
        for batch in batches
    ]
    of_target = 1 if batches and batches[0].source == TARGET else 0  # pre-training has none
    target = mixtures[0] if of_target else None
    web = [mixture for mixture in mixtures[of_target:] if mixture is not None]
    target, web = mix_update(target, web, session.config.train.joint, rng)
    mixed = iter(web)
    return [target] * of_target + [None if mixture is None else next(mixed) for mixture in mixtures[of_target:]]


def _accumulate(
    session: Session, group: Sequence[tuple[SourceBatch, Mixture | None]], num_target: int | None
) -> list[Outcome]:
    """Add up the gradients of the group's batches; processes exchange them with the last one.

    `num_target` is what Eq. 1 is divided by; None takes the mean of each batch.
    """
    session.optimizer.zero_grad()
    outcomes: list[Outcome] = []
    for position, (batch, mixture) in enumerate(group):
        last = position == len(group) - 1
        with session.fabric.no_backward_sync(session.module, enabled=not last):
            if mixture is not None:
                outcomes.append(_backward(session, batch.source, mixture, num_target))
            elif last and session.fabric.world_size > 1:
                _backward_nothing(session)
    return outcomes


def _backward(session: Session, source: str, mixture: Mixture, num_target: int | None) -> Outcome:
    clips, targets = mixture
    logits = session.module(clips)
    losses = cross_entropies(logits, targets)
    world_size = session.fabric.world_size
    loss = own_mean(losses) if num_target is None else joint_term(losses, num_target, world_size=world_size)
    session.fabric.backward(loss)
    correct = (logits.detach().argmax(dim=1) == targets.argmax(dim=1)).sum()
    return Outcome(source, losses.detach().sum(), correct, len(clips))


def _backward_nothing(session: Session) -> None:
    """Take part in the exchange of gradients without an example: zeros, and no change to batch norm."""
    settings = session.config.network
    size = (1, settings.model.num_channels, settings.model.num_frames, settings.input.crop_px, settings.input.crop_px)
    session.module.eval()
    session.fabric.backward(session.module(torch.zeros(size, device=session.fabric.device)).sum() * 0)
    session.module.train()


def _step(session: Session) -> Tensor:
    limit = session.config.network.optim.clip_norm
    norm = session.fabric.clip_gradients(
        session.module,
        session.optimizer,
        max_norm=float("inf") if limit is None else limit,
        error_if_nonfinite=False,  # 16-mixed skips such steps; loop.py stops at them otherwise
    )
    session.optimizer.step()
    return norm
