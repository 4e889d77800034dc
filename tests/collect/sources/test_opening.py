"""From a source's settings to what asks it, and what cannot work."""

import sys
from pathlib import Path
from typing import get_args

import pytest

from omnisource.collect.pages import WebPages
from omnisource.collect.sources.commons import Commons
from omnisource.collect.sources.crawls import Crawl
from omnisource.collect.sources.flickr import Flickr
from omnisource.collect.sources.image_search import Bing, Google
from omnisource.collect.sources.opening import ABILITIES, check_source, open_source, searched, survey
from omnisource.collect.sources.openverse import Openverse
from omnisource.collect.sources.result_pages import ResultPages
from omnisource.collect.sources.url_lists import UrlList
from omnisource.collect.sources.youtube import YouTube
from omnisource.collect_config import Engine, FetchConfig
from omnisource.config import SourceConfig, parse
from omnisource.errors import ConfigError, DataError, MissingExtraError
from omnisource.types import Taxonomy
from tests.loopback_site import cell, source, urls_of

TEMPLATE = "https://a.example/{query}"
DATED = TEMPLATE + "?from={after}&to={before}"
SINCE = {"published_after": "2013-01-01"}


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLICKR_API_KEY", "k3y")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "list.csv").write_text("url,class\nhttps://a.example/1.jpg,beekeeping\n", encoding="utf-8")
    (tmp_path / "crawl" / "beekeeping").mkdir(parents=True)
    (tmp_path / "crawl" / "beekeeping" / "1.jpg").write_bytes(b"x")
    return tmp_path


@pytest.mark.parametrize(
    ("opened", "expected"),
    [
        (source("google"), Google),
        (source("bing"), Bing),
        (source("youtube", "trimmed"), YouTube),
        (source("openverse"), Openverse),
        (source("commons", "untrimmed"), Commons),
        (source("flickr"), Flickr),
        (source("page", "trimmed", endpoint=TEMPLATE), ResultPages),
        (source("urls", path="list.csv"), UrlList),
        (source("crawl", path="crawl"), Crawl),
    ],
)
def test_open_source__every_engine(
    opened: SourceConfig, expected: type, taxonomy: Taxonomy, pages: WebPages, root: Path
) -> None:
    assert type(open_source(opened, taxonomy, pages, root, limits=FetchConfig())) is expected


def test_open_source__what_a_crawl_unpacks_is_in_the_workspace(taxonomy: Taxonomy, pages: WebPages, root: Path) -> None:
    opened = open_source(source("crawl", path="crawl"), taxonomy, pages, root, limits=FetchConfig())
    assert urls_of(opened, cell()) == [(root / "crawl" / "beekeeping" / "1.jpg").as_uri()]
    assert (root / "media" / "crawls" / "found" / "index.parquet").is_file()


def test_open_source__a_crawls_files_have_the_limits_of_what_is_fetched(
    taxonomy: Taxonomy, pages: WebPages, root: Path
) -> None:
    (root / "crawl" / "beekeeping" / "2.jpg").write_bytes(bytes(11))
    limits = FetchConfig(max_image_mib=10.5 / (1 << 20), max_video_mib=99)
    opened = open_source(source("crawl", path="crawl"), taxonomy, pages, root, limits=limits)
    assert urls_of(opened, cell()) == [(root / "crawl" / "beekeeping" / "1.jpg").as_uri()]
    assert opened.left_out == {"too_large": 1}


def test_abilities__are_known_of_every_engine() -> None:
    assert set(ABILITIES) == set(get_args(Engine))


@pytest.mark.parametrize(
    ("refused", "message"),
    [
        (source("google", "trimmed"), "engine 'google' finds image, not trimmed; set --format"),
        (source("youtube"), "engine 'youtube' finds trimmed or untrimmed, not image"),
        (source("bing", **SINCE), "'found': engine 'bing' cannot be asked for a span of days; leave published_after"),
        (source("openverse", published_before="2013-01-01"), "engine 'openverse' cannot be asked for a span of days"),
        (source("commons", **SINCE), "engine 'commons' cannot be asked for a span of days"),
        (
            source("page", endpoint=TEMPLATE, **SINCE),
            r"does not tell the site a span of days; put \{after\} and \{before\}",
        ),
        (source("page", endpoint="ftp://a.example/{query}"), "is no web address; begin it with https://"),
        (source("youtube", "trimmed", endpoint="https://a.example"), "engine 'youtube' has no `endpoint` to choose"),
        (source("commons", "trimmed", section_s=10), "`section_s` is for engine 'youtube'; leave it out"),
        (
            parse(SourceConfig, {"name": "found", "format": "image", "path": "web"}, where="test"),
            "source 'found' is the folder web, which is not searched",
        ),
    ],
)
def test_check_source__says_what_an_engine_cannot_do(refused: SourceConfig, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        check_source(refused)


@pytest.mark.parametrize(
    "fine", [source("google", **SINCE), source("flickr", **SINCE), source("page", endpoint=DATED, **SINCE)]
)
def test_check_source__windows_where_they_are_known(fine: SourceConfig) -> None:
    check_source(fine)


@pytest.mark.parametrize(
    ("engine", "format", "library"),
    [("google", "image", "icrawler"), ("bing", "image", "icrawler"), ("youtube", "trimmed", "yt_dlp")],
)
def test_check_source__a_missing_library_is_named_with_its_extra(
    monkeypatch: pytest.MonkeyPatch, engine: str, format: str, library: str
) -> None:
    monkeypatch.setitem(sys.modules, library, None)  # as Python remembers what is not installed
    with pytest.raises(MissingExtraError, match=rf"engine '{engine}' needs {library}.* 'omnisource\[collect\]'"):
        check_source(source(engine, format))


def test_check_source__a_missing_key_is_said_before_anything_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FLICKR_API_KEY")
    with pytest.raises(ConfigError, match="needs an API key in the environment variable FLICKR_API_KEY"):
        check_source(source("flickr"))


def test_survey__reads_what_is_on_disk(taxonomy: Taxonomy, root: Path) -> None:
    assert survey(source("urls", path="list.csv"), taxonomy, root) == "1 rows: 1 of 1 classes"
    assert survey(source("crawl", path="crawl"), taxonomy, root) is None
    assert survey(source("google"), taxonomy, root) is None
    with pytest.raises(DataError, match="is no folder of a crawl"):
        survey(source("crawl", path="none"), taxonomy, root)


def test_searched__is_the_search_of_a_source() -> None:
    assert searched(source("google")).engine == "google"
