"""One answer of a server: status, headers, and a body that is read piece by piece within limits (paper 3.3)."""

import zlib
from collections.abc import Iterator

import urllib3

from omnisource.collect.addresses import Address
from omnisource.collect.fetch_error import FetchError
from omnisource.collect.watchdog import Watchdog

_PIECE_BYTES = 1 << 16
_PLAIN = ("identity", "")
_ZLIB = ("gzip", "x-gzip", "deflate")
_EITHER_HEADER = 47
"""zlib's wbits: gzip or zlib, as the data say."""


class Answer:
    """Made by `Connections.ask`; alive as long as its context."""

    def __init__(self, address: Address, response: urllib3.HTTPResponse, watchdog: Watchdog) -> None:
        self.address = address
        self.status = int(response.status)
        self.headers = response.headers
        self._response = response
        self._watchdog = watchdog

    def pieces(self, max_bytes: int, *, setting: str | None = None) -> Iterator[bytes]:
        """The body without its Content-Encoding, piece by piece, whatever Content-Length says.

        Raises FetchError "too_large" before more than `max_bytes` are handed out (`setting`: what allows more, for the
        message), "truncated", "timeout", "too_slow", "bad_encoding", "stopped".
        """
        length = self.headers.get("content-length", "")
        if length.isascii() and length.isdigit() and int(length[:18]) > max_bytes:
            raise self._too_large(max_bytes, setting)
        encoding = self.headers.get("content-encoding", "").strip().lower()
        if encoding not in (*_PLAIN, *_ZLIB):
            raise FetchError("bad_encoding", f"{self.address.shown} sent {encoding!r} unasked")
        done = 0
        for piece in self._raw() if encoding in _PLAIN else self._inflated():
            done += len(piece)
            if done > max_bytes:
                raise self._too_large(max_bytes, setting)
            yield piece

    def is_spent(self) -> bool:
        """Whether the body was read to its end, so that the connection may serve another request."""
        return self._response.isclosed() and self.headers.get("connection", "").lower() != "close"

    def _raw(self) -> Iterator[bytes]:
        while True:
            with self._watchdog.explaining(self.address, reading_body=True):
                piece = self._response.read1(_PIECE_BYTES, decode_content=False)
            if not piece:
                return
            yield piece

    def _inflated(self) -> Iterator[bytes]:
        """Nobody asked for compression; it is undone in small pieces, so that a bomb is noticed while it grows."""
        inflate = zlib.decompressobj(wbits=_EITHER_HEADER)
        try:
            for piece in self._raw():
                left = piece
                while left and not inflate.eof:
                    yield inflate.decompress(left, _PIECE_BYTES)
                    left = inflate.unconsumed_tail
                if inflate.eof:
                    return
        except zlib.error as error:
            raise FetchError("bad_encoding", f"{self.address.shown}: {error}") from None
        raise FetchError("truncated", f"{self.address.shown}: its compressed body is cut off", retry=True)

    def _too_large(self, max_bytes: int, setting: str | None) -> FetchError:
        remedy = f"; {setting} allows more" if setting else ""
        return FetchError("too_large", f"{self.address.shown} has more than {max_bytes / (1 << 20):.3g} MiB{remedy}")
