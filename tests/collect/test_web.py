"""The order of politeness: what is asked, and what is not."""

import logging

import pytest

from omnisource.collect.fetch_error import FetchError
from omnisource.collect.web import Web
from omnisource.collect_config import FetchConfig
from omnisource.types import Format
from tests.hostile_server import Server, body, raw, redirect

PAGE = b"hello"


def read(config: FetchConfig, url: str, **how) -> bytes:
    web = Web(config)
    try:
        with web.opened(url, **how) as answer:
            return b"".join(answer.pieces(1 << 20))
    finally:
        web.close()


def robots(text: str, **headers: str):
    return body(text.encode(), headers={"Content-Type": "text/plain"} | headers)


def test_opened__asks_for_robots_first_and_says_who_asks(server: Server, quick: FetchConfig) -> None:
    server.routes["media.test", "/a"] = body(PAGE)
    named = quick.model_copy(update={"user_agent": "MyBot/2 (ann@example.org)"})
    assert read(named, "http://media.test/a", headers={"Accept": "image/*"}) == PAGE
    assert server.asked == [("media.test", "/robots.txt"), ("media.test", "/a")]
    assert [h["User-Agent"] for h in server.headers] == ["MyBot/2 (ann@example.org)"] * 2
    assert [h["Accept"] for h in server.headers] == ["*/*", "image/*"]


def test_opened__what_robots_forbid_is_never_asked_for(server: Server, quick: FetchConfig) -> None:
    server.routes["media.test", "/robots.txt"] = robots("User-agent: OmniSource\nDisallow: /private")
    with pytest.raises(FetchError) as error:
        read(quick, "http://media.test/private/a?key=1")
    assert (error.value.reason, error.value.retry, error.value.status) == ("robots_refused", False, None)
    assert error.value.detail == "robots.txt of http://media.test forbids http://media.test/private/a"
    assert server.paths() == []


def test_opened__a_redirect_obeys_the_robots_of_where_it_leads(server: Server, quick: FetchConfig) -> None:
    server.routes["media.test", "/a"] = redirect("http://other.test/b")
    server.routes["other.test", "/robots.txt"] = robots("User-agent: *\nDisallow: /")
    with pytest.raises(FetchError) as error:
        read(quick, "http://media.test/a", obey_robots=False)  # which speaks of media.test alone
    assert (error.value.reason, error.value.host) == ("robots_refused", "other.test")
    assert server.asked == [("media.test", "/a"), ("other.test", "/robots.txt")]


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_opened__a_host_without_robots_allows_everything(status: int, server: Server, quick: FetchConfig) -> None:
    server.routes["media.test", "/robots.txt"] = body(b"Disallow: /", status=status)
    server.routes["media.test", "/a"] = body(PAGE)
    assert read(quick, "http://media.test/a") == PAGE


@pytest.mark.parametrize(
    "behave", [body(b"", status=500), body(b"", status=429), raw(b""), redirect("http://10.0.0.1/")]
)
def test_opened__robots_that_cannot_be_had_leave_the_host_to_a_later_run(
    behave, server: Server, quick: FetchConfig
) -> None:
    server.routes["media.test", "/robots.txt"] = behave
    with pytest.raises(FetchError) as error:
        read(quick, "http://media.test/a")
    assert (error.value.reason, error.value.retry, error.value.host) == ("robots_unreachable", True, "media.test")
    assert server.paths() == []


def test_opened__robots_may_lie_elsewhere(server: Server, quick: FetchConfig) -> None:
    server.routes["media.test", "/robots.txt"] = redirect("http://other.test/rules")
    server.routes["other.test", "/rules"] = robots("User-agent: *\nDisallow: /a")
    with pytest.raises(FetchError, match="robots_refused"):
        read(quick, "http://media.test/a")


def test_opened__robots_that_go_round_in_circles_say_nothing(server: Server, quick: FetchConfig) -> None:
    server.routes["media.test", "/robots.txt"] = redirect("/robots.txt")
    server.routes["media.test", "/a"] = body(PAGE)
    assert read(quick, "http://media.test/a") == PAGE
    assert server.asked.count(("media.test", "/robots.txt")) == 6


def test_opened__only_the_beginning_of_huge_robots_is_read(server: Server, quick: FetchConfig) -> None:
    begin, filler = "User-agent: *\nDisallow: /a\n", "# filler\n" * 100_000  # 900 KB
    server.routes["media.test", "/robots.txt"] = robots(begin + filler + "Disallow: /b\n")
    server.routes["media.test", "/b"] = body(PAGE)
    assert read(quick, "http://media.test/b") == PAGE
    with pytest.raises(FetchError, match="robots_refused"):
        read(quick, "http://media.test/a")


