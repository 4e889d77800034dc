"""The order of politeness: what is asked, and what is not."""

import logging
import time

import pytest

from omnisource.collect.fetch_error import FetchError
from omnisource.collect.web import Web
from omnisource.collect_config import FetchConfig
from tests.hostile_server import Behaviour, Server, body, dripping, raw, redirect

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
    assert read(named, "http://media.test/a") == PAGE
    assert server.asked == [("media.test", "/robots.txt"), ("media.test", "/a")]
    assert [h["User-Agent"] for h in server.headers] == ["MyBot/2 (ann@example.org)"] * 2
    assert [h["Accept"] for h in server.headers] == ["*/*"] * 2


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


def test_opened__says_nothing_of_queries(server: Server, quick: FetchConfig, caplog: pytest.LogCaptureFixture) -> None:
    server.routes["media.test", "/odd?key=s3cret"] = raw(b"HTTP/1.1 200 OK\r\n\xff bad\r\nContent-Length: 0\r\n\r\n")
    caplog.set_level(logging.DEBUG)
    said = []
    for url in ("http://media.test/a?key=s3cret", "http://media.test/odd?key=s3cret"):
        try:
            read(quick, url)
        except FetchError as error:
            said.append(str(error))
    assert said
    assert "s3cret" not in caplog.text + "".join(said)


def test_opened__a_crawl_delay_is_kept(server: Server, quick: FetchConfig) -> None:
    server.routes["media.test", "/robots.txt"] = robots("User-agent: *\nCrawl-delay: 0.3")
    for name in "abc":
        server.routes["media.test", f"/{name}"] = body(PAGE)
    web = Web(quick)
    began_s = time.monotonic()
    for name in "abc":
        with web.opened(f"http://media.test/{name}"):
            pass
    web.close()
    assert 0.6 <= time.monotonic() - began_s < 5


def test_turn__passes_what_every_request_passes(server: Server, quick: FetchConfig) -> None:
    server.routes["media.test", "/robots.txt"] = robots("User-agent: *\nDisallow: /private\nCrawl-delay: 0.2")
    web = Web(quick.model_copy(update={"failures_in_a_row": 2}))
    began_s = time.monotonic()
    for _ in range(2):
        with web.turn("http://media.test/watch"):
            pass
    assert time.monotonic() - began_s >= 0.2
    for url, reason in (
        ("http://media.test/private", "robots_refused"),
        ("http://127.0.0.1/", "private_address"),
        ("http://[", "bad_address"),
    ):
        with pytest.raises(FetchError, match=reason), web.turn(url):
            raise AssertionError("it was our turn")
    web.close()
    assert server.paths() == []


def test_turn__what_fails_in_it_counts_for_the_host(server: Server, quick: FetchConfig) -> None:
    web = Web(quick.model_copy(update={"failures_in_a_row": 2}))
    outcomes = ["stopped_by_engine", "well", "too_many_requests", "stopped_by_engine", "host_left_alone"]
    for outcome in outcomes:
        if outcome == "well":
            with web.turn("http://media.test/a") as went_well:
                went_well()
            continue
        with pytest.raises(FetchError) as error, web.turn("http://media.test/a"):
            raise FetchError(outcome)
        assert (error.value.reason, error.value.host) == (outcome, "media.test")
    web.close()


OK = b"HTTP/1.1 200 OK\r\n"

