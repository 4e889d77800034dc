"""Downloads, against a real server on loopback that cuts, refuses and forgets as it is told."""

import hashlib
import multiprocessing
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from filelock import FileLock

from omnisource.errors import CheckpointError
from omnisource.models.downloads import fetch, file_name, sha256_prefix_of

CONTENT = bytes(range(256)) * 4000  # 1,024,000 bytes
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@dataclass
class Behaviour:
    """What the server does, and what it was asked."""

    content: bytes = CONTENT
    entity_tag: str | None = '"first"'
    knows_range: bool = True
    statuses: list[int] = field(default_factory=list)  # answered before the file is
    cut_after: list[int] = field(default_factory=list)  # bytes of an answer after which the connection ends
    redirect: str | None = None
    ranges: list[str | None] = field(default_factory=list)  # of each request


class Server(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        told: Behaviour = self.server.told
        wanted = self.headers.get("Range")
        told.ranges.append(wanted)
        if told.redirect:
            self.send_response(302)
            self.send_header("Location", told.redirect)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if told.statuses:
            self.send_error(told.statuses.pop(0))
            return
        start = 0
        if wanted and told.knows_range and self.headers.get("If-Range") == told.entity_tag:
            start = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1])
        if start >= len(told.content):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(told.content)}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        body = told.content[start:]
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(told.content) - 1}/{len(told.content)}")
        if told.entity_tag:
            self.send_header("ETag", told.entity_tag)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: told.cut_after.pop(0)] if told.cut_after else body)

    def log_message(self, *_: object) -> None:
        """Nothing on stderr."""


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    server.told = Behaviour()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def told(server: ThreadingHTTPServer) -> Behaviour:
    return server.told


@pytest.fixture
def url(server: ThreadingHTTPServer) -> str:
    return f"http://127.0.0.1:{server.server_port}/models/net-{SHA256[:8]}.pth?mirror=1"


def quick(url: str, folder: Path, **options: object) -> Path:
    return fetch(url, folder, sha256_prefix=SHA256[:8], first_pause_s=0.01, **options)


def test_fetch__whole(url: str, told: Behaviour, tmp_path: Path):
    heard: list[tuple[int, int | None]] = []
    path = quick(url, tmp_path / "new" / "cache", progress=lambda *done: heard.append(done))
    assert path == tmp_path / "new" / "cache" / f"net-{SHA256[:8]}.pth"
    assert path.read_bytes() == CONTENT
    assert heard[0] == (0, 1_024_000)
    assert heard[-1] == (1_024_000, 1_024_000)
    assert [p.name for p in path.parent.iterdir() if not p.name.startswith(".")] == [path.name]  # nothing else is left


def test_fetch__what_is_there_is_not_asked_for(url: str, told: Behaviour, tmp_path: Path):
    (tmp_path / file_name(url)).write_bytes(b"mine")
    assert quick(url, tmp_path).read_bytes() == b"mine"
    assert told.ranges == []


def test_fetch__goes_on_after_a_cut_connection(url: str, told: Behaviour, tmp_path: Path):
    told.cut_after = [300_000, 300_000]
    assert quick(url, tmp_path).read_bytes() == CONTENT
    assert told.ranges == [None, "bytes=300000-", "bytes=600000-"]


def test_fetch__begins_again_where_the_server_knows_no_range(url: str, told: Behaviour, tmp_path: Path):
    told.knows_range, told.cut_after = False, [300_000]
    assert quick(url, tmp_path).read_bytes() == CONTENT
    assert told.ranges == [None, "bytes=300000-"]


def test_fetch__begins_again_where_the_server_names_no_version(url: str, told: Behaviour, tmp_path: Path):
    told.entity_tag, told.cut_after = None, [300_000]
    assert quick(url, tmp_path).read_bytes() == CONTENT
    assert told.ranges == [None, None]


def test_fetch__begins_again_where_the_file_has_changed(url: str, told: Behaviour, tmp_path: Path):
    told.content, told.entity_tag, told.cut_after = b"old" * 400_000, '"old"', [300_000]
    with pytest.raises(CheckpointError, match="cancelled"):
        quick(url, tmp_path, cancelled=after_bytes(tmp_path, 1))
    told.content, told.entity_tag, told.cut_after = CONTENT, '"new"', []
    assert quick(url, tmp_path).read_bytes() == CONTENT


def test_fetch__waits_for_a_busy_server(url: str, told: Behaviour, tmp_path: Path):
    told.statuses = [503, 429]
    assert quick(url, tmp_path).read_bytes() == CONTENT
    assert len(told.ranges) == 3


def test_fetch__gives_up_on_a_server_that_stays_busy(url: str, told: Behaviour, tmp_path: Path):
    told.statuses = [503] * 9
    with pytest.raises(CheckpointError, match="could not be fetched: the server answered 503 Service Unavailable"):
        quick(url, tmp_path)
    assert len(told.ranges) == 5


def test_fetch__says_what_to_do_when_the_file_is_not_there(url: str, told: Behaviour, tmp_path: Path):
    told.statuses = [404]
    with pytest.raises(CheckpointError) as error:
        quick(url, tmp_path)
    assert str(error.value) == (
        f"{url} could not be fetched: the server answered 404 Not Found; where there is a network, fetch it by other "
        f"means and put it at {tmp_path / file_name(url)}, or give the path of the file instead"
    )
    assert len(told.ranges) == 1


