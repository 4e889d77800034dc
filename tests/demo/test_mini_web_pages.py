"""The mini-web's pages: what a search finds, in which window, on which page."""

import re
from datetime import date

import pytest

from omnisource.demo.mini_web_pages import ENDPOINTS, RESULT_CAP, RESULTS_ON_A_PAGE, listing, robots_txt
from omnisource.demo.mini_web_plan import CLIPS, GALLERY, PICTURES, VIDEOS, MiniWebPlan, Post, Trap, WebFile
from omnisource.types import Format


def post(number: int, *, format: Format = Format.IMAGE, class_name: str = "red_right", host: str = "photos.example"):
    ending = "jpg" if format is Format.IMAGE else "mp4"
    name = f"web/x/{class_name}/{number}.{ending}"
    return Post(
        host=host,
        path=f"/p/{number:04d}.{ending}",
        format=format,
        class_name=class_name,
        published=date(2016, 1 + number % 12, 1),
        trap=Trap.NONE,
        file=WebFile(path=name, format=format, class_name=class_name, key=bytes(16), trap=Trap.NONE),
    )


PLAN = MiniWebPlan(
    posts=(
        *(post(number) for number in range(30)),
        *(post(number, class_name="blue_still", host=GALLERY) for number in range(30, 33)),
        *(post(number, format=Format.TRIMMED, host=CLIPS) for number in range(40, 50)),
        *(post(number, format=Format.UNTRIMMED, host=VIDEOS) for number in range(50, 52)),
    )
)


def found(host: str, path: str, **query: str) -> list[str]:
    """Addresses on a page."""
    return re.findall(r'<li><a href="([^"]+)"', listing(PLAN, host, path, query).body.decode())


def everything(host: str, path: str, **query: str) -> list[str]:
    """Addresses on all pages."""
    pages = [found(host, path, **query, page=str(number)) for number in range(1, 20)]
    return [url for page in pages for url in page]


def test_listing__a_search_gives_a_page_at_a_time_and_no_more_than_its_cap():
    assert len(found(PICTURES, "/search", q="red right")) == RESULTS_ON_A_PAGE
    assert found(PICTURES, "/search", q="red right") == found(PICTURES, "/search", q="red right", page="1")
    urls = everything(PICTURES, "/search", q="Red RIGHT")
    assert len(urls) == len(set(urls)) == RESULT_CAP < 30


def test_listing__a_window_holds_its_first_day_and_not_its_last():
    # three of the thirty pictures lie in each of the first six months, and the windows part them
    march = everything(PICTURES, "/search", q="red right", after="2016-03-01", before="2016-04-01")
    assert march == [f"http://photos.example/p/{number:04d}.jpg" for number in (2, 14, 26)]
    before = everything(PICTURES, "/search", q="red right", after="2016-02-01", before="2016-03-01")
    assert not set(march) & set(before)


def test_listing__days_that_are_none_are_no_window():
    assert everything(PICTURES, "/search", q="red right", after="yesterday", before="") == everything(
        PICTURES, "/search", q="red right"
    )


@pytest.mark.parametrize(
    ("host", "path", "query", "count"),
    [
        (CLIPS, "/tags/redright", {}, 10),  # no cap
        (CLIPS, "/tags/rightred", {}, 10),
        (CLIPS, "/tags/red", {}, 0),
        (VIDEOS, "/find", {"q": "red right"}, 2),
        (GALLERY, "/tags/bluestill", {}, 3),
        (GALLERY, "/tags/redright", {}, 0),  # they lie elsewhere
        (PICTURES, "/search", {"q": "blue still"}, 3),
        (PICTURES, "/search", {"q": "nothing of the kind"}, 0),
        (PICTURES, "/search", {}, 0),
    ],
)
def test_listing__each_site_has_its_own(host: str, path: str, query: dict[str, str], count: int):
    assert len(everything(host, path, **query)) == count


@pytest.mark.parametrize(("host", "path"), [(PICTURES, "/"), (CLIPS, "/tags/"), ("photos.example", "/search")])
def test_listing__anything_else_is_not_there(host: str, path: str):
    assert listing(PLAN, host, path, {}).status == 404


def test_listing__leads_to_the_next_page_where_there_is_one():
    assert b'rel="next"' in listing(PLAN, PICTURES, "/search", {"q": "red right"}).body
    assert b'rel="next"' not in listing(PLAN, VIDEOS, "/find", {"q": "red right"}).body


def test_listing__what_was_asked_is_escaped():
    page = listing(PLAN, PICTURES, "/search", {"q": "red right", "x": '"><script>'}).body
    assert b"<script>" not in page


def test_robots_txt__only_the_gallery_has_one():
    assert b"Disallow: /private/" in robots_txt(GALLERY).body
    assert robots_txt("photos.example").status == 404


def test_endpoints__every_site_that_can_be_searched_has_one():
    assert set(ENDPOINTS) == {PICTURES, CLIPS, VIDEOS, GALLERY}
    assert all("{query}" in endpoint and "{page}" in endpoint for endpoint in ENDPOINTS.values())
