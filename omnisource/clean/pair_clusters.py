"""Pairs that share a web item or a labelled clip -> clusters, to be decided at once (paper 3.3)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

DECIDED_AT_ONCE = 500
"""A larger cluster hangs together by chains of chance likeness; one word about all of it would be wrong."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Cluster:
    """Suspected pairs that hang together."""

    pairs: np.ndarray
    """(num_pairs,) int: all of them, most alike first."""
    open_pairs: np.ndarray
    """(num_open,) int: those that nobody has judged."""
    num_items: int
    """Web items among them."""
    num_clips: int
    """Labelled clips among them."""
    highest: float
    """Largest similarity."""
    lowest: float
    """Least similarity."""

    @property
    def num_open(self) -> int:
        """How many verdicts a decision makes."""
        return len(self.open_pairs)

    @property
    def obstacle(self) -> str:
        """Why it is not to be decided at once, for a person; empty where it may be."""
        if self.num_open < 2:
            return "No other open suspect shares this item or this clip."
        if self.num_open > DECIDED_AT_ONCE:
            return (
                f"Its {self.num_open:,} open pairs hang together by chains of chance likeness: raise the threshold, "
                "or judge them one by one."
            )
        return ""

    @property
    def text(self) -> str:
        """Its size, for a person."""
        items = "1 web item" if self.num_items == 1 else f"{self.num_items:,} web items"
        clips = "1 labelled clip" if self.num_clips == 1 else f"{self.num_clips:,} labelled clips"
        pairs = "1 open pair" if self.num_open == 1 else f"{self.num_open:,} open pairs"
        return f"{pairs}: {items}, {clips}"


class Clusters:
    """Connected components of suspects; build it from columns of equal length, most alike first."""

    def __init__(
        self, *, pair: np.ndarray, item: np.ndarray, clip: np.ndarray, similarity: np.ndarray, is_open: np.ndarray
    ) -> None:
        self._pair, self._item, self._clip = pair, item, clip
        self._similarity, self._is_open = similarity, is_open
        self._label = components(item, clip)

    def largest(self, limit: int) -> list[Cluster]:
        """The clusters with the most open pairs, of those with at least two."""
        num_open = np.bincount(self._label[self._is_open], minlength=1)
        order = np.argsort(-num_open, kind="stable")[:limit]
        return [self._cluster(int(label)) for label in order if num_open[label] > 1]

    def of(self, pair: int) -> Cluster | None:
        """The cluster of a pair; None where it is none of these suspects."""
        places = np.flatnonzero(self._pair == pair)
        return self._cluster(int(self._label[places[0]])) if len(places) else None

    def _cluster(self, label: int) -> Cluster:
        of_it = np.flatnonzero(self._label == label)
        return Cluster(
            pairs=self._pair[of_it],
            open_pairs=self._pair[of_it[self._is_open[of_it]]],
            num_items=len(np.unique(self._item[of_it])),
            num_clips=len(np.unique(self._clip[of_it])),
            highest=float(self._similarity[of_it].max()),
            lowest=float(self._similarity[of_it].min()),
        )


def components(items: np.ndarray, clips: np.ndarray) -> np.ndarray:
    """(N,) labels 0, 1, ... of N pairs: equal where a chain of pairs with a common item or clip joins two pairs.

    Each node takes the smallest node it can see as its parent, and trees are flattened, until nothing changes:
    a few passes over the pairs, even for long chains.
    """
    first, second = _numbered(items), _numbered(clips)
    if not len(first):
        return np.zeros(0, dtype=np.int64)
    second = second + first.max() + 1
    parent = np.arange(second.max() + 1)
    while True:
        one, other = parent[first], parent[second]
        if np.array_equal(one, other):
            return np.unique(one, return_inverse=True)[1]
        np.minimum.at(parent, np.maximum(one, other), np.minimum(one, other))
        while not np.array_equal(parent, flat := parent[parent]):
            parent = flat


def _numbered(names: Sequence[int] | np.ndarray) -> np.ndarray:
    return np.unique(names, return_inverse=True)[1]
