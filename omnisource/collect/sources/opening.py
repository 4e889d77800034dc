"""A searched source of the study -> what asks it; what cannot work is said before anything is asked (paper 3.3)."""

import importlib.util
from dataclasses import dataclass
from pathlib import Path

from omnisource.collect.search import Pages, Source
from omnisource.collect.sources.commons import Commons
from omnisource.collect.sources.crawls import Crawl, check_crawl
from omnisource.collect.sources.flickr import Flickr, key_from_environment
from omnisource.collect.sources.image_search import Bing, Google
from omnisource.collect.sources.media_links import endings_of
from omnisource.collect.sources.openverse import Openverse
from omnisource.collect.sources.result_pages import ResultPages, check_template, has_windows
from omnisource.collect.sources.url_lists import UrlList
from omnisource.collect.sources.youtube import YouTube
from omnisource.collect_config import Engine, FetchConfig, SearchConfig
from omnisource.config import SourceConfig
from omnisource.errors import ConfigError, MissingExtraError
from omnisource.types import Format, Taxonomy

UNPACKED = Path("media") / "crawls"
"""Folder in the workspace for what finished crawls hold in tars."""
_VIDEO = (Format.TRIMMED, Format.UNTRIMMED)


@dataclass(frozen=True, kw_only=True, slots=True)
class Ability:
    """What an engine can do."""

    formats: tuple[Format, ...] = tuple(Format)
    """What it finds."""
    windows: bool = False
    """Whether it can be asked for a span of days."""
    needs_permission: bool = False
    """Whether the robots.txt of its public address keeps programs out of the search."""
    library: str | None = None
    """Import name of what reads it, from the extra `collect`."""


ABILITIES: dict[Engine, Ability] = {
    "google": Ability(formats=(Format.IMAGE,), windows=True, needs_permission=True, library="icrawler"),
    "bing": Ability(formats=(Format.IMAGE,), needs_permission=True, library="icrawler"),
    "youtube": Ability(formats=_VIDEO, windows=True, needs_permission=True, library="yt_dlp"),
    "openverse": Ability(formats=(Format.IMAGE,)),
    "commons": Ability(),
    "flickr": Ability(formats=(Format.IMAGE,), windows=True),
    "page": Ability(windows=True),
    "urls": Ability(),
    "crawl": Ability(),
}


def open_source(source: SourceConfig, taxonomy: Taxonomy, pages: Pages, root: Path, *, limits: FetchConfig) -> Source:
    """What asks a searched source; paths of the study are relative to `root`, the workspace.

    Raises ConfigError, DataError or MissingExtraError for a source that cannot be asked at all.
    """
    check_source(source)
    search = searched(source)
    match search.engine:
        case "google":
            return Google(source, pages)
        case "bing":
            return Bing(source, pages)
        case "youtube":
            return YouTube(source, pages, limits)
        case "openverse":
            return Openverse(source, pages)
        case "commons":
            return Commons(source, pages)
        case "flickr":
            return Flickr(source, pages, key=key_from_environment())
        case "page":
            return ResultPages(source, pages)
        case "urls":
            return UrlList(source, taxonomy, root / _path(search))
        case _:
            unpacked, max_bytes = root / UNPACKED / source.name, limits.max_bytes(source.format)
            return Crawl(source, taxonomy, root / _path(search), unpacked=unpacked, max_bytes=max_bytes)


def check_source(source: SourceConfig) -> None:
    """Raises ConfigError or MissingExtraError for settings that the engine cannot follow, and for what it lacks."""
    search = searched(source)
    ability = ABILITIES[search.engine]
    if source.format not in ability.formats:
        known = " or ".join(ability.formats)
        raise ConfigError(
            f"source {source.name!r}: engine {search.engine!r} finds {known}, not {source.format}; set --format"
        )
    _check_windows(source.name, search, ability)
    if search.engine == "page" and search.endpoint is not None:
        check_template(search.endpoint)
    if search.endpoint is not None and search.engine in ("youtube", "urls", "crawl"):
        raise ConfigError(f"source {source.name!r}: engine {search.engine!r} has no `endpoint` to choose; leave it out")
    if search.section_s is not None and search.engine != "youtube":
        raise ConfigError(f"source {source.name!r}: `section_s` is for engine 'youtube'; leave it out")
    if ability.library is not None and importlib.util.find_spec(ability.library) is None:
        raise MissingExtraError(ability.library, extra="collect", purpose=f"engine {search.engine!r}")
    if search.engine == "flickr":
        key_from_environment()


def survey(source: SourceConfig, taxonomy: Taxonomy, root: Path) -> str | None:
    """What a source on disk holds, for a person; None for what is searched on the web, or known only once it is read.

    Raises DataError for a list or crawl that cannot be read, or names none of the study's classes.
    """
    search = searched(source)
    if search.engine == "urls":
        return UrlList(source, taxonomy, root / _path(search)).census().as_sentence
    if search.engine == "crawl":
        check_crawl(root / _path(search), endings_of(source.format))
    return None


def searched(source: SourceConfig) -> SearchConfig:
    """How a source is searched; raises ConfigError for a local folder."""
    if source.search is None:
        raise ConfigError(f"source {source.name!r} is the folder {source.path}, which is not searched")
    return source.search


def _check_windows(name: str, search: SearchConfig, ability: Ability) -> None:
    if search.published_after is None and search.published_before is None:
        return
    if not ability.windows:
        raise ConfigError(
            f"source {name!r}: engine {search.engine!r} cannot be asked for a span of days; "
            "leave published_after and published_before out"
        )
    if search.engine == "page" and search.endpoint is not None and not has_windows(search.endpoint):
        raise ConfigError(
            f"source {name!r}: endpoint {search.endpoint!r} does not tell the site a span of days; "
            "put {after} and {before} into it, or leave published_after and published_before out"
        )


def _path(search: SearchConfig) -> Path:
    assert search.path is not None  # SearchConfig asks for it
    return search.path
