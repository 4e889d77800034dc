"""One request to one checked number -> an answer (paper 3.3).

The number that was checked is the one that is connected to, while the Host header, SNI and the certificate are the
name's: a name that changes its number after the check leads nowhere.
"""

import logging
import ssl
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

from omnisource.collect.addresses import Address, Endpoint
from omnisource.collect.answers import Answer
from omnisource.collect.fetch_error import FetchError
from omnisource.collect.watchdog import Watchdog

_MAX_IDLE = 64
"""Connections that wait for another request, one for each origin."""


class Connections:
    """Connections to checked numbers, used again where the server lets them; safe to use from several threads."""

    def __init__(self, timeout_s: float, max_elapsed_s: float) -> None:
        logging.getLogger("urllib3.connection").setLevel(logging.ERROR)  # its warnings quote addresses, keys and all
        self._timeout_s = timeout_s
        self._max_elapsed_s = max_elapsed_s
        self._tls = ssl.create_default_context()
        self._idle: OrderedDict[str, HTTPConnection] = OrderedDict()
        self._watchdogs: dict[HTTPConnection, Watchdog] = {}
        self._closed = False
        self._lock = threading.Lock()

    @contextmanager
    def ask(self, address: Address, endpoints: list[Endpoint], headers: Mapping[str, str]) -> Iterator[Answer]:
        """GET an address at the first endpoint that can be connected to.

        Raises FetchError "unreachable", "bad_certificate", "timeout", "too_slow", "bad_response", "stopped".
        """
        answer, connection = self._answer(address, endpoints, headers)
        try:
            yield answer
        finally:
            self._end(connection)
            self._put_back(address, connection, keep=answer.is_spent())

    def close(self) -> None:
        """Cut every answer off: whoever reads one gets FetchError "stopped"."""
        with self._lock:
            self._closed = True
            watchdogs, idle = list(self._watchdogs.values()), list(self._idle.values())
            self._idle.clear()
        for watchdog in watchdogs:
            watchdog.stop()
        for connection in idle:
            connection.close()

    def _answer(
        self, address: Address, endpoints: list[Endpoint], headers: Mapping[str, str]
    ) -> tuple[Answer, HTTPConnection]:
        idle = self._take_idle(address, endpoints)
        if idle is not None:
            try:
                return self._request(address, idle, headers), idle
            except FetchError as error:
                if error.reason != "unreachable":
                    raise  # else the server had just given the idle connection up: that is no failure yet
        connection = self._connected(address, endpoints)
        return self._request(address, connection, headers), connection

    def _request(self, address: Address, connection: HTTPConnection, headers: Mapping[str, str]) -> Answer:
        """Send the request and read the headers; the connection is closed where that fails."""
        watchdog = Watchdog(connection.sock, self._max_elapsed_s)
        with self._lock:
            self._watchdogs[connection] = watchdog
            is_closed = self._closed
        if is_closed:
            watchdog.stop()
        asked = {"Host": address.authority, **headers}
        try:
            with watchdog.explaining(address):
                connection.request("GET", address.target, headers=asked, preload_content=False, decode_content=False)
                return Answer(address, connection.getresponse(), watchdog)
        except FetchError:
            self._end(connection)
            connection.close()
            raise

    def _take_idle(self, address: Address, endpoints: list[Endpoint]) -> HTTPConnection | None:
        with self._lock:
            idle = self._idle.pop(address.origin, None)
        if idle is None:
            return None
        if idle.is_connected and Endpoint(number=idle.host, port=idle.port) in endpoints:
            return idle
        idle.close()
        return None

    def _connected(self, address: Address, endpoints: list[Endpoint]) -> HTTPConnection:
        """A fresh connection to the first endpoint that takes one; the first failure where none does."""
        failures = []
        for endpoint in endpoints:
            try:
                return self._connect(address, endpoint)
            except FetchError as failure:
                failures.append(failure)
        raise failures[0]

    def _connect(self, address: Address, endpoint: Endpoint) -> HTTPConnection:
        at = (endpoint.number, endpoint.port)
        connection: HTTPConnection
        if address.scheme == "https":
            connection = HTTPSConnection(
                *at, timeout=self._timeout_s, ssl_context=self._tls, server_hostname=address.host
            )
        else:
            connection = HTTPConnection(*at, timeout=self._timeout_s)
        try:
            connection.connect()
        except (HTTPError, OSError) as error:
            connection.close()
            raise _unconnected(address, error, self._timeout_s) from None
        return connection

    def _end(self, connection: HTTPConnection) -> None:
        with self._lock:
            watchdog = self._watchdogs.pop(connection)
        watchdog.leave()

    def _put_back(self, address: Address, connection: HTTPConnection, *, keep: bool) -> None:
        surplus: HTTPConnection | None = connection
        with self._lock:
            if keep and not self._closed:
                surplus = self._idle.pop(address.origin, None)
                self._idle[address.origin] = connection
                if len(self._idle) > _MAX_IDLE:
                    surplus = self._idle.popitem(last=False)[1]
        if surplus is not None:
            surplus.close()


def _unconnected(address: Address, error: Exception, timeout_s: float) -> FetchError:
    is_refusal = isinstance(error, NewConnectionError)  # a kind of ConnectTimeoutError to urllib3
    if isinstance(error, ConnectTimeoutError | TimeoutError) and not is_refusal:
        return FetchError("timeout", f"{address.origin}: no connection in {timeout_s:g} s", retry=True)
    if isinstance(error, ssl.SSLCertVerificationError):
        return FetchError("bad_certificate", f"{address.origin}: {error.verify_message}")
    return FetchError("unreachable", f"{address.origin}: {error.__cause__ or error}"[:300], retry=True)
