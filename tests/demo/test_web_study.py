"""The demo study that begins with class names."""

from pathlib import Path

import pytest

from omnisource.demo.mini_web_plan import FIRST_DAY, LAST_DAY
from omnisource.demo.study import demo_study
from omnisource.demo.web_study import quick_fetch, searched_sources, web_study
from omnisource.demo.world import USUAL_SIZE, World
from omnisource.types import Format

WORLD = World(root=Path("/w"), size=USUAL_SIZE, seed=5)


@pytest.mark.parametrize("dims", [2, 3])
def test_web_study__differs_from_the_demo_s_in_its_sources_alone(dims: int):
    changed = {"sources": (), "fetch": quick_fetch({})}
    study = web_study(WORLD, dims=dims, resolve={"a.example": "127.0.0.1:1"})
    assert study.model_copy(update=changed) == demo_study(WORLD, dims=dims).model_copy(update=changed)
    assert study.fetch.resolve == {"a.example": "127.0.0.1:1"}
    assert [one.name for one in study.sources] == [one.name for one in demo_study(WORLD, dims=dims).sources]


def test_searched_sources__one_of_each_format_none_a_folder():
    sources = searched_sources()
    assert [one.format for one in sources] == list(Format)
    assert all(one.path is None and one.search.engine == "page" for one in sources)


def test_searched_sources__pictures_in_windows_clips_by_tag():
    pictures, clips, videos = (one.search for one in searched_sources())
    assert (pictures.published_after, pictures.published_before) == (FIRST_DAY, LAST_DAY)
    assert (pictures.text, clips.text, videos.text) == ("query", "tag", "query")
    assert clips.published_after is videos.published_after is None


def test_quick_fetch__every_rule_of_politeness_holds():
    fetch = quick_fetch({})
    assert fetch.obey_opt_out
    assert fetch.allowed_private == ()
