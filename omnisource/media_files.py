"""A file as it was crawled -> is it media at all, and which key has its content (paper 3.3).

Crawlers save whatever a server answers: error pages, icons as SVG, Git LFS pointers. They are named here, so that a
person reads "an HTML page" instead of a decoder's complaint. A folder of part_0.mp4, part_1.mp4, ... is one video, as
the untrimmed Kinetics videos of the released Mini-Kinetics web data are stored.
"""

import hashlib
import os
import re
from pathlib import Path

from omnisource.errors import ItemError

_HEAD_BYTES = 2048
_CHUNK_BYTES = 1 << 20
_KEY_BYTES = 16
_PART = re.compile(r"part_(0|[1-9][0-9]*)\.mp4")
_PARTS_DOMAIN = b"omnisource-parts"
"""So that the key of a folder of parts is no file's."""
_MARKS = (
    (re.compile(rb"^version https://git-lfs"), "a Git LFS pointer; fetch the file itself with `git lfs pull`"),
    (re.compile(rb"<svg[\s>]", re.IGNORECASE), "an SVG drawing"),
    (re.compile(rb"<(!doctype html|html|head|body|script)[\s>]", re.IGNORECASE), "an HTML page"),
    (re.compile(rb"^<\?xml"), "an XML document"),
)


def content_key(path: Path) -> bytes:
    """128-bit hash of the content of a file or of a folder of parts, read in pieces: 16 bytes.

    Raises ItemError("missing_file"), and for a folder like parts_of.
    """
    digest = hashlib.blake2b(digest_size=_KEY_BYTES)
    if path.is_dir():
        digest.update(_PARTS_DOMAIN)
        for part in parts_of(path):
            digest.update(content_key(part))
        return digest.digest()
    try:
        with path.open("rb") as file:
            while piece := file.read(_CHUNK_BYTES):
                digest.update(piece)
    except OSError as error:
        raise ItemError("missing_file", f"{path}: {error.strerror}") from None
    return digest.digest()


def parts_of(folder: Path, *, at_least: int = 1) -> list[Path]:
    """The parts of a video that is stored as a folder: part_0.mp4, part_1.mp4, ... by their numbers.

    Raises ItemError "missing_file" for a folder that cannot be read or holds no part, "missing_part" if a number is
    left out or there are fewer than `at_least`: seconds without frames would be taken for others.
    """
    try:
        names = os.listdir(folder)
    except OSError as error:
        raise ItemError("missing_file", f"{folder}: {error.strerror}") from None
    numbers = {int(found[1]) for name in names if (found := _PART.fullmatch(name))}
    if not numbers:
        raise ItemError("missing_file", f"{folder} holds no part_0.mp4, part_1.mp4, ...")
    wanted = range(max(at_least, max(numbers) + 1))
    if lacking := [number for number in wanted if number not in numbers]:
        raise ItemError("missing_part", f"{folder} lacks part_{lacking[0]}.mp4 of {len(wanted)} parts")
    return [folder / f"part_{number}.mp4" for number in wanted]


def num_bytes(path: Path) -> int:
    """Size of a file, or of everything directly in a folder of parts; 0 where there is nothing."""
    if path.is_dir():
        with os.scandir(path) as children:
            return sum(child.stat().st_size for child in children if child.is_file())
    return path.stat().st_size if path.is_file() else 0


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
