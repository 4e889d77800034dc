"""Image search of Google and Bing, in date windows where the engine has them (paper 3.3).

The pages are asked for by us, politely; icrawler's parsers only read them. They look for addresses in what the engines
write for their own scripts, so they break when an engine changes its pages: a cell then gives nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol
from urllib.parse import urlsplit

from omnisource.collect.search import Cell, Found, Page, Pages, ResultPage
from omnisource.collect.sources.site_answers import candidate, is_web_address, until_nothing_new
from omnisource.config import SourceConfig
from omnisource.errors import ItemError

GOOGLE = "https://www.google.com/search"
BING = "https://www.bing.com/images/async"
GOOGLE_PAGE_SIZE = 100
BING_PAGE_SIZE = 20
_STUMBLES = (ValueError, TypeError, KeyError, AttributeError, RecursionError)
"""What reading foreign scripts may raise."""
_OWN_THUMBNAILS = ("gstatic.com", "googleusercontent.com", "google.com")


@dataclass(frozen=True, kw_only=True, slots=True)
class RawPage:
    """What the parsers take: they read its bytes."""

    content: bytes
    """The page, in UTF-8."""


class Parser(Protocol):
    """The one method of icrawler's parsers that is used."""

    def parse(self, response: RawPage) -> Iterator[dict[str, str]] | list[dict[str, str]] | None:
        """Addresses of pictures, as `file_url`."""
        ...


class Google:
    """Image search of Google; its date filter takes whole days."""

    def __init__(self, source: SourceConfig, pages: Pages) -> None:
        assert source.search is not None
        self._source, self._search, self._pages = source, source.search, pages

    def pages(self, cell: Cell) -> Iterator[ResultPage]:
        """Pages of a hundred; ItemError where Google asks whether we are a person, or its page cannot be read."""
        return until_nothing_new(lambda number: self._ask(cell, number), first=0)

    def _ask(self, cell: Cell, number: int) -> list[Found]:
        params = {"q": cell.query, "tbm": "isch", "ijn": str(number), "start": str(number * GOOGLE_PAGE_SIZE)}
        if days := date_filter(cell):
            params["tbs"] = days
        endpoint = self._search.endpoint or GOOGLE
        page = self._pages.get(endpoint, params=params, obey_robots=self._search.obey_robots)
        _refuse_if_stopped(page)
        urls = [url for url in _parse(_google_parser(), page) if not _is_own_thumbnail(url)]
        return [Found(candidate=candidate(self._source, cell, url)) for url in urls]


class Bing:
    """Image search of Bing, which has no date windows; the parser knows JPEG pictures only."""

    def __init__(self, source: SourceConfig, pages: Pages) -> None:
        assert source.search is not None
        self._source, self._search, self._pages = source, source.search, pages

    def pages(self, cell: Cell) -> Iterator[ResultPage]:
        """Pages of twenty; ItemError where a page cannot be read."""
        return until_nothing_new(lambda number: self._ask(cell, number), first=0)

    def _ask(self, cell: Cell, number: int) -> list[Found]:
        params = {"q": cell.query, "first": str(number * BING_PAGE_SIZE)}
        page = self._pages.get(self._search.endpoint or BING, params=params, obey_robots=self._search.obey_robots)
        return [Found(candidate=candidate(self._source, cell, url)) for url in _parse(_bing_parser(), page)]


def date_filter(cell: Cell) -> str | None:
    """Google's `tbs` for a window, month first; its last day is in it, ours is not."""
    if cell.published_after is None and cell.published_before is None:
        return None
    first = f"{cell.published_after:%m/%d/%Y}" if cell.published_after else ""
    last = f"{cell.published_before - timedelta(days=1):%m/%d/%Y}" if cell.published_before else ""
    return f"cdr:1,cd_min:{first},cd_max:{last}"


def _parse(parser: Parser, page: Page) -> list[str]:
    """Different addresses of a page in its order; raises ItemError where the parser stumbles."""
    try:
        records = list(parser.parse(RawPage(content=page.text.encode())) or ())
    except _STUMBLES as error:
        raise ItemError("unreadable_page", f"icrawler cannot read {page.url}: {error}") from None
    return [url for url in dict.fromkeys(record["file_url"] for record in records) if is_web_address(url)]


def _google_parser() -> Parser:
    from icrawler.builtin.google import GoogleParser
    from icrawler.utils import Signal

    return GoogleParser(1, Signal(), None)


def _bing_parser() -> Parser:
    from icrawler.builtin.bing import BingParser
    from icrawler.utils import Signal

    return BingParser(1, Signal(), None)


def _refuse_if_stopped(page: Page) -> None:
    """Google leads programs that it does not want to a page of its own."""
    where = urlsplit(page.url)
    if where.path.startswith("/sorry") or (where.hostname or "").startswith("consent."):
        raise ItemError("stopped_by_engine", f"Google asks for a person at {where.hostname}{where.path}; wait a day")


def _is_own_thumbnail(url: str) -> bool:
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:  # such as http://[: the download says what is wrong with it
        return False
    return any(host == own or host.endswith("." + own) for own in _OWN_THUMBNAILS)
