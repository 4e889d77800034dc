"""A server that misbehaves as it is told, and a guard: no request of these tests leaves this machine."""

import ipaddress
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from omnisource.collect_config import FetchConfig
from tests.hostile_server import Server

_LOCAL_NAMES = ("localhost", "", None)


@pytest.fixture(autouse=True)
def stays_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fail loudly, in whatever thread, where a name is looked up or a machine is connected to that is not this one."""
    left: list[str] = []
    look_up, connect = socket.getaddrinfo, socket.socket.connect

    def guarded_look_up(host, *rest, **named):
        if not _is_local(host):
            left.append(f"look-up of {host!r}")
            raise AssertionError(left[-1])
        return look_up(host, *rest, **named)

    def guarded_connect(self, address):
        if isinstance(address, tuple) and not _is_local(address[0]):
            left.append(f"connection to {address!r}")
            raise AssertionError(left[-1])
        return connect(self, address)

    monkeypatch.setattr(socket, "getaddrinfo", guarded_look_up)
    monkeypatch.setattr(socket.socket, "connect", guarded_connect)
    yield
    assert not left, f"a test left this machine: {left}"


def _is_local(host: str | bytes | None) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    if name in _LOCAL_NAMES:
        return True
    with suppress(ValueError):
        return ipaddress.ip_address(name).is_loopback
    return False


@pytest.fixture
def server() -> Iterator[Server]:
    """A server that says 404 to everything until a test tells it otherwise."""
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield running
        running.released.set()
        running.shutdown()


@pytest.fixture
def quick(server: Server) -> FetchConfig:
    """Settings by which media.test and other.test are the server, and no test waits long."""
    return FetchConfig(
        requests_per_second=500,
        burst=50,
        timeout_s=2,
        max_elapsed_s=5,
        max_attempts=3,
        max_retry_after_s=0.05,
        max_image_mib=0.1,
        max_video_mib=0.2,
        resolve={"media.test": server.place, "other.test": server.place},
    )
