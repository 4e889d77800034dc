"""The small demo: built up to where it is needed, once."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from filelock import FileLock

from omnisource.demo.plan import WorldSize
from omnisource.errors import ConfigError, WorkspaceError
from omnisource.pipeline import small_demo
from omnisource.reviews import Reviews, Subject, Verdict
from omnisource.workspace import Workspace

TINY = WorldSize(
    train_clips=1,
    val_clips=1,
    images=2,
    fewest_clips=1,
    most_clips=1,
    videos=1,
    empty_videos=0,
    copies=1,
    broken=2,
    width=64,
    height=48,
    video_s=8,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Prepared:
    """What two callers at once were given."""

    folder: Path
    workspaces: list[Workspace]
    said: list[str]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    folder, said = tmp_path_factory.mktemp("small") / "demo", []

    def prepare(until: str) -> Workspace:
        return small_demo.prepare(folder, until=until, say=said.append, size=TINY)

    with ThreadPoolExecutor(2) as pool:
        return Prepared(folder=folder, workspaces=list(pool.map(prepare, ("add", "check"))), said=said)


def test_prepare__two_at_once_build_one_demo_up_to_where_they_need_it(prepared: Prepared) -> None:
    first, second = prepared.workspaces
    assert first.root == second.root
    stages_done = [line.split(":")[0] for line in prepared.said]
    assert stages_done == ["demo", "target", "search", "fetch", "add", "check"]
    assert first.table("validity").num_rows() + len(first.table("validity").dropped().read()) > 0
    assert not first.runs()
    assert first.study().networks["tsn"].optim.epochs == small_demo.EPOCHS


def test_prepare__does_nothing_a_second_time(prepared: Prepared) -> None:
    said: list[str] = []
    assert small_demo.prepare(prepared.folder, until="check", say=said.append).root == prepared.workspaces[0].root
    assert said == []


def test_prepare__who_needs_little_does_not_wait_for_who_needs_more(prepared: Prepared) -> None:
    with FileLock(prepared.folder / ".teach.lock"):  # as if somebody were training
        assert small_demo.prepare(prepared.folder, until="check", say=lambda _: None).taxonomy()


def test_prepare__a_training_that_was_stopped_goes_on_with_the_next_call(prepared: Prepared) -> None:
    run = prepared.workspaces[0].run("tsn-baseline")
    run.mkdir(parents=True)
    (run / "STOP").touch()
    with pytest.raises(WorkspaceError, match="the stage teach of .* was stopped; run this again and it goes on"):
        small_demo.prepare(prepared.folder, until="teach", say=lambda _: None)
    assert not (prepared.folder / ".teach.done").exists()


def test_prepare__says_which_stages_there_are(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no stage 'teaching'; stages: target"):
        small_demo.prepare(tmp_path / "demo", until="teaching")


def test_own_copy__has_tables_and_settings_and_nothing_that_passes(prepared: Prepared, tmp_path: Path) -> None:
    workspace = prepared.workspaces[0]
    Reviews(workspace.reviews_path).decide(Subject(key=bytes(16)), Verdict.KEEP, made_in="app", author="somebody")
    (workspace.table("items").folder / "part-9.parquet.partial").touch()
    (workspace.root / "thumbnails" / "ab").mkdir(parents=True)
    copied = small_demo.own_copy(workspace, tmp_path / "mine")
    assert copied.study() == workspace.study() and copied.taxonomy() == workspace.taxonomy()
    assert copied.table("items").num_rows() == workspace.table("items").num_rows() > 0
    assert Reviews(copied.reviews_path).current() == []
    assert not list(copied.root.rglob("*.partial")) and not (copied.root / "thumbnails").exists()
