"""Hosts that fail in a row are left alone."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from omnisource.collect.breaker import COUNTED, Breakers
from omnisource.collect.fetch_error import FetchError


def ask(breakers: Breakers, outcome: str, host: str = "a.test") -> str:
    """One request that ends as `outcome` says: "well", "neither", or a reason; returns how it ended."""
    try:
        with breakers.asking(host) as went_well:
            if outcome == "well":
                went_well()
            elif outcome != "neither":
                raise FetchError(outcome)
    except FetchError as error:
        return error.reason
    return outcome


@pytest.mark.parametrize("reason", sorted(COUNTED))
def test_asking__counts_what_speaks_of_the_host(reason: str) -> None:
    breakers = Breakers(2)
    assert [ask(breakers, reason) for _ in range(3)] == [reason, reason, "host_left_alone"]
    assert ask(breakers, "well", host="b.test") == "well"


@pytest.mark.parametrize("between", ["not_found", "wrong_type", "neither"])
def test_asking__what_speaks_of_one_address_changes_nothing(between: str) -> None:
    breakers = Breakers(2)
    outcomes = ["forbidden", between, between, "forbidden", "well"]
    assert [ask(breakers, outcome) for outcome in outcomes][-1] == "host_left_alone"


def test_asking__a_success_begins_anew() -> None:
    breakers = Breakers(2)
    outcomes = ["forbidden", "well", "forbidden", "well", "forbidden", "forbidden", "well"]
    assert [ask(breakers, outcome) for outcome in outcomes] == [*outcomes[:-1], "host_left_alone"]


def test_asking__says_why_it_leaves_a_host_alone() -> None:
    breakers = Breakers(1)
    ask(breakers, "timeout")
    with pytest.raises(FetchError) as error, breakers.asking("a.test"):
        pass
    assert error.value.detail == "a.test failed 1 times in a row; a later run asks it again"
    assert error.value.retry


def test_asking__remembers_only_hosts_that_fail() -> None:
    breakers = Breakers(3)
    for number in range(5):
        ask(breakers, "well", host=f"{number}.test")
        ask(breakers, "not_found", host=f"{number}.test")
    ask(breakers, "timeout", host="a.test")
    assert (dict(breakers._asking), dict(breakers._failures)) == ({}, {"a.test": 1})


def test_leave__holds_for_those_who_wait_too() -> None:
    breakers = Breakers(1)
    reasons: list[str] = []
    with breakers.asking("a.test"):
        waiting = threading.Thread(target=lambda: reasons.append(ask(breakers, "well")))
        waiting.start()
        breakers.leave("a.test", "asked for a pause of 3600 s")
        waiting.join(20)
    assert reasons == ["host_left_alone"]


def test_asking__sees_exactly_so_many_failures_however_many_threads_ask() -> None:
    breakers = Breakers(5)

    def slow(_: int) -> str:
        try:
            with breakers.asking("a.test"):
                time.sleep(0.005)
                raise FetchError("timeout")
        except FetchError as error:
            return error.reason

    with ThreadPoolExecutor(16) as pool:
        reasons = list(pool.map(slow, range(64)))
    assert reasons.count("timeout") == 5
