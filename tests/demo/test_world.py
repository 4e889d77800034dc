"""The world: built once, kept, rebuilt when half-built, never over someone's files."""

import json
import shutil
from pathlib import Path

import pytest

from omnisource.demo.plan import WorldSize, plan_world
from omnisource.demo.truth import read_truth
from omnisource.demo.world import World, build_world
from omnisource.errors import DataError

SIZE = WorldSize(
    train_clips=1, val_clips=1, images=1, fewest_clips=1, most_clips=1, videos=0, empty_videos=1, copies=1, broken=7,
    width=48, height=36, fps=4, clip_s=0.5, video_fps=2, video_s=8,
)  # fmt: skip


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return build_world(tmp_path_factory.mktemp("demo") / "world", seed=3, size=SIZE, workers=1)


def _files(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_build_world__writes_every_planned_file(world: World) -> None:
    planned = {piece.path for piece in plan_world(3, SIZE)}

    assert set(_files(world.root)) == planned | {"truth.json", "world.json"}


def test_build_world__truth_names_the_web_files(world: World) -> None:
    named = set(read_truth(world.truth).items)

    assert named == {path for path in _files(world.root) if path.startswith("web/")}


def test_build_world__folders_are_where_the_study_looks(world: World) -> None:
    folders = (world.target / "train", world.target / "val", world.images, world.clips, world.videos)

    assert all(folder.is_dir() for folder in folders)


def test_build_world__keeps_a_finished_world(world: World) -> None:
    before = {path: path.stat().st_mtime_ns for path in world.root.rglob("*")}
    build_world(world.root, seed=3, size=SIZE)

    assert {path: path.stat().st_mtime_ns for path in world.root.rglob("*")} == before


def test_build_world__files_do_not_depend_on_the_number_of_processes(world: World, tmp_path: Path) -> None:
    build_world(tmp_path / "world", seed=3, size=SIZE, workers=2)

    again, before = _files(tmp_path / "world"), _files(world.root)
    assert again.keys() == before.keys()
    # now and then x264 writes other bytes for the same frames, so videos are compared by their truth alone
    assert {name for name in again if again[name] != before[name] and not name.endswith(".mp4")} == set()


def test_build_world__rebuilds_a_half_built_world(world: World, tmp_path: Path) -> None:
    root = shutil.copytree(world.root, tmp_path / "world")
    (root / "world.json").rename(root / "world.building")
    leftover = root / "web" / "leftover.jpg"
    leftover.touch()
    build_world(root, seed=3, size=SIZE, workers=1)

    assert (root / "world.json").exists() and not leftover.exists() and not (root / "world.building").exists()


def test_build_world__rebuilds_for_another_seed(world: World, tmp_path: Path) -> None:
    root = shutil.copytree(world.root, tmp_path / "world")
    build_world(root, seed=4, size=SIZE, workers=1)

    assert json.loads((root / "world.json").read_text())["seed"] == 4


def test_build_world__refuses_a_folder_with_other_things(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()

    with pytest.raises(DataError, match="holds something that is not a demo world; choose an empty folder"):
        build_world(tmp_path, seed=3, size=SIZE)
    assert (tmp_path / "thesis.tex").exists()
