"""Videos and sections of them, by the real yt-dlp and ffmpeg from a server on loopback."""

import re
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from yt_dlp.utils import DownloadError

from omnisource import media
from omnisource.collect.fetch_error import FetchError
from omnisource.collect.sources import video_fetch
from omnisource.collect.sources.video_fetch import fetch_video, is_video_page
from omnisource.collect.sources.youtube import plain_message
from omnisource.collect_config import FetchConfig
from omnisource.errors import ConfigError
from tests import micro_world


class _Videos(BaseHTTPRequestHandler):
    """Serves `server.content` under any name that begins with v, with ranges, as video sites do."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        content: bytes = self.server.content
        if not self.path.startswith("/v"):
            self.send_error(int(self.path.strip("/").partition(".")[0]))
            return
        self.server.agents.add(self.headers["User-Agent"])
        self.server.num_asked += 1
        if self.path.startswith("/vthen403") and self.server.num_asked > 1:
            self.send_error(403)
            return
        asked = re.match(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        first, last = (int(asked[1]), int(asked[2] or len(content) - 1)) if asked else (0, len(content) - 1)
        self.send_response(206 if asked else 200)
        if asked:
            self.send_header("Content-Range", f"bytes {first}-{last}/{len(content)}")
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Type", "video/mp4")
        self.send_header("Content-Length", str(last + 1 - first))
        self.end_headers()
        try:
            if self.path.startswith("/vdrip"):
                dripping = max(first, 600)  # yt-dlp wants the beginning, to see what it is
                self.wfile.write(content[first:dripping])
                for place in range(dripping, last + 1):
                    self.wfile.write(content[place : place + 1])
                    time.sleep(0.05)
                return
            self.wfile.write(content[first : last + 1])
        except ConnectionError:  # yt-dlp looks at the beginning first
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """The tests' output stays readable."""


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    world = tmp_path_factory.mktemp("world")
    micro_world.build(world)
    return max(world.rglob("*.mp4"), key=lambda path: path.stat().st_size)


@pytest.fixture
def server(video: Path) -> Iterator[ThreadingHTTPServer]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Videos) as running:
        running.content, running.agents, running.num_asked = video.read_bytes(), set(), 0
        running.handle_error = lambda *_: None
        threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield running
        running.shutdown()


OWN = FetchConfig(allowed_private=("127.0.0.1",), requests_per_second=100, user_agent="Us/1", timeout_s=5)


def _url(server: ThreadingHTTPServer, name: str = "v.mp4") -> str:
    return f"http://127.0.0.1:{server.server_port}/{name}"


def test_fetch_video__is_kept_under_the_name_of_its_content(
    tmp_path: Path, server: ThreadingHTTPServer, video: Path
) -> None:
    got = fetch_video(_url(server), tmp_path, None, OWN)
    key = media.content_key(video)
    assert got.key == key
    assert got.path == tmp_path / key.hex()[:2] / f"{key.hex()}.mp4"
    assert got.path.read_bytes() == video.read_bytes()
    assert (got.num_bytes, got.status) == (video.stat().st_size, None)
    assert server.agents == {"Us/1"}
    assert fetch_video(_url(server, "v2.mp4"), tmp_path, None, OWN).path == got.path  # the same content
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [got.path]  # nothing unfinished stays


def test_fetch_video__a_section_is_a_shorter_video(tmp_path: Path, server: ThreadingHTTPServer, video: Path) -> None:
    whole_s = media.probe_video(video).duration_s
    got = fetch_video(_url(server), tmp_path, (0.0, whole_s / 4), OWN)
    assert media.probe_video(got.path).duration_s == pytest.approx(whole_s / 4, abs=0.5)
    assert server.agents == {"Us/1"}


@pytest.mark.parametrize("section", [None, (0.0, 0.5)])
def test_fetch_video__a_folder_may_have_any_name(
    tmp_path: Path, server: ThreadingHTTPServer, section: tuple[float, float] | None
) -> None:
    folder = tmp_path / "100%(title)s"
    assert fetch_video(_url(server), folder, section, OWN).path.is_relative_to(folder)
    assert [path for path in tmp_path.iterdir()] == [folder]


