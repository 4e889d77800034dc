"""A site on loopback that answers as a test tells it, and sources that search it."""

import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from omnisource.collect.search import Cell, Found, Source
from omnisource.config import SourceConfig, parse

Reply = tuple[int, str, str]
"""Status, content type, body."""


def html(body: str) -> Reply:
    return 200, "text/html; charset=utf-8", body


def as_json(document: object) -> Reply:
    return 200, "application/json", json.dumps(document)


class Site(ThreadingHTTPServer):
    """`answer` says what it does with a path and its parameters; what was asked is in `asked`, robots.txt aside."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Request)
        self.answer: Callable[[str, dict[str, str]], Reply] = lambda path, params: (404, "text/plain", "")
        self.robots: str | None = None
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.num_robots = 0


class _Request(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Site

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        params = dict(parse_qsl(parts.query))
        if parts.path == "/robots.txt":
            self.server.num_robots += 1
            status, kind, body = (404 if self.server.robots is None else 200), "text/plain", self.server.robots or ""
        else:
            self.server.asked.append((parts.path, params))
            status, kind, body = self.server.answer(parts.path, params)
        content = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """The tests' output stays readable."""


def source(engine: str, format: str = "image", **search: object) -> SourceConfig:
    values = {"name": "found", "format": format, "search": {"engine": engine} | search}
    return parse(SourceConfig, values, where="test")


def cell(query: str = "beekeeping", class_index: int = 0, **window: object) -> Cell:
    return Cell(source="found", class_index=class_index, query=query, **window)


def found_by(opened: Source, asked: Cell) -> list[Found]:
    """Everything on all pages of a cell."""
    return [one for page in opened.pages(asked) for one in page.found]


def urls_of(opened: Source, asked: Cell) -> list[str]:
    return [one.candidate.url for one in found_by(opened, asked)]
