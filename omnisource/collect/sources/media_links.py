"""HTML -> the pictures or videos that it links to or shows; it is read, never executed (paper 3.3)."""

from dataclasses import dataclass
from html.parser import HTMLParser
from os.path import splitext
from urllib.parse import urldefrag, urljoin, urlsplit

from omnisource.collect.sources.site_answers import is_web_address
from omnisource.types import Format

PICTURES = frozenset((".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".avif", ".tif", ".tiff"))
VIDEOS = frozenset((".mp4", ".webm", ".mkv", ".mov", ".avi", ".m4v", ".mpg", ".mpeg", ".ogv"))
MIN_SIDE_PX = 32
"""Pictures that a page itself makes smaller are its buttons."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """A picture or video that a page leads to."""

    url: str
    """Absolute, without a fragment."""
    title: str | None
    """What the page calls it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Links:
    """What a page leads to."""

    media: tuple[Link, ...]
    """In the page's order, each address once."""
    licence: str | None
    """Where its link marked as licence leads."""


def endings_of(format: Format) -> frozenset[str]:
    """How names of files of a format end, in small letters."""
    return PICTURES if format is Format.IMAGE else VIDEOS


def media_links(html: str, url: str, format: Format) -> Links:
    """Pictures or videos, as `format` says, in `<a>`, `<img>`, `<video>`, `<source>` and Open Graph's `<meta>`.

    Addresses are resolved against `<base>` or the page's own `url`. A picture within a link to a picture is its
    thumbnail and is passed over.
    """
    reader = _Reader(url, format)
    reader.feed(html)
    reader.close()
    return Links(media=tuple(reader.links.values()), licence=reader.licence)


class _Reader(HTMLParser):
    def __init__(self, url: str, format: Format) -> None:
        super().__init__()
        self.links: dict[str, Link] = {}
        self.licence: str | None = None
        self._base = url
        self._pictures = format is Format.IMAGE
        self._endings = endings_of(format)
        self._in_link = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attrs}
        match tag:
            case "base" if named.get("href"):
                self._base = self._resolve(named["href"]) or self._base
            case "a" | "link":
                self._take_link(tag, named)
            case "img" if self._pictures and not self._in_link and not _is_button(named):
                self._add(named.get("src") or named.get("data-src"), named.get("alt"))
            case "video":
                self._add_video(named)
            case "source":
                self._add_source(named)
            case "meta":
                self._take_meta(named)

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._in_link = False

    def _take_link(self, tag: str, named: dict[str, str]) -> None:
        if "license" in named.get("rel", "").split():
            self.licence = self._resolve(named.get("href", ""))
        elif tag == "a":
            self._in_link = self._ends_right(named.get("href"))
            if self._in_link:
                self._add(named.get("href"), named.get("title"))

    def _add_video(self, named: dict[str, str]) -> None:
        if not self._pictures:
            self._add(named.get("src"), named.get("title"))

    def _add_source(self, named: dict[str, str]) -> None:
        kind = named.get("type", "").partition("/")[0]
        if self._ends_right(named.get("src")) or (kind == "video" and not self._pictures):
            self._add(named.get("src"), None)

    def _take_meta(self, named: dict[str, str]) -> None:
        wanted = ("og:image", "og:image:url") if self._pictures else ("og:video", "og:video:url")
        if (named.get("property") or named.get("name")) in wanted:
            self._add(named.get("content"), None)

    def _ends_right(self, reference: str | None) -> bool:
        url = self._resolve(reference or "")
        return url is not None and splitext(urlsplit(url).path)[1].casefold() in self._endings

    def _add(self, reference: str | None, title: str | None) -> None:
        url = self._resolve(reference or "")
        if url is not None:
            self.links.setdefault(url, Link(url=url, title=(title or "").strip() or None))

    def _resolve(self, reference: str) -> str | None:
        """The absolute address; None for what is no address of the web, as data: and javascript: are not."""
        try:
            url = urldefrag(urljoin(self._base, reference.strip())).url if reference.strip() else ""
        except ValueError:  # such as http://[
            return None
        return url if is_web_address(url) else None


def _is_button(named: dict[str, str]) -> bool:
    sides = (named.get("width", ""), named.get("height", ""))
    return any(side.isascii() and side.isdigit() and int(side) < MIN_SIDE_PX for side in sides)
