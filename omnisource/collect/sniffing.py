"""First bytes of a body -> what it really is, and the ending of its file, whatever the server calls it (paper 3.3)."""

import re

from omnisource.collect.fetch_error import FetchError
from omnisource.types import Format

HEAD_BYTES = 512
"""Enough to tell; a shorter body is judged whole."""
_TS_PACKET = 188

_PICTURES: tuple[tuple[re.Pattern[bytes], str], ...] = (
    (re.compile(rb"\xff\xd8\xff"), "jpg"),
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "png"),
    (re.compile(rb"GIF8[79]a"), "gif"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "webp"),
    (re.compile(rb"....ftyp(avif|avis)", re.DOTALL), "avif"),
    (re.compile(rb"BM.{12}[\x0c\x28\x38\x40\x6c\x7c]\0\0\0", re.DOTALL), "bmp"),
    (re.compile(rb"II\*\0|MM\0\*"), "tiff"),
    (re.compile(rb"\0\0\0\x0cjP  \r\n\x87\n|\xff\x4f\xff\x51"), "jp2"),
    (re.compile(rb"P[3-6]\s"), "ppm"),
)
_VIDEOS: tuple[tuple[re.Pattern[bytes], str], ...] = (
    (re.compile(rb"....ftyp(?!avi[fs]|hei[cfsx]|hev[cx]|mif1|msf1)qt  ", re.DOTALL), "mov"),
    (re.compile(rb"....ftyp3g", re.DOTALL), "3gp"),
    (re.compile(rb"....ftyp(?!avi[fs]|hei[cfsx]|hev[cx]|mif1|msf1)", re.DOTALL), "mp4"),
    (re.compile(rb"....(moov|mdat|wide|free|skip)", re.DOTALL), "mov"),
    (re.compile(rb"\x1aE\xdf\xa3.{0,64}webm", re.DOTALL), "webm"),
    (re.compile(rb"\x1aE\xdf\xa3"), "mkv"),
    (re.compile(rb"RIFF....AVI ", re.DOTALL), "avi"),
    (re.compile(rb"FLV\x01"), "flv"),
    (re.compile(rb"\0\0\x01[\xba\xb3]"), "mpg"),
    (re.compile(rb"OggS"), "ogv"),
    (re.compile(rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11"), "wmv"),
    (re.compile(rb"G.{%d}G" % (_TS_PACKET - 1), re.DOTALL), "ts"),
    (re.compile(rb"GIF8[79]a"), "gif"),  # a clip to many a site
)
_OTHERS: tuple[tuple[re.Pattern[bytes], str], ...] = (
    (
        re.compile(rb"(\xef\xbb\xbf)?\s*(<!--.*?-->\s*)?<(!doctype\s+html|html|head|body|script)", re.I | re.S),
        "HTML",
    ),
    (re.compile(rb"(\xef\xbb\xbf)?\s*<svg", re.IGNORECASE), "an SVG drawing"),
    (re.compile(rb"(\xef\xbb\xbf)?\s*<\?xml"), "XML"),
    (re.compile(rb"\s*[{\[]"), "JSON"),
    (re.compile(rb"\x1f\x8b|PK\x03\x04|7z\xbc\xaf|Rar!|\xfd7zXZ|BZh"), "an archive"),
    (re.compile(rb"%PDF"), "a PDF"),
    (re.compile(rb"#EXTM3U"), "a playlist"),
    (re.compile(rb"MZ|\x7fELF"), "a program"),
)


def media_ending(head: bytes, format: Format) -> str | None:
    """The ending, without a dot, of a picture or video that begins with `head`; None where it is neither."""
    kinds = _PICTURES if format is Format.IMAGE else _VIDEOS
    return next((ending for mark, ending in kinds if mark.match(head)), None)


def require_media(head: bytes, format: Format) -> str:
    """The ending as media_ending has it; raises FetchError("wrong_type") that says what came instead."""
    ending = media_ending(head, format)
    if ending is None:
        wanted = "a picture" if format is Format.IMAGE else "a video"
        raise FetchError("wrong_type", f"it begins as {_name(head, format)}, not as {wanted}")
    return ending


def _name(head: bytes, format: Format) -> str:
    other = media_ending(head, Format.TRIMMED if format is Format.IMAGE else Format.IMAGE)
    if other is not None:
        return f"a .{other} file"
    return next((name for mark, name in _OTHERS if mark.match(head)), "something unknown")
