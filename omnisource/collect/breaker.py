"""A host that refuses or fails time and again is left alone for the rest of the run (paper 3.3)."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from omnisource.collect.fetch_error import FetchError, NotThisTime

COUNTED = frozenset(
    {"forbidden", "opted_out", "too_many_requests", "busy", "server_error", "timeout", "too_slow", "unreachable"}
    | {"bad_certificate", "bad_response", "stopped_by_engine"}
)
"""Reasons that speak of the host; what is missing, cut off or no picture speaks of one address."""


class Breakers:
    """The failures in a row of every host; safe to use from several threads."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._failures: Counter[str] = Counter()
        self._asking: Counter[str] = Counter()
        self._left: dict[str, str] = {}
        self._changed = threading.Condition()

    @contextmanager
    def asking(self, host: str) -> Iterator[Callable[[], None]]:
        """Around one request, body and all: counts how it ends; call what it gives where the request went well.

        A redirect or a missing file is neither good nor bad. Exactly `limit` failures in a row are seen, however many
        threads ask: whoever might be one too many waits for the others. Raises FetchError "host_left_alone".
        """
        with self._changed:
            while host not in self._left and self._failures[host] + self._asking[host] >= self._limit:
                self._changed.wait()
            if host in self._left:
                raise NotThisTime("host_left_alone", f"{host} {self._left[host]}; a later run asks it again")
            self._asking[host] += 1
        change = 0
        try:
            yield lambda: self._succeeded(host)
        except FetchError as error:
            change = int(error.reason in COUNTED)
            raise
        finally:
            self._ended(host, change)

    def leave(self, host: str, why: str) -> None:
        """Ask a host nothing for the rest of the run."""
        with self._changed:
            self._left.setdefault(host, why)
            self._changed.notify_all()

    def _succeeded(self, host: str) -> None:
        with self._changed:
            self._failures.pop(host, None)

    def _ended(self, host: str, num_failures: int) -> None:
        with self._changed:
            self._asking[host] -= 1
            if not self._asking[host]:  # of millions of hosts, only those that are asked or fail are remembered
                del self._asking[host]
            if num_failures:
                self._failures[host] += num_failures
            if self._failures[host] >= self._limit:
                self._left.setdefault(host, f"failed {self._limit} times in a row")
            self._changed.notify_all()
