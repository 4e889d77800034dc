"""A site that is searched by a template of its addresses."""

from datetime import date

import pytest

from omnisource.collect.pages import WebPages
from omnisource.collect.sources.result_pages import ResultPages, check_template, fill_template, has_windows
from omnisource.errors import ConfigError, ItemError
from tests.loopback_site import Reply, Site, cell, found_by, html, source, urls_of

TEMPLATE = "http://site.test/search?q={query}&p={page}&from={after}&to={before}"


def _answer(path: str, params: dict[str, str]) -> Reply:
    number = min(int(params.get("p", 1)), 2)  # the site repeats its last page
    return html(f'<a href="/media/{number}.jpg" title="Bees {number}">x</a><a href="/search?p={number + 1}">next</a>')


def test_pages__asks_on_until_nothing_new_comes(site: Site, pages: WebPages) -> None:
    site.answer = _answer
    asked = cell("playing guitar & bass", published_after=date(2013, 1, 1), published_before=date(2014, 1, 1))
    found = found_by(ResultPages(source("page", endpoint=TEMPLATE), pages), asked)
    assert [one.candidate.url for one in found] == [f"http://site.test/media/{n}.jpg" for n in (1, 2, 2)]
    assert found[0].title == "Bees 1"
    assert found[0].page_url.startswith("http://site.test/search?q=playing%20guitar%20%26%20bass")
    params = {"q": "playing guitar & bass", "p": "1", "from": "2013-01-01", "to": "2014-01-01"}
    assert site.asked == [("/search", params | {"p": str(number)}) for number in (1, 2, 3)]


def test_pages__a_template_without_page_is_asked_once(site: Site, pages: WebPages) -> None:
    site.answer = _answer
    opened = ResultPages(source("page", endpoint="http://site.test/tag/{query}"), pages)
    assert urls_of(opened, cell("a/b")) == ["http://site.test/media/1.jpg"]
    assert site.asked == [("/tag/a%2Fb", {})]  # a query is one part of the path


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        ((200, "application/json", "{}"), "not_html: http://site.test/search.* answered application/json, not HTML"),
        ((500, "text/html", ""), "server_error"),
    ],
)
def test_pages__an_answer_that_is_no_page_fails_the_cell(
    site: Site, pages: WebPages, reply: Reply, message: str
) -> None:
    site.answer = lambda path, params: reply
    with pytest.raises(ItemError, match=message):
        found_by(ResultPages(source("page", endpoint=TEMPLATE), pages), cell())


def test_fill_template__a_query_may_look_like_a_field() -> None:
    filled = fill_template("https://a.example/{query}/{page}?{after}-{before}", cell("{page}"), 7)
    assert filled == "https://a.example/%7Bpage%7D/7?-"  # no window: empty


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("https://a.example/{query}/{site}", r"has \{site\}, which nothing fills; it may have \{query\}, \{page\}"),
        ("a.example/{query}", "is no web address; begin it with https://"),
        ("https://{query}.example/", "is no web address"),
    ],
)
def test_check_template__says_what_cannot_work(template: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        check_template(template)


def test_has_windows__needs_both_ends() -> None:
    assert has_windows(TEMPLATE)
    assert not has_windows("https://a.example/{query}?{after}")
