"""Openverse: openly licensed pictures of many collections, with licence and author (paper 3.3).

The API is there for programs, so its own terms count at its public address, not robots.txt; pictures are fetched from
where they lie, where robots.txt counts as everywhere. Without a key it gives 20 results a page and 240 a query.
"""

from collections.abc import Iterator

from omnisource.collect.search import Cell, Found, Pages, ResultPage
from omnisource.collect.sources.site_answers import candidate, is_web_address, number_at, read_json, records_at, text_at
from omnisource.config import SourceConfig

OPENVERSE = "https://api.openverse.org/v1/images/"
PAGE_SIZE = 20


class Openverse:
    """The picture search of Openverse; it has no date windows."""

    def __init__(self, source: SourceConfig, pages: Pages) -> None:
        assert source.search is not None
        self._source, self._search, self._pages = source, source.search, pages

    def pages(self, cell: Cell) -> Iterator[ResultPage]:
        """Pages of twenty, as many as the API says there are."""
        endpoint = self._search.endpoint or OPENVERSE
        obey_robots = self._search.obey_robots and endpoint != OPENVERSE
        number, num_pages = 1, 1.0
        while number <= num_pages:
            params = {"q": cell.query, "page": str(number), "page_size": str(PAGE_SIZE), "format": "json"}
            answer = read_json(self._pages.get(endpoint, params=params, obey_robots=obey_robots))
            found = [self._found(cell, record) for record in records_at(answer, "results")]
            yield ResultPage(found=tuple(one for one in found if one is not None))
            if not found:
                return
            num_pages = number_at(answer, "page_count") or 0
            number += 1

    def _found(self, cell: Cell, record: dict[str, object]) -> Found | None:
        url = text_at(record, "url")
        if url is None or not is_web_address(url):
            return None
        return Found(
            candidate=candidate(self._source, cell, url),
            page_url=text_at(record, "foreign_landing_url"),
            title=text_at(record, "title"),
            author=text_at(record, "creator"),
            licence=licence_name(text_at(record, "license"), text_at(record, "license_version")),
        )


def licence_name(code: str | None, version: str | None) -> str | None:
    """ "by-sa", "2.0" -> "CC BY-SA 2.0", as Creative Commons writes its licences."""
    if code is None:
        return None
    name = {"pdm": "Public Domain Mark", "cc0": "CC0"}.get(code, f"CC {code.upper()}")
    return f"{name} {version}" if version else name
