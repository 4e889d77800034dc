"""robots.txt -> whether an address may be asked, and how often (RFC 9309; paper 3.3).

The longest matching rule counts, with * and $, as today's search engines read the file; Python's own reader takes the
first rule and knows no wildcards.
"""

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

from omnisource.collect.addresses import Address
from omnisource.collect.fetch_error import FetchError, NotThisTime

MAX_ROBOTS_BYTES = 500 << 10
"""What lies behind is not read (RFC 9309, 2.5)."""
MAX_CRAWL_DELAY_S = 30.0
"""A longer Crawl-delay is taken for this one."""
MAX_KEPT = 10_000
"""Origins whose rules are kept, those asked last; a crawl may meet millions."""
_KEPT_S = 24 * 3600.0
_UNREACHABLE_KEPT_S = 600.0
_SAFE = "%/:@!$&'()*+,;=~?"


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """What one robots.txt says to us."""

    rules: tuple[tuple[str, bool], ...] = ()
    """(pattern, whether what it matches is allowed)."""
    crawl_delay_s: float = 0.0
    """Between two requests."""

    def allows(self, target: str) -> bool:
        """Whether a path with its query may be asked: by the longest matching pattern, allowed where two are equal."""
        plain = _comparable(target)
        matching = [(len(pattern), allowed) for pattern, allowed in self.rules if _matches(pattern, plain)]
        return plain == "/robots.txt" or max(matching, default=(0, True))[1]


def parse_rules(text: str, agent: str) -> Rules:
    """The rules for a program whose name is `agent`: of the groups that name it, else of those for everybody."""
    groups: dict[str, list[tuple[str, bool]]] = {}
    delays_s: dict[str, float] = {}
    names: list[str] = []
    in_rules = True
    for line in text.removeprefix("\ufeff").splitlines():
        field, colon, value = line.partition("#")[0].partition(":")
        field, value = field.strip().lower(), value.strip()
        if not colon:
            continue
        if field == "user-agent":
            names = [] if in_rules else names  # several user-agent lines begin one group
            in_rules = False
            names.append(_token(value))
            groups.setdefault(names[-1], [])
        elif field in ("allow", "disallow"):
            in_rules = True
            for name in names:
                groups[name] += [(_comparable(value), field == "allow")] if value else []
        elif field == "crawl-delay":
            in_rules = True
            delays_s |= dict.fromkeys(names, _seconds(value))
    ours = agent_token(agent) if agent_token(agent) in groups else "*"
    return Rules(rules=tuple(groups.get(ours, ())), crawl_delay_s=delays_s.get(ours, 0.0))


def agent_token(user_agent: str) -> str:
    """The name by which robots.txt and X-Robots-Tag call us: "omnisource" of "OmniSource/0.1 (...)"."""
    return _token(user_agent)


@dataclass(slots=True)
class _Kept:
    """What is known of one origin; changed under its own lock alone."""

    rules: Rules | str | None = None
    """Its rules, or why there are none; None: it was not asked yet."""
    until_s: float = 0.0
    """When it is asked again."""
    lock: threading.Lock = field(default_factory=threading.Lock)
    """Several threads want one host: its file is asked for once."""


class Robots:
    """The rules of every origin, asked for once a day; safe to use from several threads."""

    def __init__(self, fetch: Callable[[Address], str | None], user_agent: str) -> None:
        """`fetch` gives the text of a robots.txt, None where there is none; FetchError: it could not be had."""
        self._fetch = fetch
        self._agent = user_agent
        self._kept: OrderedDict[str, _Kept] = OrderedDict()  # by origin, the one asked last at the end
        self._lock = threading.Lock()

    def rules(self, address: Address) -> Rules:
        """The rules of an address's host.

        Raises FetchError "robots_unreachable": the file may forbid everything, so the host is left to a later run.
        """
        with self._lock:
            kept = self._kept.setdefault(address.origin, _Kept())
            self._kept.move_to_end(address.origin)
            if len(self._kept) > MAX_KEPT:
                self._kept.popitem(last=False)
        with kept.lock:
            rules = kept.rules
            if rules is None or time.monotonic() >= kept.until_s:
                rules = kept.rules = self._ask(address)
                kept_s = _UNREACHABLE_KEPT_S if isinstance(rules, str) else _KEPT_S
                kept.until_s = time.monotonic() + kept_s
        if isinstance(rules, str):
            raise NotThisTime("robots_unreachable", rules)
        return rules

    def _ask(self, address: Address) -> Rules | str:
        robots = Address(scheme=address.scheme, host=address.host, port=address.port, target="/robots.txt")
        try:
            text = self._fetch(robots)
        except FetchError as error:
            if error.reason in ("stopped", "host_left_alone"):
                raise
            return error.detail
        return parse_rules(text, self._agent) if text is not None else Rules()


def _token(name: str) -> str:
    found = re.match(r"\*|[A-Za-z0-9_-]+", name.strip())
    return found[0].lower() if found else ""


def _seconds(text: str) -> float:
    found = re.match(r"\d{1,9}(\.\d{1,9})?", text)
    return min(float(found[0]), MAX_CRAWL_DELAY_S) if found else 0.0


def _comparable(path: str) -> str:
    """One spelling for a path: percent signs only where they are needed, as in RFC 9309 2.2.2."""
    kept = re.sub(r"%(2F|3F|25|23|2A|24)", lambda found: "%25" + found[1].upper(), path, flags=re.IGNORECASE)
    return quote(unquote(kept, errors="surrogateescape"), safe=_SAFE, errors="surrogateescape")


def _matches(pattern: str, path: str) -> bool:
    """Whether a path begins as the pattern says: * is any text, $ at the end is the path's end.

    Piece by piece, leftmost first: no pattern takes more than its length times the path's.
    """
    is_whole = pattern.endswith("$")
    first, *pieces = pattern.removesuffix("$").split("*")
    if not path.startswith(first):
        return False
    if is_whole and not pieces:
        return path == first
    position = len(first)
    last = pieces.pop() if is_whole else ""
    for piece in pieces:
        position = path.find(piece, position)
        if position < 0:
            return False
        position += len(piece)
    return len(path) - len(last) >= position and path.endswith(last)
