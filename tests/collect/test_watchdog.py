"""A watchdog on a pair of sockets."""

import socket
import time
from collections.abc import Iterator

import pytest
from urllib3.exceptions import ProtocolError

from omnisource.collect.addresses import parse_address
from omnisource.collect.fetch_error import FetchError
from omnisource.collect.watchdog import Watchdog

ADDRESS = parse_address("http://media.test/a?key=s3cret")


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def test_watchdog__shuts_the_socket_when_time_is_up(pair: tuple[socket.socket, socket.socket]) -> None:
    watchdog = Watchdog(pair[0], 0.1)
    began_s = time.monotonic()
    with pytest.raises(FetchError) as error, watchdog.explaining(ADDRESS, reading_body=True):
        pair[0].recv(1)
    assert (error.value.reason, error.value.retry) == ("too_slow", False)
    assert time.monotonic() - began_s > 0.05


def test_stop__is_not_the_servers_fault(pair: tuple[socket.socket, socket.socket]) -> None:
    watchdog = Watchdog(pair[0], 60)
    watchdog.stop()
    with pytest.raises(FetchError) as error, watchdog.explaining(ADDRESS):
        assert pair[0].recv(1) == b""
    assert (error.value.reason, error.value.retry) == ("stopped", True)
    watchdog.leave()


def test_leave__lets_the_socket_live(pair: tuple[socket.socket, socket.socket]) -> None:
    watchdog = Watchdog(pair[0], 0.05)
    watchdog.leave()
    time.sleep(0.1)
    pair[1].send(b"a")
    with watchdog.explaining(ADDRESS):
        assert pair[0].recv(1) == b"a"


def test_stop__of_a_socket_that_is_closed(pair: tuple[socket.socket, socket.socket]) -> None:
    watchdog = Watchdog(pair[0], 60)
    pair[0].close()
    watchdog.stop()
    watchdog.leave()


@pytest.mark.parametrize(
    ("failure", "reading_body", "expected", "retry"),
    [
        (TimeoutError(), False, "timeout: http://media.test/a: no byte came in time", True),
        (ConnectionResetError(), False, "unreachable: http://media.test closed the connection", True),
        (ConnectionResetError(), True, "truncated: http://media.test/a: the body ended early", True),
        (ProtocolError("got more than 100 headers"), False, "bad_response: .*got more than 100 headers", False),
    ],
)
def test_explaining__what_the_server_did(
    failure: Exception, reading_body: bool, expected: str, retry: bool, pair: tuple[socket.socket, socket.socket]
) -> None:
    watchdog = Watchdog(pair[0], 60)
    with pytest.raises(FetchError, match=expected) as error, watchdog.explaining(ADDRESS, reading_body=reading_body):
        raise failure
    assert error.value.retry is retry
    watchdog.leave()


def test_explaining__a_bug_stays_a_bug(pair: tuple[socket.socket, socket.socket]) -> None:
    watchdog = Watchdog(pair[0], 60)
    with pytest.raises(KeyError), watchdog.explaining(ADDRESS):
        raise KeyError("ours")
    watchdog.leave()
