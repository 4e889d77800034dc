"""From class names to a table of results, through a small web with traps; killed at random it ends with the same."""

import random
import time
from collections.abc import Iterator
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
import torch

from omnisource.demo.mini_web import MiniWeb
from omnisource.demo.mini_web_plan import Trap
from omnisource.pipeline import comparing, stages
from omnisource.pipeline.mini_web import open_web
from omnisource.pipeline.planted import compare_planted
from omnisource.workspace import Workspace
from tests import micro_workspaces
from tests.forked_processes import kill, start, status_of
from tests.searched_world import searched_workspace

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
NUM_KILLS = 6
OFTEN = {  # so that a kill finds work that is half written down
    "omnisource.pipeline.searching.SECONDS_PER_PART": 0.05,
    "omnisource.pipeline.fetching.SECONDS_PER_PART": 0.05,
    "omnisource.pipeline.fetch_plan.CHUNK": 10,
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return micro_workspaces.world_once(tmp_path_factory)


@pytest.fixture(scope="module")
def web(world: Path) -> Iterator[MiniWeb]:
    with open_web(world).serving() as served:
        yield served


@pytest.fixture(scope="module")
def undisturbed(world: Path, web: MiniWeb, tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, int]:
    """A workspace whose collection ran once, as a process, and the number of requests that it made."""
    workspace = searched_workspace(tmp_path_factory.mktemp("undisturbed") / "w", world, web)
    assert status_of(collecting(workspace)) == 0
    return workspace, len(web.requests())


def collecting(workspace: Workspace) -> BaseProcess:
    """`omnisource collect`, as a process of its own."""
    return start("collect", "-w", str(workspace.root), settings=OFTEN)


def kill_within(workspace: Workspace, web: MiniWeb, num_requests: int, later_s: float) -> bool:
    """Start a collection, and kill it some time after it has made so many requests; whether it was still running."""
    before = len(web.requests())
    process = collecting(workspace)
    while process.is_alive() and len(web.requests()) - before < num_requests:
        time.sleep(0.001)
    time.sleep(later_s)
    return kill(process)


def items_of(workspace: Workspace) -> set[tuple[object, ...]]:
    """Everything about the items but where their workspace lies."""
    rows = workspace.table("items").read().to_pylist()
    assert len({row["key"] for row in rows}) == len(rows)
    folder = str(workspace.root)
    return {
        (row["key"], row["path"].removeprefix(folder), row["source"], row["format"], row["class_index"], row["url"])
        for row in rows
    }


def files_of(workspace: Workspace) -> set[str]:
    media = workspace.root / "media"
    return {path.relative_to(media).as_posix() for path in media.rglob("*") if path.is_file()}


def test_collect__every_trap_is_found_as_often_as_it_was_planted(undisturbed: tuple[Workspace, int], web: MiniWeb):
    workspace, _ = undisturbed
    assert [row for row in compare_planted(workspace, web.plan) if not row.is_right] == []
    assert {row["key"] for row in workspace.table("items").read().to_pylist()} == web.plan.contents()


def test_collect__no_forbidden_address_was_asked_for(undisturbed: tuple[Workspace, int], web: MiniWeb):
    assert web.plan.planted()[Trap.ROBOTS] > 0
    assert not [one for one in web.requests() if one.path.startswith("/private/")]


def test_collect__a_second_run_asks_for_no_media(undisturbed: tuple[Workspace, int], web: MiniWeb):
    workspace, _ = undisturbed
    before, num_asked = items_of(workspace), len(web.requests())
    assert status_of(collecting(workspace)) == 0
    assert [one for one in web.requests()[num_asked:] if one.is_media] == []
    assert items_of(workspace) == before


def test_collect__killed_at_random_it_ends_with_the_same_items(
    world: Path, undisturbed: tuple[Workspace, int], tmp_path: Path
):
    reference, num_requests = undisturbed
    chance = random.Random(0)
    with open_web(world).serving() as web:
        workspace = searched_workspace(tmp_path / "w", world, web)
        kills = [
            kill_within(workspace, web, chance.randrange(num_requests // NUM_KILLS), chance.uniform(0.0, 0.3))
            for _ in range(NUM_KILLS)
        ]
        assert status_of(collecting(workspace)) == 0
    assert sum(kills) >= NUM_KILLS // 2, "most kills must hit a running collection"
    assert items_of(workspace) == items_of(reference)
    assert files_of(workspace) == files_of(reference)
    # a 429 that was answered just before a kill may not have been written down; everything else is counted the same
    counted, expected = (
        {row.kind: row.found for row in compare_planted(one, web.plan) if row.seen_as != "too_many_requests"}
        for one in (workspace, reference)
    )
    assert counted == expected


def test_run__from_what_was_found_to_a_table_of_results(undisturbed: tuple[Workspace, int], web: MiniWeb):
    workspace, _ = undisturbed
    num_asked = len(web.media_requests())
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    stages.run(workspace, stages.Options(recipes=("omnisource",), progress=False), lambda _: None)
    torch.set_num_threads(threads)
    assert set(comparing.results(workspace)) >= {"slowonly-baseline", "slowonly-omnisource"}
    assert list(workspace.root.glob("reports/compare.*.json"))
    assert len(web.media_requests()) == num_asked
