"""Where time is cut: the date windows of a search, their halves, and the days since an earlier walk (paper 3.3)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from omnisource.collect.search import Cell
from omnisource.collect_config import SearchConfig


def windows(search: SearchConfig, today: date) -> list[tuple[date | None, date | None]]:
    """The date windows in order; one without ends where there is no first day."""
    if search.published_after is None:
        return [(None, search.published_before)]
    end = search.published_before or today
    starts = [
        search.published_after + timedelta(days=days)
        for days in range(0, (end - search.published_after).days, search.window_days)
    ]
    if search.published_before is not None and len(starts) > 1 and (end - starts[-1]).days < search.min_window_days:
        starts.pop()  # the odd days of leap years; where the end moves with today, windows must stay what they are
    return list(zip(starts, [*starts[1:], end]))


def halves(cell: Cell, search: SearchConfig) -> tuple[Cell, ...]:
    """The later and the earlier half of a cell's window; none where it has no window, or a short one."""
    if cell.published_after is None or cell.published_before is None:
        return ()
    num_days = (cell.published_before - cell.published_after).days
    if num_days < max(2, search.min_window_days):
        return ()
    middle = cell.published_after + timedelta(days=num_days // 2)
    return replace(cell, published_after=middle), replace(cell, published_before=middle)


def continued(cell: Cell, ends: Mapping[Cell, Sequence[date]], search: SearchConfig) -> Iterator[Cell]:
    """The cell in the windows that an earlier walk finished, and the days after them: "until today" is later now.

    `ends` has the last days of finished windows by cell without one. Too few days since are left to a later walk.
    """
    end = cell.published_before
    if cell.published_after is not None and end is not None:
        while known := [day for day in ends.get(replace(cell, published_before=None), ()) if day <= end]:
            yield replace(cell, published_before=max(known))
            cell = replace(cell, published_after=max(known))
            num_days = (end - max(known)).days
            if num_days == 0 or (search.published_before is None and num_days < search.min_window_days):
                return
    yield cell
