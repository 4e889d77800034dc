"""A file as it was crawled -> is it media at all, and which key has its content (paper 3.3).

Crawlers save whatever a server answers: error pages, icons as SVG, Git LFS pointers. They are named here, so that a
person reads "an HTML page" instead of a decoder's complaint.
"""

import hashlib
import re
from pathlib import Path

from omnisource.errors import ItemError

_HEAD_BYTES = 2048
_CHUNK_BYTES = 1 << 20
_KEY_BYTES = 16
_MARKS = (
    (re.compile(rb"^version https://git-lfs"), "a Git LFS pointer; fetch the file itself with `git lfs pull`"),
    (re.compile(rb"<svg[\s>]", re.IGNORECASE), "an SVG drawing"),
    (re.compile(rb"<(!doctype html|html|head|body|script)[\s>]", re.IGNORECASE), "an HTML page"),
    (re.compile(rb"^<\?xml"), "an XML document"),
)


def content_key(path: Path) -> bytes:
    """128-bit hash of the content, read in pieces: 16 bytes. Raises ItemError("missing_file")."""
    digest = hashlib.blake2b(digest_size=_KEY_BYTES)
    try:
        with path.open("rb") as file:
            while piece := file.read(_CHUNK_BYTES):
                digest.update(piece)
    except OSError as error:
        raise ItemError("missing_file", f"{path}: {error.strerror}") from None
    return digest.digest()


def refuse_what_is_no_media(path: Path) -> None:
    """Raise ItemError "missing_file", "empty_file" or "not_media" where no decoder need be asked."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError as error:
        raise ItemError("missing_file", f"{path}: {error.strerror}") from None
    if not head:
        raise ItemError("empty_file", f"{path} has 0 bytes")
    if _is_text(head):
        text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
        kind = next((name for mark, name in _MARKS if mark.search(text)), "plain text")
        raise ItemError("not_media", f"{path} seems to be {kind}")


def _is_text(head: bytes) -> bool:
    """Valid UTF-8 (its last character may be cut) without control characters, which no container or codec is."""
    if re.search(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]", head):
        return False
    try:
        head[: -3 if len(head) == _HEAD_BYTES else None].decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start >= len(head) - 6 and len(head) == _HEAD_BYTES or _has_markup(head)
    return True


def _has_markup(head: bytes) -> bool:
    """Pages in other encodings than UTF-8 still begin with a tag."""
    return head.lstrip()[:1] == b"<"
