"""Address of a picture or video -> a whole, checked file that bears the name of its content (paper 3.3).

What is kept is what a robots.txt allows, what its server did not reserve, what is as large as the settings allow, and
what its first bytes show to be a picture or a video. No name on disk ever comes from the web.
"""

import itertools
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from omnisource.collect.answers import Answer
from omnisource.collect.fetch_error import FetchError
from omnisource.collect.patience import patiently
from omnisource.collect.sniffing import HEAD_BYTES, require_media
from omnisource.collect.web import Web
from omnisource.media import content_key
from omnisource.types import Format

UNFINISHED = ".unfinished"
"""Ending of a folder in which another program downloads one video."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fetched:
    """One file that was downloaded."""

    key: bytes
    """128-bit hash of the content, as `media.content_key` has it."""
    path: Path
    """Where it lies: <folder>/<2 hex digits>/<32 hex digits>.<ending>."""
    num_bytes: int
    """Size of the file."""
    status: int | None
    """Of the last answer; None where another program asked."""
    final_url: str
    """Where it came from, after redirects."""
    elapsed_s: float
    """Since the attempt began, the wait for the host's turn included."""


class Downloader:
    """Downloads into one folder, whose only writer it is; safe to use from several threads."""

    def __init__(self, web: Web, folder: Path) -> None:
        """`folder` is made; what a killed run left unfinished in it is removed."""
        self._web = web
        self._folder = folder
        self._numbers = itertools.count()
        folder.mkdir(parents=True, exist_ok=True)
        for leftover in folder.glob("*.partial"):
            leftover.unlink(missing_ok=True)
        for leftover in folder.glob(f"*{UNFINISHED}"):
            shutil.rmtree(leftover)

    def fetch(
        self,
        url: str,
        format: Format,
        *,
        attempts_left: int | None = None,
        failed: Callable[[FetchError], None] | None = None,
    ) -> Fetched:
        """The media at an address; the same content twice is one file.

        A host that answers 429 or 503 is asked again when it says, `attempts_left` times in all (None: the settings'
        max_attempts); `failed` is told about every attempt but the last. Raises FetchError for that one.
        """
        return patiently(lambda: self._attempt(url, format), self._web, attempts_left=attempts_left, failed=failed)

    def _attempt(self, url: str, format: Format) -> Fetched:
        began_s = time.monotonic()
        with self._web.opened(url) as answer:
            partial = self._folder / f"{next(self._numbers):08d}.partial"
            try:
                ending = _save(answer, partial, format, self._web.config.max_bytes(format))
                key, path = keep(partial, self._folder, ending)
            finally:
                partial.unlink(missing_ok=True)
            return Fetched(
                key=key,
                path=path,
                num_bytes=path.stat().st_size,
                status=answer.status,
                final_url=answer.address.url,
                elapsed_s=time.monotonic() - began_s,
            )


def keep(file: Path, folder: Path, ending: str) -> tuple[bytes, Path]:
    """Force a finished file to the disk and name it by its content, which may be there already; (key, path)."""
    with file.open("rb+") as finished:
        os.fsync(finished.fileno())
    key = content_key(file)
    path = folder / key.hex()[:2] / f"{key.hex()}.{ending}"
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        file.replace(path)
    return key, path


def _save(answer: Answer, partial: Path, format: Format, max_bytes: int) -> str:
    """Write the body; returns the ending that its first bytes ask for. Raises FetchError."""
    setting = "fetch.max_image_mib" if format is Format.IMAGE else "fetch.max_video_mib"
    head, ending = b"", None
    with partial.open("wb") as file:
        for piece in answer.pieces(max_bytes, setting=setting):
            if ending is None:
                head += piece
                if len(head) >= HEAD_BYTES:  # an error page is not read to its end
                    ending = require_media(head, format)
            file.write(piece)
        if not head:
            raise FetchError("empty_file", f"{answer.address.shown} sent 0 bytes")
    return ending or require_media(head, format)
