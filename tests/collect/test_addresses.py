"""Which addresses may be asked: what a private network hides behind, and what a name may not change."""

import pytest

from omnisource.collect import addresses
from omnisource.collect.addresses import Endpoint, Resolver, is_public, parse_address
from omnisource.collect.fetch_error import FetchError

METADATA = "169.254.169.254"


@pytest.mark.parametrize(
    ("url", "same"),
    [
        ("https://Example.COM", "https://example.com/"),
        ("HTTP://example.com:80/a?b=c#d", "http://example.com/a?b=c"),
        ("https://example.com:8443/a", "https://example.com:8443/a"),
        (" http://example.com/a b ", "http://example.com/a%20b"),
        ("http://example.com/%41", "http://example.com/%41"),  # what is written stays written
        ("http://example.com/ü", "http://example.com/%C3%BC"),
        ("http://bücher.example./", "http://xn--bcher-kva.example/"),
        ("http://[2606:4700::1]:81/", "http://[2606:4700::1]:81/"),
        ("http://2130706433/", "http://127.0.0.1/"),  # the spellings that resolvers understand
        ("http://0x7f000001/", "http://127.0.0.1/"),
        ("http://0177.0.0.1/", "http://127.0.0.1/"),
        ("http://127.1/", "http://127.0.0.1/"),
        ("http://１２７.0.0.1/", "http://127.0.0.1/"),  # full-width digits
    ],
)
def test_parse_address__has_one_spelling(url: str, same: str) -> None:
    assert parse_address(url).url == same


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com/a",
        "ftp://example.com/a",
        "file:///etc/passwd",
        "http://",
        "http:///a",
        "data:image/png;base64,AA",
    ]
    + [
        "javascript:alert(1)",
        "http://exa mple.com/",
        "http://a/\r\nX: y",
        "http://a\\@b/",
        "http://a:99999/",
        "http://a:0/",
    ]
    + ["http://1.2.3.4.5/", "http://1.2.3.999/", "http://[::1/", "http://-a.example/", "http://a/" + "b" * 9000]
    + ["http://a/\ud800.jpg", "http://a/?q=\udfff", "http://\ud800/"],  # half a surrogate pair, as JSON may hold
)
def test_parse_address__refuses_what_is_none(url: str) -> None:
    with pytest.raises(FetchError) as error:
        parse_address(url)
    assert (error.value.reason, error.value.retry) == ("bad_address", False)


def test_parse_address__refuses_a_login_and_does_not_repeat_it() -> None:
    with pytest.raises(FetchError) as error:
        parse_address("https://ann:s3cret@example.com/a?key=s3cret")
    assert "'https://example.com/a' holds a user name; what needs a login is not fetched" in error.value.detail
    assert "s3cret" not in str(error.value)


def test_shown__leaves_the_query_out() -> None:
    address = parse_address("https://api.example:444/v1?api_key=s3cret")
    assert (address.shown, address.authority) == ("https://api.example:444/v1", "api.example:444")


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("8.8.8.8", True),
        ("2606:4700:4700::1111", True),
        ("127.0.0.1", False),
        ("0.0.0.0", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("100.64.0.1", False),  # carriers' own network
        (METADATA, False),
        ("224.0.0.1", False),  # multicast
        ("240.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fe80::1", False),
        ("fec0::1", False),  # site-local, given up long ago
        ("fd00::1", False),
        ("ff02::1", False),
        ("::ffff:127.0.0.1", False),  # mapped
        ("::ffff:8.8.8.8", True),
        ("::127.0.0.1", False),  # compatible
        ("2002:7f00:1::", False),  # 6to4 of 127.0.0.1
        ("2002:808:808::", True),  # 6to4 of 8.8.8.8
        ("64:ff9b::a9fe:a9fe", False),  # NAT64 of 169.254.169.254
        ("64:ff9b::808:808", True),  # NAT64 of 8.8.8.8
        ("64:ff9b:1::7f00:1", False),  # NAT64 of one network's own
        ("::ffff:0:7f00:1", False),  # translated
        ("2001:0:7f00:1::", False),  # Teredo
        ("198.18.0.1", False),  # for measuring
        ("192.0.2.1", False),  # for examples
    ],
)
def test_is_public__looks_through_disguises(number: str, expected: bool) -> None:
    assert is_public(number) is expected


