"""Addresses -> files: what a web server may do wrong, and what is kept nevertheless."""

import gzip
import io
import struct
import threading
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from omnisource.collect.download import Downloader
from omnisource.collect.fetch_error import FetchError
from omnisource.collect.web import Web
from omnisource.collect_config import FetchConfig
from omnisource.errors import ItemError
from omnisource.image_reading import probe_image
from omnisource.media import content_key
from omnisource.types import Format
from tests.hostile_server import Behaviour, Request, Server, body, dripping, raw

OK = b"HTTP/1.1 200 OK\r\n"
HTML = b"<!DOCTYPE html><html><body>Please log in</body></html>"


def png(side_px: int = 8) -> bytes:
    """A small picture."""
    encoded = io.BytesIO()
    pixels = np.arange(side_px * side_px * 3, dtype=np.uint8).reshape(side_px, side_px, 3)
    Image.fromarray(pixels).save(encoded, "PNG")
    return encoded.getvalue()


PICTURE = png()


def fetch(config: FetchConfig, folder: Path, url: str, format: Format = Format.IMAGE):
    web = Web(config)
    try:
        return Downloader(web, folder).fetch(url, format)
    finally:
        web.close()


def files_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_fetch__names_a_file_by_its_content(server: Server, quick: FetchConfig, tmp_path: Path) -> None:
    server.routes["media.test", "/../../evil%2f..%2fname.php?id=1"] = body(
        PICTURE, headers={"Content-Type": "text/plain"}
    )
    server.routes["media.test", "/evil%2f..%2fname.php?id=1"] = body(PICTURE)
    fetched = fetch(quick, tmp_path / "media", "http://media.test/evil%2f..%2fname.php?id=1")
    key = content_key(fetched.path)
    assert fetched.path == tmp_path / "media" / key.hex()[:2] / f"{key.hex()}.png"
    assert fetched.path.read_bytes() == PICTURE
    assert (fetched.key, fetched.num_bytes, fetched.status) == (key, len(PICTURE), 200)
    assert fetched.final_url == "http://media.test/evil%2f..%2fname.php?id=1"
    assert fetched.elapsed_s > 0
    assert files_in(tmp_path) == [f"media/{key.hex()[:2]}/{key.hex()}.png"]


GZIP_BOMB = gzip.compress(bytes(5 << 20))

