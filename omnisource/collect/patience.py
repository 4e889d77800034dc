"""A busy host is asked again when it says: 429 and 503 with Retry-After (paper 3.3)."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Protocol, TypeVar

from omnisource.collect.fetch_error import FetchError
from omnisource.collect_config import FetchConfig

T = TypeVar("T")
_MAX_DIGITS = 9


class Pausable(Protocol):
    """What keeps the rates of hosts: `Web` does."""

    config: FetchConfig

    def pause(self, host: str, seconds: float) -> None:
        """Ask a host nothing for so long."""
        ...


def patiently(
    attempt: Callable[[], T],
    web: Pausable,
    *,
    attempts_left: int | None = None,
    failed: Callable[[FetchError], None] | None = None,
) -> T:
    """What `attempt` gives; it is made again where its host asked for a pause, `attempts_left` times in all.

    The pause is the longer of what the host asked for and 1, 2, 4, ... seconds. `failed` is told about every attempt
    but the last, whose FetchError is raised.
    """
    total = web.config.max_attempts if attempts_left is None else attempts_left
    for made in range(total):
        began_s = time.monotonic()
        try:
            return attempt()
        except FetchError as error:
            error.elapsed_s = time.monotonic() - began_s
            if error.pause_s is None or made + 1 >= total:
                raise
            if failed is not None:
                failed(error)
            web.pause(error.host, max(error.pause_s, min(2.0**made, web.config.max_retry_after_s)))
    raise ValueError(f"attempts_left is {attempts_left}; ask for what has attempts left")


def retry_after_s(value: str | None, now: datetime | None = None) -> float | None:
    """Seconds that a Retry-After header asks for, in either of its forms; None for what is neither."""
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:_MAX_DIGITS])
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, OverflowError):  # OverflowError: a year that no computer knows
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (at - (now or datetime.now(UTC))).total_seconds())
