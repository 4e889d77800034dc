"""A page of a video site -> the video, or a section of it, as a file named by its content; by yt-dlp (paper 3.3, 3.5).

The address is checked as every other is, and only extractors written for a site are used: the generic one, which
follows any page anywhere, only for hosts of the study's own (`fetch.allowed_private`). Sound is not fetched where the
site has pictures alone. A section is cut by ffmpeg, run by us within our limits, at the key frames around it.
"""

import hashlib
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from omnisource.collect.addresses import Resolver, is_public, parse_address
from omnisource.collect.download import UNFINISHED, Fetched, keep
from omnisource.collect.fetch_error import FetchError
from omnisource.collect.sniffing import HEAD_BYTES, require_media
from omnisource.collect.sources.media_links import VIDEOS
from omnisource.collect.sources.youtube import plain_message, quiet_options
from omnisource.collect_config import FetchConfig
from omnisource.errors import ConfigError
from omnisource.types import Format

MAX_HEIGHT_PX = 480
"""Networks see 256 pixels on the short side; larger pictures would only take longer."""
MIN_BYTES = 1024
"""The frame of an MP4 file without any pictures is smaller."""
_HOSTS = ("youtube.com", "youtu.be", "youtube-nocookie.com")
_REFUSALS = (  # what the message of yt-dlp or ffmpeg holds -> reason, whether a later run may try again
    (r"HTTP [Ee]rror 429", "too_many_requests", True),
    (r"HTTP [Ee]rror (404|410)", "not_found", False),
    (r"HTTP [Ee]rror 403", "forbidden", False),
    (r"HTTP [Ee]rror 5\d\d", "server_error", True),
    (r"timed out|timeout", "timeout", True),
    (r"confirm you.re not a bot", "stopped_by_engine", True),
    (r"Unsupported URL|No suitable extractor", "unsupported_site", False),
    (r"[Pp]rivate|unavailable|removed|terminated|not available|members|Sign in|\bage\b", "not_found", False),
)


def is_video_page(url: str) -> bool:
    """Whether an address leads to a page of YouTube, so that `fetch_video` and no plain download gets its video."""
    try:
        host = (urlsplit(url).hostname or "").casefold()
    except ValueError:  # such as http://[: the plain download says what is wrong with it
        return False
    return any(host == known or host.endswith("." + known) for known in _HOSTS)


def fetch_video(url: str, folder: Path, section: tuple[float, float] | None, limits: FetchConfig) -> Fetched:
    """The video on a page, or its seconds from `section[0]` to `section[1]`, kept as Downloader keeps its files.

    Raises FetchError for this video, and ConfigError where sections cannot be cut at all because ffmpeg is missing.
    """
    if section is not None and shutil.which("ffmpeg") is None:
        raise ConfigError(
            "fetching sections of videos needs ffmpeg, which is not on the PATH; install it (apt install ffmpeg), or "
            "leave the source's `section_s` out to fetch whole videos"
        )
    began_s = time.monotonic()
    named = hashlib.blake2b(f"{url} {section}".encode(), digest_size=16).hexdigest()
    unfinished = folder / f"{named}{UNFINISHED}"
    unfinished.mkdir(parents=True)
    try:
        if section is None:
            _download(url, unfinished, limits)
        else:
            _cut(url, unfinished, section, limits)
        return _keep(unfinished, folder, url, time.monotonic() - began_s)
    except FetchError as error:
        error.host, error.elapsed_s = urlsplit(url).hostname or "", time.monotonic() - began_s
        raise
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _download(url: str, folder: Path, limits: FetchConfig) -> None:
    """The whole video, by yt-dlp's own means."""
    template = str(folder).replace("%", "%%") + "/video.%(ext)s"
    _asked(
        url,
        limits,
        {
            "outtmpl": {"default": template},
            "match_filter": _no_live,
            "progress_hooks": [_bounded(limits.max_bytes(Format.TRIMMED), limits.max_elapsed_s)],
            "fixup": "never",
        },
        download=True,
    )


