"""Items and labelled clips -> thumbnails and videos that a browser plays, made once and kept in the workspace.

Media is named by tokens: an item by its key in hex, a labelled clip by "t" and a hash of its path. Only what stands in
the workspace's tables has a token, so nothing else can be asked for.
"""

import functools
import hashlib
import itertools
import re
import threading
from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from omnisource.catalog import Catalog
from omnisource.errors import ItemError
from omnisource.files import save_apart
from omnisource.media import open_video, probe_video, read_image, thumbnail, write_video
from omnisource.types import Format
from omnisource.workspace import Workspace

THUMBNAIL_PX = 256
PREVIEW_SHORT_SIDE_PX = 360
PREVIEW_MAX_S = 600.0
"""A long video that no browser plays is shown up to here."""
FRAMES_AT_ONCE = 120
"""Decoded at once while a video is copied; a multiple of what lies between two keyframes of most files costs least."""
_KNOWN_AT_MOST = 200_000
_PLAYABLE = {("mov", "h264"), ("mov", "av1"), ("matroska", "vp8"), ("matroska", "vp9"), ("matroska", "av1")}
"""Containers and codecs that today's browsers play."""
_TOKEN = re.compile(r"[0-9a-f]{32}|t[0-9a-f]{32}")


def item_token(key: bytes) -> str:
    """How links call an item."""
    return key.hex()


def key_of(token: str) -> bytes | None:
    """The item that a link names; None for what is no item's token."""
    return bytes.fromhex(token) if re.fullmatch(r"[0-9a-f]{32}", token) else None


def clip_token(path: str | Path) -> str:
    """How links call a labelled clip."""
    return "t" + hashlib.blake2b(str(path).encode(), digest_size=16).hexdigest()


class Previews:
    """The media of one workspace, by token; safe to use from several threads."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self._known: OrderedDict[str, tuple[Path, Format]] = OrderedDict()
        self._lock = threading.Lock()

    def announce(self, shown: Iterable[tuple[str, str | Path, Format]]) -> None:
        """Remember (token, path, format) of what a page is about to show, so that no table is asked for it."""
        with self._lock:
            for token, path, item_format in shown:
                self._known[token] = (Path(path), Format(item_format))
                self._known.move_to_end(token)
            while len(self._known) > _KNOWN_AT_MOST:
                self._known.popitem(last=False)

    def locate(self, token: str) -> tuple[Path, Format]:
        """Path and format of a token; raises ItemError("unknown_item") for one that no table holds."""
        with self._lock:
            if token in self._known:
                return self._known[token]
        found = self._look_up(token)
        if found is None:
            raise ItemError("unknown_item", f"{token!r} is no item of {self.workspace.root}")
        self.announce([(token, *found)])
        return found

    def thumbnail(self, token: str) -> Path:
        """A WebP file whose long side has at most THUMBNAIL_PX; raises ItemError for media that cannot be read."""
        path, item_format = self.locate(token)
        kept = self._kept("thumbnails", token, ".webp")
        if not kept.is_file():
            encoded = thumbnail(path, item_format, side_px=THUMBNAIL_PX)
            kept.parent.mkdir(parents=True, exist_ok=True)
            save_apart(kept, lambda partial: partial.write_bytes(encoded))
        return kept

    def video(self, token: str) -> Path:
        """A video file that browsers play: the item itself where they do, else an H.264 copy of its first minutes.

        Raises ItemError for pictures and for media that cannot be read.
        """
        path, item_format = self.locate(token)
        if item_format is Format.IMAGE:
            raise ItemError("no_video", f"{path} is a picture")
        if path.is_file() and _is_playable(path, path.stat().st_mtime_ns):
            return path
        kept = self._kept("previews", token, ".mp4")
        if not kept.is_file():
            kept.parent.mkdir(parents=True, exist_ok=True)
            save_apart(kept, lambda partial: _transcode(path, partial))
        return kept

    def picture(self, token: str, *, short_side_px: int, time_s: float = 0.0) -> np.ndarray:
        """(H, W, 3) uint8: the picture, or the frame that a video shows at a time; raises ItemError."""
        path, item_format = self.locate(token)
        if item_format is Format.IMAGE:
            return read_image(path, short_side_px=short_side_px)
        with open_video(path, short_side_px=short_side_px) as video:
            return video.read([video.frame_at(time_s)])[0]

    def _look_up(self, token: str) -> tuple[Path, Format] | None:
        if not _TOKEN.fullmatch(token):
            return None
        if token.startswith("t"):
            rows = self.workspace.table("target").read(["path", "format"]).to_pylist()
            found = next((row for row in rows if clip_token(row["path"]) == token), None)
            return None if found is None else (Path(found["path"]), Format(found["format"]))
        item = Catalog(self.workspace).item(bytes.fromhex(token))
        return None if item is None else (item.path, item.format)

    def _kept(self, folder: str, token: str, suffix: str) -> Path:
        return self.workspace.root / folder / token[-2:] / f"{token}{suffix}"


@functools.lru_cache(maxsize=4096)  # a player asks for a video in many ranges
def _is_playable(path: Path, _modified_ns: int) -> bool:
    info = probe_video(path)
    return (info.container, info.codec) in _PLAYABLE


def _transcode(path: Path, into: Path) -> None:
    with open_video(path, short_side_px=PREVIEW_SHORT_SIDE_PX) as video:
        shown = video.span(0.0, PREVIEW_MAX_S)
        chunks = (video.read(shown[i : i + FRAMES_AT_ONCE]) for i in range(0, len(shown), FRAMES_AT_ONCE))
        write_video(into, itertools.chain.from_iterable(chunks), video.fps)
