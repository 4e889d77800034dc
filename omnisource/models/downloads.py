"""A web address -> a whole, checked file in a cache folder, going on where an earlier attempt stopped (paper 5.1)."""

import hashlib
import http.client
import json
import logging
import os
import re
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from filelock import FileLock, Timeout

from omnisource.errors import CheckpointError

logger = logging.getLogger(__name__)

Progress = Callable[[int, int | None], None]
"""Bytes that are there, and of how many (None: the server does not say)."""
Cancelled = Callable[[], bool]
"""Whether the person who asked for it has changed their mind."""

_NUM_ATTEMPTS = 5
_TIMEOUT_S = 30
_LOCK_POLL_S = 0.5
_CHUNK_BYTES = 1 << 18
_BUSY = (408, 425, 429, 500, 502, 503, 504)
_TOO_FAR = 416
_HANDLERS = (  # what a redirect may lead to as well: no file:, no ftp:
    urllib.request.ProxyHandler,
    urllib.request.HTTPHandler,
    urllib.request.HTTPSHandler,
    urllib.request.HTTPRedirectHandler,
    urllib.request.HTTPDefaultErrorHandler,
    urllib.request.HTTPErrorProcessor,
    urllib.request.UnknownHandler,
)


class _Interrupted(Exception):
    """The connection failed or ended early; another attempt may go on from what is there."""


class _Unreachable(_Interrupted):
    """No connection at all: where nothing came before, this machine is off the network, and waiting will not help."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Transfer:
    """One file on its way."""

    url: str
    """Where it comes from."""
    path: Path
    """Where it will be."""
    progress: Progress
    """Is told about every chunk."""
    cancelled: Cancelled
    """Is asked before every chunk."""

    @property
    def partial(self) -> Path:
        return self.path.with_name(self.path.name + ".partial")

    @property
    def validator_path(self) -> Path:
        """Holds what tells whether the file on the server is still the one that `partial` began with."""
        return self.path.with_name(self.path.name + ".partial.json")


def fetch(
    url: str,
    folder: Path,
    *,
    sha256_prefix: str | None = None,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
    first_pause_s: float = 1.0,
) -> Path:
    """The file at `url` in `folder`, under the name that it has there; what is in the folder already is not fetched.

    A lost connection or a busy server is tried again after a pause that doubles each time. What has come stays as
    `.partial` when the fetch fails, is cancelled or killed, and the next one goes on from there. Two processes that
    want the same file fetch it once. Raises CheckpointError that names the address, what happened, and the remedy.
    """
    path = folder / file_name(url)
    if path.is_file():
        return path
    transfer = _Transfer(
        url=url, path=path, progress=progress or (lambda *_: None), cancelled=cancelled or (lambda: False)
    )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _only_one(transfer):
            if not path.is_file():  # another process may have fetched it while this one waited
                _fetch_whole(transfer, first_pause_s)
                _check(transfer, sha256_prefix)
                transfer.partial.replace(path)
                transfer.validator_path.unlink(missing_ok=True)
    except OSError as error:
        raise CheckpointError(f"{path} cannot be written: {error}; make room, or choose another folder") from error
    return path


def file_name(url: str) -> str:
    """The last part of the address; raises CheckpointError for one that is not http or https, or names no file."""
    parts = urlsplit(url)
    name = unquote(parts.path.rpartition("/")[2])
    if parts.scheme not in ("http", "https") or not parts.hostname or not re.fullmatch(r"[\w.+()-]*\w", name):
        raise CheckpointError(f"{url!r} is no address of a file that could be fetched; it must be http(s)://host/file")
    return name


def sha256_prefix_of(url: str) -> str | None:
    """The first digits of the file's SHA-256 that its name ends with, as torch's and mmaction's files do."""
    match = re.search(r"-([0-9a-f]{8,64})\.[a-z]\w*$", urlsplit(url).path)
    return match[1] if match else None


@contextmanager
def _only_one(transfer: _Transfer) -> Iterator[None]:
    """Meanwhile no other process fetches the same file; waits for one that does, unless cancelled."""
    lock = FileLock(transfer.path.with_name(f".{transfer.path.name}.lock"))
    while not lock.is_locked:
        _stop_if_cancelled(transfer)
        with suppress(Timeout):
            lock.acquire(timeout=_LOCK_POLL_S)
    try:
        yield
    finally:
        lock.release()


def _fetch_whole(transfer: _Transfer, first_pause_s: float) -> None:
    attempts_left, pause_s, has_begun = _NUM_ATTEMPTS, first_pause_s, False
    while True:
        before = _size(transfer.partial)
        try:
            _fetch_rest(transfer)
            return
        except _Interrupted as error:
            if _size(transfer.partial) > before:
                attempts_left, pause_s, has_begun = _NUM_ATTEMPTS, first_pause_s, True  # it goes on, however slowly
            attempts_left -= 1
            if attempts_left == 0 or (isinstance(error, _Unreachable) and not has_begun):
                raise CheckpointError(_cannot(transfer, str(error))) from error
            logger.info("%s: %s; trying again in %g s", transfer.url, error, pause_s)
        _wait(transfer, pause_s)
        pause_s *= 2


