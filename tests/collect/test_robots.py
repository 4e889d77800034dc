"""robots.txt: the rules as search engines read them, and when the file is asked for."""

import time

import pytest

from omnisource.collect import robots as robots_module
from omnisource.collect.addresses import Address, parse_address
from omnisource.collect.fetch_error import FetchError, NotThisTime
from omnisource.collect.robots import MAX_CRAWL_DELAY_S, Robots, agent_token, parse_rules

AGENT = "OmniSource/0.1 (research)"


@pytest.mark.parametrize(
    ("text", "target", "allowed"),
    [
        ("", "/a", True),
        ("<html>not a robots.txt: at all</html>", "/a", True),
        ("User-agent: *\nDisallow: /", "/a", False),
        ("User-agent: *\nDisallow: /", "/robots.txt", True),
        ("User-agent: *\nDisallow:", "/a", True),
        ("\ufeffUser-Agent:*\r\nDISALLOW : /private # ours\r\n", "/private/a", False),
        ("User-agent: *\nDisallow: /private", "/privately", False),  # a rule is a beginning
        ("User-agent: *\nDisallow: /private/", "/private", True),
        # the group that names us counts alone
        ("User-agent: *\nDisallow: /\n\nUser-agent: omnisource\nAllow: /", "/a", True),
        ("User-agent: OmniSource\nDisallow: /\n\nUser-agent: *\nAllow: /", "/a", False),
        ("User-agent: other\nUser-agent: omnisource\nDisallow: /a\n", "/a", False),
        ("User-agent: other\nDisallow: /\n", "/a", True),
        (
            "User-agent: omnisource\nDisallow: /a\nUser-agent: x\nDisallow: /b\nUser-agent: omnisource\nDisallow: /c",
            "/c",
            False,
        ),
        ("User-agent: omnisourcebot\nDisallow: /\n", "/a", True),  # another program
        # the longest rule counts, whatever the order; allowed where two are equal (RFC 9309 2.2.2)
        ("User-agent: *\nDisallow: /\nAllow: /pictures/", "/pictures/a.jpg", True),
        ("User-agent: *\nAllow: /pictures\nDisallow: /pictures/raw/", "/pictures/raw/a.jpg", False),
        ("User-agent: *\nDisallow: /a\nAllow: /a", "/a", True),
        # * and $
        ("User-agent: *\nDisallow: /*.jpg$", "/b/a.jpg", False),
        ("User-agent: *\nDisallow: /*.jpg$", "/b/a.jpg?s=1", True),
        ("User-agent: *\nDisallow: /*/raw/*.jpg", "/x/raw/y/z.jpg.html", False),
        ("User-agent: *\nDisallow: /*/raw/*.jpg", "/raw/z.jpg", True),
        ("User-agent: *\nDisallow: /a$", "/a", False),
        ("User-agent: *\nDisallow: /a$", "/ab", True),
        ("User-agent: *\nDisallow: /*?", "/a?b", False),
        ("User-agent: *\nDisallow: /a*a$", "/a", True),  # the same letter cannot be both
        # percent signs are one spelling
        ("User-agent: *\nDisallow: /b%C3%BCcher", "/b%c3%bccher/1", False),
        ("User-agent: *\nDisallow: /bücher", "/b%C3%BCcher/1", False),
        ("User-agent: *\nDisallow: /~ann", "/%7Eann", False),
        ("User-agent: *\nDisallow: /a%2Fb", "/a/b", True),  # an encoded slash is none
    ],
)
def test_parse_rules__allows(text: str, target: str, allowed: bool) -> None:
    assert parse_rules(text, AGENT).allows(target) is allowed


def test_parse_rules__a_hostile_pattern_takes_no_time() -> None:
    rules = parse_rules("User-agent: *\nDisallow: /" + "*a" * 2000 + "$", AGENT)
    began_s = time.process_time()
    assert rules.allows("/" + "a" * 1999 + "b")
    assert time.process_time() - began_s < 0.5


@pytest.mark.parametrize(
    ("text", "delay_s"),
    [
        ("User-agent: *\nCrawl-delay: 2.5", 2.5),
        ("User-agent: *\nCrawl-delay: 86400", MAX_CRAWL_DELAY_S),
        ("User-agent: *\nCrawl-delay: soon", 0.0),
        ("User-agent: *\nCrawl-delay: 9\nUser-agent: omnisource\nCrawl-delay: 3", 3.0),
    ],
)
def test_parse_rules__crawl_delay(text: str, delay_s: float) -> None:
    assert parse_rules(text, AGENT).crawl_delay_s == delay_s


@pytest.mark.parametrize(
    ("agent", "token"), [(AGENT, "omnisource"), ("img2dataset", "img2dataset"), ("My-Bot 2", "my-bot"), ("(x)", "")]
)
def test_agent_token__is_the_name(agent: str, token: str) -> None:
    assert agent_token(agent) == token


class Site:
    """A robots.txt that changes, and how often it was asked for."""

    def __init__(self, text: str | None | FetchError) -> None:
        self.text = text
        self.asked: list[str] = []

    def fetch(self, address: Address) -> str | None:
        self.asked.append(address.url)
        if isinstance(self.text, FetchError):
            raise self.text
        return self.text


def test_robots__are_asked_once_for_each_origin() -> None:
    site = Site("User-agent: *\nDisallow: /a")
    robots = Robots(site.fetch, AGENT)
    for url in ("http://x.test/a", "http://x.test/b", "http://x.test:81/a", "https://x.test/a"):
        robots.rules(parse_address(url))
    assert site.asked == ["http://x.test/robots.txt", "http://x.test:81/robots.txt", "https://x.test/robots.txt"]


def test_robots__those_of_the_origins_asked_last_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(robots_module, "MAX_KEPT", 2)
    site = Site("User-agent: *\nDisallow: /a")
    robots = Robots(site.fetch, AGENT)
    for name in "abacab":  # b is asked for longest ago when c comes
        robots.rules(parse_address(f"http://{name}.test/"))
    assert [url[7] for url in site.asked] == ["a", "b", "c", "b"]


def test_robots__where_there_is_no_file_all_is_allowed() -> None:
    assert Robots(Site(None).fetch, AGENT).rules(parse_address("http://x.test/a")).allows("/a")


def test_robots__what_cannot_be_had_may_forbid_everything() -> None:
    site = Site(FetchError("server_error", "http://x.test/robots.txt answered 500", retry=True))
    robots = Robots(site.fetch, AGENT)
    for _ in range(2):
        with pytest.raises(FetchError) as error:
            robots.rules(parse_address("http://x.test/a"))
        assert (error.value.reason, error.value.retry) == ("robots_unreachable", True)
        assert error.value.detail == "http://x.test/robots.txt answered 500"
    assert len(site.asked) == 1


def test_robots__a_host_that_is_left_alone_stays_so() -> None:
    robots = Robots(Site(NotThisTime("host_left_alone", "x.test failed")).fetch, AGENT)
    with pytest.raises(FetchError, match="host_left_alone"):
        robots.rules(parse_address("http://x.test/a"))
