"""The demo from class names, on a world of a few files: traps are found, stages are graded, a second run is quiet."""

from pathlib import Path

import pytest

from omnisource import config
from omnisource.pipeline import queries, web_demonstration
from omnisource.pipeline.mini_web import open_web
from omnisource.pipeline.web_demonstration import WebDemo
from omnisource.workspace import Workspace
from tests.pipeline.test_demonstration import SMALL, silent

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def workspace(folder: Path) -> Workspace:
    """The small world's workspace, with the shortest training."""
    made = web_demonstration.build(folder, seed=0, dims=2, say=silent, size=SMALL)
    study = config.override(
        made.study(),
        [
            *("networks.tsn.optim.epochs=1", "networks.tsn.optim.warmup_epochs=0"),
            "recipes.omnisource.confidence=0",  # so little training is sure of nothing
        ],
    )
    config.save_study(study, made.study_path)
    return made


@pytest.fixture(scope="module")
def said() -> list[str]:
    return []


@pytest.fixture(scope="module")
def demo(workspace: Workspace, folder: Path, said: list[str]) -> WebDemo:
    done = web_demonstration.run(workspace, folder, say=said.append)
    assert done is not None
    return done


def test_build__begins_with_nothing_from_the_web(folder: Path, workspace: Workspace):
    assert workspace.root == folder / "workspace-web"
    assert workspace.study().folders == ()
    assert len(workspace.study().searched) == 3
    assert web_demonstration.build(folder, seed=0, dims=2, say=silent, size=SMALL).study() == workspace.study()


def test_run__every_trap_is_found_as_often_as_it_was_planted(demo: WebDemo):
    assert [row for row in demo.planted if not row.is_right] == []
    assert all(row.planted for row in demo.planted)


def test_run__says_that_it_accepts_the_queries_itself(demo: WebDemo, said: list[str], workspace: Workspace):
    assert "queries: proposed from the class names, and accepted by the demo; in your own work you do that" in said
    assert queries.current(workspace).accepted.author == "the demo"


def test_run__grades_know_the_files_behind_the_addresses(demo: WebDemo):
    grades = {(row["stage"], row["source"]): row for row in demo.grades}
    # broken files that a download refuses never became items: of those that came, the check finds all
    assert (grades["check", "all"]["precision"], grades["check", "all"]["recall"]) == (1.0, 1.0)
    assert grades["similar", "all"]["recall"] >= 0.95
    assert {("recipe unfiltered", source) for source in ("web_image", "web_clip", "web_video")} <= set(grades)


def test_run__a_second_one_downloads_nothing_again(demo: WebDemo, workspace: Workspace, folder: Path, said: list[str]):
    before = workspace.table("items").read().to_pylist()
    again = web_demonstration.run(workspace, folder, say=silent)
    assert demo.downloads > again.downloads == 0
    assert workspace.table("items").read().to_pylist() == before
    assert again.planted == demo.planted
    document = web_demonstration.as_document(workspace, again)
    assert set(document) == {"results", "grades", "planted", "downloads"}
    assert set(document["results"]) == {"tsn-baseline", "tsn-unfiltered", "tsn-omnisource"}


def test_run__every_content_of_the_mini_web_is_an_item_and_its_requests_are_counted(
    demo: WebDemo, workspace: Workspace, folder: Path, said: list[str]
):
    plan = open_web(folder / "world").plan
    assert set(workspace.table("items").read()["key"].to_pylist()) == set(plan.contents())
    (told,) = [line for line in said if line.startswith("mini-web: ")]
    assert told.endswith(f" requests in all, {demo.downloads} of them for media")
