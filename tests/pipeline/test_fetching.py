"""Downloads over real connections: what is kept, what is written down, what a second run and a killed one do."""

import functools
import json
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from omnisource.media_files import content_key
from omnisource.pipeline import fetching
from omnisource.pipeline.fetching import fetch, write_items
from omnisource.pipeline.forgotten import remember_forgotten
from omnisource.workspace import Workspace
from tests.web_tables import find, searching

VIDEO_HOST = "www.youtube.com"
HEAD = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00"


class Handler(BaseHTTPRequestHandler):
    """/a.jpg is a picture of its own; /gone/ is not there, /fails/ fails, /slow/ asks for patience once."""

    def do_GET(self) -> None:
        self.server.asked[self.path] += 1
        status, headers = 200, {}
        if self.path.startswith("/gone/") or self.path == "/robots.txt":
            status = 404
        elif self.path.startswith("/fails/"):
            status = 500
        elif self.path.startswith("/busy/") and self.server.asked[self.path] == 1:
            status, headers = 429, {"Retry-After": "0"}
        body = HEAD + self.path.rpartition("=")[2].encode() + bytes(100)
        if self.path == "/robots.txt" and self.headers["Host"] == VIDEO_HOST:
            status, body = 200, b"User-agent: *\nDisallow: /watch\n"
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.asked = Counter()
        threading.Thread(target=functools.partial(running.serve_forever, 0.01), daemon=True).start()
        yield running
        running.shutdown()


@pytest.fixture
def workspace(tmp_path: Path, server: ThreadingHTTPServer) -> Workspace:
    address = f"127.0.0.1:{server.server_address[1]}"
    hosts = {f"{name}.example": address for name in "abc"} | {VIDEO_HOST: address}
    return searching(
        tmp_path / "w", requests_per_second=1000, burst=4, max_attempts=2, failures_in_a_row=50, resolve=hosts
    )


def items(workspace: Workspace) -> set[tuple[object, ...]]:
    rows = workspace.table("items").read().to_pylist()
    return {(row["url"], row["key"], row["path"], row["class_index"]) for row in rows}


def reasons(workspace: Workspace) -> Counter[str]:
    return Counter(workspace.table("attempts").read()["reason"].to_pylist())


def test_fetch__what_comes_is_kept_and_becomes_an_item(workspace: Workspace):
    find(workspace, "http://a.example/1.jpg", "http://b.example/gone/2.jpg")
    done = fetch(workspace, progress=False)
    assert (done.attempts, done.by_reason, done.items, done.repeats) == (2, {"ok": 1, "not_found": 1}, 1, 0)
    (row,) = workspace.table("items").read().to_pylist()
    path = Path(row["path"])
    assert path == workspace.root / "media" / row["key"].hex()[:2] / f"{row['key'].hex()}.jpg"
    assert path.read_bytes().startswith(HEAD)
    assert (row["url"], row["source"], row["format"], row["class_index"]) == (
        "http://a.example/1.jpg",
        "web",
        "image",
        0,
    )


def test_fetch__attempts_say_how_it_went(workspace: Workspace):
    find(workspace, "http://a.example/1.jpg", "http://b.example/gone/2.jpg")
    fetch(workspace, progress=False)
    kept, gone = sorted(workspace.table("attempts").read().to_pylist(), key=lambda row: row["url"])
    assert (kept["host"], kept["status"], kept["retry"], kept["final_url"]) == (
        "a.example", 200, False, "http://a.example/1.jpg"
    )  # fmt: skip
    assert kept["num_bytes"] == Path(workspace.table("items").read()["path"][0].as_py()).stat().st_size
    assert (gone["status"], gone["key"], gone["retry"]) == (404, None, False)


def test_fetch__the_report_counts_every_address_once(workspace: Workspace):
    find(workspace, "http://a.example/1.jpg", "http://a.example/fails/2.jpg", "http://b.example/gone/3.jpg")
    fetch(workspace, progress=False)
    report = json.loads(workspace.report_path("fetch").read_text())
    assert (report["done"], report["reasons"]) == (1, {"server_error": 1, "not_found": 1})


def test_fetch__a_second_run_asks_for_nothing(workspace: Workspace, server: ThreadingHTTPServer):
    find(workspace, *(f"http://{host}.example/{path}" for host in "abc" for path in ("1.jpg?x=1", "gone/2.jpg")))
    fetch(workspace, progress=False)
    before = Counter(server.asked)
    assert fetch(workspace, progress=False).attempts == 0
    assert server.asked == before


def test_fetch__what_may_be_tried_again_is_until_its_attempts_are_spent(
    workspace: Workspace, server: ThreadingHTTPServer
):
    find(workspace, "http://a.example/fails/1.jpg", "http://a.example/2.jpg")
    fetch(workspace, progress=False)
    assert server.asked["/fails/1.jpg"] == 2  # max_attempts
    assert reasons(workspace) == {"server_error": 2, "ok": 1}


def test_fetch__every_attempt_has_a_row(workspace: Workspace):
    find(workspace, "http://a.example/busy/1.jpg")
    fetch(workspace, progress=False)
    rows = workspace.table("attempts").read().to_pylist()
    assert [(row["reason"], row["status"], row["retry"]) for row in rows] == [
        ("too_many_requests", 429, True),
        ("ok", 200, False),
    ]


