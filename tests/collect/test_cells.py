"""The plan of cells: windows, splitting, the budget, and going on where an earlier walk stopped."""

from collections import Counter
from datetime import date, timedelta
from itertools import islice

import pytest

from omnisource.collect.cells import (
    Answer,
    CellResult,
    Turn,
    Walk,
    is_worth_splitting,
    plan,
    result_of,
    row_of,
    run_plan,
)
from omnisource.collect.search import Cell
from omnisource.collect_config import SearchConfig

TODAY = date(2020, 1, 1)


def search(**settings: object) -> SearchConfig:
    return SearchConfig.model_validate({"engine": "google"} | settings)


def cell(first: str | None, last: str | None, query: str = "q", class_index: int = 0) -> Cell:
    days = [None if day is None else date.fromisoformat(day) for day in (first, last)]
    return Cell(source="s", class_index=class_index, query=query, published_after=days[0], published_before=days[1])


class Site:
    """An engine that has `per_day` results for every day of a query, gives `cap` of them at most, `page` on a page."""

    def __init__(self, *, per_day: int, cap: int, page: int = 10) -> None:
        self.per_day, self.cap, self.page = per_day, cap, page
        self.seen: set[tuple[str, date, int]] = set()
        self.asked: list[Cell] = []

    def ask(self, turn: Turn) -> Answer:
        self.asked.append(turn.cell)
        first, last = turn.cell.published_after, turn.cell.published_before
        days = [first + timedelta(days=n) for n in range((last - first).days)]
        found = [(turn.cell.query, day, n) for day in reversed(days) for n in range(self.per_day)][: self.cap]
        num_pages = max(1, -(-len(found) // self.page))
        requests = min(num_pages, turn.max_requests)
        found = found[: requests * self.page]
        new = set(found) - self.seen
        self.seen |= new
        return Answer(returned=len(found), new=len(new), requests=requests, is_cut=requests < num_pages)


def test_plan__asks_all_queries_before_the_window_before():
    queries = [(0, "a"), (0, "b"), (1, "c"), (0, "a")]
    cells = plan("s", search(published_after="2018-01-01"), queries, TODAY)
    assert [(one.query, one.published_after.year) for one in cells] == [
        *[("a", 2019), ("b", 2019), ("c", 2019)],
        *[("a", 2018), ("b", 2018), ("c", 2018)],
    ]


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        ([10], True),  # a tenth of 100 is just enough
        ([9], False),
        ([0, 20], True),  # the later half repeats what the whole gave, the earlier one does not
        ([0, 19], False),
    ],
)
def test_is_worth_splitting__by_the_share_that_was_new(new: list, expected: bool):
    window = cell("2019-01-01", "2020-01-01")
    results = [CellResult(cell=window, returned=100, new=n, requests=1, outcome="capped") for n in new]
    assert is_worth_splitting(results, search()) is expected


def test_run_plan__finds_everything_behind_the_cap():
    # 64 days x 2 results = 128 behind a cap of 40: 64 -> 2 x 32 -> 4 x 16 days with 32 results each
    settings = search(published_after="2019-01-01", published_before="2019-03-06", result_cap=40, min_window_days=1)
    site = Site(per_day=2, cap=40)
    results = list(run_plan(Walk(plan("s", settings, [(0, "q")], TODAY), settings), site.ask))
    assert len(site.seen) == 128
    assert Counter(result.outcome for result in results) == {"capped": 3, "complete": 4}
    assert sum(result.new for result in results) == 128


def test_run_plan__stops_where_little_is_new():
    # the same 40 results for any window: the halves bring nothing new, so that they are not split
    settings = search(published_after="2019-01-01", result_cap=40)

    def ask(turn: Turn) -> Answer:
        return Answer(returned=40, new=40 if len(turn.cell.query) == 1 and not asked else 0, requests=4)

    asked: list[CellResult] = []
    for result in run_plan(Walk(plan("s", settings, [(0, "q")], TODAY), settings), ask):
        asked.append(result)
    assert [result.outcome for result in asked] == ["capped"] * 3


def test_walk__a_spent_budget_leaves_no_class_without_any():
    settings = search(published_after="2019-01-01", max_requests=10)
    site = Site(per_day=1, cap=1000)  # 37 pages for a query
    queries = [(index, f"q{index}") for index in range(5)]
    results = list(run_plan(Walk(plan("s", settings, queries, TODAY), settings), site.ask))
    assert [(result.cell.class_index, result.requests, result.outcome) for result in results] == [
        (index, 2, "cut") for index in range(5)
    ]


def test_walk__what_one_class_leaves_goes_to_the_others():
    # budget 10 for 3 classes of which the first needs 1: shares of a third of 10, half of 9, all of 5
    settings = search(max_requests=10)
    needs = {0: 1, 1: 100, 2: 100}
    shares = []

    def ask(turn: Turn) -> Answer:
        shares.append(turn.max_requests)
        requests = min(needs[turn.cell.class_index], turn.max_requests)
        return Answer(returned=requests, new=requests, requests=requests, is_cut=turn.cell.class_index > 0)

    list(run_plan(Walk(plan("s", settings, [(0, "a"), (1, "b"), (2, "c")], TODAY), settings), ask))
    assert shares == [3, 4, 5]


