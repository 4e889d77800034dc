"""Video search of YouTube: a flat listing by yt-dlp, with date operators in the query (paper 3.3, 3.5).

Nothing is opened but the lists of results. yt-dlp asks on its own, so YouTube's robots.txt is asked through our pages
before it, unless the study says that the search is allowed.
"""

import itertools
import logging
import time
from collections.abc import Iterator, Mapping

from omnisource.collect.search import Cell, Found, Pages, ResultPage
from omnisource.collect.sources.site_answers import candidate, is_web_address, number_at, text_at
from omnisource.collect_config import FetchConfig
from omnisource.config import SourceConfig
from omnisource.errors import ItemError

logger = logging.getLogger(__name__)

RESULTS = "https://www.youtube.com/results"
PAGE_SIZE = 20
"""Entries that YouTube gives in one answer."""
_NOT_YET = ("is_live", "is_upcoming", "post_live")


class Hushed:
    """Takes what yt-dlp says, all of it below what is shown: what matters comes as an exception."""

    def debug(self, message: str) -> None:
        """What it does."""
        logger.debug("yt-dlp: %s", message)

    info = warning = error = debug


class YouTube:
    """The video search of YouTube."""

    def __init__(self, source: SourceConfig, pages: Pages, limits: FetchConfig) -> None:
        assert source.search is not None
        self._source, self._search, self._pages, self._limits = source, source.search, pages, limits
        self._next_s = time.monotonic()

    def pages(self, cell: Cell) -> Iterator[ResultPage]:
        """Pages of twenty; ItemError where robots.txt forbids to search, or YouTube refuses."""
        query = dated_query(cell)
        if self._search.obey_robots:
            self._pages.get(RESULTS, params={"search_query": query})
        time.sleep(max(0.0, self._next_s - time.monotonic()))  # yt-dlp waits between the requests of one list only
        entries = list_flat(f"ytsearch{self._search.result_cap}:{query}", self._limits, only="youtube:search")
        try:
            while batch := list(itertools.islice(entries, PAGE_SIZE)):
                found = (self._found(cell, entry) for entry in batch)
                yield ResultPage(found=tuple(one for one in found if one is not None))
        finally:
            self._next_s = time.monotonic() + 1 / self._limits.requests_per_second

    def _found(self, cell: Cell, entry: Mapping[str, object]) -> Found | None:
        url = text_at(entry, "url")
        is_video = text_at(entry, "ie_key") in (None, "Youtube") and text_at(entry, "live_status") not in _NOT_YET
        if url is None or not is_video or not is_web_address(url):
            return None
        start_s, end_s = middle_of(number_at(entry, "duration"), self._search.section_s)
        return Found(
            candidate=candidate(self._source, cell, url),
            page_url=url,
            title=text_at(entry, "title"),
            author=text_at(entry, "channel") or text_at(entry, "uploader"),
            start_s=start_s,
            end_s=end_s,
        )


def dated_query(cell: Cell) -> str:
    """The query with YouTube's operators for the day of upload."""
    days = (("after", cell.published_after), ("before", cell.published_before))
    return " ".join([cell.query, *(f"{name}:{day.isoformat()}" for name, day in days if day is not None)])


def middle_of(duration_s: float | None, section_s: float | None) -> tuple[float | None, float | None]:
    """Start and end of the middle `section_s` seconds; (None, None) is the whole video, if it is no longer.

    Where the site does not say how long a video is, its first seconds are taken.
    """
    if section_s is None or (duration_s is not None and duration_s <= section_s):
        return None, None
    start_s = 0.0 if duration_s is None else (duration_s - section_s) / 2
    return start_s, start_s + section_s


def list_flat(address: str, limits: FetchConfig, *, only: str) -> Iterator[Mapping[str, object]]:
    """What yt-dlp finds at an address, asked for as it is needed, without opening any of it; a video is its own list.

    `only` is the extractor that may be used. Raises ItemError.
    """
    from yt_dlp import YoutubeDL
    from yt_dlp.utils import YoutubeDLError

    options = quiet_options(limits) | {"extract_flat": True, "allowed_extractors": [only]}
    try:
        with YoutubeDL(options) as asked:
            info = asked.extract_info(address, download=False, process=False) or {}
            yield from (entry for entry in info.get("entries", [info]) if entry)
    except YoutubeDLError as error:
        raise ItemError("refused_by_site", f"yt-dlp on {address}: {plain_message(error)}") from None


def quiet_options(limits: FetchConfig) -> dict[str, object]:
    """Options of yt-dlp that keep it within our limits: who we are, how often and how long we ask."""
    return {
        "quiet": True,
        "no_warnings": True,
        "noprogress": True,
        "logger": Hushed(),
        "color": {"stdout": "never", "stderr": "never"},
        "cachedir": False,
        "noplaylist": True,
        "socket_timeout": limits.timeout_s,
        "retries": 0,
        "extractor_retries": 0,
        "sleep_interval_requests": 1 / limits.requests_per_second,
        "http_headers": {"User-Agent": limits.user_agent},
    }


def plain_message(error: Exception) -> str:
    """The first line of what yt-dlp says, without its mark and its request for bug reports."""
    text = str(error).strip().partition("\n")[0].removeprefix("ERROR: ")
    return text.partition("; please report this issue")[0][:300]
