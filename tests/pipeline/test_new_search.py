"""A searched source as it is entered, and the command that adds it."""

from pathlib import Path

import pytest

from omnisource.config import SearchConfig
from omnisource.errors import ConfigError
from omnisource.pipeline.new_search import ENGINES, NewSearch, defaults, entered
from omnisource.types import Format

ENDPOINT = "https://clips.example/?q={query}&a={after}&b={before}"


def search(**values: object) -> NewSearch:
    return NewSearch(name="clips", format=Format.TRIMMED, values={"engine": "page", "endpoint": ENDPOINT} | values)


def test_arguments__name_only_what_is_not_the_default():
    wanted = search(text="tag", published_after="2018-01-01", window_days=365, max_requests=50, obey_robots=False)
    assert wanted.arguments(Path("/w")) == [
        *["add-search", "--name", "clips", "--format", "trimmed", "--engine", "page", "--endpoint", ENDPOINT],
        *["--text", "tag", "--after", "2018-01-01", "--set", "max_requests=50", "--set", "obey_robots=false"],
        *["-w", "/w"],
    ]


def test_arguments__of_a_change():
    wanted = NewSearch(name="clips", format=Format.IMAGE, values={"engine": "openverse"}, replaces=True)
    assert wanted.arguments(Path("/w"))[-3:] == ["--replace", "-w", "/w"]


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (search(endpoint=None), "engine 'page' needs an `endpoint` that holds {query}"),
        (search(window_days=0), "search.window_days = 0"),
        (NewSearch(name="", format=Format.IMAGE, values={"engine": "openverse"}), "the source without a name: name"),
        (NewSearch(name="a", format=Format.TRIMMED, values={"engine": "openverse"}), "finds image, not trimmed"),
    ],
)
def test_check__says_what_cannot_be(wanted: NewSearch, message: str):
    with pytest.raises(ConfigError) as raised:
        wanted.check()
    assert message in str(raised.value)


def test_entered__begins_with_what_is_there():
    values = entered(search(published_after="2018-01-01").check())
    assert (values["engine"], values["published_after"], values["window_days"]) == ("page", "2018-01-01", 365)
    assert SearchConfig.model_validate(values).published_after is not None


def test_defaults__are_the_models():
    assert "folder" not in ENGINES
    assert (defaults("google")["engine"], defaults("google")["max_requests"]) == ("google", 10_000)
