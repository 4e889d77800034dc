"""Near copies within the web data of a workspace: found, in groups, and the same after a kill."""

import json
import shutil
from pathlib import Path

import cv2
import pytest

from omnisource import config
from omnisource.clean.copy_groups import copy_groups
from omnisource.errors import WorkspaceError
from omnisource.pipeline import collecting, duplicates, frame_features
from omnisource.pipeline.similar_state import COMPARED, has_uncompared, web_features
from omnisource.pipeline.web_copies import measure_web_copies
from omnisource.types import Format
from omnisource.workspace import Workspace
from tests import workspaces


def with_copy(workspace: Workspace, folder: Path) -> tuple[Path, Path]:
    """Add an enlarged copy of one picture as another source; returns the picture and its copy."""
    picture = Path(paths_of(workspace, "web_image")[0])
    copy = folder / picture.parent.name / "copy.png"
    copy.parent.mkdir(parents=True)
    cv2.imwrite(str(copy), cv2.resize(cv2.imread(str(picture)), None, fx=2, fy=2, interpolation=cv2.INTER_NEAREST))
    source = config.SourceConfig(name="more", format="image", path=folder)
    study = workspace.study()
    config.save_study(study.model_copy(update={"sources": (*study.sources, source)}), workspace.study_path)
    collecting.add(workspace, progress=False)
    collecting.check(workspace, progress=False)
    duplicates.measure(workspace, progress=False)
    return picture, copy


def paths_of(workspace: Workspace, source: str) -> list[str]:
    fine = {row["key"] for row in workspace.table("validity").read().to_pylist() if row["ok"]}
    rows = workspace.table("items").read().to_pylist()
    return [row["path"] for row in rows if row["source"] == source and row["key"] in fine]


def rows_of(workspace: Workspace) -> set[tuple]:
    rows = workspace.table("alike").read().to_pylist()
    return {(row["key"], row["kept_key"], round(row["similarity"], 4), row["time_s"]) for row in rows}


def test_measure_web_copies__the_larger_copy_is_kept(labelled: Workspace, tmp_path: Path):
    picture, copy = with_copy(labelled, tmp_path / "more")
    found = measure_web_copies(labelled, progress=False)
    assert (found.items, found.web_frames) == (22, 52)
    names = {row["key"]: row["path"] for row in labelled.table("items").read().to_pylist()}
    rows = {names[row["key"]]: row for row in labelled.table("alike").read().to_pylist() if row["similarity"] > 0.97}
    assert names[rows[str(picture)]["kept_key"]] == str(copy)
    assert str(copy) not in {names[row["key"]] for row in labelled.table("alike").read().to_pylist()}
    (group,) = [g for g in copy_groups(labelled, 0.97, limit=50) if g.path == str(copy)]
    assert str(picture) in [path for path, _ in group.copies]


def test_measure_web_copies__pictures_are_no_copies_of_videos(labelled: Workspace):
    measure_web_copies(labelled, progress=False)
    formats = {row["key"]: row["format"] for row in labelled.table("items").read().to_pylist()}
    rows = labelled.table("alike").read().to_pylist()
    assert rows
    assert {(formats[r["key"]] == "image", formats[r["kept_key"]] == "image") for r in rows} <= {(1, 1), (0, 0)}


def test_measure_web_copies__part_by_part_says_what_one_part_says(
    labelled: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    threshold = measure_web_copies(labelled, progress=False).threshold
    shutil.copytree(labelled.root, tmp_path / "parts")
    other = Workspace(tmp_path / "parts")
    monkeypatch.setattr(frame_features, "ROWS_PER_PART", 9)
    monkeypatch.setattr(frame_features, "ITEMS_PER_CHUNK", dict.fromkeys(Format, 4))
    duplicates.measure(other, progress=False, redo=True)
    assert len(web_features(other).parts()) > 3
    measure_web_copies(other, progress=False)
    for least in (threshold, 0.6, 0.9):
        copies = [
            {row["key"] for row in workspace.table("alike").read().to_pylist() if row["similarity"] >= least}
            for workspace in (labelled, other)
        ]
        assert copies[0] == copies[1]


def test_measure_web_copies__goes_on_after_a_kill_without_doubles(labelled: Workspace):
    measure_web_copies(labelled, progress=False)
    expected = rows_of(labelled)
    table = labelled.table("alike")
    (table.folder / COMPARED).write_text(json.dumps({"compared": [], "parts": 0, "floor": 0.0}))
    measure_web_copies(labelled, progress=False)
    assert rows_of(labelled) == expected
    assert table.num_rows() == len(expected)
    parts = table.parts()
    measure_web_copies(labelled, progress=False)
    assert table.parts() == parts


def test_measure_web_copies__before_a_threshold_was_measured(fresh: Workspace):
    with pytest.raises(WorkspaceError, match="has no measured crop threshold yet; `omnisource duplicates` measures it"):
        measure_web_copies(fresh, progress=False)


def test_has_uncompared__near_copies_count_where_a_recipe_leaves_them_out(labelled: Workspace):
    assert not has_uncompared(labelled)
    workspaces.change(labelled, "recipes.omnisource.web_copies=leave_out")
    assert has_uncompared(labelled)
    measure_web_copies(labelled, progress=False)
    assert not has_uncompared(labelled)
