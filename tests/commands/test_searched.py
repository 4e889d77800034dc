"""`add-search` as a person meets it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from omnisource.workspace import Workspace
from tests.commands.conftest import Answer


@pytest.fixture
def begun(here: Callable[..., Answer], world: Path, tmp_path: Path) -> Path:
    here("init", "w", "--target", str(world / "target"), cwd=tmp_path)
    return tmp_path


def test_add_search__a_search_engine_in_windows(here: Callable[..., Answer], begun: Path):
    given = ["--name", "google_image", "--format", "image", "--engine", "google", "--after", "2013-01-01"]
    answer = here("add-search", *given, "--set", "window_days=90", "-w", "w")
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.startswith("google_image: image by google; settings in study.yaml\n")
    assert "robots.txt of google is asked" in answer.stdout
    (added,) = Workspace(begun / "w").study().searched
    assert (str(added.search.published_after), added.search.window_days) == ("2013-01-01", 90)


def test_add_search__a_list_is_read_before_it_is_written_down(here: Callable[..., Answer], begun: Path):
    name = Workspace(begun / "w").taxonomy().names[0]
    (begun / "list.csv").write_text(f"url,class\nhttps://a.example/1.jpg,{name}\n", encoding="utf-8")
    given = ["--name", "listed", "--format", "image", "--engine", "urls", "--path", "list.csv"]
    answer = json.loads(here("add-search", *given, "--json", "-w", "w").stdout)
    assert answer["notes"] == ["1 rows: 1 of 1 classes"]
    assert answer["source"]["search"]["path"] == str(begun / "list.csv")  # wherever it is searched from


def test_add_search__replace_changes_the_settings(here: Callable[..., Answer], begun: Path):
    given = ["--name", "site", "--format", "image", "--engine", "page", "-w", "w"]
    assert here("add-search", *given, "--endpoint", "https://a.example/{query}").returncode == 0
    again = here("add-search", *given, "--endpoint", "https://b.example/{query}")
    assert again.returncode == 1
    assert "choose another --name, or --replace them" in again.stderr
    assert here("add-search", *given, "--endpoint", "https://b.example/{query}", "--replace").returncode == 0
    assert Workspace(begun / "w").study().searched[0].search.endpoint == "https://b.example/{query}"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["--engine", "altavista"], "'google', 'bing'"),
        (["--engine", "bing", "--after", "2013-01-01"], "engine 'bing' cannot be asked for a span of days"),
        (["--engine", "google", "--after", "yesterday"], "published_after"),
        (["--engine", "google", "--set", "windows_days=7"], "window_days"),  # did you mean
        (["--engine", "google", "--set", "window_days"], "'window_days' is not KEY=VALUE; for example window_days=90"),
        (["--engine", "google", "--set", "window_days=[7"], "'[7' in 'window_days=[7' is not YAML"),
        (["--engine", "urls"], "engine 'urls' reads what is on disk: set `path`"),
    ],
)
def test_add_search__says_what_is_wrong_and_writes_nothing(
    here: Callable[..., Answer], begun: Path, given: list[str], message: str
):
    answer = here("add-search", "--name", "found", "--format", "image", *given, "-w", "w")
    assert answer.returncode == 1
    assert message in answer.stderr.replace("\n", "")
    assert Workspace(begun / "w").study().sources == ()
