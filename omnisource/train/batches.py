"""Seed and epoch -> which examples every update draws from every source (paper 3.6: |B_T| : |B_A|).

The order of everything is a pure function of (seed, epoch), so a run can be stopped, resumed and split over processes
without changing what it sees. An epoch is one pass over the target set; its last batch may be smaller. Pre-training
(Table 1) is the same plan without the target's batches: the web examples of joint training, drawn as often.

summed: every update has one target batch and, per source, batch_size * ratio / target_share examples. Fractions are
carried from update to update, so the ratio holds in the long run; a source whose share is below one example an update
has one all the same. Without resampling a source's shuffled passes run on across epochs.

per_source: the released code's order (protocols, section 5): loaders with batches of their own, after every
target_share-th target batch, counted over the whole run; they start anew at each epoch and repeat when they run out.
"""

import itertools
import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from omnisource.config import JointConfig
from omnisource.errors import ConfigError
from omnisource.train.resampling import draw_order

TARGET = "target"


@dataclass(frozen=True, slots=True)
class Draw:
    """One example to read, with the seed of everything random about how."""

    source: str
    """"target", or the web resource."""
    index: int
    """Position in the source's examples."""
    seed: int
    """Of the frames, the crop, the mirror and the camera."""


@dataclass(frozen=True, slots=True)
class PlannedBatch:
    """What one forward pass reads: examples of one source."""

    source: str
    """"target", or the web resource."""
    draws: tuple[Draw, ...]
    """Its examples; a smaller last target batch may leave none for a source."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Update:
    """What one target batch and the auxiliary batches beside it hold."""

    number: int
    """Counted from 0 over the whole run."""
    epoch: int
    """Counted from 0."""
    num_target: int
    """|B_T|, over all processes, whether the target is read or only counted."""
    batches: tuple[PlannedBatch, ...]
    """The target batch, if there is one, comes first."""

    def share_of(self, rank: int, world_size: int) -> "Update":
        """What one of several processes reads; the shares of all of them are the whole."""
        parts = tuple(PlannedBatch(batch.source, batch.draws[rank::world_size]) for batch in self.batches)
        return replace(self, batches=parts)


class EpochPlan(Sequence[Update]):
    """The updates of one epoch, made when asked for from one array of indices and seeds per source."""

    def __init__(
        self, epoch: int, sizes: list[int], spans: "list[list[_Span]]", orders: Mapping[str, "_Order"]
    ) -> None:
        self.epoch = epoch
        self._sizes = sizes
        self._spans = spans
        self._orders = orders

    def __len__(self) -> int:
        return len(self._spans)

    def __getitem__(self, position: int) -> Update:
        spans = self._spans[position]
        batches = tuple(PlannedBatch(span.source, self._orders[span.source].draws(span)) for span in spans)
        number = self.epoch * len(self) + position
        return Update(number=number, epoch=self.epoch, num_target=self._sizes[position], batches=batches)

    def num_draws(self, sources: Collection[str], *, stop: int | None = None) -> int:
        """Examples that the updates before position `stop` draw from these sources; None: the whole epoch's."""
        spans = itertools.chain.from_iterable(self._spans[:stop])
        return sum(span.stop - span.start for span in spans if span.source in sources)


@dataclass(frozen=True, slots=True)
class _Span:
    source: str
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class _Order:
    """The order in which one source is drawn in one epoch, from position `first` of the source's stream on."""

    source: str
    indices: np.ndarray
    seeds: np.ndarray
    first: int = 0

    def draws(self, span: _Span) -> tuple[Draw, ...]:
        where = np.arange(span.start, span.stop) - self.first
        indices = self.indices[where % len(self.indices)]  # a released loader that runs out repeats its order
        return tuple(Draw(self.source, int(i), int(s)) for i, s in zip(indices, self.seeds[where]))


