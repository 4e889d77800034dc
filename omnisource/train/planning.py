"""Class counts and settings -> what a run is expected to draw, without drawing it (paper 3.6, Table 10, Fig. 8).

The number of draws is the trainer's own (batches.py), to the last example; which class each of them has is random there
and expected here: every draw takes class k with the probability that resampling gives it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from omnisource import shares
from omnisource.config import JointConfig
from omnisource.train.batches import num_updates, whole_number
from omnisource.train.resampling import class_probabilities

PAPER_READS = (0.06, 0.14)
"""Reads of a web example in one epoch of the paper: 240K clips against 2M pictures of GG-k400 at 2:1, and against half
of the 3.5M of [GG+IG]-k400 at 1:1, the smallest set of Fig. 8 (4.2, Table 11)."""
MOST_READS = 1.0
"""Our rule for Fig. 8's "smaller D_A but larger B_A may cause overfitting": a web example, whose label a teacher
guessed, must not be read more often than a labelled clip, which is read once an epoch."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceDraws:
    """What a run draws of one source, or of sources that are merged to one."""

    source: str
    """The web resource, or the mixture."""
    counts: np.ndarray
    """(K,) int64 examples of each class."""
    probabilities: np.ndarray
    """(K,) of a draw being of each class."""
    draws: np.ndarray
    """(epochs,) int64 examples drawn in each epoch."""

    @property
    def num_examples(self) -> int:
        """Examples of all classes."""
        return int(self.counts.sum())

    @property
    def draws_per_epoch(self) -> float:
        """Examples drawn in an epoch, on average."""
        return float(self.draws.mean())

    @property
    def class_draws(self) -> np.ndarray:
        """(K,) examples of each class that an epoch is expected to draw."""
        return self.draws_per_epoch * self.probabilities

    @property
    def reads(self) -> np.ndarray:
        """(K,) times that an epoch is expected to read one example of each class; NaN for a class without any."""
        return self.class_draws / np.where(self.counts > 0, self.counts, np.nan)

    @property
    def mean_reads(self) -> float:
        """Times that an epoch reads an example, over all of them."""
        return self.draws_per_epoch / self.num_examples

    @property
    def evenness(self) -> float:
        """From 1 / K to 1: equally frequent classes that would be as diverse, over K (e to the entropy of a draw)."""
        return shares.evenness(self.probabilities)

    @property
    def classes_read_too_often(self) -> np.ndarray:
        """Class indices whose examples are read more than MOST_READS times an epoch, most read first."""
        reads = np.nan_to_num(self.reads, nan=0.0)
        order = np.argsort(-reads, kind="stable")
        return order[reads[order] > MOST_READS]


@dataclass(frozen=True, kw_only=True, slots=True)
class DrawPlan:
    """What a joint training run reads."""

    num_target: int
    """Labelled clips, each read once an epoch."""
    batch_size: int
    """|B_T| of a whole update."""
    epochs: int
    """Passes over the labelled clips."""
    sources: tuple[SourceDraws, ...]
    """In the order in which they are drawn."""

    @property
    def updates_per_epoch(self) -> int:
        """Steps of the optimiser in one pass."""
        return num_updates(self.num_target, self.batch_size)

    @property
    def batch(self) -> dict[str, float]:
        """Examples that an update reads on average: of the target, then of each source."""
        sizes = {"target": self.num_target} | {one.source: one.draws_per_epoch for one in self.sources}
        return {name: size / self.updates_per_epoch for name, size in sizes.items()}

    @property
    def overfitted(self) -> tuple[SourceDraws, ...]:
        """Sources whose examples are read more often than the labelled clips, most read first."""
        too_often = [one for one in self.sources if one.mean_reads > MOST_READS]
        return tuple(sorted(too_often, key=lambda one: -one.mean_reads))


def plan_draws(
    counts: Mapping[str, np.ndarray], config: JointConfig, *, num_target: int, batch_size: int, epochs: int
) -> DrawPlan:
    """What training with these settings draws; `counts` holds (K,) examples per class of every source that is drawn.

    A source without examples is left out, as training leaves it out. Raises ConfigError where the released order needs
    whole numbers and has none.
    """
    drawn = {
        source: SourceDraws(
            source=source,
            counts=by_class,
            probabilities=class_probabilities(by_class, _of_source(source, config)),
            draws=_draws(source, int(by_class.sum()), config, num_target=num_target, size=batch_size, epochs=epochs),
        )
        for source, by_class in counts.items()
        if by_class.sum()
    }
    return DrawPlan(num_target=num_target, batch_size=batch_size, epochs=epochs, sources=tuple(drawn.values()))


def _of_source(source: str, config: JointConfig) -> JointConfig:
    return config.model_copy(update={"resampling": config.resampling_by_source.get(source, config.resampling)})


def _draws(
    source: str, num_examples: int, config: JointConfig, *, num_target: int, size: int, epochs: int
) -> np.ndarray:
    """(epochs,) int64 examples of a source that each epoch draws."""
    if config.update == "summed":
        per_target = max(config.batch_ratio.get(source, 1.0) / config.target_share, 1 / size)
        bounds = (np.arange(epochs + 1) * num_target * per_target + 0.5).astype(np.int64)
        return np.diff(bounds)
    every = whole_number(config.target_share, "target_share")
    taken = whole_number(config.batch_ratio.get(source, 1.0), f"batch_ratio of {source!r}")
    updates = num_updates(num_target, size) * np.arange(epochs + 1)  # before each epoch, then after the last
    served = taken * np.diff(-(-updates // every))  # every `every`-th update of the run, from its first on
    loader_size = config.source_batch_size.get(source, size)
    passes, rest = np.divmod(served, num_updates(num_examples, loader_size))
    return passes * num_examples + np.minimum(rest * loader_size, num_examples)
