"""Query x date window x budget -> the cells to search, split where an engine caps its results (paper 3.3).

Engines give so many results for one query and no more, so each query is asked in date windows. A window that hits the
cap is split in two; where a window brought little that was new, splitting ends. Nothing here asks anybody: `run_plan`
is handed a function that does, and everything else is counting.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from omnisource.collect.search import Cell
from omnisource.collect.windows import continued, halves, windows
from omnisource.collect_config import SearchConfig

Outcome = Literal["complete", "capped", "cut", "failed"]
"""What became of a cell: the engine had no more; it gave as many as it ever gives; it was stopped before its end, for
want of budget or since its class is full; it could not be asked."""

_OPEN: tuple[Outcome, ...] = ("cut", "failed")


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """A cell that is to be asked now, and how far."""

    cell: Cell
    """What is searched."""
    max_requests: int
    """Result pages at most: its class's fair share of what is left of the budget."""
    max_results: int
    """The engine's cap; results beyond it are not asked for."""
    max_new: int | None
    """Candidates that its class may still have; None: all."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What asking a cell gave."""

    returned: int
    """Different results."""
    new: int
    """Of these, how many no cell had returned before."""
    requests: int
    """Result pages that were asked for."""
    is_cut: bool = False
    """Whether the site had more when `max_requests` or `max_new` were reached."""
    failure: str | None = None
    """Why it could not be asked to its end, in words; None: it could."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CellResult:
    """A cell that was asked; a row of the table of cells."""

    cell: Cell
    """What was searched."""
    returned: int
    """Different results."""
    new: int
    """Of these, how many no cell had returned before."""
    requests: int
    """Result pages that were asked for."""
    outcome: Outcome
    """What became of it."""
    detail: str = ""
    """For a person: what failed."""


def plan(source: str, search: SearchConfig, queries: Sequence[tuple[int, str]], today: date) -> list[Cell]:
    """Every cell that is asked before any is split: the latest window of all queries, then the one before it, and on.

    `queries` are (class index, text), the best of a class first. The windows are counted from `published_after`, so
    that another day changes only the last of them.
    """
    return [
        Cell(source=source, class_index=class_index, query=text, published_after=after, published_before=before)
        for after, before in reversed(windows(search, today))
        for class_index, text in dict.fromkeys(queries)
    ]


def is_worth_splitting(results: Sequence[CellResult], search: SearchConfig) -> bool:
    """Whether cells that were asked brought enough that was new; halves of a window are judged together.

    An engine that gives the latest first gives for the later half what it gave for the whole: nothing new, though more
    lies behind it.
    """
    returned = sum(result.returned for result in results)
    return sum(result.new for result in results) >= search.min_new_share * returned


class Walk:
    """Which cell of one source comes next: the class that has cost least so far goes first, so that a budget which
    runs out leaves no class without any.

    It goes on where an earlier walk stopped: a finished cell is not asked again, the halves of a split one are, and a
    cell that failed is tried again. What was cut short is asked anew at the end, where more of it can be had now.
    """

    def __init__(self, cells: Iterable[Cell], search: SearchConfig, *, before: Iterable[CellResult] = ()) -> None:
        """`cells` as `plan` gives them; `before` are the source's rows of the table of cells, as they were written."""
        self._search = search
        self._known: dict[Cell, CellResult] = {}
        self._left = search.max_requests
        self._spent: defaultdict[int, int] = defaultdict(int)
        self._new: defaultdict[int, int] = defaultdict(int)
        self._fresh: defaultdict[int, deque[Cell]] = defaultdict(deque)
        self._cut: deque[Cell] = deque()
        self._awaited: set[Cell] = set()
        self._families: dict[Cell, tuple[Cell, ...]] = {}
        for result in before:
            self._count(result)
        ends: defaultdict[Cell, list[date]] = defaultdict(list)
        for cell, result in self._known.items():
            if cell.published_before is not None and result.outcome not in _OPEN:
                ends[replace(cell, published_before=None)].append(cell.published_before)
        for cell in cells:
            for piece in continued(cell, ends, search):
                self._begin((piece,))

    @property
    def requests_left(self) -> int:
        """What is left of the budget."""
        return max(self._left, 0)

    @property
    def num_waiting(self) -> int:
        """Cells that are known to be asked still, if the budget lasts."""
        fresh = sum(len(cells) for index, cells in self._fresh.items() if not self._is_full(index))
        return fresh + sum(not self._is_full(cell.class_index) for cell in self._cut)

    def next(self) -> Turn | None:
        """The cell to ask now; None: all are asked, or the budget is spent."""
        while self._left > 0:
            classes = [index for index, cells in self._fresh.items() if cells and not self._is_full(index)]
            if classes:
                cell = self._fresh[min(classes, key=lambda index: (self._spent[index], index))].popleft()
                return self._turn(cell, max(1, self._left // len(classes)))
            self._cut = deque(cell for cell in self._cut if not self._is_full(cell.class_index))
            if not self._cut:
                return None
            share = max(1, self._left // len(self._cut))
            cell = self._cut.popleft()
            if share > self._known[cell].requests:  # fewer pages would only repeat what it gave
                return self._turn(cell, share)
        return None

    def take(self, cell: Cell, answer: Answer) -> CellResult:
        """Note what a cell gave, and plan what follows from it."""
        result = CellResult(
            cell=cell,
            returned=answer.returned,
            new=answer.new,
            requests=answer.requests,
            outcome=_outcome(answer, self._search),
            detail=answer.failure or "",
        )
        self._count(result)
        if result.outcome == "cut":
            self._cut.append(cell)
        else:
            self._awaited.discard(cell)
        self._split_if_settled(self._families[cell])
        return result

    def _turn(self, cell: Cell, max_requests: int) -> Turn:
        most = self._search.max_per_class
        return Turn(
            cell=cell,
            max_requests=max_requests,
            max_results=self._search.result_cap,
            max_new=None if most is None else most - self._new[cell.class_index],
        )

    def _count(self, result: CellResult) -> None:
        self._known[result.cell] = result
        self._left -= result.requests
        self._spent[result.cell.class_index] += result.requests
        self._new[result.cell.class_index] += result.new

    def _begin(self, family: tuple[Cell, ...]) -> None:
        """Wait for the cells of a family, a window or its two halves, that are not finished."""
        for cell in family:
            self._families[cell] = family
            known = self._known.get(cell)
            if known is None or known.outcome == "failed":
                self._fresh[cell.class_index].append(cell)
            elif known.outcome == "cut":
                self._cut.append(cell)
            if known is None or known.outcome in _OPEN:
                self._awaited.add(cell)
        self._split_if_settled(family)

    def _split_if_settled(self, family: tuple[Cell, ...]) -> None:
        """Where nothing of a family is waited for, its cells that hit the cap are split, if that is worth it."""
        if not self._awaited.isdisjoint(family):
            return
        results = [self._known[cell] for cell in family]
        if is_worth_splitting(results, self._search):
            for result in results:
                if result.outcome == "capped" and (pair := halves(result.cell, self._search)):
                    self._begin(pair)

    def _is_full(self, class_index: int) -> bool:
        most = self._search.max_per_class
        return most is not None and self._new[class_index] >= most


def run_plan(walk: Walk, ask: Callable[[Turn], Answer]) -> Iterator[CellResult]:
    """Ask cell after cell until none is left or the budget is spent; each result as soon as there is one."""
    while (turn := walk.next()) is not None:
        yield walk.take(turn.cell, ask(turn))


def row_of(result: CellResult) -> dict[str, object]:
    """As a row of the table of cells."""
    cell = result.cell
    return {
        "source": cell.source,
        "class_index": cell.class_index,
        "query": cell.query,
        "published_after": None if cell.published_after is None else cell.published_after.isoformat(),
        "published_before": None if cell.published_before is None else cell.published_before.isoformat(),
        "returned": result.returned,
        "new": result.new,
        "requests": result.requests,
        "outcome": result.outcome,
        "detail": result.detail,
    }


def result_of(row: Mapping[str, object]) -> CellResult:
    """A row of the table of cells as a record."""
    first, last = row["published_after"], row["published_before"]
    return CellResult(
        cell=Cell(
            source=row["source"],
            class_index=row["class_index"],
            query=row["query"],
            published_after=None if first is None else date.fromisoformat(first),
            published_before=None if last is None else date.fromisoformat(last),
        ),
        returned=row["returned"],
        new=row["new"],
        requests=row["requests"],
        outcome=row["outcome"],
        detail=row["detail"],
    )


def _outcome(answer: Answer, search: SearchConfig) -> Outcome:
    if answer.failure is not None:
        return "failed"
    if answer.returned >= search.result_cap:
        return "capped"
    return "cut" if answer.is_cut else "complete"
