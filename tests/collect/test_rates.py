"""Turns of a host, by a clock that the tests move."""

import threading
import time

import pytest

from omnisource.collect import rates as rates_module
from omnisource.collect.fetch_error import FetchError
from omnisource.collect.rates import Rates


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def sleep(self, seconds: float) -> bool:
        self.now_s += seconds
        return False


def turns(rates: Rates, clock: Clock, host: str, count: int, *, crawl_delay_s: float = 0.0) -> list[float]:
    """Seconds since 100 at which `count` requests got their turns."""
    given = []
    for _ in range(count):
        rates.wait(host, crawl_delay_s=crawl_delay_s)
        given.append(round(clock.now_s - 100, 6))
    return given


@pytest.mark.parametrize(
    ("per_second", "burst", "crawl_delay_s", "expected"),
    [
        (1, 1, 0, [0, 1, 2, 3]),
        (1, 2, 0, [0, 0, 1, 2]),
        (2, 3, 0, [0, 0, 0, 0.5]),
        (1, 2, 4, [0, 4, 8, 12]),  # a crawl-delay lies between any two requests
        (0.1, 1, 4, [0, 10, 20, 30]),  # ours is slower still
    ],
)
def test_wait__gives_turns(per_second: float, burst: int, crawl_delay_s: float, expected: list[float]) -> None:
    clock = Clock()
    rates = Rates(per_second, burst, clock=lambda: clock.now_s, sleep=clock.sleep)
    assert turns(rates, clock, "a.test", 4, crawl_delay_s=crawl_delay_s) == expected


def test_wait__hosts_do_not_wait_for_each_other() -> None:
    clock = Clock()
    rates = Rates(1, 1, clock=lambda: clock.now_s, sleep=clock.sleep)
    assert turns(rates, clock, "a.test", 1) + turns(rates, clock, "b.test", 1) == [0, 0]


def test_wait__the_bucket_fills_again() -> None:
    clock = Clock()
    rates = Rates(1, 2, clock=lambda: clock.now_s, sleep=clock.sleep)
    turns(rates, clock, "a.test", 2)
    clock.now_s = 110.0
    assert turns(rates, clock, "a.test", 3) == [10, 10, 11]


def test_pause__holds_for_everyone_and_then_turns_are_taken_again() -> None:
    clock = Clock()
    rates = Rates(1, 1, clock=lambda: clock.now_s, sleep=clock.sleep)
    rates.pause("a.test", 7)
    rates.pause("a.test", 3)  # the longer one counts
    assert turns(rates, clock, "b.test", 1) == [0]
    assert turns(rates, clock, "a.test", 3) == [7, 8, 9]


def test_pause__who_waits_already_takes_a_later_turn() -> None:
    clock = Clock()
    sleeps: list[float] = []

    def sleep(seconds: float) -> bool:
        sleeps.append(seconds)
        clock.now_s += seconds
        if len(sleeps) == 2:  # the host answers 429 while the second request waits
            rates.pause("a.test", 5)
        return False

    rates = Rates(1, 1, clock=lambda: clock.now_s, sleep=sleep)
    assert turns(rates, clock, "a.test", 2) == [0, 6]  # waits until 1, then for 5 more


def test_wait__forgets_hosts_whose_turn_is_over_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates_module, "MAX_KEPT", 2)
    clock = Clock()
    rates = Rates(1, 1, clock=lambda: clock.now_s, sleep=clock.sleep)
    rates.pause("paused.test", 60)
    for name in ("a.test", "b.test", "c.test"):
        turns(rates, clock, name, 1)
    clock.now_s = 110.0  # their buckets are full again
    turns(rates, clock, "d.test", 1)
    assert set(rates._full_at_s) == {"d.test"}
    assert turns(rates, clock, "d.test", 1) == [11]
    assert turns(rates, clock, "paused.test", 1) == [60]


def test_stop__wakes_who_waits() -> None:
    rates = Rates(0.001, 1)
    rates.wait("a.test")
    threading.Timer(0.05, rates.stop).start()
    began_s = time.monotonic()
    with pytest.raises(FetchError) as error:
        rates.wait("a.test")
    assert (error.value.reason, error.value.retry) == ("stopped", True)
    assert error.value.detail == "the run ended before a.test was asked"
    assert time.monotonic() - began_s < 100  # the next turn is after a thousand
