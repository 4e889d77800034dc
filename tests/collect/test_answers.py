"""Bodies piece by piece: decoded, bounded, whole."""

import gzip
import zlib

import pytest

from omnisource.collect.addresses import Endpoint, parse_address
from omnisource.collect.connections import Connections
from omnisource.collect.fetch_error import FetchError
from tests.hostile_server import Behaviour, Server, body, raw

CONTENT = bytes(range(256)) * 1000
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def read(server: Server, behave: Behaviour, max_bytes: int) -> list[bytes]:
    server.routes["*", "/a"] = behave
    connections = Connections(timeout_s=2, max_elapsed_s=5)
    endpoint = Endpoint(number="127.0.0.1", port=server.server_port)
    try:
        with connections.ask(parse_address("http://media.test/a"), [endpoint], {}) as answer:
            return list(answer.pieces(max_bytes))
    finally:
        connections.close()


@pytest.mark.parametrize(
    "behave",
    [
        body(CONTENT),
        body(gzip.compress(CONTENT), headers={"Content-Encoding": "gzip"}),
        body(zlib.compress(CONTENT), headers={"Content-Encoding": "Deflate"}),
        body(gzip.compress(CONTENT) + b"behind", headers={"Content-Encoding": "x-gzip"}),
        body(CONTENT, headers={"Content-Encoding": "identity"}),
        raw(CHUNKED, b"3e800\r\n" + CONTENT + b"\r\n0\r\n\r\n"),
        raw(b"HTTP/1.0 200 OK\r\n\r\n", CONTENT),  # ends where the connection does
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: nonsense\r\n\r\n", CONTENT),
    ],
)
def test_pieces__are_the_content(behave: Behaviour, server: Server) -> None:
    pieces = read(server, behave, len(CONTENT))
    assert b"".join(pieces) == CONTENT
    assert max(map(len, pieces)) <= 1 << 16


@pytest.mark.parametrize(
    "behave",
    [
        body(CONTENT),
        raw(CHUNKED, b"3e800\r\n" + CONTENT + b"\r\n0\r\n\r\n"),
        body(gzip.compress(CONTENT), headers={"Content-Encoding": "gzip"}),
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 200 + b"\r\n\r\n", CONTENT),
    ],
)
def test_pieces__never_more_than_the_cap(behave: Behaviour, server: Server) -> None:
    with pytest.raises(FetchError, match="too_large: http://media.test/a has more than 0.244 MiB"):
        read(server, behave, len(CONTENT) - 1)


def test_pieces__a_bomb_is_not_inflated_beyond_the_cap(server: Server) -> None:
    """Ten megabytes in ten kilobytes: what is handed out before the refusal stays small."""
    bomb = body(gzip.compress(bytes(10 << 20)), headers={"Content-Encoding": "gzip"})
    server.routes["*", "/a"] = bomb
    connections = Connections(timeout_s=2, max_elapsed_s=5)
    endpoint = Endpoint(number="127.0.0.1", port=server.server_port)
    handed_out = 0
    with (
        pytest.raises(FetchError, match="too_large"),
        connections.ask(parse_address("http://media.test/a"), [endpoint], {}) as answer,
    ):
        for piece in answer.pieces(1 << 20):
            handed_out += len(piece)
    connections.close()
    assert handed_out <= 1 << 20


@pytest.mark.parametrize(
    ("behave", "reason"),
    [
        (body(CONTENT, headers={"Content-Encoding": "zstd"}), "bad_encoding: http://media.test/a sent 'zstd' unasked"),
        (body(CONTENT, headers={"Content-Encoding": "gzip, gzip"}), "bad_encoding"),
        (body(CONTENT, headers={"Content-Encoding": "gzip"}), "bad_encoding: http://media.test/a: Error -3"),
        (
            body(gzip.compress(CONTENT)[:-1], headers={"Content-Encoding": "gzip"}),
            "truncated.*compressed body is cut off",
        ),
        (raw(CHUNKED, b"zz\r\n" + CONTENT), "truncated: http://media.test/a: the body ended early"),
    ],
)
def test_pieces__says_what_is_wrong_with_a_body(behave: Behaviour, reason: str, server: Server) -> None:
    with pytest.raises(FetchError, match=reason):
        read(server, behave, 1 << 20)
