"""What crawlers write beside a file -> what its site says of it (paper 3.3).

img2dataset and video2dataset write `KEY.json` and `KEY.txt`, gallery-dl `NAME.jpg.json`, instaloader `POST.json.xz`
beside `POST.jpg` or `POST_1.jpg`, `POST_2.mp4`, ...; `gallery-dl -j` writes one list of everything it would fetch.
"""

import json
import lzma
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from omnisource.collect.sources.site_answers import at, is_web_address, number_at, records_at, text_at
from omnisource.errors import ItemError

MAX_NOTE_BYTES = 16 << 20
"""Unpacked: no crawler writes so much of one file."""
MAX_DUMP_BYTES = 1 << 30
_LZMA_MEMORY = 256 << 20
_URL = 3
"""gallery-dl's message for a file; the others are folders and further pages."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Note:
    """What is known of one file of a crawl."""

    url: str | None = None
    """Where it was downloaded from."""
    page_url: str | None = None
    """The page that shows it."""
    query: str | None = None
    """What was searched."""
    caption: str | None = None
    """Words about it: title, description, tags."""
    author: str | None = None
    """As the site has it."""
    licence: str | None = None
    """As the site has it."""
    start_s: float | None = None
    """Start of the section of a long video that it is."""
    end_s: float | None = None
    """End of that section."""


def note_of(media: Path) -> Note:
    """What lies beside a file of a crawl, empty where nothing does. Raises ItemError for notes that cannot be read."""
    for beside in (media.with_name(media.name + ".json"), media.with_suffix(".json"), media.with_suffix(".json.xz")):
        if beside.is_file():
            return read_note(_document(beside))
    post, _, position = media.stem.rpartition("_")
    if post and position.isascii() and position.isdigit():
        for beside in (media.with_name(post + ".json.xz"), media.with_name(post + ".json")):
            if beside.is_file():
                return read_note(_document(beside), int(position) - 1)
    caption = media.with_suffix(".txt")
    return Note(caption=_text(caption)) if caption.is_file() else Note()


def read_note(document: object, index: int | None = None) -> Note:
    """One crawler's JSON; `index` is the place of the file in a post with several."""
    match document:
        case {"node": dict(), "instaloader": dict()}:
            return _of_instaloader(at(document, "node"), index)
        case {"category": str()}:
            return _of_gallery(document, text_at(document, "url"))
        case {"url": str()}:
            return _of_shard(document)
    return Note()


def read_dump(file: Path) -> Iterator[Note]:
    """Files that a `gallery-dl -j` list names; nothing for other JSON. Raises ItemError for what is no JSON."""
    if file.stat().st_size > MAX_DUMP_BYTES:
        raise ItemError("too_large", f"{file} has more than {MAX_DUMP_BYTES >> 20} MiB; split it")
    messages = _document(file, MAX_DUMP_BYTES)
    for message in messages if isinstance(messages, list) else ():
        match message:
            case [int(kind), str(url), dict(described)] if kind == _URL and is_web_address(url):
                yield _of_gallery(described, url)


def _of_shard(document: object) -> Note:
    """img2dataset and video2dataset; a video that was cut has its `clips`, and this is one of them."""
    clip = at(document, "clips", 0)
    return Note(
        url=text_at(document, "url"),
        caption=text_at(document, "caption"),
        query=text_at(document, "query") or text_at(document, "class") or text_at(document, "label"),
        author=text_at(document, "author"),
        licence=text_at(document, "licence") or text_at(document, "license"),
        start_s=_seconds(at(clip, 0)),
        end_s=_seconds(at(clip, 1)),
    )


def _of_gallery(document: object, url: str | None) -> Note:
    tags = at(document, "tags")
    words = [text_at(document, key) for key in ("title", "description", "content", "caption")]
    words += [str(tag) for tag in tags] if isinstance(tags, list) else [text_at(document, "tags")]
    query = next(filter(None, (text_at(document, key) for key in ("search_tags", "tagname", "query", "search"))), None)
    author = next((text for key in ("author", "owner", "user", "uploader") if (text := _name(at(document, key)))), None)
    return Note(
        url=url,
        page_url=text_at(document, "post_url") or text_at(document, "webpage_url"),
        query=query,
        caption=" ".join(filter(None, words)) or None,
        author=author or text_at(document, "username"),
        licence=text_at(document, "license_name") or text_at(document, "license") or text_at(document, "licence"),
    )


def _of_instaloader(node: object, index: int | None) -> Note:
    media = node if index is None else at(node, "edge_sidecar_to_children", "edges", index, "node")
    texts = [text_at(edge, "node", "text") for edge in records_at(node, "edge_media_to_caption", "edges")]
    code = text_at(node, "shortcode")
    return Note(
        url=text_at(media, "video_url") or text_at(media, "display_url"),
        page_url=None if code is None else f"https://www.instagram.com/p/{code}/",
        caption=" ".join(filter(None, texts)) or text_at(node, "caption"),
        author=text_at(node, "owner", "username"),
    )


def _name(person: object) -> str | None:
    """Sites write people as a name, or as an object with one."""
    if not isinstance(person, dict):
        return text_at([person], 0)
    return next(filter(None, (text_at(person, key) for key in ("name", "username", "nick", "realname"))), None)


def _seconds(value: object) -> float | None:
    """Seconds as a number, or as 00:00:10.500."""
    text = text_at([value], 0) or ""
    if clock := re.fullmatch(r"(\d{1,4}):(\d\d):(\d\d(?:\.\d+)?)", text):
        return int(clock[1]) * 3600 + int(clock[2]) * 60 + float(clock[3])
    return number_at([value], 0)


def _document(file: Path, max_bytes: int | None = None) -> object:
    read = _read_xz if file.suffix == ".xz" else _read
    try:
        return json.loads(read(file, MAX_NOTE_BYTES if max_bytes is None else max_bytes))
    except (ValueError, RecursionError) as error:  # JSON and UTF-8 errors are ValueErrors
        raise ItemError("bad_note", f"{file} is not JSON: {error}") from None
    except (lzma.LZMAError, EOFError, OSError) as error:
        raise ItemError("bad_note", f"{file} cannot be read: {error}") from None


def _text(file: Path) -> str:
    return _read(file, MAX_NOTE_BYTES).decode("utf-8", errors="replace").strip()


def _read(file: Path, max_bytes: int) -> bytes:
    with file.open("rb") as opened:
        return _bounded(opened.read, file, max_bytes)


def _read_xz(file: Path, max_bytes: int) -> bytes:
    unpacker = lzma.LZMADecompressor(memlimit=_LZMA_MEMORY)
    packed = _read(file, max_bytes)
    return _bounded(lambda most: unpacker.decompress(packed, max_length=most), file, max_bytes)


def _bounded(read: Callable[[int], bytes], file: Path, max_bytes: int) -> bytes:
    content = read(max_bytes + 1)
    if len(content) > max_bytes:
        raise ItemError("bad_note", f"{file} holds more than {max_bytes >> 20} MiB; it is passed over")
    return content
