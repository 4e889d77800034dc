"""YouTube's search: our queries, the listing of the real yt-dlp on loopback, and entries as it lists them."""

import logging
import time
from collections.abc import Iterator
from datetime import date

import pytest

from omnisource.collect.pages import WebPages
from omnisource.collect.sources import youtube
from omnisource.collect.sources.youtube import YouTube, dated_query, list_flat, middle_of, plain_message
from omnisource.collect_config import FetchConfig
from omnisource.errors import ItemError
from tests.loopback_site import Site, cell, found_by, source

ENTRY = {
    "_type": "url",
    "ie_key": "Youtube",
    "id": "dQw4w9WgXcQ",
    "url": "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
    "title": "Beekeeping in spring",
    "description": None,
    "duration": 212.0,
    "channel_id": "UCuAXFkgsw1L7xaCfnd5JJOw",
    "channel": "A. Keeper",
    "uploader": "keeper",
    "thumbnails": [],
    "timestamp": None,
    "availability": None,
    "view_count": 7,
    "live_status": None,
    "__x_forwarded_for_ip": None,
}
"""As `yt-dlp --flat-playlist -J ytsearch1:...` writes one."""
LIVE = ENTRY | {"url": "https://www.youtube.com/watch?v=live", "live_status": "is_live", "duration": None}
CHANNEL = ENTRY | {"ie_key": "YoutubeTab", "url": "https://www.youtube.com/channel/UC1"}
UNKNOWN = ENTRY | {"url": "https://www.youtube.com/watch?v=2", "duration": None, "channel": None}


def test_pages__lists_before_anything_is_opened(
    monkeypatch: pytest.MonkeyPatch, pages: WebPages, limits: FetchConfig
) -> None:
    asked: list[tuple[str, str]] = []

    def recorded(address: str, limits: FetchConfig, *, only: str) -> Iterator[dict[str, object]]:
        asked.append((address, only))
        yield from [ENTRY, LIVE, CHANNEL, *[UNKNOWN] * 20]

    monkeypatch.setattr(youtube, "list_flat", recorded)  # the one call that would leave this machine
    search = source("youtube", "untrimmed", section_s=10, obey_robots=False)
    window = {"published_after": date(2013, 1, 1), "published_before": date(2014, 1, 1)}
    found = [page.found for page in YouTube(search, pages, limits).pages(cell(**window))]
    assert asked == [("ytsearch500:beekeeping after:2013-01-01 before:2014-01-01", "youtube:search")]
    assert [len(page) for page in found] == [18, 3]  # of twenty entries two were no videos
    first = found[0][0]
    assert first.candidate.url == "https://www.youtube.com/watch?v=dQw4w9WgXcQ"
    assert (first.title, first.author, first.start_s, first.end_s) == ("Beekeeping in spring", "A. Keeper", 101, 111)
    assert (found[0][1].author, found[0][1].start_s) == ("keeper", 0)  # nobody said how long it is


def test_pages__lists_are_as_far_apart_as_the_requests_of_one(
    monkeypatch: pytest.MonkeyPatch, pages: WebPages, limits: FetchConfig
) -> None:
    began_s: list[float] = []

    def recorded(address: str, limits: FetchConfig, *, only: str) -> Iterator[dict[str, object]]:
        began_s.append(time.monotonic())
        yield ENTRY

    monkeypatch.setattr(youtube, "list_flat", recorded)
    slow = limits.model_copy(update={"requests_per_second": 5})
    opened = YouTube(source("youtube", "untrimmed", obey_robots=False), pages, slow)
    for _ in range(2):
        found_by(opened, cell())
    assert began_s[1] - began_s[0] >= 0.2


def test_pages__robots_txt_is_asked_before_youtube_is(site: Site, pages: WebPages, limits: FetchConfig) -> None:
    site.robots = "User-agent: *\nDisallow: /results"
    youtube.RESULTS, public = f"http://site.test:{site.server_port}/results", youtube.RESULTS
    try:
        with pytest.raises(ItemError, match="robots_refused"):
            found_by(YouTube(source("youtube", "untrimmed"), pages, limits), cell())
    finally:
        youtube.RESULTS = public
    assert (site.num_robots, site.asked) == (1, [])


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        ({}, "beekeeping"),
        ({"published_after": date(2013, 1, 1)}, "beekeeping after:2013-01-01"),
        ({"published_before": date(2014, 1, 1)}, "beekeeping before:2014-01-01"),
    ],
)
def test_dated_query__has_the_operators_of_the_window(window: dict[str, date], expected: str) -> None:
    assert dated_query(cell(**window)) == expected


@pytest.mark.parametrize(
    ("duration_s", "section_s", "expected"),
    [
        (100.0, 10.0, (45.0, 55.0)),
        (10.0, 10.0, (None, None)),  # all of it
        (100.0, None, (None, None)),
        (None, 10.0, (0.0, 10.0)),
    ],
)
def test_middle_of__is_the_middle(duration_s: float | None, section_s: float | None, expected: tuple) -> None:
    assert middle_of(duration_s, section_s) == expected


def test_list_flat__a_video_is_its_own_list(site: Site, limits: FetchConfig) -> None:
    site.answer = lambda path, params: (200, "video/mp4", "not read to its end")
    url = f"http://127.0.0.1:{site.server_port}/bees.mp4"
    entries = list(list_flat(url, limits, only="generic"))
    assert [(entry["title"], entry["formats"][0]["url"]) for entry in entries] == [("bees", url)]


@pytest.mark.parametrize(
    ("only", "message"),
    [
        ("generic", r"refused_by_site: yt-dlp on .*/bees.mp4: \[generic\] bees: .*HTTP Error 404"),
        ("youtube:search", "refused_by_site: .*No suitable extractor found"),  # nothing else is tried
    ],
)
def test_list_flat__what_fails_is_an_item_error_and_quiet(
    site: Site, limits: FetchConfig, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture,
    only: str, message: str,
) -> None:  # fmt: skip
    with caplog.at_level(logging.INFO), pytest.raises(ItemError, match=message):
        list(list_flat(f"http://127.0.0.1:{site.server_port}/bees.mp4", limits, only=only))
    assert capfd.readouterr() == ("", "")
    assert caplog.text == ""


def test_plain_message__is_one_line_without_marks() -> None:
    error = ValueError("ERROR: [youtube] x: Video unavailable; please report this issue on https://github.com\nmore")
    assert plain_message(error) == "[youtube] x: Video unavailable"
