"""A queue of addresses that gives each host its turn, so that a slow host does not keep every worker (paper 3.3)."""

from collections import Counter, deque
from collections.abc import Iterable

from omnisource.pipeline.fetch_plan import Address


class HostTurns:
    """Addresses by host; at most so many of one host are in work at a time."""

    def __init__(self, addresses: Iterable[Address], *, most_per_host: int) -> None:
        self._waiting: dict[str, deque[Address]] = {}
        self._in_work: Counter[str] = Counter()
        self._most = most_per_host
        for one in addresses:
            self._waiting.setdefault(one.host, deque()).append(one)

    def take(self) -> Address | None:
        """The next address of the host that has waited longest and may have one; None: none may now."""
        for host, waiting in self._waiting.items():
            if self._in_work[host] < self._most:
                one = waiting.popleft()
                del self._waiting[host]  # to the end of the line, or away
                if waiting:
                    self._waiting[host] = waiting
                self._in_work[host] += 1
                return one
        return None

    def done(self, one: Address) -> None:
        """An address that was taken is dealt with."""
        self._in_work[one.host] -= 1
