"""Alike frames within the web data -> which item is a near copy of which better one (paper 3.3).

A crawl returns the same picture for many queries. An item is as alike to another as half of its frames, or more, are
to frames of the other. Of two the better one is kept: the one with more frames, since it holds the other; then the
larger picture, since smaller ones are made of it; then the earlier item, so that what a later crawl brings replaces
nothing. Each item points to the better one that it is most alike to, of each source: that is enough to know for every
similarity whether a better one is as alike.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields

import numpy as np

from omnisource.clean.similarity import Pairs

FRAME_SHARE = 0.5
"""Of an item's frames that must be alike: a shared opening makes no copy, another ending still leaves one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Items:
    """I web items, and the frames of them that are compared: N rows."""

    frames: np.ndarray
    """(N,) int64: the item of each frame."""
    num_frames: np.ndarray
    """(I,) int64."""
    area: np.ndarray
    """(I,) int64 pixels of a frame."""
    order: np.ndarray
    """(I,) int64: earlier items come first."""
    source: np.ndarray
    """(I,) int64: number of the source."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Copies:
    """C items that are near copies of better ones; frames and items are numbered through, the left ones first."""

    item: np.ndarray
    """(C,) int64: the copy."""
    kept: np.ndarray
    """(C,) int64: the better item."""
    similarity: np.ndarray
    """(C,) float32: at least half of the copy's frames are so alike."""
    frame: np.ndarray
    """(C,) int64: the copy's frame that is most alike."""
    kept_frame: np.ndarray
    """(C,) int64: the frame of the better item that it is alike to."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Matches:
    """The best match of a copy's frame within a better item, or within a source where that is all that is asked."""

    frame: np.ndarray
    slot: np.ndarray
    kept_frame: np.ndarray
    similarity: np.ndarray

    def best(self) -> "_Matches":
        """One row for each frame and slot: the most alike, of equal ones the first kept frame."""
        order = np.lexsort((self.kept_frame, -self.similarity, self.slot, self.frame))
        frame, slot = self.frame[order], self.slot[order]
        return self.rows(order[_firsts(frame, slot)])

    def rows(self, chosen: np.ndarray) -> "_Matches":
        return _Matches(**{field.name: getattr(self, field.name)[chosen] for field in fields(self)})


def joined(left: Items, right: Items) -> Items:
    """The items and frames of both, numbered through."""
    columns = {name: np.concatenate([getattr(left, name), getattr(right, name)]) for name in _OF_ITEMS}
    return Items(frames=np.concatenate([left.frames, right.frames + len(left.area)]), **columns)


def copies_of(pairs: Iterable[Pairs], items: Items, *, first_column: int) -> Copies:
    """From alike frames: row r of a pair is frame r of `items`, column c is frame first_column + c.

    Pairs within one item say nothing, and where the columns are the rows again, each pair may come twice.
    """
    rank = _ranks(items)
    parts = [_oriented(found, items, rank, first_column).best() for found in pairs]
    if not parts:
        nothing = np.empty(0, dtype=np.int64)
        none = np.empty(0, dtype=np.float32)
        return Copies(item=nothing, kept=nothing, similarity=none, frame=nothing, kept_frame=nothing)
    columns = {f.name: np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(_Matches)}
    return _levels(_Matches(**columns).best(), items, rank)


def _ranks(items: Items) -> np.ndarray:
    """(I,) int64: 0 is the best item."""
    best_first = np.lexsort((items.order, -items.area, -items.num_frames))
    ranks = np.empty(len(best_first), dtype=np.int64)
    ranks[best_first] = np.arange(len(best_first))
    return ranks


def _oriented(found: Pairs, items: Items, rank: np.ndarray, first_column: int) -> _Matches:
    """Every pair as the worse item sees it.

    Of a picture only the best match in each source is asked for, so a thousand alike pictures need no million rows.
    """
    rows, columns = found.rows, found.columns + first_column
    row_items, column_items = items.frames[rows], items.frames[columns]
    is_row_worse = rank[row_items] > rank[column_items]
    frame, kept_frame = np.where(is_row_worse, rows, columns), np.where(is_row_worse, columns, rows)
    worse, better = items.frames[frame], items.frames[kept_frame]
    slot = np.where(items.num_frames[worse] == 1, len(rank) + items.source[better], better)
    every = _Matches(frame=frame, slot=slot, kept_frame=kept_frame, similarity=found.similarity)
    return every.rows(np.flatnonzero(row_items != column_items))


def _levels(matches: _Matches, items: Items, rank: np.ndarray) -> Copies:
    """How alike items are: the similarity that enough of the worse one's frames reach; the best for each source."""
    item = items.frames[matches.frame]
    order = np.lexsort((-matches.similarity, matches.slot, item))
    matches, item = matches.rows(order), item[order]
    starts = _firsts(item, matches.slot)
    needed = np.ceil(items.num_frames[item[starts]] * FRAME_SHARE).astype(np.int64)
    sizes = np.diff(np.append(starts, len(item)))
    starts, needed = starts[sizes >= needed], needed[sizes >= needed]
    kept = items.frames[matches.kept_frame[starts]]
    level = matches.similarity[starts + needed - 1]
    item, source = item[starts], items.source[kept]
    order = np.lexsort((rank[kept], -level, source, item))
    chosen = order[_firsts(item[order], source[order])]
    return Copies(
        item=item[chosen],
        kept=kept[chosen],
        similarity=level[chosen],
        frame=matches.frame[starts[chosen]],
        kept_frame=matches.kept_frame[starts[chosen]],
    )


def _firsts(*columns: np.ndarray) -> np.ndarray:
    """Where, in sorted columns, a new combination begins."""
    if not len(columns[0]):
        return np.empty(0, dtype=np.int64)
    changes = np.zeros(len(columns[0]), dtype=bool)
    changes[0] = True
    for column in columns:
        changes[1:] |= column[1:] != column[:-1]
    return np.flatnonzero(changes)


_OF_ITEMS = ("num_frames", "area", "order", "source")