def test_fetch__refuses_a_file_with_another_hash(url: str, told: Behaviour, tmp_path: Path):
    told.content = b"please log in"
    found = hashlib.sha256(told.content).hexdigest()[:8]
    message = f"sent 13 bytes whose SHA-256 begins with {found}, not with {SHA256[:8]}; .*put the right file at"
    with pytest.raises(CheckpointError, match=message):
        quick(url, tmp_path)
    assert [path for path in tmp_path.iterdir() if not path.name.startswith(".")] == []


def test_fetch__cancelled_goes_on_later(url: str, told: Behaviour, tmp_path: Path):
    with pytest.raises(CheckpointError, match=r"cancelled with \d+ bytes here; fetch it again to go on from there"):
        quick(url, tmp_path, cancelled=after_bytes(tmp_path, 1))
    there = next(tmp_path.glob("*.partial")).stat().st_size
    assert 0 < there < len(CONTENT)
    assert not (tmp_path / file_name(url)).exists()
    assert quick(url, tmp_path).read_bytes() == CONTENT
    assert told.ranges[-1] == f"bytes={there}-"


def test_fetch__a_keyboard_interrupt_leaves_what_came(url: str, tmp_path: Path):
    def interrupt(done: int, total: int | None) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        quick(url, tmp_path, progress=interrupt)
    assert next(tmp_path.glob("*.partial")).stat().st_size > 0
    assert quick(url, tmp_path).read_bytes() == CONTENT


def test_fetch__killed_before_the_name_was_given(url: str, told: Behaviour, tmp_path: Path):
    partial = tmp_path / (file_name(url) + ".partial")
    partial.write_bytes(CONTENT)
    partial.with_name(partial.name + ".json").write_text(f'{{"url": "{url}", "validator": "\\"first\\""}}')
    assert quick(url, tmp_path).read_bytes() == CONTENT
    assert told.ranges == ["bytes=1024000-"]  # answered 416: all of it is there


def test_fetch__two_processes_fetch_it_once(url: str, told: Behaviour, tmp_path: Path):
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        paths = pool.starmap(fetch, [(url, tmp_path)] * 2)
    assert paths[0] == paths[1]
    assert paths[0].read_bytes() == CONTENT
    assert told.ranges == [None]


def test_fetch__can_be_cancelled_while_another_fetches(url: str, told: Behaviour, tmp_path: Path):
    answers = iter([False, True])
    with (
        FileLock(tmp_path / f".{file_name(url)}.lock"),
        pytest.raises(CheckpointError, match="cancelled with 0 bytes here"),
    ):
        quick(url, tmp_path, cancelled=lambda: next(answers))
    assert told.ranges == []


def test_fetch__without_a_network_says_so_at_once(tmp_path: Path):
    with pytest.raises(CheckpointError, match=r"could not be fetched: .*refused; where there is a network"):
        fetch("http://127.0.0.1:9/net.pth", tmp_path, first_pause_s=60)


def test_fetch__a_server_that_goes_away_is_waited_for(
    server: ThreadingHTTPServer, url: str, told: Behaviour, tmp_path: Path
):
    told.cut_after = [300_000]
    asked = []

    def go_away(done: int, total: int | None) -> None:
        if done:
            server.socket.close()  # whoever comes now is refused

    with pytest.raises(CheckpointError, match="could not be fetched: .*refused"):
        quick(url, tmp_path, progress=go_away, cancelled=lambda: asked.append(True))
    assert next(tmp_path.glob("*.partial")).stat().st_size == 300_000
    assert len(asked) >= 1 + 2 + 4  # before it began, for two chunks, and before each attempt that was left


def test_fetch__redirects_lead_to_no_files(url: str, told: Behaviour, tmp_path: Path):
    told.redirect = "file:///etc/hostname"
    with pytest.raises(CheckpointError, match="could not be fetched: the server answered 302"):
        quick(url, tmp_path)


def test_fetch__says_where_it_cannot_write(url: str, tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CheckpointError, match="cannot be written: .*; make room, or choose another folder"):
        quick(url, tmp_path / "file")


@pytest.mark.parametrize("address", ["ftp://host/a.pth", "file:///a.pth", "https://host/", "https:///a.pth", "a.pth"])
def test_file_name__refuses_what_cannot_be_fetched(address: str):
    with pytest.raises(CheckpointError, match=r"is no address of a file that could be fetched; it must be http\(s\)"):
        file_name(address)


@pytest.mark.parametrize(
    ("address", "prefix"),
    [
        ("https://host/tsn_r50_1x1x3_100e_kinetics400_rgb_20200614-e508be42.pth", "e508be42"),
        ("https://host/resnet50-11ad3fa6.pth?x=1", "11ad3fa6"),
        ("https://host/kinetics_class2ind.txt", None),
        ("https://host/irCSN_152_ig65m_from_scratch_f125286141.pth", None),  # a number of its makers
    ],
)
def test_sha256_prefix_of__reads_the_name(address: str, prefix: str | None):
    assert sha256_prefix_of(address) == prefix


def after_bytes(folder: Path, count: int) -> Callable[[], bool]:
    """Cancels once so much lies in the folder's partial file."""
    return lambda: sum(path.stat().st_size for path in folder.glob("*.partial")) >= count
