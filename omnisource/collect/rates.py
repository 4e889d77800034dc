"""How often one host is asked: a token bucket, and pauses that it asked for (paper 3.3)."""

import threading
import time
from collections.abc import Callable

from omnisource.collect.fetch_error import NotThisTime

MAX_KEPT = 100_000
"""Hosts that are remembered before those whose turn is over are forgotten; a crawl may meet millions."""


class Rates:
    """The turns of every host; safe to use from several threads."""

    def __init__(
        self,
        per_second: float,
        burst: int,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], bool] | None = None,
    ) -> None:
        """`sleep` waits so many seconds and says whether the run was stopped meanwhile."""
        self._interval_s = 1.0 / per_second
        self._burst = burst
        self._clock = clock
        self._stopped = threading.Event()
        self._sleep = sleep or self._stopped.wait
        self._full_at_s: dict[str, float] = {}  # when the host's bucket will be full again
        self._paused_until_s: dict[str, float] = {}
        self._lock = threading.Lock()

    def wait(self, host: str, *, crawl_delay_s: float = 0.0) -> None:
        """Return when it is our turn; raises FetchError "stopped" where the run ends before that."""
        turn_s = self._take(host, crawl_delay_s)
        while self._sleep(max(0.0, turn_s - self._clock())) is False:
            with self._lock:
                is_paused = self._paused_until_s.get(host, 0.0) > self._clock()
            if not is_paused:
                return
            turn_s = self._take(host, crawl_delay_s)  # whoever waited takes turns again, not all at once
        raise NotThisTime("stopped", f"the run ended before {host} was asked")

    def pause(self, host: str, seconds: float) -> None:
        """Ask a host nothing for so long, from now on."""
        with self._lock:
            until_s = self._clock() + seconds
            self._paused_until_s[host] = max(self._paused_until_s.get(host, 0.0), until_s)

    def stop(self) -> None:
        """Wake everybody who waits."""
        self._stopped.set()

    def _take(self, host: str, crawl_delay_s: float) -> float:
        """Reserve the next turn; returns when it is."""
        interval_s = max(self._interval_s, crawl_delay_s)
        burst = self._burst if crawl_delay_s <= self._interval_s else 1  # a delay is meant between any two requests
        with self._lock:
            self._forget_the_past()
            now_s = max(self._clock(), self._paused_until_s.get(host, 0.0))
            full_at_s = max(now_s, self._full_at_s.get(host, 0.0))
            turn_s = max(now_s, full_at_s - (burst - 1) * interval_s)
            self._full_at_s[host] = full_at_s + interval_s
            return turn_s

    def _forget_the_past(self) -> None:
        """A bucket that is full and a pause that is over say nothing."""
        if len(self._full_at_s) > MAX_KEPT:
            now_s = self._clock()
            self._full_at_s = {host: at_s for host, at_s in self._full_at_s.items() if at_s > now_s}
            self._paused_until_s = {host: at_s for host, at_s in self._paused_until_s.items() if at_s > now_s}
