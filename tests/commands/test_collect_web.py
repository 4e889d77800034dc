"""`collect` as a person meets it: against the mini-web of the micro world."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from omnisource.demo.mini_web import MiniWeb
from omnisource.pipeline.mini_web import open_web
from omnisource.workspace import Workspace
from tests.commands.conftest import Answer
from tests.searched_world import searched_workspace


@pytest.fixture(scope="module")
def web(world: Path) -> Iterator[MiniWeb]:
    with open_web(world).serving() as served:
        yield served


@pytest.fixture
def workspace(world: Path, web: MiniWeb, tmp_path: Path) -> Workspace:
    return searched_workspace(tmp_path / "w", world, web)


def test_collect__searches_and_downloads_and_says_what_became_of_it(
    here: Callable[..., Answer], workspace: Workspace, web: MiniWeb
):
    where = ["-w", str(workspace.root)]
    assert "omnisource collect --only search" in here("status", *where).stdout
    told = json.loads(here("collect", "--json", "--only", "search", *where).stdout)
    assert sum(one["candidates"] for one in told["search"]) == len(web.plan.posts)
    assert (list(told["done"]), told["fetch"]) == (["search"], [])
    assert "omnisource collect --only fetch" in here("status", *where).stdout
    told = json.loads(here("collect", "--json", *where).stdout)
    assert told["done"]["fetch"]["items"] == len(web.plan.contents())
    assert sum(one["addresses"] for one in told["fetch"]) == len(web.plan.posts)
    shown = here("collect", *where).stdout
    assert "web_image" in shown
    assert "robots_refused" in shown
    assert json.loads(here("status", "--json", *where).stdout)["next"] == "omnisource check"


def test_collect__without_a_searched_source_it_says_how_to_add_one(
    here: Callable[..., Answer], world: Path, tmp_path: Path
):
    here("init", "w", "--target", str(world / "target"), cwd=tmp_path)
    result = here("collect", "-w", "w", cwd=tmp_path)
    assert result.returncode == 1
    assert "has no source that is searched; `omnisource add-search` adds one" in result.stderr.replace("\n", " ")


def test_run__goes_through_search_and_fetch_and_needs_no_folder(
    here: Callable[..., Answer], workspace: Workspace, web: MiniWeb
):
    result = here("run", "--to", "add", "-w", str(workspace.root))
    assert "search: web_clip: " in result.stdout
    assert f"{len(web.plan.contents())} new items" in result.stdout
    assert "add: new items: no folders" in result.stdout
    again = here("run", "--from", "add", "--to", "add", "--redo", "-w", str(workspace.root))
    assert again.returncode == 0
    assert workspace.table("items").num_rows() == len(web.plan.contents())


def test_run__of_a_workspace_of_folders_searches_nothing(here: Callable[..., Answer], world: Path, tmp_path: Path):
    here("init", "w", "--target", str(world / "target"), cwd=tmp_path)
    shown = here("run", "--to", "fetch", "-w", "w", cwd=tmp_path).stdout
    assert "search: not needed; no source is searched" in shown
    assert "fetch: not needed; no source is searched" in shown
