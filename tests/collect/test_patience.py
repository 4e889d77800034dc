"""How long a busy host is waited for."""

from datetime import UTC, datetime

import pytest

from omnisource.collect.fetch_error import FetchError
from omnisource.collect.patience import patiently, retry_after_s
from omnisource.collect_config import FetchConfig

NOW = datetime(2015, 10, 21, 7, 28, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("9" * 400, 999_999_999.0),
        ("Wed, 21 Oct 2015 07:29:30 GMT", 90.0),
        ("Wed, 21 Oct 2015 07:29:30 -0000", 90.0),  # no zone is UTC
        ("Wed, 21 Oct 2015 07:00:00 GMT", 0.0),  # over already
        ("Fri, 31 Dec 99999999999 23:59:59 GMT", None),  # no year that a computer knows
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_s__both_forms(value: str | None, expected: float | None) -> None:
    assert retry_after_s(value, NOW) == expected


class Hosts:
    """Remembers the pauses."""

    def __init__(self, **settings: float) -> None:
        self.config = FetchConfig(**settings)
        self.pauses: list[tuple[str, float]] = []

    def pause(self, host: str, seconds: float) -> None:
        self.pauses.append((host, seconds))


def busy(pause_s: float | None) -> FetchError:
    error = FetchError("too_many_requests", pause_s=pause_s, retry=True)
    error.host = "a.test"
    return error


def outcomes_of(*outcomes: FetchError | str):
    left = list(outcomes)

    def attempt() -> str:
        outcome = left.pop(0)
        if isinstance(outcome, FetchError):
            raise outcome
        return outcome

    return attempt


def test_patiently__pauses_grow_and_have_a_bound() -> None:
    hosts = Hosts(max_attempts=6, max_retry_after_s=5)
    attempt = outcomes_of(busy(0), busy(0), busy(3), busy(0), busy(0), "done")
    assert patiently(attempt, hosts) == "done"
    assert hosts.pauses == [("a.test", 1), ("a.test", 2), ("a.test", 4), ("a.test", 5), ("a.test", 5)]


def test_patiently__tells_of_every_attempt_but_the_last() -> None:
    told: list[FetchError] = []
    errors = [busy(0), busy(0), busy(0)]
    with pytest.raises(FetchError) as raised:
        patiently(outcomes_of(*errors), Hosts(max_attempts=3), failed=told.append)
    assert told == errors[:2]
    assert raised.value is errors[2]


def test_patiently__what_asks_for_no_pause_is_not_tried_again() -> None:
    hosts = Hosts(max_attempts=3)
    with pytest.raises(FetchError):
        patiently(outcomes_of(busy(None), "done"), hosts)
    assert hosts.pauses == []


def test_patiently__wants_attempts_left() -> None:
    with pytest.raises(ValueError, match="attempts_left is 0; ask for what has attempts left"):
        patiently(outcomes_of("done"), Hosts(), attempts_left=0)
