"""The mini-web answers as it was planned, over real connections to this machine alone."""

import http.client
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from omnisource.demo.mini_web import LOOPBACK_PLACES, PRIVATE_PLACES, MiniWeb
from omnisource.demo.mini_web_plan import PICTURES, MiniWebPlan, Post, Trap, WebFile
from omnisource.errors import ConfigError
from omnisource.types import Format

BODY = b"\xff\xd8\xff\xe0" + bytes(range(200))
FILE = WebFile(path="web/image/kick/a.jpg", format=Format.IMAGE, class_name="kick", key=bytes(16), trap=Trap.NONE)


def post(trap: Trap, **changes: object) -> Post:
    made = Post(
        host=f"{trap}.example",
        path=f"/p/{trap}.jpg",
        format=Format.IMAGE,
        class_name="kick",
        published=date(2017, 1, 1),
        trap=trap,
        file=FILE,
    )
    return replace(made, **changes)


PLAN = MiniWebPlan(posts=tuple(post(trap) for trap in Trap))


@pytest.fixture
def web(tmp_path: Path) -> Iterator[MiniWeb]:
    (tmp_path / FILE.path).parent.mkdir(parents=True)
    (tmp_path / FILE.path).write_bytes(BODY)
    with MiniWeb(tmp_path, PLAN).serving() as served:
        yield served