@pytest.mark.parametrize(("status", "reason"), [(404, "not_found"), (403, "forbidden")])
def test_opened__a_failure_is_no_opt_out(status: int, reason: str, server: Server, quick: FetchConfig) -> None:
    server.routes["media.test", "/a"] = body(b"", status=status, headers={"X-Robots-Tag": "noindex"})
    with pytest.raises(FetchError, match=reason):
        read(quick, "http://media.test/a")


def test_opened__opt_outs_count_for_media_and_where_they_are_obeyed(server: Server, quick: FetchConfig) -> None:
    server.routes["media.test", "/a"] = body(PAGE, headers={"X-Robots-Tag": "noindex"})
    assert read(quick, "http://media.test/a", for_media=False) == PAGE
    assert read(quick.model_copy(update={"obey_opt_out": False}), "http://media.test/a") == PAGE
    with pytest.raises(FetchError, match="opted_out: http://media.test/a says X-Robots-Tag: noindex"):
        read(quick, "http://media.test/a")


def test_opened__headers_stay_with_the_host_they_are_for(server: Server, quick: FetchConfig) -> None:
    server.routes["media.test", "/a"] = redirect("http://other.test/b")
    server.routes["other.test", "/b"] = body(PAGE)
    read(quick, "http://media.test/a", headers={"Authorization": "Bearer s3cret"})
    sent = dict(zip(server.asked, (h.get("Authorization") for h in server.headers), strict=True))
    assert sent["media.test", "/a"] == "Bearer s3cret"
    assert sent["other.test", "/b"] is None
    assert sent["media.test", "/robots.txt"] is None


@pytest.mark.parametrize("name", ["User-Agent", "host", "Accept-Encoding", "Connection"])
def test_opened__some_headers_are_not_the_callers(name: str, quick: FetchConfig) -> None:
    with pytest.raises(ValueError, match=f"header '{name.lower()}' is set by the web itself"):
        read(quick, "http://media.test/a", headers={name: "x"})


def test_opened__says_nothing_of_queries_and_headers(
    server: Server, quick: FetchConfig, caplog: pytest.LogCaptureFixture
) -> None:
    server.routes["media.test", "/odd?key=s3cret"] = raw(b"HTTP/1.1 200 OK\r\n\xff bad\r\nContent-Length: 0\r\n\r\n")
    caplog.set_level(logging.DEBUG)
    said = []
    for url in ("http://media.test/a?key=s3cret", "http://media.test/odd?key=s3cret"):
        try:
            read(quick, url, headers={"Authorization": "s3cret"})
        except FetchError as error:
            said.append(str(error))
    assert said
    assert "s3cret" not in caplog.text + "".join(said)


def test_opened__a_crawl_delay_is_kept(server: Server, quick: FetchConfig) -> None:
    server.routes["media.test", "/robots.txt"] = robots("User-agent: *\nCrawl-delay: 0.3")
    for name in "abc":
        server.routes["media.test", f"/{name}"] = body(PAGE)
    web = Web(quick)
    import time

    began_s = time.monotonic()
    for name in "abc":
        with web.opened(f"http://media.test/{name}"):
            pass
    web.close()
    assert 0.6 <= time.monotonic() - began_s < 2


@pytest.mark.parametrize(("format", "expected"), [(Format.IMAGE, 1 << 20), (Format.TRIMMED, 2 << 20)])
def test_max_bytes__by_format(format: Format, expected: int) -> None:
    assert Web(FetchConfig(max_image_mib=1, max_video_mib=2)).max_bytes(format) == expected


def test_opened__private_addresses_before_anything_is_asked(quick: FetchConfig) -> None:
    with pytest.raises(FetchError) as error:
        read(quick, "http://127.0.0.1:1/a")
    assert (error.value.reason, error.value.host) == ("private_address", "127.0.0.1")


def test_opened__private_addresses_that_a_person_allowed(server: Server, quick: FetchConfig) -> None:
    server.routes["127.0.0.1", "/a"] = body(PAGE)
    allowed = quick.model_copy(update={"allowed_private": ("127.0.0.0/8",)})
    assert read(allowed, f"http://{server.place}/a") == PAGE
    assert server.headers[-1]["Host"] == server.place
