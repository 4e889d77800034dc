"""Pages as sources get them."""

import pytest

from omnisource.collect.fetch_error import FetchError
from omnisource.collect.pages import MAX_PAGE_BYTES, WebPages
from omnisource.collect.search import Pages
from omnisource.collect.web import Web
from omnisource.collect_config import FetchConfig
from tests.hostile_server import Request, Server, body, redirect


@pytest.fixture
def pages(quick: FetchConfig):
    web = Web(quick)
    yield WebPages(web)
    web.close()


@pytest.mark.parametrize(
    ("content_type", "content", "kind", "text"),
    [
        ("text/html; charset=utf-8", "<p>Bücher".encode(), "text/html", "<p>Bücher"),
        ('TEXT/HTML;Charset="iso-8859-1"', "<p>Bücher".encode("latin-1"), "text/html", "<p>Bücher"),
        ("application/json", b'{"a": 1}', "application/json", '{"a": 1}'),
        ("application/rss+xml", b"<rss/>", "application/rss+xml", "<rss/>"),
        ("text/plain; charset=no-such-thing", b"a", "text/plain", "a"),
        ("text/plain; charset=base64", b"a", "text/plain", "a"),  # a codec, but none of text
        ("text/plain", b"a\xff", "text/plain", "a\ufffd"),
        # codecs of Python's that no page is written in: hours for a page, and half a surrogate pair
        ("text/plain; charset=Punycode", b"-" + b"a" * 2_000_000, "text/plain", "-" + "a" * 2_000_000),
        ("text/plain; charset=unicode_escape", b"\\ud800", "text/plain", "\\ud800"),
        ("text/plain; charset=utf7", b"+2AA-", "text/plain", "+2AA-"),
        ("", b"a", "", "a"),
    ],
)
def test_get__decodes_text(
    content_type: str, content: bytes, kind: str, text: str, pages: WebPages, server: Server
) -> None:
    server.routes["media.test", "/a"] = body(content, headers={"Content-Type": content_type} if content_type else {})
    page = pages.get("http://media.test/a")
    assert (page.url, page.content_type, page.text) == ("http://media.test/a", kind, text)


def test_get__refuses_what_is_no_text(pages: WebPages, server: Server) -> None:
    server.routes["media.test", "/a"] = body(b"\xff\xd8\xff", headers={"Content-Type": "image/jpeg"})
    with pytest.raises(FetchError, match="wrong_type: http://media.test/a is image/jpeg, no text page"):
        pages.get("http://media.test/a")


def test_get__refuses_pages_without_end(pages: WebPages, server: Server) -> None:
    server.routes["media.test", "/a"] = body(b" " * (MAX_PAGE_BYTES + 1))
    with pytest.raises(FetchError, match="too_large: http://media.test/a has more than 8 MiB"):
        pages.get("http://media.test/a")


def test_get__adds_params(pages: WebPages, server: Server) -> None:
    server.routes["media.test", "/s?lang=de&q=b%C3%BCcher+%26+mehr"] = body(b"found")
    page = pages.get("http://media.test/s?lang=de", params={"q": "bücher & mehr"})
    assert page.text == "found"


def test_get__says_where_it_was_led(pages: WebPages, server: Server) -> None:
    server.routes["media.test", "/a"] = redirect("/b/")
    server.routes["media.test", "/b/"] = body(b"here")
    assert pages.get("http://media.test/a").url == "http://media.test/b/"


def test_get__obeys_robots_unless_told_otherwise(pages: WebPages, server: Server) -> None:
    server.routes["media.test", "/robots.txt"] = body(b"User-agent: *\nDisallow: /")
    server.routes["media.test", "/a"] = body(b"here")
    with pytest.raises(FetchError, match="robots_refused"):
        pages.get("http://media.test/a")
    assert pages.get("http://media.test/a", obey_robots=False).text == "here"


def test_get__asks_a_busy_host_again(pages: WebPages, server: Server) -> None:
    def behave(request: Request) -> None:
        is_first = server.paths() == ["/a"]
        (body(b"", status=503, headers={"Retry-After": "0"}) if is_first else body(b"here"))(request)

    server.routes["media.test", "/a"] = behave
    assert pages.get("http://media.test/a").text == "here"


def test_web_pages__are_what_sources_ask_for(pages: WebPages) -> None:
    asked: Pages = pages
    assert asked is pages