def found(resolver: Resolver, url: str) -> list[str]:
    return [endpoint.number for endpoint in resolver.endpoints(parse_address(url))]


def test_endpoints__refuses_a_name_with_one_private_number() -> None:
    resolver = Resolver(look_up=lambda host, port: ["8.8.8.8", METADATA])
    with pytest.raises(FetchError) as error:
        found(resolver, "http://rebind.example/")
    assert (error.value.reason, error.value.retry) == ("private_address", False)
    assert "rebind.example is at 169.254.169.254, which is not public; fetch.allowed_private" in error.value.detail


def test_endpoints__a_name_cannot_change_after_the_check() -> None:
    answers = iter([["8.8.8.8"], ["127.0.0.1"]])
    resolver = Resolver(look_up=lambda host, port: next(answers))
    assert found(resolver, "http://rebind.example/") == ["8.8.8.8"]
    assert found(resolver, "http://rebind.example/again") == ["8.8.8.8"]


@pytest.mark.parametrize(
    ("allowed", "number", "is_allowed"),
    [
        (("10.0.0.0/8",), "10.1.2.3", True),
        (("10.0.0.0/8",), "192.168.1.1", False),
        (("10.1.2.3",), "10.1.2.3", True),
        (("Media.Local",), "192.168.1.1", True),
        (("other.local",), "192.168.1.1", False),
        (("10.0.0.0/8",), "::ffff:10.1.2.3", True),
        (("fd00::/8",), "fd00::1", True),
    ],
)
def test_endpoints__private_ones_that_a_person_named(allowed: tuple[str, ...], number: str, is_allowed: bool) -> None:
    resolver = Resolver(allowed, look_up=lambda host, port: [number])
    if is_allowed:
        assert found(resolver, "http://media.local/") == [number]
    else:
        with pytest.raises(FetchError, match="private_address"):
            found(resolver, "http://media.local/")


def test_endpoints__resolve_names_another_place() -> None:
    resolver = Resolver(resolve={"Media.test": "127.0.0.1:8000", "six.test": "[::1]:81"})
    assert resolver.endpoints(parse_address("https://media.test/")) == [Endpoint(number="127.0.0.1", port=8000)]
    assert resolver.endpoints(parse_address("http://six.test/")) == [Endpoint(number="::1", port=81)]


def test_endpoints__an_unknown_name_is_asked_for_once() -> None:
    asked: list[str] = []

    def look_up(host: str, port: int) -> list[str]:
        asked.append(host)
        raise OSError("Name or service not known")

    resolver = Resolver(look_up=look_up)
    for _ in range(3):
        with pytest.raises(FetchError) as error:
            found(resolver, "http://gone.example/")
        assert (error.value.reason, error.value.retry) == ("unknown_host", True)
        assert error.value.detail == "gone.example: Name or service not known"
    assert asked == ["gone.example"]


def test_endpoints__remembers_so_many_names_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "_MAX_KNOWN", 2)
    asked: list[str] = []
    resolver = Resolver(look_up=lambda host, port: asked.append(host) or ["8.8.8.8"])
    for name in "aabca":
        found(resolver, f"http://{name}.example/")
    assert asked == ["a.example", "b.example", "c.example", "a.example"]  # c was one too many


def test_endpoints__the_systems_own_look_up_is_checked() -> None:
    with pytest.raises(FetchError, match="private_address"):
        found(Resolver(), "http://localhost/")
    assert found(Resolver(["localhost"]), "http://localhost/")[0] in ("127.0.0.1", "::1")
