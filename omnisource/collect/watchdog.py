"""However a hostile server drips, an exchange ends in time: its socket is shut, its reader learns why (paper 3.3)."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException

from urllib3.exceptions import HTTPError, ReadTimeoutError

from omnisource.collect.addresses import Address
from omnisource.collect.fetch_error import FetchError, NotThisTime


class Watchdog:
    """Shuts one socket when its time is up or the run ends; headers, chunk sizes and bodies are watched alike."""

    def __init__(self, watched: socket.socket, max_elapsed_s: float) -> None:
        self._socket = watched
        self._max_elapsed_s = max_elapsed_s
        self._verdict: FetchError | None = None
        self._timer = threading.Timer(max_elapsed_s, self._expire)
        self._timer.daemon = True
        self._timer.start()

    def stop(self) -> None:
        """The run ends: whoever reads gets FetchError "stopped"."""
        self._shut(NotThisTime("stopped", "the run ended meanwhile"))

    def leave(self) -> None:
        """The exchange is over."""
        self._timer.cancel()

    @contextmanager
    def explaining(self, address: Address, *, reading_body: bool = False) -> Iterator[None]:
        """What goes wrong on the wire becomes a FetchError: the watchdog's own, or what the server did."""
        try:
            yield
        except (ReadTimeoutError, TimeoutError):
            raise self._verdict or FetchError("timeout", f"{address.shown}: no byte came in time", retry=True) from None
        except (HTTPError, HTTPException, OSError) as error:
            raise self._verdict or _broken(address, error, reading_body=reading_body) from None
        if self._verdict is not None:  # what was read may be cut off
            raise self._verdict

    def _expire(self) -> None:
        detail = f"not finished after {self._max_elapsed_s:g} s; fetch.max_elapsed_s allows more"
        self._shut(FetchError("too_slow", detail))

    def _shut(self, verdict: FetchError) -> None:
        self._verdict = self._verdict or verdict
        try:
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)  # TLS's own would say goodbye, and wait
        except OSError:  # it is closed already
            return


def _broken(address: Address, error: Exception, *, reading_body: bool) -> FetchError:
    if reading_body:
        return FetchError("truncated", f"{address.shown}: the body ended early", retry=True)
    if isinstance(error, ConnectionError):
        return FetchError("unreachable", f"{address.origin} closed the connection", retry=True)
    return FetchError("bad_response", f"{address.shown}: {type(error).__name__}: {error}"[:300])