# behaviour of http://media.test/x, reason, status, whether a later run may try again, a word of the explanation
TABLE: dict[str, tuple[Behaviour, str, int | None, bool, str]] = {
    "missing": (body(b"", status=404), "not_found", 404, False, "is not there"),
    "gone": (body(b"", status=410), "not_found", 410, False, "is not there"),
    "forbidden": (body(b"no", status=403), "forbidden", 403, False, "is not for us"),
    "login": (body(b"no", status=401), "forbidden", 401, False, "is not for us"),
    "teapot": (body(b"no", status=418), "http_error", 418, False, "answered 418"),
    "no_content": (body(b"", status=204), "http_error", 204, False, "answered 204"),
    "busy": (body(b"", status=503), "busy", 503, True, "answered 503"),
    "too_many": (
        body(b"", status=429, headers={"Retry-After": "soon"}),
        "too_many_requests",
        429,
        True,
        "answered 429",
    ),
    "server_error": (body(b"oops", status=500), "server_error", 500, True, "answered 500"),
    "noai": (body(PAGE, headers={"X-Robots-Tag": "noai"}), "opted_out", 200, False, "X-Robots-Tag: noai"),
    "noimageai_for_us": (
        body(PAGE, headers={"X-Robots-Tag": "OmniSource: noimageai"}),
        "opted_out",
        200,
        False,
        "noimageai",
    ),
    "tdm": (body(PAGE, headers={"tdm-reservation": "1"}), "opted_out", 200, False, "tdm-reservation: 1"),
    "no_http": (raw(b"SSH-2.0-OpenSSH_9.0\r\n"), "bad_response", None, False, "BadStatusLine"),
    "endless_headers": (
        dripping(OK, b"X-More: 1\r\n" * 50, every_s=0.001),
        "bad_response",
        None,
        False,
        "more than 100 headers",
    ),
    "endless_header_line": (
        dripping(OK + b"X: ", b"y" * 9999, every_s=0.001),
        "bad_response",
        None,
        False,
        "LineTooLong",
    ),
    "hangs_up": (raw(b""), "unreachable", None, True, "closed the connection"),
    "redirect_loop": (redirect("/x"), "too_many_redirects", 302, False, "more than 5 redirects"),
    "redirect_nowhere": (body(b"", status=302), "bad_redirect", 302, False, "redirects nowhere"),
    "redirect_to_file": (redirect("file:///etc/passwd"), "bad_address", 302, False, "no http or https"),
    "redirect_to_metadata": (
        redirect("http://169.254.169.254/latest/"),
        "private_address",
        None,
        False,
        "169.254.169.254",
    ),
    "redirect_to_loopback": (redirect("http://localhost:1/"), "private_address", None, False, "fetch.allowed_private"),
    "redirect_to_odd_number": (redirect("http://0x7f.1/"), "private_address", None, False, "127.0.0.1"),
}


@pytest.mark.parametrize("behaviour", TABLE)
def test_opened__says_what_went_wrong(behaviour: str, server: Server, quick: FetchConfig) -> None:
    behave, reason, status, retry, words = TABLE[behaviour]
    server.routes["media.test", "/x"] = behave
    with pytest.raises(FetchError) as error:
        read(quick, "http://media.test/x")
    assert (error.value.reason, error.value.status, error.value.retry) == (reason, status, retry)
    assert words in error.value.detail
    assert error.value.host


def test_opened__follows_redirects_and_says_where_they_led(server: Server, quick: FetchConfig) -> None:
    server.routes["media.test", "/x"] = redirect("//other.test/y?size=1", 301)
    server.routes["other.test", "/y?size=1"] = redirect("z z", 307)
    server.routes["other.test", "/z%20z"] = body(PAGE)
    web = Web(quick)
    with web.opened("http://media.test/x") as answer:
        assert answer.address.url == "http://other.test/z%20z"
    web.close()


def test_opened__redirects_are_refused_where_the_settings_say_none(server: Server, quick: FetchConfig) -> None:
    server.routes["media.test", "/x"] = redirect("/y")
    with pytest.raises(FetchError, match="too_many_redirects: http://media.test/x: more than 0 redirects"):
        read(quick.model_copy(update={"max_redirects": 0}), "http://media.test/x")
    assert server.paths() == ["/x"]


def test_opened__private_addresses_before_anything_is_asked(quick: FetchConfig) -> None:
    with pytest.raises(FetchError) as error:
        read(quick, "http://127.0.0.1:1/a")
    assert (error.value.reason, error.value.host) == ("private_address", "127.0.0.1")


def test_opened__private_addresses_that_a_person_allowed(server: Server, quick: FetchConfig) -> None:
    server.routes["127.0.0.1", "/a"] = body(PAGE)
    allowed = quick.model_copy(update={"allowed_private": ("127.0.0.0/8",)})
    assert read(allowed, f"http://{server.place}/a") == PAGE
    assert server.headers[-1]["Host"] == server.place