def num_updates(num_target: int, batch_size: int) -> int:
    """Updates in one epoch."""
    return -(-num_target // batch_size)


def epoch_plan(
    class_indices: Mapping[str, np.ndarray],
    config: JointConfig,
    *,
    batch_size: int,
    seed: int,
    epoch: int,
    num_target: int | None = None,
) -> EpochPlan:
    """Updates of one epoch; `class_indices` holds (N,) classes for "target" and for every auxiliary source.

    Without "target" in it, `num_target` says how many target examples the epoch counts and does not read. Raises
    ConfigError where the released order needs whole numbers and has none.
    """
    auxiliary = [source for source in class_indices if source != TARGET]
    num_target = len(class_indices[TARGET]) if num_target is None else num_target
    spans = _batch_spans(TARGET, num_target, batch_size)
    columns: list[list[_Span]] = [[] for _ in spans]
    orders: dict[str, _Order] = {}
    if TARGET in class_indices:
        order = _generator(seed, TARGET, epoch).permutation(num_target)
        orders[TARGET] = _Order(TARGET, order, _seeds(seed, TARGET, epoch, num_target))
        columns = [[span] for span in spans]
    for source in auxiliary:
        if config.update == "summed":
            added = _summed_spans(source, config, spans, batch_size=batch_size, previous=epoch * num_target)
        else:
            num_examples = len(class_indices[source])
            added = _released_spans(
                source, config, num_examples, num_batches=len(spans), batch_size=batch_size, epoch=epoch
            )
        for column, batches in zip(columns, added):
            column.extend(batches)
        orders[source] = _auxiliary_order(source, class_indices[source], config, added, seed=seed, epoch=epoch)
    return EpochPlan(epoch, [span.stop - span.start for span in spans], columns, orders)


def whole_number(value: float, name: str) -> int:
    """A part of the released order, which counts whole batches; raises ConfigError for another."""
    if value != int(value):
        raise ConfigError(f"train.joint.{name} is {value}: update=per_source counts whole batches; use a whole number")
    return int(value)


def _batch_spans(source: str, length: int, batch_size: int) -> list[_Span]:
    return [_Span(source, i, min(i + batch_size, length)) for i in range(0, length, batch_size)]


def _summed_spans(
    source: str, config: JointConfig, target: list[_Span], *, batch_size: int, previous: int
) -> list[list[_Span]]:
    """Positions in the source's endless stream, proportional to the target examples that have passed."""
    ratio = config.batch_ratio.get(source, 1.0) / config.target_share
    per_target = max(ratio, 1 / batch_size)
    bounds = [int((previous + seen) * per_target + 0.5) for seen in [0] + [span.stop for span in target]]
    return [[_Span(source, a, b)] for a, b in zip(bounds, bounds[1:])]


def _released_spans(
    source: str, config: JointConfig, num_examples: int, *, num_batches: int, batch_size: int, epoch: int
) -> list[list[_Span]]:
    """Whole batches of a loader that starts anew each epoch; the phase of target_share runs on across epochs."""
    every = whole_number(config.target_share, "target_share")
    taken = whole_number(config.batch_ratio.get(source, 1.0), f"batch_ratio of {source!r}")
    loader = _batch_spans(source, num_examples, config.source_batch_size.get(source, batch_size))
    spans: list[list[_Span]] = []
    served = 0
    for i in range(num_batches):
        due = taken if (epoch * num_batches + i) % every == 0 else 0
        spans.append([_repeated(loader, served + k, num_examples) for k in range(due)])
        served += due
    return spans


def _repeated(loader: list[_Span], served: int, num_examples: int) -> _Span:
    """Batch number `served` of a loader that starts again when it runs out, as positions that never restart."""
    passes, position = divmod(served, len(loader))
    span = loader[position]
    return _Span(span.source, passes * num_examples + span.start, passes * num_examples + span.stop)


def _auxiliary_order(
    source: str, classes: np.ndarray, config: JointConfig, spans: list[list[_Span]], *, seed: int, epoch: int
) -> _Order:
    flat = [span for batches in spans for span in batches]
    start, stop = (flat[0].start, flat[-1].stop) if flat else (0, 0)
    strategy = config.resampling_by_source.get(source, config.resampling)
    config = config.model_copy(update={"resampling": strategy})
    seeds = _seeds(seed, source, epoch, stop - start)
    if config.update == "summed" and config.resampling == "none":
        return _Order(source, _passes(source, classes, config, seed, start, stop), seeds, first=start)
    num_draws = min(stop - start, len(classes)) if config.update == "per_source" else stop - start
    indices = draw_order(classes, config, num_draws, _generator(seed, source, epoch))
    return _Order(source, indices, seeds, first=start)


def _passes(source: str, classes: np.ndarray, config: JointConfig, seed: int, start: int, stop: int) -> np.ndarray:
    """Positions start..stop of a stream whose every pass over the source is shuffled by its own number."""
    length = len(classes)
    first, last = start // length, -(-stop // length)
    orders = [draw_order(classes, config, length, _generator(seed, source, number)) for number in range(first, last)]
    return np.concatenate([np.empty(0, np.int64), *orders])[start - first * length : stop - first * length]


def _generator(seed: int, source: str, number: int) -> np.random.Generator:
    return np.random.default_rng([seed, zlib.crc32(source.encode()), number, 0])


def _seeds(seed: int, source: str, epoch: int, length: int) -> np.ndarray:
    return np.random.default_rng([seed, zlib.crc32(source.encode()), epoch, 1]).integers(0, 2**63, length)