def test_fetch__the_same_content_is_one_item_and_said_to_be(workspace: Workspace):
    find(workspace, "http://a.example/1.jpg?x=same")
    find(workspace, "http://b.example/2.jpg?x=same", class_index=1)
    assert fetch(workspace, progress=False).repeats == 1
    ((url, _, path, class_index),) = items(workspace)
    other = {"http://a.example/1.jpg?x=same", "http://b.example/2.jpg?x=same"} - {url}
    assert class_index == (0 if url.startswith("http://a") else 1)
    (dropped,) = workspace.table("items").dropped().read().to_pylist()
    assert (dropped["reason"], dropped["detail"]) == ("repeat", f"{other.pop()} has the same content as {url} ({path})")
    assert fetch(workspace, progress=False).repeats == 0


def test_fetch__a_crash_between_attempts_and_items_heals(workspace: Workspace, server: ThreadingHTTPServer):
    find(workspace, *(f"http://a.example/{number}.jpg?x={number % 3}" for number in range(6)))
    fetch(workspace, progress=False)
    before, asked = items(workspace), Counter(server.asked)
    workspace.table("items").clear()  # as if it had been killed before they were written
    done = fetch(workspace, progress=False)
    assert (done.attempts, done.items, done.repeats) == (0, 3, 3)
    assert items(workspace) == before
    assert server.asked == asked


def test_fetch__a_run_that_was_stopped_half_way_ends_with_the_same_items(
    workspace: Workspace, tmp_path: Path, server: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch
):
    urls = [f"http://{host}.example/{number}.jpg?x={number % 7}" for host in "abc" for number in range(8)]
    find(workspace, *urls)
    fetch(workspace, progress=False)
    other = Workspace.create(tmp_path / "other", workspace.study())
    find(other, *urls)
    monkeypatch.setattr("omnisource.pipeline.fetch_plan.CHUNK", 5)
    monkeypatch.setattr(fetching, "new_items", _interrupt)
    with pytest.raises(KeyboardInterrupt):
        fetch(other, progress=False)
    assert 0 < other.table("attempts").num_rows() < len(urls)
    monkeypatch.undo()
    fetch(other, progress=False)
    assert {one[:2] for one in items(other)} == {one[:2] for one in items(workspace)}


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def test_fetch__a_page_of_videos_waits_for_its_turn_like_all_others(workspace: Workspace, server: ThreadingHTTPServer):
    find(workspace, f"http://{VIDEO_HOST}/watch?v=abcdefghijk", format="trimmed")
    assert fetch(workspace, progress=False).by_reason == {"robots_refused": 1}
    assert list(server.asked) == ["/robots.txt"]  # before yt-dlp, which asks on its own, was given the page


def test_fetch__what_was_forgotten_is_not_asked_for(workspace: Workspace, server: ThreadingHTTPServer):
    find(workspace, "http://a.example/1.jpg", "http://b.example/2.jpg")
    remember_forgotten(workspace, [("domain", "a.example")])
    assert fetch(workspace, progress=False).by_reason == {"ok": 1, "forgotten": 1}
    assert "/1.jpg" not in server.asked


def test_fetch__a_forgotten_content_is_not_kept(workspace: Workspace):
    find(workspace, "http://a.example/1.jpg?x=bad")
    fetch(workspace, progress=False)
    ((_, key, path, _),) = items(workspace)
    workspace.table("items").clear()
    workspace.table("attempts").clear()
    remember_forgotten(workspace, [("content", key.hex())])
    assert fetch(workspace, progress=False).by_reason == {"forgotten": 1}
    assert not Path(path).exists()


def test_fetch__the_files_of_a_finished_crawl_are_read_where_they_lie(
    workspace: Workspace, server: ThreadingHTTPServer, tmp_path: Path
):
    (tmp_path / "crawled.jpg").write_bytes(HEAD)
    find(workspace, "http://a.example/1.jpg", file=str(tmp_path / "crawled.jpg"))
    find(workspace, "http://a.example/2.jpg", file=str(tmp_path / "absent.jpg"))
    assert fetch(workspace, progress=False).by_reason == {"ok": 1, "missing_file": 1}
    assert [row[2] for row in items(workspace)] == [str(tmp_path / "crawled.jpg")]
    assert not server.asked


def test_fetch__a_forgotten_content_stays_where_a_finished_crawl_has_it(workspace: Workspace, tmp_path: Path):
    crawled = tmp_path / "crawled.jpg"
    crawled.write_bytes(HEAD)
    remember_forgotten(workspace, [("content", content_key(crawled).hex())])
    find(workspace, "http://a.example/1.jpg", file=str(crawled))
    assert fetch(workspace, progress=False).by_reason == {"forgotten": 1}
    assert crawled.read_bytes() == HEAD


def test_fetch__redo_asks_anew_and_keeps_the_items(workspace: Workspace, server: ThreadingHTTPServer):
    find(workspace, "http://a.example/1.jpg")
    fetch(workspace, progress=False)
    before = items(workspace)
    done = fetch(workspace, progress=False, redo=True)
    assert (done.by_reason, done.items) == ({"ok": 1}, 0)
    assert server.asked["/1.jpg"] == 2
    assert items(workspace) == before


def test_write_items__brings_back_items_whose_table_was_made_anew(workspace: Workspace, server: ThreadingHTTPServer):
    find(workspace, "http://a.example/1.jpg", "http://a.example/2.jpg?x=2")
    fetch(workspace, progress=False)
    before, asked = items(workspace), Counter(server.asked)
    workspace.table("items").clear()
    assert write_items(workspace) == 2
    assert items(workspace) == before
    assert write_items(workspace) == 0
    assert server.asked == asked
