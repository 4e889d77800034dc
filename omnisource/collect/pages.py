"""Address of a result page, a feed or an API -> its text, asked for as politely as media is (paper 3.3)."""

import codecs
import re
from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit, urlunsplit

from omnisource.collect.answers import Answer
from omnisource.collect.fetch_error import FetchError
from omnisource.collect.patience import patiently
from omnisource.collect.search import Page
from omnisource.collect.web import Web

MAX_PAGE_BYTES = 8 << 20
_NOT_FOR_PAGES = frozenset({"idna", "punycode", "raw-unicode-escape", "unicode-escape", "utf-7"})
"""Codecs of Python's that a hostile server may name: punycode takes hours for a page, the others hide characters."""
_TEXT = re.compile(r"text/.*|application/(.*\+)?(json|xml|javascript)|application/(x-)?(javascript|ndjson)")


class WebPages:
    """Pages of the web, as `search.Pages` wants them; safe to use from several threads."""

    def __init__(self, web: Web) -> None:
        self._web = web

    def get(self, url: str, *, params: Mapping[str, str] | None = None, obey_robots: bool = True) -> Page:
        """The page at `url`, with `params` added to its query; a host that is busy is asked again when it says.

        `obey_robots` False asks the host without its robots.txt. Raises FetchError; "wrong_type" for what is no text.
        """
        address = _with_params(url, params or {})
        return patiently(lambda: self._attempt(address, obey_robots), self._web)

    def _attempt(self, url: str, obey_robots: bool) -> Page:
        with self._web.opened(url, obey_robots=obey_robots, for_media=False) as answer:
            content_type, charset = _content_type(answer)
            if content_type and not _TEXT.fullmatch(content_type):
                raise FetchError("wrong_type", f"{answer.address.shown} is {content_type}, no text page")
            body = b"".join(answer.pieces(MAX_PAGE_BYTES))
            return Page(url=answer.address.url, content_type=content_type, text=_decoded(body, charset))


def _with_params(url: str, params: Mapping[str, str]) -> str:
    if not params:
        return url
    parts = urlsplit(url)
    query = "&".join(filter(None, [parts.query, urlencode(params)]))
    return urlunsplit(parts._replace(query=query))


def _content_type(answer: Answer) -> tuple[str, str]:
    """(type in small letters, character set); UTF-8 where the server does not say."""
    text = answer.headers.get("content-type", "")
    content_type, _, rest = text.partition(";")
    charset = re.search(r"charset\s*=\s*[\"']?([\w.:-]+)", rest, re.IGNORECASE)
    return content_type.strip().lower(), charset[1] if charset else "utf-8"


def _decoded(body: bytes, charset: str) -> str:
    """The text of a page; UTF-8 for a character set that nobody knows, that is none, or that no page is written in."""
    try:
        is_for_pages = codecs.lookup(charset).name not in _NOT_FOR_PAGES
        return body.decode(charset if is_for_pages else "utf-8", errors="replace")
    except (LookupError, UnicodeError):
        return body.decode("utf-8", errors="replace")
