"""Everything that is known of the web's hosts in one run, and the one way to ask them (paper 3.3).

Each request passes, in this order: the address's own form, its numbers (no private network), the host's robots.txt, the
circuit breaker, the host's turn; then, before the body is read, the status and the owner's opt-out. A redirect passes
all of it again.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urljoin

from omnisource.collect.addresses import Address, Endpoint, Resolver, parse_address
from omnisource.collect.answers import Answer
from omnisource.collect.breaker import Breakers
from omnisource.collect.connections import Connections
from omnisource.collect.fetch_error import FetchError, NotThisTime
from omnisource.collect.opt_out import refusal
from omnisource.collect.patience import retry_after_s
from omnisource.collect.rates import Rates
from omnisource.collect.robots import MAX_ROBOTS_BYTES, Robots, agent_token
from omnisource.collect_config import FetchConfig

_REDIRECTS = (301, 302, 303, 307, 308)
_ROBOTS_REDIRECTS = 5


class Web:
    """The shared state of one run; safe to use from several threads. `close` ends what is under way."""

    def __init__(self, config: FetchConfig) -> None:
        self.config = config
        self._resolver = Resolver(config.allowed_private, config.resolve)
        self._connections = Connections(config.timeout_s, config.max_elapsed_s)
        self._rates = Rates(config.requests_per_second, config.burst)
        self._breakers = Breakers(config.failures_in_a_row)
        self._robots = Robots(self._robots_text, config.user_agent)

    def pause(self, host: str, seconds: float) -> None:
        """Ask a host nothing for so long."""
        self._rates.pause(host, seconds)

    def close(self) -> None:
        """Wake who waits for a host's turn and cut off who reads: they get FetchError "stopped"."""
        self._rates.stop()
        self._connections.close()

    @contextmanager
    def opened(self, url: str, *, obey_robots: bool = True, for_media: bool = True) -> Iterator[Answer]:
        """An answer with status 200, its body still to be read.

        `obey_robots` False holds for the origin of `url`, not for where it redirects; opt-outs count for media. Raises
        FetchError with any reason that fetch_error.py lists.
        """
        address = first = parse_address(url)
        for hop in range(self.config.max_redirects + 1):
            with self._asked(address, obey_robots=obey_robots or address.origin != first.origin) as answer:
                target = _redirect(answer)
                if target is None:
                    self._require_ok(answer)
                    if for_media and self.config.obey_opt_out:
                        self._require_no_opt_out(answer)
                    yield answer
                    return
                if hop == self.config.max_redirects:
                    raise FetchError("too_many_redirects", f"{first.shown}: more than {hop} redirects")
            address = target

    @contextmanager
    def turn(self, url: str) -> Iterator[Callable[[], None]]:
        """Our turn at the host of `url`, for a library that asks on its own; call what it gives where that went well.

        The address passes what every other does before it is asked, and a FetchError within counts for the host.
        """
        address = parse_address(url)
        try:
            with self._admitted(address, obey_robots=True) as (_, went_well):
                yield went_well
        except FetchError as error:
            error.host = address.host
            raise

    @contextmanager
    def _admitted(self, address: Address, *, obey_robots: bool) -> Iterator[tuple[list[Endpoint], Callable[[], None]]]:
        """Where an address may be asked, now; and what to call where that went well."""
        endpoints = self._resolver.endpoints(address)
        crawl_delay_s = self._require_allowed(address) if obey_robots else 0.0
        with self._breakers.asking(address.host) as went_well:
            self._rates.wait(address.host, crawl_delay_s=crawl_delay_s)
            yield endpoints, went_well

    @contextmanager
    def _asked(self, address: Address, *, obey_robots: bool) -> Iterator[Answer]:
        """One request, whatever its status."""
        headers = {"User-Agent": self.config.user_agent, "Accept": "*/*", "Accept-Encoding": "identity"}
        status: int | None = None
        try:
            with (
                self._admitted(address, obey_robots=obey_robots) as (endpoints, went_well),
                self._connections.ask(address, endpoints, headers) as answer,
            ):
                status = answer.status
                yield answer
                if status == 200:
                    went_well()
        except FetchError as error:
            error.host, error.status = address.host, status
            raise

    def _require_allowed(self, address: Address) -> float:
        """Seconds between two requests that robots.txt asks for; raises FetchError "robots_refused"."""
        rules = self._robots.rules(address)
        if not rules.allows(address.target):
            raise FetchError("robots_refused", f"robots.txt of {address.origin} forbids {address.shown}")
        return rules.crawl_delay_s

    def _robots_text(self, address: Address) -> str | None:
        """A robots.txt; None where a host has none, which is what 4xx means (RFC 9309). Raises FetchError."""
        for _ in range(_ROBOTS_REDIRECTS + 1):
            with self._asked(address, obey_robots=False) as answer:
                target = _redirect(answer)
                if target is None:
                    if 400 <= answer.status < 500 and answer.status != 429:
                        return None
                    self._require_ok(answer)
                    return _head(answer, MAX_ROBOTS_BYTES).decode("utf-8", errors="replace")
            address = target
        return None  # RFC 9309: five redirects are enough

    def _require_no_opt_out(self, answer: Answer) -> None:
        said = refusal(
            answer.headers.getlist("x-robots-tag"),
            answer.headers.getlist("tdm-reservation"),
            agent_token(self.config.user_agent),
        )
        if said is not None:
            raise FetchError("opted_out", f"{answer.address.shown} says {said}")

    def _require_ok(self, answer: Answer) -> None:
        status, shown = answer.status, answer.address.shown
        if status == 200:
            return
        if status in (429, 503):
            raise self._come_back(answer)
        if status in (404, 410):
            raise FetchError("not_found", f"{shown} is not there")
        if status in (401, 403, 451):
            raise FetchError("forbidden", f"{shown} is not for us")
        if status >= 500:
            raise FetchError("server_error", f"{shown} answered {status}", retry=True)
        raise FetchError("http_error", f"{shown} answered {status}", retry=status in (408, 425))

    def _come_back(self, answer: Answer) -> FetchError:
        """429 and 503: when the host wants to be asked again, this run or a later one."""
        asked_s, host = retry_after_s(answer.headers.get("retry-after")), answer.address.host
        if asked_s is not None and asked_s > self.config.max_retry_after_s:
            self._breakers.leave(host, f"asked for a pause of {asked_s:g} s")
            detail = f"{host} asks for a pause of {asked_s:g} s; fetch.max_retry_after_s allows longer ones"
            return NotThisTime("retry_later", detail)
        return FetchError(
            "busy" if answer.status == 503 else "too_many_requests",
            f"{answer.address.shown} answered {answer.status}",
            retry=True,
            pause_s=asked_s or 0.0,
        )


def _redirect(answer: Answer) -> Address | None:
    """Where an answer sends us; None where it is no redirect. Raises FetchError "bad_redirect", "bad_address"."""
    if answer.status not in _REDIRECTS:
        return None
    location = answer.headers.get("location", "")
    if not location:
        raise FetchError("bad_redirect", f"{answer.address.shown} redirects nowhere")
    try:
        return parse_address(urljoin(answer.address.url, location))
    except ValueError as error:
        raise FetchError("bad_redirect", f"{answer.address.shown}: {error}") from None


def _head(answer: Answer, num_bytes: int) -> bytes:
    """The beginning of a body; the rest is not read."""
    head = b""
    for piece in answer.pieces(1 << 62):
        head += piece
        if len(head) >= num_bytes:
            break
    return head[:num_bytes]
