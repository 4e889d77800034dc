"""Google and Bing: what is asked of them, and what icrawler's own parsers find in pages shaped like theirs."""

from datetime import date

import pytest

from omnisource.collect.pages import WebPages
from omnisource.collect.search import Page, Pages
from omnisource.collect.sources.image_search import Bing, Google, date_filter
from omnisource.errors import ItemError
from tests.loopback_site import Site, cell, found_by, html, source, urls_of

GOOGLE_PAGE = """<html><script>var x = 1;</script><script>AF_initDataCallback({data:[
["https://encrypted-tbn0.gstatic.com/images?q=tbn:1.jpg",1,2],
["https://a.example/bees%%d.jpg",600,800],["https://b.example/h\\u0069ve.png",1,1]]});</script></html>"""
BING_PAGE = """<div class="imgpt"><a m="{{&quot;purl&quot;:&quot;https://a.example/&quot;,\
&quot;murl&quot;:&quot;https://a.example/{number}.jpg&quot;}}">x</a></div><div class="imgpt"><a>no m</a></div>"""


class _Said(Pages):
    """Answers with one page that was given, whatever is asked."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def get(self, url, *, params=None, obey_robots=True) -> Page:
        return self._page


def test_google__asks_in_pages_of_a_hundred_with_its_date_filter(site: Site, pages: WebPages) -> None:
    site.answer = lambda path, params: html(GOOGLE_PAGE.replace("%%d", str(min(int(params["ijn"]), 1))))
    opened = Google(source("google", endpoint="http://site.test/search"), pages)
    asked = cell(published_after=date(2013, 1, 1), published_before=date(2014, 1, 1))
    found = urls_of(opened, asked)
    assert found[:2] == ["https://a.example/bees0.jpg", "https://b.example/hive.png"]
    assert "https://a.example/bees1.jpg" in found
    assert not any("gstatic" in url for url in found)  # Google's own thumbnails
    first = {"q": "beekeeping", "tbm": "isch", "ijn": "0", "start": "0"}
    assert site.asked[0] == ("/search", first | {"tbs": "cdr:1,cd_min:01/01/2013,cd_max:12/31/2013"})
    assert [params["start"] for _, params in site.asked] == ["0", "100", "200"]  # the third had nothing new


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        ({}, None),
        ({"published_after": date(2013, 2, 1)}, "cdr:1,cd_min:02/01/2013,cd_max:"),
        ({"published_before": date(2013, 3, 1)}, "cdr:1,cd_min:,cd_max:02/28/2013"),  # our last day is not in it
    ],
)
def test_date_filter__is_half_open(window: dict[str, date], expected: str | None) -> None:
    assert date_filter(cell(**window)) == expected


def test_google__a_page_without_results_ends_the_cell(site: Site, pages: WebPages) -> None:
    site.answer = lambda path, params: html("<html><script>var nothing;</script></html>")
    assert found_by(Google(source("google", endpoint="http://site.test/search"), pages), cell()) == []
    assert len(site.asked) == 1


def test_google__its_robots_txt_counts_unless_the_study_says_otherwise(site: Site, pages: WebPages) -> None:
    site.robots = "User-agent: *\nDisallow: /search"
    site.answer = lambda path, params: html(GOOGLE_PAGE.replace("%%d", "0"))
    with pytest.raises(ItemError, match="robots_refused"):
        found_by(Google(source("google", endpoint="http://site.test/search"), pages), cell())
    allowed = source("google", endpoint="http://site.test/search", obey_robots=False)
    assert len(found_by(Google(allowed, pages), cell())) == 4


@pytest.mark.parametrize("url", ["https://www.google.com/sorry/index?q=x", "https://consent.google.com/m?continue=x"])
def test_google__being_stopped_fails_the_cell(url: str) -> None:
    opened = Google(source("google"), _Said(Page(url=url, content_type="text/html", text="<html>")))
    with pytest.raises(ItemError, match="stopped_by_engine: Google asks for a person at"):
        found_by(opened, cell())


def test_google__a_page_that_the_parser_stumbles_over_fails_the_cell() -> None:
    text = r"<script>['https://a.example/\ud8.jpg']</script>"  # an escape that breaks off
    opened = Google(source("google"), _Said(Page(url="https://x.example/", content_type="text/html", text=text)))
    with pytest.raises(ItemError, match="unreadable_page: icrawler cannot read https://x.example/"):
        found_by(opened, cell())


def test_google__an_address_that_is_none_is_left_to_the_download() -> None:
    text = "<script>['https://a]b.example/1.jpg','https://a.example/2.jpg']</script>"
    opened = Google(source("google"), _Said(Page(url="https://x.example/", content_type="text/html", text=text)))
    assert urls_of(opened, cell())[:2] == ["https://a]b.example/1.jpg", "https://a.example/2.jpg"]


def test_bing__asks_in_pages_of_twenty(site: Site, pages: WebPages) -> None:
    site.answer = lambda path, params: html(BING_PAGE.format(number=min(int(params["first"]), 20)))
    found = urls_of(Bing(source("bing", endpoint="http://site.test/images/async"), pages), cell())
    assert found == ["https://a.example/0.jpg", "https://a.example/20.jpg", "https://a.example/20.jpg"]
    assert site.asked[0] == ("/images/async", {"q": "beekeeping", "first": "0"})
    assert [params["first"] for _, params in site.asked] == ["0", "20", "40"]