def test_fetch_video__a_section_that_only_drips_is_given_up(tmp_path: Path, server: ThreadingHTTPServer) -> None:
    began_s = time.monotonic()
    with pytest.raises(FetchError) as error:
        fetch_video(_url(server, "vdrip.mp4"), tmp_path, (0.0, 0.5), OWN.model_copy(update={"max_elapsed_s": 1.0}))
    assert (error.value.reason, error.value.retry) == ("too_slow", True)
    assert error.value.detail == "not done after 1 s; fetch.max_elapsed_s allows more"
    assert time.monotonic() - began_s < 20  # all of it would take minutes
    assert list(tmp_path.rglob("*.unfinished")) == []


@pytest.mark.parametrize(
    ("name", "limits", "reason"),
    [
        ("404.mp4", OWN, "not_found"),
        ("vthen403.mp4", OWN, "forbidden"),  # yt-dlp is let in, ffmpeg is not
        ("v.mp4", OWN.model_copy(update={"max_elapsed_s": 0.0}), "too_slow"),
        ("v.mp4", FetchConfig(), "private_address"),
    ],
)
def test_fetch_video__why_no_section(
    tmp_path: Path, server: ThreadingHTTPServer, name: str, limits: FetchConfig, reason: str
) -> None:
    with pytest.raises(FetchError) as error:
        fetch_video(_url(server, name), tmp_path, (0.0, 0.5), limits)
    assert error.value.reason == reason


def test_fetch_video__sections_without_ffmpeg_are_said_to_be_impossible(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(
        ConfigError, match="needs ffmpeg, which is not on the PATH; install it .* leave .*`section_s` out"
    ):
        fetch_video("https://www.youtube.com/watch?v=1", tmp_path, (0.0, 10.0), OWN)


@pytest.mark.parametrize(
    ("name", "limits", "reason", "retry"),
    [
        ("404.mp4", OWN, "not_found", False),
        ("403.mp4", OWN, "forbidden", False),
        ("429.mp4", OWN, "too_many_requests", True),
        ("503.mp4", OWN, "server_error", True),
        ("v.mp4", OWN.model_copy(update={"max_video_mib": 0.0001}), "too_large", False),
        ("v.mp4", OWN.model_copy(update={"max_elapsed_s": 0.0}), "too_slow", True),
        ("v.mp4", FetchConfig(), "private_address", False),  # as every other download
    ],
)
def test_fetch_video__why_not(
    tmp_path: Path, server: ThreadingHTTPServer, name: str, limits: FetchConfig, reason: str, retry: bool
) -> None:
    with pytest.raises(FetchError) as error:
        fetch_video(_url(server, name), tmp_path, None, limits)
    assert (error.value.reason, error.value.retry, error.value.host) == (reason, retry, "127.0.0.1")
    assert list(tmp_path.rglob("*.unfinished")) == []


def test_fetch_video__what_is_no_video_is_refused(tmp_path: Path, server: ThreadingHTTPServer) -> None:
    server.content = b"<html>" + b" " * 5000
    with pytest.raises(FetchError, match="wrong_type|not_fetched"):
        fetch_video(_url(server), tmp_path, None, OWN)


def test_fetch_video__an_empty_section_is_no_video(tmp_path: Path, server: ThreadingHTTPServer) -> None:
    server.content = b"\0\0\0\x18ftypisom" + b"\0" * 20
    with pytest.raises(FetchError, match="empty_file: nothing lies between the key frames"):
        fetch_video(_url(server), tmp_path, None, OWN)


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("ERROR: [youtube] x: Private video. Sign in if you've been granted access", "not_found"),
        ("ERROR: [youtube] x: Sign in to confirm you’re not a bot. Use --cookies", "stopped_by_engine"),
        ("ERROR: [youtube] x: Video unavailable", "not_found"),
        ("ERROR: Unsupported URL: https://a.example/", "unsupported_site"),
        ("ERROR: unable to download video data: The read operation timed out", "timeout"),
        ("ERROR: [generic] Unable to download webpage: strange", "not_fetched"),
    ],
)
def test_refusal__is_told_by_what_yt_dlp_says(message: str, reason: str) -> None:
    assert video_fetch._refusal(plain_message(DownloadError(message))).reason == reason


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://www.youtube.com/watch?v=1#t=1,2", True),
        ("https://youtu.be/1", True),
        ("https://m.YouTube.com/shorts/1", True),
        ("https://notyoutube.com/watch", False),
        ("https://a.example/youtube.com.mp4", False),
        ("file:///a.mp4", False),
        ("http://[", False),  # no address at all
    ],
)
def test_is_video_page__knows_youtube(url: str, expected: bool) -> None:
    assert is_video_page(url) is expected
