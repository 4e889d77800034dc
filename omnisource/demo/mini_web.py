"""A planned mini-web, served on this machine alone under many host names, misbehaviour included (paper 3.3)."""

import sys
import threading
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from omnisource.demo.mini_web_pages import Answer, listing, robots_txt
from omnisource.demo.mini_web_plan import MiniWebPlan, Post, Trap
from omnisource.errors import ConfigError

_TYPES = {"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp", "mp4": "video/mp4"}
_PAGE = b"<!DOCTYPE html>\n<html><head><title>Log in</title></head><body>Please log in to see this.</body></html>\n"
_ELSEWHERE = "mirror.example"
"""Where the good redirects lead."""
PRIVATE_PLACES = ("http://169.254.169.254/latest/meta-data/", "http://10.0.0.1/")
LOOPBACK_PLACES = ("http://localhost/", "http://2130706433/", "http://[::ffff:127.0.0.1]/", "http://127.1/")
DRIP_S = 0.1
"""Between two bytes of a slow body."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One request that the mini-web was asked."""

    host: str
    """By its Host header, without the port."""
    path: str
    """With the query."""
    status: int
    """What it was answered with."""
    is_media: bool
    """Whether the path is an address of the plan, or where one leads to."""


class MiniWeb:
    """The servers of a plan: one port of 127.0.0.1, and as many host names as the plan has."""

    def __init__(self, world: Path, plan: MiniWebPlan, *, port: int = 0) -> None:
        """Bind the port; 0 takes a free one. `world` has the files. Raises ConfigError for a port that is taken."""
        self.plan = plan
        self.world = world
        self._posts = {(post.host, post.path): post for post in plan.posts}
        self._posts |= {(_ELSEWHERE, post.path): post for post in plan.posts if post.trap is Trap.REDIRECT}
        self._log: list[Request] = []
        self._lock = threading.Lock()
        self._asked: set[tuple[str, str]] = set()
        self.is_closing = threading.Event()
        try:
            self._server = _Server(("127.0.0.1", port), _Handler)
        except OSError as error:
            raise ConfigError(f"port {port} of 127.0.0.1 cannot be used: {error.strerror}; choose another") from None
        self._server.web = self

    @property
    def address(self) -> str:
        """Where every host name leads: 127.0.0.1 and the port."""
        return f"127.0.0.1:{self._server.server_address[1]}"

    @property
    def resolve(self) -> dict[str, str]:
        """Host name -> address, for `fetch.resolve` of a study."""
        return dict.fromkeys([*self.plan.hosts, _ELSEWHERE], self.address)

    def requests(self) -> list[Request]:
        """Everything that was asked so far."""
        with self._lock:
            return list(self._log)

    def media_requests(self) -> list[Request]:
        """What was asked of addresses with media, or without them where they should be."""
        return [request for request in self.requests() if request.is_media]

    @contextmanager
    def serving(self) -> Iterator["MiniWeb"]:
        """Answer requests in a thread until the block ends."""
        thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="mini-web", daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.is_closing.set()
            self._server.shutdown()
            self._server.server_close()
            thread.join()

    def serve_forever(self) -> None:
        """Answer requests until the process is interrupted."""
        try:
            self._server.serve_forever()
        finally:
            self.is_closing.set()
            self._server.server_close()

    def answer(self, host: str, target: str) -> Answer:
        """What a host says to a path with its query."""
        parts = urlsplit(target)
        if parts.path == "/robots.txt":
            return robots_txt(host)
        post = self._posts.get((host, parts.path))
        if post is not None:
            return self._media(host, post)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        return listing(self.plan, host, unquote(parts.path), query)

    def log(self, host: str, target: str, status: int) -> None:
        """Remember a request."""
        is_media = (host, urlsplit(target).path) in self._posts
        with self._lock:
            self._log.append(Request(host=host, path=target, status=status, is_media=is_media))

    def _media(self, host: str, post: Post) -> Answer:
        """What an address gives, by its trap."""
        content_type = _TYPES[post.path.rpartition(".")[2]]
        match post.trap:
            case Trap.MISSING:
                return Answer(status=HTTPStatus.NOT_FOUND, body=b"not here")
            case Trap.DOWN:
                return Answer(status=HTTPStatus.FORBIDDEN, body=b"go away")
            case Trap.BUSY if self._is_first(host, post):
                return Answer(status=HTTPStatus.TOO_MANY_REQUESTS, headers={"Retry-After": "1"})
            case Trap.REDIRECT if host != _ELSEWHERE:
                return _moved(f"http://{_ELSEWHERE}{post.path}")
            case Trap.PRIVATE:
                return _moved(_one_of(PRIVATE_PLACES, post))
            case Trap.LOOPBACK:
                return _moved(_one_of(LOOPBACK_PLACES, post))
            case Trap.EMPTY:
                return Answer(content_type=content_type)
            case Trap.PAGE if post.file.trap is not Trap.PAGE:
                return Answer(body=_PAGE, content_type="text/html")
        body = (self.world / post.file.path).read_bytes()
        opt_out = {Trap.NOAI: {"X-Robots-Tag": "noai, noimageai"}, Trap.TDM: {"tdm-reservation": "1"}}
        return Answer(
            body=body,
            content_type=content_type,
            headers=opt_out.get(post.trap, {}),
            sent=len(body) // 2 if post.trap is Trap.TRUNCATED else None,
            drips=post.trap is Trap.SLOW,
        )

    def _is_first(self, host: str, post: Post) -> bool:
        with self._lock:
            was_asked = (host, post.path) in self._asked
            self._asked.add((host, post.path))
        return not was_asked


def _one_of(places: Sequence[str], post: Post) -> str:
    return places[zlib.crc32(post.path.encode()) % len(places)]


def _moved(place: str) -> Answer:
    return Answer(status=HTTPStatus.FOUND, headers={"Location": place})


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    web: MiniWeb

    def handle_error(self, request: object, client_address: object) -> None:
        """Crawlers hang up when they have seen enough; anything else is a fault of ours."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server
    timeout = 30

    def do_GET(self) -> None:
        """Answer one request."""
        web = self.server.web
        host = self.headers.get("Host", "").rpartition(":")[0] or self.headers.get("Host", "")
        answer = web.answer(host, self.path)
        web.log(host, self.path, answer.status)
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        try:
            self._send_body(answer)
        except ConnectionError:  # the crawler has seen enough
            self.close_connection = True

    def _send_body(self, answer: Answer) -> None:
        if answer.drips:
            self.close_connection = True
            for number in range(len(answer.body) - 1):  # the last byte never comes
                self.wfile.write(answer.body[number : number + 1])
                self.wfile.flush()
                if self.server.web.is_closing.wait(DRIP_S):
                    return
        elif answer.sent is not None:
            self.close_connection = True
            self.wfile.write(answer.body[: answer.sent])
        else:
            self.wfile.write(answer.body)

    def log_message(self, format: str, *args: object) -> None:
        """The log is MiniWeb.requests."""