def test_walk__the_class_that_cost_least_goes_first():
    settings = search()
    costs = {"a": 5, "b": 5, "c": 1, "d": 1, "e": 1}
    queries = [(0, "a"), (0, "b"), (1, "c"), (1, "d"), (1, "e")]
    order = [
        result.cell.query
        for result in run_plan(
            Walk(plan("s", settings, queries, TODAY), settings),
            lambda turn: Answer(returned=1, new=1, requests=costs[turn.cell.query]),
        )
    ]
    assert order == ["a", "c", "d", "e", "b"]


def test_walk__a_full_class_is_left():
    settings = search(max_per_class=15)
    walk = Walk(plan("s", settings, [(0, "a"), (0, "b"), (0, "c"), (1, "d")], TODAY), settings)
    allowed = []

    def ask(turn: Turn) -> Answer:
        allowed.append((turn.cell.query, turn.max_new))
        return Answer(returned=10, new=10, requests=1)

    results = list(run_plan(walk, ask))
    assert allowed == [("a", 15), ("d", 15), ("b", 5)]
    assert (len(results), walk.num_waiting) == (3, 0)


def test_walk__goes_on_where_it_was_stopped():
    settings = search(published_after="2019-01-01", published_before="2019-03-06", result_cap=40, min_window_days=1)
    cells = plan("s", settings, [(0, "q"), (1, "r")], TODAY)
    whole = list(run_plan(Walk(cells, settings), Site(per_day=2, cap=40).ask))
    for num_done in range(len(whole) + 1):
        site = Site(per_day=2, cap=40)
        first = list(islice(run_plan(Walk(cells, settings), site.ask), num_done))
        rest = list(run_plan(Walk(cells, settings, before=first), site.ask))
        assert {result.cell for result in [*first, *rest]} == {result.cell for result in whole}
        assert len(site.asked) == len(set(site.asked)) == len(whole)
        assert Walk(cells, settings, before=[*first, *rest]).next() is None


def test_walk__a_failed_cell_is_tried_by_the_next_walk_only():
    settings = search()
    cells = plan("s", settings, [(0, "a")], TODAY)
    answer = Answer(returned=0, new=0, requests=1, failure="robots.txt refuses")
    results = list(run_plan(Walk(cells, settings), lambda turn: answer))
    assert [(result.outcome, result.detail) for result in results] == [("failed", "robots.txt refuses")]
    assert Walk(cells, settings, before=results).next().cell == cells[0]


def test_walk__a_larger_budget_goes_on_with_what_was_cut():
    cells = plan("s", search(), [(0, "a")], TODAY)
    cut = CellResult(cell=cells[0], returned=20, new=20, requests=2, outcome="cut")
    assert Walk(cells, search(max_requests=2), before=[cut]).next() is None  # spent
    assert Walk(cells, search(max_requests=4), before=[cut]).next() is None  # two more pages would give the same
    assert Walk(cells, search(max_requests=5), before=[cut]).next().max_requests == 3


def test_walk__the_last_of_several_rows_of_a_cell_counts():
    cells = plan("s", search(), [(0, "a")], TODAY)
    cut = CellResult(cell=cells[0], returned=20, new=20, requests=2, outcome="cut")
    done = CellResult(cell=cells[0], returned=90, new=70, requests=9, outcome="complete")
    walk = Walk(cells, search(max_requests=20), before=[cut, done])
    assert (walk.next(), walk.requests_left) == (None, 9)


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        ("2019-06-01", []),  # the same day
        ("2019-06-05", []),  # 4 days: too short a window to ask for
        ("2019-06-11", [("2019-06-01", "2019-06-11")]),
    ],
)
def test_walk__another_day_asks_for_the_days_since(today: str, expected: list):
    settings = search(published_after="2019-01-01")
    first = plan("s", settings, [(0, "q")], date(2019, 6, 1))
    done = [CellResult(cell=one, returned=1, new=1, requests=1, outcome="complete") for one in first]
    walk = Walk(plan("s", settings, [(0, "q")], date.fromisoformat(today)), settings, before=done)
    asked = [result.cell for result in run_plan(walk, lambda turn: Answer(returned=0, new=0, requests=1))]
    assert asked == [cell(*window) for window in expected]


def test_walk__a_fixed_last_day_that_moves_is_asked_to_the_day():
    done = CellResult(cell=cell("2019-01-01", "2019-06-01"), returned=1, new=1, requests=1, outcome="complete")
    settings = search(published_after="2019-01-01", published_before="2019-06-03")
    walk = Walk(plan("s", settings, [(0, "q")], TODAY), settings, before=[done])
    assert walk.next().cell == cell("2019-06-01", "2019-06-03")


def test_walk__counts_what_waits():
    settings = search()
    walk = Walk(plan("s", settings, [(0, "a"), (1, "b")], TODAY), settings)
    assert walk.num_waiting == 2
    walk.take(walk.next().cell, Answer(returned=1, new=1, requests=1))
    assert (walk.num_waiting, walk.requests_left) == (1, 9_999)


@pytest.mark.parametrize("window", [("2019-01-01", "2019-02-01"), (None, None)])
def test_row_of__comes_back(window: tuple):
    result = CellResult(cell=cell(*window), returned=3, new=2, requests=1, outcome="failed", detail="HTTP 503")
    assert result_of(row_of(result)) == result