def _cut(url: str, folder: Path, section: tuple[float, float], limits: FetchConfig) -> None:
    """A section: yt-dlp says where the video lies, and ffmpeg fetches it; yt-dlp would wait for ffmpeg without end."""
    began_s = time.monotonic()
    info = _asked(url, limits, {}, download=False)
    where, headers = info.get("url"), info.get("http_headers")
    if info.get("is_live") or not isinstance(where, str) or not isinstance(headers, Mapping):
        raise FetchError("not_fetched", "it is live, or no single video")
    command = ["ffmpeg", "-nostdin", "-loglevel", "warning", "-rw_timeout", str(int(limits.timeout_s * 1e6))]
    command += ["-protocol_whitelist", "http,https,tcp,tls,crypto,httpproxy"]
    command += ["-headers", "".join(f"{name}: {value}\r\n" for name, value in headers.items())]
    command += ["-ss", f"{section[0]:.3f}", "-t", f"{section[1] - section[0]:.3f}", "-i", where]
    ending = f".{info.get('ext')}"
    file = folder / f"video{ending if ending in VIDEOS else '.mkv'}"
    command += ["-c", "copy", "-fs", str(limits.max_bytes(Format.TRIMMED)), str(file)]
    try:
        left_s = limits.max_elapsed_s - (time.monotonic() - began_s)
        subprocess.run(command, check=True, capture_output=True, timeout=left_s)
    except subprocess.TimeoutExpired:
        raise _too_slow(limits.max_elapsed_s) from None
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").replace(where, "the video").split("\n")
        raise _refusal(f"ffmpeg: {'; '.join(filter(None, said))}"[:300]) from None


def _asked(url: str, limits: FetchConfig, options: Mapping[str, object], *, download: bool) -> dict[str, object]:
    """What yt-dlp says of a page once it has done what `options` ask; raises FetchError."""
    from yt_dlp import YoutubeDL
    from yt_dlp.utils import YoutubeDLError

    small = f"[height<=?{MAX_HEIGHT_PX}]"
    ours = {
        "allowed_extractors": ["default"] if _is_own(url, limits) else ["default", "-generic"],
        "format": f"bv{small}/b{small}/wv/w",
        "allow_unplayable_formats": False,
    }
    try:
        with YoutubeDL(quiet_options(limits) | ours | dict(options)) as asked:
            return asked.extract_info(url, download=download) or {}
    except YoutubeDLError as error:
        raise _refusal(plain_message(error)) from None


def _no_live(info: Mapping[str, object], *, incomplete: bool = False) -> str | None:
    return "it is live" if info.get("is_live") else None


def _bounded(max_bytes: int, max_elapsed_s: float) -> Callable[[Mapping[str, object]], None]:
    """A hook that ends a download which grows too large or takes too long."""
    began_s = time.monotonic()

    def watch(progress: Mapping[str, object]) -> None:
        sizes = (progress.get("total_bytes"), progress.get("downloaded_bytes"))
        if any(isinstance(size, int) and size > max_bytes for size in sizes):
            raise FetchError("too_large", f"more than {max_bytes / (1 << 20):g} MiB; fetch.max_video_mib allows more")
        if time.monotonic() - began_s > max_elapsed_s:
            raise _too_slow(max_elapsed_s)

    return watch


def _too_slow(max_elapsed_s: float) -> FetchError:
    return FetchError("too_slow", f"not done after {max_elapsed_s:g} s; fetch.max_elapsed_s allows more", retry=True)


def _is_own(url: str, limits: FetchConfig) -> bool:
    """Whether the host is one that the study allows by name or network; raises FetchError for private ones else."""
    address = parse_address(url)
    endpoints = Resolver(limits.allowed_private).endpoints(address)
    return any(not is_public(one.number) for one in endpoints)


def _keep(unfinished: Path, folder: Path, url: str, elapsed_s: float) -> Fetched:
    """Move the one file that yt-dlp left to where its content belongs."""
    files = [path for path in unfinished.iterdir() if path.suffix not in (".part", ".ytdl") and path.is_file()]
    if not files:
        raise FetchError("not_fetched", "yt-dlp left no file; the video may be live")
    if files[0].stat().st_size < MIN_BYTES:
        raise FetchError("empty_file", "nothing lies between the key frames around the section; fetch the whole video")
    with files[0].open("rb") as file:
        ending = require_media(file.read(HEAD_BYTES), Format.TRIMMED)
    key, path = keep(files[0], folder, ending)
    num_bytes = path.stat().st_size
    return Fetched(key=key, path=path, num_bytes=num_bytes, status=None, final_url=url, elapsed_s=elapsed_s)


def _refusal(message: str) -> FetchError:
    for pattern, reason, retry in _REFUSALS:
        if re.search(pattern, message):
            return FetchError(reason, message, retry=retry)
    return FetchError("not_fetched", message)
