"""How web sources are searched, and how politely their media is fetched (paper 3.3, 4.2)."""

import ipaddress
import re
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from omnisource.settings import Fraction, Positive, StageConfig
from omnisource.types import Format

Engine = Literal["google", "bing", "youtube", "openverse", "commons", "flickr", "page", "urls", "crawl"]
RESULT_CAPS: dict[str, int] = {
    "youtube": 500,
    "openverse": 240,
    "commons": 10_000,
    "flickr": 4_000,
    "urls": 10**9,
    "crawl": 10**9,
}
"""What an engine gives for one query at most, where it is not the 1000 of search engines; lists end on their own."""


class SearchConfig(StageConfig):
    """Where a source's candidates come from: a search engine, an open API, a list, or a crawl that is finished."""

    engine: Engine = Field(
        description="google, bing: image search; youtube: video search; openverse, commons, flickr: open APIs; "
        "page: any site whose result pages link to media; urls: a CSV or Parquet list; crawl: the output of "
        "img2dataset, video2dataset, gallery-dl or instaloader"
    )
    endpoint: str | None = Field(
        None,
        description="address of the engine; None: the public one. `page` needs one, with {query}, {page} and, where "
        "the site has them, {after} and {before}, such as https://pictures.example/search?q={query}&p={page}",
    )
    path: Path | None = Field(None, description="of urls: the list; of crawl: the folder; relative to the workspace")
    text: Literal["query", "tag"] = Field(
        "query",
        description="query: the class name, without expansion; tag: 3-4 tags by rule for each class (paper 3.3)",
    )
    published_after: date | None = Field(None, description="start of the first date window; None: no windows")
    published_before: date | None = Field(None, description="end of the last date window, exclusive; None: today")
    window_days: Positive = Field(365, description="length of a date window before it is split")
    result_cap: Positive = Field(
        1000,
        description="results that the engine gives for one query at most; a window that hits it is split in two. "
        "Not named: the engine's own cap",
    )
    min_window_days: Positive = Field(7, description="shorter windows are not split again")
    min_new_share: Fraction = Field(
        0.1, description="a window is not split where a smaller share of its results was new"
    )
    max_requests: Positive = Field(10_000, description="budget: result pages that are asked for in all")
    max_per_class: Positive | None = Field(None, description="candidates kept for a class; None: all")
    obey_robots: bool = Field(
        True, description="ask the engine's robots.txt too; False only where its owner allowed you to search by program"
    )
    section_s: Annotated[float, Field(gt=0)] | None = Field(
        None,
        description="of youtube: fetch the middle so many seconds only (paper 3.5: 10 s clips); None: whole videos",
    )

    @model_validator(mode="before")
    @classmethod
    def _has_own_cap(cls, values: object) -> object:
        """What is asked of an engine ends where the engine does, unless a cap is named."""
        if not isinstance(values, dict) or "result_cap" in values:
            return values
        cap = RESULT_CAPS.get(str(values.get("engine")))
        return values if cap is None else values | {"result_cap": cap}

    @model_validator(mode="after")
    def _knows_where(self) -> Self:
        if self.engine in ("urls", "crawl") and self.path is None:
            raise ValueError(f"engine {self.engine!r} reads what is on disk: set `path`")
        if self.engine == "page" and (self.endpoint is None or "{query}" not in self.endpoint):
            raise ValueError("engine 'page' needs an `endpoint` that holds {query}")
        if None not in (self.published_after, self.published_before) and self.published_after >= self.published_before:
            raise ValueError(f"published_after {self.published_after} is not before {self.published_before}")
        return self


class FetchConfig(StageConfig):
    """How media is downloaded: politely, safely, and so that it can go on after a crash (paper 3.3)."""

    user_agent: str = Field(
        "OmniSource/0.1 (video recognition research; see robots.txt of your own site to refuse)",
        description="how we call ourselves; name yourself and how to reach you",
    )
    requests_per_second: Annotated[float, Field(gt=0)] = Field(1.0, description="to one host")
    burst: Positive = Field(2, description="requests to one host that may follow each other without waiting")
    workers: Positive = Field(8, description="downloads at the same time, over all hosts")
    timeout_s: Annotated[float, Field(gt=0)] = Field(20.0, description="without a byte, connecting or reading")
    max_elapsed_s: Annotated[float, Field(gt=0)] = Field(300.0, description="that one download may take in all")
    max_image_mib: Annotated[float, Field(gt=0)] = Field(50.0, description="larger pictures are refused")
    max_video_mib: Annotated[float, Field(gt=0)] = Field(2000.0, description="larger videos are refused")
    max_redirects: Annotated[int, Field(ge=0)] = Field(5, description="followed for one address")
    max_attempts: Positive = Field(4, description="of one address, over all runs; what is refused for good has one")
    max_retry_after_s: Annotated[float, Field(ge=0)] = Field(
        120.0, description="Retry-After that is waited for; a host that asks for longer is left to a later run"
    )
    failures_in_a_row: Positive = Field(20, description="403s, opt-outs and timeouts after which a host is left alone")
    obey_opt_out: bool = Field(
        True, description="X-Robots-Tag (noai, noimageai, noindex, noimageindex) and tdm-reservation: 1 are refusals"
    )
    allowed_private: tuple[str, ...] = Field(
        (), description="hosts and networks of your own that may be asked, such as 10.0.0.0/8 or media.local"
    )
    resolve: dict[str, str] = Field(
        {}, description="host -> address:port that is asked instead, as curl's --resolve; for mirrors and the mini-web"
    )

    def max_bytes(self, format: Format) -> int:
        """The most that one file of a format may have."""
        return int((self.max_image_mib if format is Format.IMAGE else self.max_video_mib) * (1 << 20))

    @model_validator(mode="after")
    def _has_a_name(self) -> Self:
        if not re.fullmatch(r"[A-Za-z0-9_-][ -~]*", self.user_agent):
            raise ValueError(
                f"user_agent: {self.user_agent!r} cannot stand in a request; begin it with a name, such as MyBot/1, "
                "and write all of it in plain ASCII"
            )
        return self

    @model_validator(mode="after")
    def _names_addresses(self) -> Self:
        for entry in self.allowed_private:
            if not re.fullmatch(r"[\w.-]+", entry) and not _is_network(entry):
                raise ValueError(f"allowed_private: {entry!r} is neither a host name nor a network such as 10.0.0.0/8")
        for host, value in self.resolve.items():
            number, _, port = value.rpartition(":")
            is_port = port.isascii() and port.isdigit() and 0 < int(port) < 1 << 16
            if not is_port or not _is_network(number.removeprefix("[").removesuffix("]")) or "/" in number:
                raise ValueError(f"resolve: {host!r} leads to {value!r}, which is no address:port such as 127.0.0.1:80")
        return self


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True
