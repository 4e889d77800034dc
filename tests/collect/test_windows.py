"""Where time is cut into windows, and windows into halves."""

from datetime import date

import pytest

from omnisource.collect.search import Cell
from omnisource.collect.windows import continued, halves, windows
from omnisource.collect_config import SearchConfig

TODAY = date(2020, 1, 1)


def search(**settings: object) -> SearchConfig:
    return SearchConfig.model_validate({"engine": "google"} | settings)


def days(first: str | None, last: str | None) -> tuple[date | None, date | None]:
    return tuple(None if day is None else date.fromisoformat(day) for day in (first, last))


def cell(first: str | None, last: str | None) -> Cell:
    after, before = days(first, last)
    return Cell(source="s", class_index=0, query="q", published_after=after, published_before=before)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, [(None, None)]),  # no first day: no windows
        ({"published_before": "2015-01-01"}, [(None, "2015-01-01")]),
        # 2019 has 365 days; the last window first
        (
            {"published_after": "2018-01-01"},
            [("2019-01-01", "2020-01-01"), ("2018-01-01", "2019-01-01")],
        ),
        # three years, of which one has a day more, are three windows
        (
            {"published_after": "2016-01-01", "published_before": "2019-01-01"},
            [("2017-12-31", "2019-01-01"), ("2016-12-31", "2017-12-31"), ("2016-01-01", "2016-12-31")],
        ),
        # until today: a day of the third year
        (
            {"published_after": "2018-01-01", "window_days": 364},
            [("2019-12-30", "2020-01-01"), ("2018-12-31", "2019-12-30"), ("2018-01-01", "2018-12-31")],
        ),
        # 23 days in windows of 8: 8 + 8 + 7
        (
            {"published_after": "2019-01-01", "published_before": "2019-01-24", "window_days": 8},
            [("2019-01-17", "2019-01-24"), ("2019-01-09", "2019-01-17"), ("2019-01-01", "2019-01-09")],
        ),
    ],
)
def test_windows__cut_time(settings: dict, expected: list):
    assert list(reversed(windows(search(**settings), TODAY))) == [days(*window) for window in expected]


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        # 15 days: 8 and 7, the later ones first
        (("2019-01-01", "2019-01-16"), [("2019-01-08", "2019-01-16"), ("2019-01-01", "2019-01-08")]),
        (("2019-01-01", "2019-01-08"), [("2019-01-04", "2019-01-08"), ("2019-01-01", "2019-01-04")]),  # 7 days
        (("2019-01-01", "2019-01-07"), []),  # 6 days
        ((None, None), []),
        ((None, "2019-01-01"), []),
    ],
)
def test_halves__cover_the_window(window: tuple, expected: list):
    assert halves(cell(*window), search()) == tuple(cell(*half) for half in expected)


def test_halves__of_a_day_are_none():
    assert halves(cell("2019-01-01", "2019-01-02"), search(min_window_days=1)) == ()


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        ("2019-06-01", [("2019-01-01", "2019-06-01")]),  # the same day
        ("2019-06-05", [("2019-01-01", "2019-06-01")]),  # 4 days since: left to a later walk
        ("2019-06-08", [("2019-01-01", "2019-06-01"), ("2019-06-01", "2019-06-08")]),  # 7 days
    ],
)
def test_continued__is_what_was_finished_and_the_days_since(today: str, expected: list):
    ends = {cell("2019-01-01", None): [date(2019, 6, 1)]}
    settings = search(published_after="2019-01-01")
    assert list(continued(cell("2019-01-01", today), ends, settings)) == [cell(*window) for window in expected]


def test_continued__a_cell_that_nobody_asked_is_whole():
    assert list(continued(cell("2019-01-01", "2020-01-01"), {}, search())) == [cell("2019-01-01", "2020-01-01")]
    assert list(continued(cell(None, None), {}, search())) == [cell(None, None)]