def ask(web: MiniWeb, host: str, path: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers in small letters, body; a body that ends early is what came of it."""
    name, port = web.address.split(":")
    connection = http.client.HTTPConnection(name, int(port), timeout=5)
    try:
        connection.request("GET", path, headers={"Host": f"{host}:{port}" if len(path) % 2 else host})
        answer = connection.getresponse()
        try:
            body = answer.read()
        except http.client.IncompleteRead as error:
            body = error.partial
        return answer.status, {key.lower(): value for key, value in answer.getheaders()}, body
    finally:
        connection.close()


def test_mini_web__listens_on_this_machine_only(web: MiniWeb):
    assert web.address.startswith("127.0.0.1:")
    assert set(web.resolve.values()) == {web.address}
    assert {"none.example", PICTURES, "mirror.example"} <= set(web.resolve)


def test_mini_web__a_port_that_is_taken_is_named(web: MiniWeb):
    port = int(web.address.split(":")[1])
    with pytest.raises(ConfigError, match=f"port {port} of 127.0.0.1 cannot be used: .*; choose another"):
        MiniWeb(web.world, PLAN, port=port)


def test_mini_web__gives_a_file_under_its_host_alone(web: MiniWeb):
    status, headers, body = ask(web, "none.example", "/p/none.jpg")
    assert (status, headers["content-type"], body) == (200, "image/jpeg", BODY)
    assert ask(web, "twice.example", "/p/none.jpg")[0] == 404


@pytest.mark.parametrize(
    ("trap", "status", "header", "body"),
    [
        (Trap.TWICE, 200, None, BODY),
        (Trap.NOAI, 200, ("x-robots-tag", "noai, noimageai"), BODY),
        (Trap.TDM, 200, ("tdm-reservation", "1"), BODY),
        (Trap.MISSING, 404, None, b"not here"),
        (Trap.DOWN, 403, None, b"go away"),
        (Trap.EMPTY, 200, ("content-length", "0"), b""),
        (Trap.TRUNCATED, 200, ("content-length", str(len(BODY))), BODY[: len(BODY) // 2]),
    ],
)
def test_mini_web__traps(web: MiniWeb, trap: Trap, status: int, header: tuple[str, str] | None, body: bytes):
    found, headers, got = ask(web, f"{trap}.example", f"/p/{trap}.jpg")
    assert (found, got) == (status, body)
    assert header is None or headers[header[0]] == header[1]


def test_mini_web__busy_once(web: MiniWeb):
    status, headers, _ = ask(web, "busy.example", "/p/busy.jpg")
    assert (status, headers["retry-after"]) == (429, "1")
    assert ask(web, "busy.example", "/p/busy.jpg")[::2] == (200, BODY)


def test_mini_web__a_redirect_leads_to_the_file(web: MiniWeb):
    status, headers, _ = ask(web, "redirect.example", "/p/redirect.jpg")
    assert (status, headers["location"]) == (302, "http://mirror.example/p/redirect.jpg")
    assert ask(web, "mirror.example", "/p/redirect.jpg")[::2] == (200, BODY)


@pytest.mark.parametrize(("trap", "places"), [(Trap.PRIVATE, PRIVATE_PLACES), (Trap.LOOPBACK, LOOPBACK_PLACES)])
def test_mini_web__bad_redirects_lead_where_no_crawler_should_go(web: MiniWeb, trap: Trap, places: tuple[str, ...]):
    assert ask(web, f"{trap}.example", f"/p/{trap}.jpg")[1]["location"] in places


def test_mini_web__a_page_instead_of_a_picture(web: MiniWeb):
    _, headers, body = ask(web, "page.example", "/p/page.jpg")
    assert headers["content-type"] == "text/html"
    assert body.startswith(b"<!DOCTYPE html>")


def test_mini_web__a_page_that_is_a_file_of_the_world_pretends_to_be_a_picture(tmp_path: Path):
    (tmp_path / FILE.path).parent.mkdir(parents=True)
    (tmp_path / FILE.path).write_bytes(b"<html></html>")
    plan = MiniWebPlan(posts=(post(Trap.PAGE, file=replace(FILE, trap=Trap.PAGE)),))
    answer = MiniWeb(tmp_path, plan).answer("page.example", "/p/page.jpg")
    assert (answer.content_type, answer.body) == ("image/jpeg", b"<html></html>")


def test_mini_web__a_slow_body_never_ends(web: MiniWeb):
    name, port = web.address.split(":")
    connection = http.client.HTTPConnection(name, int(port), timeout=5)
    connection.request("GET", "/p/slow.jpg", headers={"Host": "slow.example"})
    answer = connection.getresponse()
    began_s = time.monotonic()
    assert answer.read(3) == BODY[:3]
    assert time.monotonic() - began_s > 0.15  # two pauses of a tenth of a second
    connection.close()


def test_mini_web__searches_and_robots_txt(web: MiniWeb):
    assert b"results" in ask(web, PICTURES, "/search?q=kick&page=1")[2]
    assert b"/private/" in ask(web, "gallery.example", "/robots.txt")[2]
    assert ask(web, "none.example", "/robots.txt")[0] == 404


def test_requests__say_what_was_asked_and_answered(web: MiniWeb):
    ask(web, "none.example", "/p/none.jpg")
    ask(web, "none.example", "/robots.txt")
    ask(web, "mirror.example", "/p/redirect.jpg")
    ask(web, "none.example", "/p/other.jpg")
    assert [(one.host, one.path, one.status, one.is_media) for one in web.requests()] == [
        ("none.example", "/p/none.jpg", 200, True),
        ("none.example", "/robots.txt", 404, False),
        ("mirror.example", "/p/redirect.jpg", 200, True),
        ("none.example", "/p/other.jpg", 404, False),
    ]
    assert len(web.media_requests()) == 2


def test_serving__ends_while_a_slow_body_drips(tmp_path: Path):
    (tmp_path / FILE.path).parent.mkdir(parents=True)
    (tmp_path / FILE.path).write_bytes(bytes(5000))
    with MiniWeb(tmp_path, PLAN).serving() as web:
        name, port = web.address.split(":")
        connection = http.client.HTTPConnection(name, int(port), timeout=5)
        connection.request("GET", "/p/slow.jpg", headers={"Host": "slow.example"})
        connection.getresponse().read(1)
        began_s = time.monotonic()
    assert time.monotonic() - began_s < 5
    connection.close()