def _fetch_rest(transfer: _Transfer) -> None:
    """What is missing of the partial file; all of it where the server cannot go on, or has another file by now."""
    start = _size(transfer.partial)
    validator = _validator(transfer) if start else None
    headers = {"User-Agent": "omnisource", "Accept-Encoding": "identity"}
    if validator:
        headers |= {"Range": f"bytes={start}-", "If-Range": validator}
    try:
        with _opener().open(urllib.request.Request(transfer.url, headers=headers), timeout=_TIMEOUT_S) as response:
            _save(transfer, response, start if response.status == 206 else 0)
    except urllib.error.HTTPError as error:
        with error:
            if error.code == _TOO_FAR and validator:
                if error.headers.get("Content-Range", "") == f"bytes */{start}":
                    return  # all of it was there already
                _forget(transfer)
                raise _Interrupted("the part that was there did not fit") from error
            if error.code in _BUSY:
                raise _Interrupted(f"the server answered {error.code} {error.reason}") from error
            raise CheckpointError(_cannot(transfer, f"the server answered {error.code} {error.reason}")) from error
    except urllib.error.URLError as error:
        if isinstance(error.reason, (TimeoutError, ConnectionResetError)):
            raise _Interrupted(str(error.reason)) from error
        if isinstance(error.reason, OSError) and not isinstance(error.reason, ssl.SSLError):
            raise _Unreachable(str(error.reason)) from error
        raise CheckpointError(_cannot(transfer, str(error.reason))) from error
    except (TimeoutError, ConnectionError, ssl.SSLError, http.client.HTTPException) as error:
        raise _Interrupted(str(error) or type(error).__name__) from error


def _save(transfer: _Transfer, response: http.client.HTTPResponse, start: int) -> None:
    length = response.headers.get("Content-Length")
    total = start + int(length) if length and length.isdigit() else None
    if response.status == 206 and not response.headers.get("Content-Range", "").startswith(f"bytes {start}-"):
        _forget(transfer)
        raise _Interrupted("the server sent another part than was asked for")
    if start == 0:
        _remember_validator(transfer, response)
    done = start
    with transfer.partial.open("ab" if start else "wb") as file:
        transfer.progress(done, total)
        while chunk := response.read(_CHUNK_BYTES):
            file.write(chunk)
            _stop_if_cancelled(transfer)
            done += len(chunk)
            transfer.progress(done, total)
        file.flush()
        os.fsync(file.fileno())
    if total is not None and done != total:
        raise _Interrupted(f"the connection ended after {done} of {total} bytes")


def _check(transfer: _Transfer, sha256_prefix: str | None) -> None:
    """Raises CheckpointError, and forgets what came, where its hash is another than expected."""
    if sha256_prefix is None:
        return
    with transfer.partial.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if not found.startswith(sha256_prefix):
        size = _size(transfer.partial)
        _forget(transfer)
        raise CheckpointError(
            f"{transfer.url} sent {size} bytes whose SHA-256 begins with {found[: len(sha256_prefix)]}, not with "
            f"{sha256_prefix}; a proxy or a login page may have answered instead: look at the address in a browser, "
            f"and put the right file at {transfer.path}"
        )


def _opener() -> urllib.request.OpenerDirector:
    opener = urllib.request.OpenerDirector()
    for handler in _HANDLERS:
        opener.add_handler(handler())
    return opener


def _validator(transfer: _Transfer) -> str | None:
    """What the server called the version of the file that the partial one began with."""
    try:
        known = json.loads(transfer.validator_path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):  # never written, or cut off
        return None
    return known["validator"] if known.get("url") == transfer.url else None


def _remember_validator(transfer: _Transfer, response: http.client.HTTPResponse) -> None:
    entity_tag = response.headers.get("ETag", "")
    strong = "" if entity_tag.startswith("W/") else entity_tag
    validator = strong or response.headers.get("Last-Modified")
    content = json.dumps({"url": transfer.url, "validator": validator})
    transfer.validator_path.write_text(content, encoding="utf-8")


def _forget(transfer: _Transfer) -> None:
    transfer.partial.unlink(missing_ok=True)
    transfer.validator_path.unlink(missing_ok=True)


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _wait(transfer: _Transfer, pause_s: float) -> None:
    end_s = time.monotonic() + pause_s
    while (left_s := end_s - time.monotonic()) > 0:
        _stop_if_cancelled(transfer)
        time.sleep(min(left_s, 0.2))


def _stop_if_cancelled(transfer: _Transfer) -> None:
    if transfer.cancelled():
        there = _size(transfer.partial)
        raise CheckpointError(f"{transfer.url}: cancelled with {there} bytes here; fetch it again to go on from there")


def _cannot(transfer: _Transfer, why: str) -> str:
    return (
        f"{transfer.url} could not be fetched: {why}; where there is a network, fetch it by other means and put it at "
        f"{transfer.path}, or give the path of the file instead"
    )
