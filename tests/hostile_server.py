"""A web server on loopback that misbehaves as a test tells it."""

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Behaviour = Callable[["Request"], None]


class Request(BaseHTTPRequestHandler):
    """One request to the Server, as its behaviours see it."""

    protocol_version = "HTTP/1.1"
    server: "Server"

    def do_GET(self) -> None:
        host = self.headers.get("Host", "").partition(":")[0]
        self.server.asked.append((host, self.path))
        self.server.headers.append(dict(self.headers.items()))
        behave = self.server.routes.get((host, self.path), self.server.routes.get(("*", self.path), missing))
        with suppress(ConnectionError):  # whoever is refused hangs up
            behave(self)

    def log_message(self, *_: object) -> None:
        """The tests' output stays readable."""


class Server(ThreadingHTTPServer):
    """A web server on loopback; `routes` says what it does for (host, path), host "*" for any."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Request)
        self.routes: dict[tuple[str, str], Behaviour] = {}
        self.asked: list[tuple[str, str]] = []
        self.headers: list[dict[str, str]] = []
        self.released = threading.Event()

    @property
    def place(self) -> str:
        """address:port, as FetchConfig.resolve has it."""
        return f"127.0.0.1:{self.server_port}"

    def paths(self, *, host: str | None = None) -> list[str]:
        """What was asked for, robots.txt aside."""
        return [path for name, path in self.asked if path != "/robots.txt" and host in (None, name)]

    def handle_error(self, *_: object) -> None:
        """A client that hangs up is what many of these tests are about."""


def body(content: bytes, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Behaviour:
    """A whole answer."""

    def behave(request: Request) -> None:
        request.send_response(status)
        for name, value in ({"Content-Length": str(len(content))} | dict(headers or {})).items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(content)

    return behave


def raw(*pieces: bytes, hang: bool = False) -> Behaviour:
    """These very bytes, then the end; with `hang` the connection stays open and silent."""

    def behave(request: Request) -> None:
        request.close_connection = True
        for piece in pieces:
            request.wfile.write(piece)
            request.wfile.flush()
        if hang:
            request.server.released.wait(20)

    return behave


def dripping(start: bytes, drop: bytes, *, every_s: float) -> Behaviour:
    """`start`, then `drop` again and again, never an end."""

    def behave(request: Request) -> None:
        request.close_connection = True
        request.wfile.write(start)
        while not request.server.released.wait(every_s):
            request.wfile.write(drop)

    return behave


def redirect(location: str, status: int = 302) -> Behaviour:
    """A redirect without a body."""
    return body(b"", status=status, headers={"Location": location})


missing = body(b"", status=404)
