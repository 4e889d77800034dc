"""The demo world's study with its web data searched on the mini-web instead of read from folders (paper 3.3)."""

from collections.abc import Mapping
from typing import Literal

from omnisource.config import FetchConfig, SearchConfig, SourceConfig, Study
from omnisource.demo.mini_web_pages import ENDPOINTS, RESULT_CAP
from omnisource.demo.mini_web_plan import CLIPS, FIRST_DAY, LAST_DAY, PICTURES, VIDEOS
from omnisource.demo.study import WEB_CLIP, WEB_IMAGE, WEB_VIDEO, demo_study
from omnisource.demo.world import World
from omnisource.types import Format


def web_study(world: World, *, dims: Literal[2, 3], resolve: Mapping[str, str]) -> Study:
    """Settings of a study that begins with the class names of `world`; `resolve` says where the mini-web is."""
    study = demo_study(world, dims=dims)
    return study.model_copy(update={"sources": searched_sources(), "fetch": quick_fetch(resolve)})


def searched_sources() -> tuple[SourceConfig, ...]:
    """The mini-web's picture search, asked in date windows since it caps its results; clips by tag; long videos."""
    windows = {"published_after": FIRST_DAY, "published_before": LAST_DAY, "result_cap": RESULT_CAP}
    pictures = SearchConfig(engine="page", endpoint=ENDPOINTS[PICTURES], **windows)
    clips = SearchConfig(engine="page", endpoint=ENDPOINTS[CLIPS], text="tag")
    videos = SearchConfig(engine="page", endpoint=ENDPOINTS[VIDEOS])
    return (
        SourceConfig(name=WEB_IMAGE, format=Format.IMAGE, search=pictures),
        SourceConfig(name=WEB_CLIP, format=Format.TRIMMED, search=clips),
        SourceConfig(name=WEB_VIDEO, format=Format.UNTRIMMED, search=videos),
    )


def quick_fetch(resolve: Mapping[str, str]) -> FetchConfig:
    """A host that is this very machine needs no rest, and traps are left soon; every rule of politeness holds."""
    return FetchConfig(
        requests_per_second=500,
        burst=8,
        timeout_s=5,
        max_elapsed_s=5,
        max_attempts=2,
        failures_in_a_row=8,
        resolve=dict(resolve),
    )
