"""Flickr: pictures with licence and author, in windows of the day of upload (paper 3.3).

The key comes from the environment, never from study.yaml, and is struck out of every message. The API is there for
programs, so its own terms count at its public address, not robots.txt.
"""

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time

from omnisource.collect.search import Cell, Found, Page, Pages, ResultPage
from omnisource.collect.sources.site_answers import candidate, is_web_address, number_at, read_json, records_at, text_at
from omnisource.config import SourceConfig
from omnisource.errors import ConfigError, ItemError

FLICKR = "https://api.flickr.com/services/rest/"
KEY_VARIABLE = "FLICKR_API_KEY"
PAGE_SIZE = 250
SIZES = ("url_l", "url_c", "url_z", "url_m")
"""Largest first: 1024, 800, 640 and 500 pixels on the longest side; originals are larger than any network reads."""
INVALID_KEY = "100"
LICENCES = {
    "0": "All rights reserved",
    "1": "CC BY-NC-SA 2.0",
    "2": "CC BY-NC 2.0",
    "3": "CC BY-NC-ND 2.0",
    "4": "CC BY 2.0",
    "5": "CC BY-SA 2.0",
    "6": "CC BY-ND 2.0",
    "7": "No known copyright restrictions",
    "8": "United States Government Work",
    "9": "CC0 1.0",
    "10": "Public Domain Mark 1.0",
}
"""flickr.photos.licenses.getInfo."""


def key_from_environment() -> str:
    """The API key; raises ConfigError that says how to get one."""
    key = os.environ.get(KEY_VARIABLE, "").strip()
    if not key:
        raise ConfigError(
            f"engine 'flickr' needs an API key in the environment variable {KEY_VARIABLE}, which is not set; "
            f"ask for one at https://www.flickr.com/services/apps/create and `export {KEY_VARIABLE}=...`"
        )
    return key


class Flickr:
    """flickr.photos.search: the text of pictures for queries, their tags for tags."""

    def __init__(self, source: SourceConfig, pages: Pages, *, key: str) -> None:
        assert source.search is not None
        self._source, self._search, self._pages, self._key = source, source.search, pages, key

    def pages(self, cell: Cell) -> Iterator[ResultPage]:
        """Pages of 250; ConfigError where the key is refused, ItemError with Flickr's words for anything else."""
        number, num_pages = 1, 1.0
        while number <= num_pages:
            answer = read_json(self._get(cell, number))
            if text_at(answer, "stat") != "ok":
                raise self._refusal(answer)
            photos = records_at(answer, "photos", "photo")
            found = (self._found(cell, photo) for photo in photos)
            yield ResultPage(found=tuple(one for one in found if one is not None))
            if not photos:
                return
            num_pages = number_at(answer, "photos", "pages") or 0
            number += 1

    def _get(self, cell: Cell, number: int) -> Page:
        endpoint = self._search.endpoint or FLICKR
        obey_robots = self._search.obey_robots and endpoint != FLICKR
        try:
            page = self._pages.get(endpoint, params=self._params(cell, number), obey_robots=obey_robots)
        except ItemError as error:
            raise ItemError(error.reason, error.detail.replace(self._key, f"${KEY_VARIABLE}")) from None
        return replace(page, url=endpoint)  # its own address has the key in it

    def _params(self, cell: Cell, number: int) -> dict[str, str]:
        params = {
            "method": "flickr.photos.search",
            "api_key": self._key,
            "tags" if self._search.text == "tag" else "text": cell.query,
            "media": "photos",
            "sort": "relevance",
            "safe_search": "1",
            "extras": ",".join(("license", "owner_name", *SIZES)),
            "per_page": str(PAGE_SIZE),
            "page": str(number),
            "format": "json",
            "nojsoncallback": "1",
        }
        if cell.published_after is not None:
            params["min_upload_date"] = str(_midnight(cell.published_after))
        if cell.published_before is not None:
            params["max_upload_date"] = str(_midnight(cell.published_before) - 1)
        return params

    def _refusal(self, answer: object) -> ConfigError | ItemError:
        words = text_at(answer, "message") or "no reason given"
        if text_at(answer, "code") == INVALID_KEY:
            return ConfigError(f"Flickr refuses the key in {KEY_VARIABLE}: {words}; correct the variable")
        return ItemError("refused_by_api", f"Flickr: {words}")

    def _found(self, cell: Cell, photo: dict[str, object]) -> Found | None:
        number, owner = text_at(photo, "id"), text_at(photo, "owner")
        urls = [url for url in (text_at(photo, size) for size in SIZES) if url is not None and is_web_address(url)]
        if not urls:
            return None
        licence = text_at(photo, "license")
        return Found(
            candidate=candidate(self._source, cell, urls[0]),
            page_url=f"https://www.flickr.com/photos/{owner}/{number}" if owner and number else None,
            title=text_at(photo, "title"),
            author=text_at(photo, "ownername"),
            licence=None if licence is None else LICENCES.get(licence, f"Flickr licence {licence}"),
        )


def _midnight(day: date) -> int:
    """Seconds since 1970, in UTC."""
    return int(datetime.combine(day, time(), tzinfo=UTC).timestamp())
