"""Wikimedia Commons: pictures and videos with licence and author, by MediaWiki's search API (paper 3.3).

The API is there for programs, so its own terms count at its public address, not robots.txt, which keeps crawlers out of
/w/; files are fetched from where they lie, where robots.txt counts as everywhere.
"""

from collections.abc import Iterator
from html.parser import HTMLParser

from omnisource.collect.search import Cell, Found, Pages, ResultPage
from omnisource.collect.sources.site_answers import (
    at,
    candidate,
    is_web_address,
    number_at,
    read_json,
    records_at,
    text_at,
)
from omnisource.config import SourceConfig
from omnisource.errors import ItemError
from omnisource.types import Format

COMMONS = "https://commons.wikimedia.org/w/api.php"
PAGE_SIZE = 50
"""MediaWiki gives the licence of so many files in one answer."""


class Commons:
    """The search of Wikimedia Commons; it has no date windows."""

    def __init__(self, source: SourceConfig, pages: Pages) -> None:
        assert source.search is not None
        self._source, self._search, self._pages = source, source.search, pages

    def pages(self, cell: Cell) -> Iterator[ResultPage]:
        """Pages of fifty while the API says how to go on; ItemError with its own words where it refuses."""
        endpoint = self._search.endpoint or COMMONS
        obey_robots = self._search.obey_robots and endpoint != COMMONS
        onwards: dict[str, str] | None = {}
        while onwards is not None:
            params = self._params(cell) | onwards
            answer = read_json(self._pages.get(endpoint, params=params, obey_robots=obey_robots))
            if error := text_at(answer, "error", "info"):
                raise ItemError("refused_by_api", f"Wikimedia Commons: {error}")
            files = sorted(records_at(answer, "query", "pages"), key=lambda file: number_at(file, "index") or 0)
            found = (self._found(cell, file) for file in files)
            yield ResultPage(found=tuple(one for one in found if one is not None))
            further = at(answer, "continue")
            onwards = {key: str(value) for key, value in further.items()} if isinstance(further, dict) else None

    def _params(self, cell: Cell) -> dict[str, str]:
        kind = "bitmap" if self._source.format is Format.IMAGE else "video"
        return {
            "action": "query",
            "format": "json",
            "formatversion": "2",
            "generator": "search",
            "gsrsearch": f"{cell.query} filetype:{kind}",
            "gsrnamespace": "6",
            "gsrlimit": str(PAGE_SIZE),
            "prop": "imageinfo",
            "iiprop": "url|user|extmetadata",
            "iiextmetadatafilter": "LicenseShortName|Artist",
        }

    def _found(self, cell: Cell, file: dict[str, object]) -> Found | None:
        info = at(file, "imageinfo", 0)
        url = text_at(info, "url")
        if url is None or not is_web_address(url):
            return None
        author = plain_text(text_at(info, "extmetadata", "Artist", "value") or "")
        return Found(
            candidate=candidate(self._source, cell, url),
            page_url=text_at(info, "descriptionurl"),
            title=(text_at(file, "title") or "").removeprefix("File:") or None,
            author=author or text_at(info, "user"),
            licence=text_at(info, "extmetadata", "LicenseShortName", "value"),
        )


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def plain_text(html: str) -> str:
    """The words of a piece of HTML: authors are written as links."""
    words = _Words()
    words.feed(html)
    words.close()
    return " ".join("".join(words.parts).split())
