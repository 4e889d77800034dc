"""The demo on a world of a few files: every stage has a grade, and known truth gives known grades."""

import os
import shutil
from pathlib import Path

import pytest

from omnisource import config
from omnisource.demo.plan import WorldSize
from omnisource.errors import WorkspaceError
from omnisource.pipeline import demonstration, stages
from omnisource.pipeline.duplicates import suspected_items
from omnisource.pipeline.recipes import auxiliary_examples
from omnisource.workspace import Workspace

SMALL = WorldSize(
    train_clips=1,
    val_clips=1,
    images=4,
    fewest_clips=1,
    most_clips=2,
    videos=1,
    empty_videos=0,
    copies=1,
    broken=7,
    video_s=8,
)


def silent(_: str) -> None:
    """Say nothing."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def workspace(folder: Path) -> Workspace:
    """The small world, taught for one epoch and labelled by both recipes."""
    made = demonstration.build(folder, seed=0, dims=2, say=silent, size=SMALL)
    study = config.override(made.study(), ["networks.tsn.optim.epochs=1", "networks.tsn.optim.warmup_epochs=0"])
    config.save(study, made.study_path)
    stages.run(made, stages.Options(recipes=demonstration.RECIPES, progress=False), silent, stop="label")
    return made


@pytest.mark.parametrize(("dims", "networks"), [(2, {"tsn"}), (3, {"tsn", "slowonly"})])
def test_build__a_workspace_for_each_kind_of_student(folder: Path, workspace: Workspace, dims: int, networks: set):
    built = demonstration.build(folder, seed=0, dims=dims, say=silent, size=SMALL)
    assert set(built.study().networks) == networks
    assert built.study().networks[built.study().student].model.dims == dims


def test_build__keeps_a_workspace_that_is_there(folder: Path, workspace: Workspace):
    again = demonstration.build(folder, seed=0, dims=2, say=silent, size=SMALL)
    assert again.study().networks["tsn"].optim.epochs == 1  # what a person has set


def test_build__a_relative_folder_is_where_one_stands(
    folder: Path, workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    shutil.copytree(folder / "world", tmp_path / "demo" / "world", copy_function=os.link)
    monkeypatch.chdir(tmp_path)
    built = demonstration.build(Path("demo"), seed=0, dims=2, say=silent, size=SMALL)
    options = stages.Options(recipes=(), progress=False)
    stages.run(built, options, silent, stop="add")
    assert built.table("items").num_rows() > 0


def test_build__another_seed_needs_another_folder(folder: Path, workspace: Workspace):
    with pytest.raises(WorkspaceError, match="was made with seed 0, not 1"):
        demonstration.build(folder, seed=1, dims=2, say=silent, size=SMALL)


def test_build__copies_of_validation_clips_are_found_and_in_no_recipe(workspace: Workspace):
    copies = {path.name for path in suspected_items(workspace) if path.name.startswith("re0")}
    assert len(copies) == 2  # a clip and a frame
    examples, _ = auxiliary_examples(workspace, "unfiltered")
    used = {example.path.name for source in examples.values() for example in source}
    assert used
    assert not [name for name in used if name.startswith("re0")]


def test_grade__every_stage_and_source_has_a_row(folder: Path, workspace: Workspace):
    rows = demonstration.grade(workspace, folder / "world", demonstration.RECIPES)
    graded = {(row["stage"], row["source"]) for row in rows}
    assert ("check", "all") in graded
    assert ("similar", "all") in graded
    assert ("query alone", "web_image") in graded
    assert {("recipe unfiltered", source) for source in ("web_image", "web_clip", "web_video")} <= graded


def test_grade__validity_finds_every_broken_file(folder: Path, workspace: Workspace):
    (row,) = [r for r in demonstration.grade(workspace, folder / "world", ()) if r["stage"] == "check"]
    assert row["precision"] == 1.0
    assert row["recall"] == 1.0


def test_grade__similarity_finds_the_planted_copies(folder: Path, workspace: Workspace):
    (row,) = [r for r in demonstration.grade(workspace, folder / "world", ()) if r["stage"] == "similar"]
    assert row["recall"] >= 0.95
    assert row["precision"] == 2 / row["num_items"]  # one clip and one frame were planted


def test_grade__unfiltered_data_is_as_right_as_its_queries(folder: Path, workspace: Workspace):
    rows = demonstration.grade(workspace, folder / "world", ["unfiltered"])
    by_stage = {row["stage"]: row for row in rows if row["source"] == "web_image"}
    assert by_stage["recipe unfiltered"]["precision"] == pytest.approx(by_stage["query alone"]["precision"], abs=0.05)


REDUCED = WorldSize(
    train_clips=5,
    val_clips=8,
    images=6,
    fewest_clips=1,
    most_clips=6,
    videos=1,
    empty_videos=1,
    copies=10,
    broken=7,
    video_s=8,
)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_grade__similarity_finds_twenty_planted_copies_among_others(tmp_path: Path):
    made = demonstration.build(tmp_path, seed=0, dims=2, say=silent, size=REDUCED)
    config.save(config.override(made.study(), ["networks.tsn.optim.epochs=30"]), made.study_path)
    options = stages.Options(recipes=(), progress=False)
    stages.run(made, options, silent, stop="check")
    stages.run(made, options, silent, start="teach", stop="teach")
    stages.run(made, options, silent, start="similar", stop="similar")
    (row,) = [r for r in demonstration.grade(made, tmp_path / "world", ()) if r["stage"] == "similar"]
    assert row["recall"] >= 0.95  # of ten clips and ten frames
    # it does not find them by suspecting everything: most of what was not planted is left alone
    assert row["num_items"] * row["precision"] == pytest.approx(20, abs=1)
    assert row["num_items"] < made.table("items").num_rows() / 3
