"""How web sources are searched and fetched: what a study may say of it, and what it may not."""

import pytest

from omnisource.collect_config import FetchConfig, SearchConfig
from omnisource.config import SourceConfig, Study, load_study, parse, save_study
from omnisource.errors import ConfigError
from omnisource.types import Format

PAGE = {"engine": "page", "endpoint": "https://pictures.example/search?q={query}&p={page}"}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"engine": "urls"}, "engine 'urls' reads what is on disk: set `path`"),
        ({"engine": "crawl"}, "engine 'crawl' reads what is on disk: set `path`"),
        ({"engine": "page"}, "engine 'page' needs an `endpoint` that holds {query}"),
        ({"engine": "page", "endpoint": "https://a.example/"}, "engine 'page' needs an `endpoint` that holds {query}"),
        (
            {"engine": "google", "published_after": "2014-01-01", "published_before": "2013-01-01"},
            "published_after 2014-01-01 is not before 2013-01-01",
        ),
        ({"engine": "altavista"}, "'google', 'bing'"),
    ],
)
def test_search_config__says_what_an_engine_lacks(values: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError) as error:
        parse(SearchConfig, values, where="search")
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"engine": "google"}, 1000),
        ({"engine": "youtube"}, 500),
        ({"engine": "urls", "path": "list.csv"}, 10**9),  # a list is read to its end
        ({"engine": "youtube", "result_cap": 50}, 50),
    ],
)
def test_search_config__an_engine_has_its_own_cap_unless_one_is_named(values: dict[str, object], expected: int) -> None:
    assert parse(SearchConfig, values, where="search").result_cap == expected


def test_source_config__a_misspelt_setting_of_its_search_is_named_with_the_right_one() -> None:
    values = {"name": "found", "format": "image", "search": {"engine": "google", "windows_days": 7}}
    with pytest.raises(ConfigError, match="unknown setting 'search.windows_days'; did you mean 'window_days'?"):
        parse(SourceConfig, values, where="add")


def test_search_config__half_open_windows_are_fine() -> None:
    assert parse(SearchConfig, {"engine": "google", "published_after": "2013-01-01"}, where="").published_before is None


@pytest.mark.parametrize("values", [{}, {"path": "web", "search": PAGE}])
def test_source_config__is_a_folder_or_a_search(values: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="source 'pictures' needs either `path`, a folder, or `search`"):
        parse(SourceConfig, {"name": "pictures", "format": "image"} | values, where="add")


def test_study__tells_folders_from_searches_and_keeps_them(tmp_path) -> None:
    sources = [
        {"name": "crawled", "format": "image", "path": "web"},
        {"name": "searched", "format": "trimmed", "search": PAGE},
    ]
    study = parse(Study, {"sources": sources, "fetch": {"resolve": {"pictures.example": "127.0.0.1:8000"}}}, where="")
    assert [one.name for one in study.folders] == ["crawled"]
    assert [one.name for one in study.searched] == ["searched"]
    save_study(study, tmp_path / "study.yaml")
    assert load_study(tmp_path / "study.yaml") == study


def test_fetch_config__refuses_settings_that_would_hammer_a_host() -> None:
    with pytest.raises(ConfigError, match="requests_per_second"):
        parse(FetchConfig, {"requests_per_second": 0}, where="fetch")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"allowed_private": ["10.0.0.0/33"]}, "'10.0.0.0/33' is neither a host name nor a network such as 10.0.0.0/8"),
        ({"allowed_private": ["http://media.local"]}, "is neither a host name nor a network"),
        ({"resolve": {"a.test": "127.0.0.1"}}, "'a.test' leads to '127.0.0.1', which is no address:port"),
        ({"resolve": {"a.test": "localhost:80"}}, "which is no address:port such as 127.0.0.1:80"),
        ({"resolve": {"a.test": "127.0.0.1:99999"}}, "which is no address:port"),
        ({"resolve": {"a.test": "10.0.0.0/8:80"}}, "which is no address:port"),
    ],
)
def test_fetch_config__refuses_what_is_no_address(values: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError) as error:
        parse(FetchConfig, values, where="fetch")
    assert message in str(error.value)


@pytest.mark.parametrize("user_agent", ["", "(no name)/1", "Bücher/1", "Bot/1\r\nX-More: 1"])
def test_fetch_config__refuses_a_name_that_cannot_stand_in_a_request(user_agent: str) -> None:
    with pytest.raises(ConfigError, match=r"cannot stand in a request; begin it with a name, such as MyBot/1") as error:
        parse(FetchConfig, {"user_agent": user_agent}, where="fetch")
    assert f"user_agent: {user_agent!r}" in str(error.value)


@pytest.mark.parametrize(
    ("format", "expected"), [(Format.IMAGE, 1 << 19), (Format.TRIMMED, 2 << 20), (Format.UNTRIMMED, 2 << 20)]
)
def test_max_bytes__by_format(format: Format, expected: int) -> None:
    assert FetchConfig(max_image_mib=0.5, max_video_mib=2).max_bytes(format) == expected


def test_fetch_config__takes_names_networks_and_ports() -> None:
    values = {"allowed_private": ["media.local", "10.0.0.0/8", "::1"], "resolve": {"a": "127.0.0.1:80", "b": "[::1]:8"}}
    assert parse(FetchConfig, values, where="fetch").resolve["b"] == "[::1]:8"
