"""Text of an address -> what may be asked, and at which numbers: no private network is reached by accident (paper 3.3).

A web list may hold addresses of the machine that reads it, of its router, or of a cloud's metadata service, spelt in
many ways or hidden behind a name. What counts is therefore the number that is connected to, and it is looked up once:
a name cannot change between the check and the connection.
"""

import ipaddress
import re
import socket
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from omnisource.collect.fetch_error import FetchError

LookUp = Callable[[str, int], list[str]]
"""(host, port) -> its numbers; raises OSError for a host that is not known."""
IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_PORTS = {"http": 80, "https": 443}
_KEPT_S = 300.0
"""Names are looked up again after so long."""
_MAX_KNOWN = 100_000
"""Names whose numbers are kept; a crawl may meet millions."""
_MAX_NUMBERS = 8
_MAX_LENGTH = 8192
_SAFE = "%/:@!$&'()*+,;=~?[]"
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_ENDS_IN_NUMBER = re.compile(r"(.*\.)?(\d+|0[xX][0-9a-fA-F]*)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """An http or https address in its parts; made by `parse_address`."""

    scheme: str
    """http or https."""
    host: str
    """Small letters, as DNS writes it; an IPv6 number without brackets."""
    port: int
    """Where the host listens."""
    target: str
    """Path and query, as they stand in a request."""

    @property
    def authority(self) -> str:
        """Host and port as the Host header has them; the scheme's own port is left out."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return f"{self.scheme}://{self.authority}"

    @property
    def url(self) -> str:
        """All of it."""
        return self.origin + self.target

    @property
    def shown(self) -> str:
        """For people and logs: without the query, which may hold a key."""
        return self.origin + self.target.partition("?")[0]


@dataclass(frozen=True, kw_only=True, slots=True)
class Endpoint:
    """A number and port that may be connected to."""

    number: str
    """IPv4 or IPv6 address."""
    port: int
    """Where it listens."""


def parse_address(url: str) -> Address:
    """The parts of an address; raises FetchError("bad_address") for what is no plain http or https address."""
    text = url.strip()
    shown = _without_secrets(text)
    if len(text) > _MAX_LENGTH or re.search(r"[\x00-\x20\x7f\\]", text.replace(" ", "")):
        raise FetchError("bad_address", f"{shown!r} holds control characters or backslashes, or is too long")
    try:
        parts = urlsplit(text)
        scheme, port = parts.scheme.lower(), parts.port
        host = _plain_host(parts.hostname or "")
        query = f"?{parts.query}" if parts.query else ""
        target = quote((parts.path or "/") + query, safe=_SAFE)
    except ValueError as error:  # UnicodeEncodeError too: half a surrogate pair, as JSON may hold
        raise FetchError("bad_address", f"{shown!r} is no address: {error}") from None
    if scheme not in _PORTS or not host or port == 0:
        raise FetchError("bad_address", f"{shown!r} is no http or https address of a host")
    if "@" in parts.netloc:
        raise FetchError("bad_address", f"{shown!r} holds a user name; what needs a login is not fetched")
    return Address(scheme=scheme, host=host, port=port or _PORTS[scheme], target=target)


class Resolver:
    """Host names -> numbers that may be connected to; safe to use from several threads."""

    def __init__(
        self,
        allowed_private: Iterable[str] = (),
        resolve: Mapping[str, str] | None = None,
        look_up: LookUp | None = None,
    ) -> None:
        """`allowed_private` and `resolve` as in FetchConfig; `look_up` None: the system's."""
        entries = [(entry.lower(), _network(entry)) for entry in allowed_private]
        self._hosts = {name for name, network in entries if network is None}
        self._networks = [network for _, network in entries if network is not None]
        self._instead = {host.lower(): _endpoint(value) for host, value in (resolve or {}).items()}
        self._look_up = look_up or _ask_system
        self._known: dict[str, tuple[float, list[str] | str]] = {}  # host -> until when, its numbers or why none
        self._lock = threading.Lock()

    def endpoints(self, address: Address) -> list[Endpoint]:
        """Where an address is asked, best first.

        Raises FetchError "private_address" where any of its numbers is not public, and "unknown_host".
        """
        if address.host in self._instead:
            return [self._instead[address.host]]
        numbers = self._numbers(address)
        for number in numbers:
            if not (is_public(number) or self._is_allowed(address.host, number)):
                raise FetchError(
                    "private_address",
                    f"{address.host} is at {number}, which is not public; fetch.allowed_private may name it",
                )
        return [Endpoint(number=number, port=address.port) for number in numbers]

    def _numbers(self, address: Address) -> list[str]:
        if _is_number(address.host):
            return [address.host]
        now_s = time.monotonic()
        with self._lock:
            until_s, known = self._known.get(address.host, (0.0, ""))
        if now_s >= until_s:
            try:
                known = list(dict.fromkeys(self._look_up(address.host, address.port)))[:_MAX_NUMBERS]
            except (OSError, UnicodeError) as error:
                known = str(error)
            with self._lock:
                if len(self._known) >= _MAX_KNOWN:
                    self._known.clear()
                self._known[address.host] = (now_s + _KEPT_S, known)
        if isinstance(known, str):
            raise FetchError("unknown_host", f"{address.host}: {known}", retry=True)
        return known

    def _is_allowed(self, host: str, number: str) -> bool:
        ip = _embedded(ipaddress.ip_address(number))
        return host in self._hosts or any(ip in network for network in self._networks)


def is_public(number: str) -> bool:
    """Whether an IP address is one of the public internet, the IPv4 one that an IPv6 one stands for included."""
    ip = _embedded(ipaddress.ip_address(number))
    is_site_local = isinstance(ip, ipaddress.IPv6Address) and ip.is_site_local
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified or is_site_local)


def _embedded(ip: IPAddress) -> IPAddress:
    """The IPv4 address that an IPv6 one (mapped, 6to4, NAT64) leads to; else the address itself."""
    if isinstance(ip, ipaddress.IPv4Address):
        return ip
    if ip in _NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or ip


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _plain_host(host: str) -> str:
    """A host in DNS's spelling; numbers in the odd spellings that resolvers understand become plain IPv4."""
    if ":" in host:
        return str(ipaddress.IPv6Address(host.partition("%")[0]))
    name = host.rstrip(".").lower()
    name = name if name.isascii() else name.encode("idna").decode("ascii")
    if _ENDS_IN_NUMBER.fullmatch(name):
        try:
            return socket.inet_ntoa(socket.inet_aton(name))
        except OSError:
            raise ValueError(f"{host!r} is neither a name nor a number") from None
    if name and not re.fullmatch(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?", name):
        raise ValueError(f"{host!r} is no host name")
    return name


def _without_secrets(text: str) -> str:
    """An address as a message may show it: cut before the query, without a user's name and password."""
    return re.sub(r"//[^/?#]*@", "//", re.split(r"[?#]", text, maxsplit=1)[0])[:200]


def _network(entry: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(entry, strict=False)
    except ValueError:  # a host name
        return None


def _endpoint(value: str) -> Endpoint:
    number, _, port = value.rpartition(":")
    return Endpoint(number=number.strip("[]"), port=int(port))


def _ask_system(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(sockaddr[0]).partition("%")[0] for *_, sockaddr in found]