# behaviour of http://media.test/x, reason, whether a later run may try again, a word of the explanation
TABLE: dict[str, tuple[Behaviour, str, bool, str]] = {
    "html_for_picture": (body(HTML, headers={"Content-Type": "image/png"}), "wrong_type", False, "as HTML"),
    "video_for_picture": (body(b"\0\0\0\x20ftypisom" + bytes(99)), "wrong_type", False, "as a .mp4 file"),
    "svg": (body(b"<svg xmlns='http://www.w3.org/2000/svg'/>"), "wrong_type", False, "an SVG drawing"),
    "zip": (body(b"PK\x03\x04" + bytes(999)), "wrong_type", False, "an archive"),
    "empty": (body(b""), "empty_file", False, "sent 0 bytes"),
    # 110,000 bytes are announced; 0.1 MiB are 104,857
    "too_large_by_header": (body(PICTURE + bytes(110_000)), "too_large", False, "fetch.max_image_mib allows more"),
    "too_large_by_body": (
        raw(OK + b"Connection: close\r\n\r\n", PICTURE, *[bytes(50_000)] * 3),
        "too_large",
        False,
        "0.1 MiB",
    ),
    "endless_body": (dripping(OK + b"\r\n" + PICTURE, bytes(1 << 16), every_s=0.001), "too_large", False, ""),
    "gzip_bomb": (body(GZIP_BOMB, headers={"Content-Encoding": "gzip"}), "wrong_type", False, "unknown"),
    "brotli": (body(PICTURE, headers={"Content-Encoding": "br"}), "bad_encoding", False, "'br' unasked"),
    "no_gzip_at_all": (body(PICTURE, headers={"Content-Encoding": "gzip"}), "bad_encoding", False, ""),
    "truncated": (raw(OK + b"Content-Length: 5000\r\n\r\n" + PICTURE), "truncated", True, "ended early"),
    "truncated_chunk": (
        raw(OK + b"Transfer-Encoding: chunked\r\n\r\nffff\r\n" + PICTURE),
        "truncated",
        True,
        "ended early",
    ),
    "no_last_chunk": (
        raw(OK + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n" % (len(PICTURE), PICTURE)),
        "truncated",
        True,
        "",
    ),
    "truncated_gzip": (
        body(gzip.compress(PICTURE)[:-9], headers={"Content-Encoding": "gzip"}),
        "truncated",
        True,
        "cut off",
    ),
}


@pytest.mark.parametrize("behaviour", TABLE)
def test_fetch__says_what_went_wrong(behaviour: str, server: Server, quick: FetchConfig, tmp_path: Path) -> None:
    behave, reason, retry, words = TABLE[behaviour]
    server.routes["media.test", "/x"] = behave
    with pytest.raises(FetchError) as error:
        fetch(quick, tmp_path, "http://media.test/x")
    assert (error.value.reason, error.value.status, error.value.retry) == (reason, 200, retry)
    assert words in error.value.detail
    assert error.value.elapsed_s > 0
    assert error.value.host
    assert files_in(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "behave"),
    [
        ("silent_before_headers", raw(b"", hang=True)),
        ("silent_in_body", raw(OK + b"Content-Length: 5000\r\n\r\n" + PICTURE, hang=True)),
    ],
)
def test_fetch__gives_up_after_timeout(
    name: str, behave: Behaviour, server: Server, quick: FetchConfig, tmp_path: Path
) -> None:
    server.routes["media.test", "/x"] = behave
    with pytest.raises(FetchError) as error:
        fetch(quick.model_copy(update={"timeout_s": 0.2}), tmp_path, "http://media.test/x")
    assert (error.value.reason, error.value.retry) == ("timeout", True)
    assert files_in(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "behave"),
    [
        ("body", dripping(OK + b"Content-Length: 50000\r\n\r\n" + PICTURE, b"a", every_s=0.02)),
        ("headers", dripping(OK + b"X: ", b"a", every_s=0.02)),
        ("continues", dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n", every_s=0.01)),
        ("chunk_size", dripping(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"0", every_s=0.02)),
        ("trailers", dripping(OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X: 1\r\n", every_s=0.02)),
    ],
)
def test_fetch__ends_what_only_drips(
    name: str, behave: Behaviour, server: Server, quick: FetchConfig, tmp_path: Path
) -> None:
    server.routes["media.test", "/x"] = behave
    began_s = time.monotonic()
    with pytest.raises(FetchError) as error:
        fetch(quick.model_copy(update={"max_elapsed_s": 0.4}), tmp_path, "http://media.test/x")
    assert error.value.reason == "too_slow"
    assert "not finished after 0.4 s; fetch.max_elapsed_s allows more" in error.value.detail
    assert time.monotonic() - began_s < quick.max_elapsed_s
    assert files_in(tmp_path) == []


def test_fetch__a_wrong_body_is_not_read_to_its_end(server: Server, quick: FetchConfig, tmp_path: Path) -> None:
    server.routes["media.test", "/x"] = dripping(OK + b"\r\n" + HTML + b" " * 600, b" ", every_s=0.05)
    began_s = time.monotonic()
    with pytest.raises(FetchError, match="wrong_type"):
        fetch(quick, tmp_path, "http://media.test/x")
    assert time.monotonic() - began_s < quick.max_elapsed_s


def test_fetch__reads_compressed_bodies_within_the_cap(server: Server, quick: FetchConfig, tmp_path: Path) -> None:
    server.routes["media.test", "/x"] = body(gzip.compress(PICTURE), headers={"Content-Encoding": "gzip"})
    assert fetch(quick, tmp_path, "http://media.test/x").path.read_bytes() == PICTURE
    assert server.headers[-1]["Accept-Encoding"] == "identity"


def test_fetch__a_compressed_picture_that_grows_too_large_is_refused(
    server: Server, quick: FetchConfig, tmp_path: Path
) -> None:
    bomb = gzip.compress(PICTURE + bytes(5 << 20))  # 5 KB that become 5 MiB
    assert len(bomb) < 104_857
    server.routes["media.test", "/x"] = body(bomb, headers={"Content-Encoding": "gzip"})
    with pytest.raises(FetchError, match="too_large"):
        fetch(quick, tmp_path, "http://media.test/x")


def test_fetch__more_body_than_announced_is_not_taken_for_the_next_answer(
    server: Server, quick: FetchConfig, tmp_path: Path
) -> None:
    smuggled = OK + b"Content-Length: 4\r\n\r\nEVIL"

    def behave(request: Request) -> None:
        request.wfile.write(OK + b"Content-Length: %d\r\n\r\n" % len(PICTURE) + PICTURE + smuggled)

    server.routes["media.test", "/x"] = behave
    server.routes["media.test", "/y"] = body(png(9))
    web = Web(quick)
    downloader = Downloader(web, tmp_path)
    assert downloader.fetch("http://media.test/x", Format.IMAGE).path.read_bytes() == PICTURE
    time.sleep(0.05)
    assert downloader.fetch("http://media.test/y", Format.IMAGE).path.read_bytes() == png(9)
    web.close()


def test_fetch__waits_as_long_as_a_busy_host_asks(server: Server, quick: FetchConfig, tmp_path: Path) -> None:
    asked_s: list[float] = []

    def behave(request: Request) -> None:
        asked_s.append(time.monotonic())
        (body(PICTURE) if len(asked_s) == 2 else body(b"", status=429, headers={"Retry-After": "1"}))(request)

    server.routes["media.test", "/x"] = behave
    web = Web(quick.model_copy(update={"max_retry_after_s": 1.0}))
    failures: list[FetchError] = []
    Downloader(web, tmp_path).fetch("http://media.test/x", Format.IMAGE, failed=failures.append)
    web.close()
    assert [(e.reason, e.status, e.retry, e.pause_s) for e in failures] == [("too_many_requests", 429, True, 1.0)]
    assert asked_s[1] - asked_s[0] >= 0.95


@pytest.mark.parametrize(("attempts_left", "num_asked"), [(None, 3), (2, 2), (1, 1)])
def test_fetch__gives_a_busy_host_up_after_its_attempts(
    attempts_left: int | None, num_asked: int, server: Server, quick: FetchConfig, tmp_path: Path
) -> None:
    server.routes["media.test", "/x"] = body(b"", status=429)
    web = Web(quick)
    with pytest.raises(FetchError) as error:
        Downloader(web, tmp_path).fetch("http://media.test/x", Format.IMAGE, attempts_left=attempts_left)
    web.close()
    assert (error.value.reason, error.value.retry) == ("too_many_requests", True)
    assert server.paths() == ["/x"] * num_asked


def test_fetch__leaves_a_host_that_asks_for_a_long_pause_to_a_later_run(
    server: Server, quick: FetchConfig, tmp_path: Path
) -> None:
    server.routes["media.test", "/x"] = body(b"", status=429, headers={"Retry-After": "3600"})
    web = Web(quick)
    downloader = Downloader(web, tmp_path)
    for path, reason, words in (
        ("x", "retry_later", "a pause of 3600 s; fetch.max_retry_after_s allows longer ones"),
        ("y", "host_left_alone", "media.test asked for a pause of 3600 s; a later run asks it again"),
    ):
        with pytest.raises(FetchError) as error:
            downloader.fetch(f"http://media.test/{path}", Format.IMAGE)
        assert (error.value.reason, error.value.retry) == (reason, True)
        assert words in error.value.detail
    web.close()
    assert server.paths() == ["/x"]


def test_fetch__leaves_a_host_alone_after_so_many_refusals_in_a_row(
    server: Server, quick: FetchConfig, tmp_path: Path
) -> None:
    for number in range(40):
        server.routes["media.test", f"/{number}"] = body(b"", status=403)
    web = Web(quick.model_copy(update={"failures_in_a_row": 5}))
    downloader = Downloader(web, tmp_path)

    def reason_of(number: int) -> str:
        with pytest.raises(FetchError) as error:
            downloader.fetch(f"http://media.test/{number}", Format.IMAGE)
        return error.value.reason

    with ThreadPoolExecutor(8) as pool:
        reasons = list(pool.map(reason_of, range(40)))
    web.close()
    assert reasons.count("forbidden") == 5
    assert reasons.count("host_left_alone") == 35
    assert len(server.paths()) == 5


def test_fetch__the_same_content_is_one_file(server: Server, quick: FetchConfig, tmp_path: Path) -> None:
    for number in range(12):
        server.routes["media.test", f"/{number}"] = body(PICTURE)
    web = Web(quick)
    downloader = Downloader(web, tmp_path)
    with ThreadPoolExecutor(6) as pool:
        fetched = list(pool.map(lambda n: downloader.fetch(f"http://media.test/{n}", Format.IMAGE), range(12)))
    web.close()
    assert len({one.path for one in fetched}) == 1
    assert len(files_in(tmp_path)) == 1


def test_downloader__removes_what_a_killed_run_left_unfinished(quick: FetchConfig, tmp_path: Path) -> None:
    (tmp_path / "00000007.partial").write_bytes(PICTURE[:20])
    (tmp_path / "0123.unfinished").mkdir()  # of yt-dlp
    (tmp_path / "0123.unfinished" / "video.mp4.part").write_bytes(b"half")
    Downloader(Web(quick), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_fetch__a_run_that_ends_wakes_and_cuts_off_its_downloads(
    server: Server, quick: FetchConfig, tmp_path: Path
) -> None:
    server.routes["media.test", "/slow"] = dripping(OK + b"\r\n" + PICTURE, b"a", every_s=0.02)
    web = Web(quick.model_copy(update={"requests_per_second": 0.01, "burst": 2}))  # robots.txt and one file
    downloader = Downloader(web, tmp_path)
    reasons: list[str] = []

    def fetch_one(path: str) -> None:
        with pytest.raises(FetchError) as error:
            downloader.fetch(f"http://media.test/{path}", Format.IMAGE)
        reasons.append(error.value.reason)

    threads = [threading.Thread(target=fetch_one, args=(path,)) for path in ("slow", "waits")]
    for thread in threads:
        thread.start()
    while server.paths() != ["/slow"] or not list(tmp_path.glob("*.partial")):
        time.sleep(0.01)
    web.close()
    for thread in threads:
        thread.join(20)
    assert reasons == ["stopped", "stopped"]
    assert files_in(tmp_path) == []


def test_fetch__a_picture_of_giant_sides_is_refused_when_it_is_checked(
    server: Server, quick: FetchConfig, tmp_path: Path
) -> None:
    """One kilobyte that would be 10 GB of pixels: small enough to fetch, never decoded."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    giant = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(600_000)))
        + chunk(b"IEND", b"")
    )
    server.routes["media.test", "/x"] = body(giant)
    fetched = fetch(quick, tmp_path, "http://media.test/x")
    with pytest.raises(ItemError, match="bomb"):  # what everything asks that opens a picture
        probe_image(fetched.path, max_megapixels=100)
