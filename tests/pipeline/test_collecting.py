"""Labelled data, sources and validity become tables; what cannot be used is there with its reason."""

import os
from pathlib import Path

import pytest

from omnisource import config
from omnisource.errors import ConfigError, OmniSourceError, WorkspaceError
from omnisource.media_files import content_key
from omnisource.pipeline import collecting
from omnisource.pipeline.forgotten import remember_forgotten
from omnisource.workspace import Workspace
from tests import micro_world


@pytest.fixture
def workspace(world: Path, tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "work", micro_world.study(world))


def test_collect_target__writes_taxonomy_and_both_splits(workspace: Workspace):
    assert collecting.collect_target(workspace) == 24
    assert workspace.taxonomy().names == ("blue_still", "green_down", "red_right")
    assert (
        len(collecting.target_examples(workspace, "train")) == len(collecting.target_examples(workspace, "val")) == 12
    )


def test_collect_target__keeps_a_finished_table(workspace: Workspace):
    collecting.collect_target(workspace)
    part = workspace.table("target").parts()[0]
    written = part.stat().st_mtime_ns
    assert collecting.collect_target(workspace) == 24
    assert part.stat().st_mtime_ns == written


def test_collect_target__other_settings_are_refused_until_redo(workspace: Workspace):
    collecting.collect_target(workspace)
    study = config.override(workspace.study(), ["target.label_fraction=0.5"])
    config.save(study, workspace.study_path)
    with pytest.raises(WorkspaceError, match="label_fraction = 1.0, now it is 0.5"):
        collecting.collect_target(workspace)
    assert collecting.collect_target(workspace, redo=True) == 12 + 6  # val keeps all


def test_target_examples__before_the_target_stage(workspace: Workspace):
    with pytest.raises(WorkspaceError, match="no train clips yet"):
        collecting.target_examples(workspace, "train")


def test_add__a_second_time_only_new_files_are_added(workspace: Workspace, world: Path, tmp_path: Path):
    collecting.collect_target(workspace)
    assert collecting.add(workspace) == {"web_image": 13, "web_clip": 7, "web_video": 3}
    assert collecting.add(workspace) == {"web_image": 0, "web_clip": 0, "web_video": 0}
    folder = tmp_path / "more" / "red right"
    folder.mkdir(parents=True)
    (folder / "new.png").write_bytes(b"new")
    (folder / "copy.png").write_bytes((world / "web" / "image" / "red_right" / "0.png").read_bytes())
    (folder / "gone.png").symlink_to(folder / "nothing")
    source = config.SourceConfig(name="more", format="image", path=tmp_path / "more")
    collecting.register_source(workspace, source)
    assert collecting.add(workspace)["more"] == 1
    (dropped,) = workspace.table("items").dropped().read().to_pylist()
    assert dropped["reason"] == "repeat"  # the same content in another source
    assert dropped["detail"].endswith("image/red_right/0.png")
    assert collecting.add(workspace)["more"] == 0
    assert workspace.table("items").dropped_counts() == {"repeat": 1}  # counted once


def test_add__a_forgotten_content_does_not_come_back_in_a_folder(workspace: Workspace, world: Path, tmp_path: Path):
    collecting.collect_target(workspace)
    picture = world / "web" / "image" / "red_right" / "0.png"
    remember_forgotten(workspace, [("content", content_key(picture).hex())])
    assert collecting.add(workspace)["web_image"] == 12
    (dropped,) = workspace.table("items").dropped().read().to_pylist()
    assert (dropped["reason"], dropped["path"]) == ("forgotten", str(picture))
    assert dropped["detail"] == "its content is on the list of what is forgotten"
    assert collecting.add(workspace)["web_image"] == 0
    assert workspace.table("items").dropped_counts() == {"forgotten": 1}  # said once
    assert picture.exists()


def test_register_source__a_taken_name_is_refused(workspace: Workspace, tmp_path: Path):
    collecting.collect_target(workspace)
    (tmp_path / "more" / "red_right").mkdir(parents=True)
    (tmp_path / "more" / "red_right" / "a.jpg").write_bytes(b"x")
    source = config.SourceConfig(name="web_image", format="image", path=tmp_path / "more")
    with pytest.raises(ConfigError, match="source 'web_image' is there already"):
        collecting.register_source(workspace, source)


def test_check__every_item_has_a_row_and_the_broken_ones_a_reason(workspace: Workspace):
    collecting.collect_target(workspace)
    collecting.add(workspace)
    counts = collecting.check(workspace)
    assert counts == {"ok": 21, "empty_file": 1, "not_media": 1}
    assert workspace.table("validity").num_rows() == 23
    report = workspace.report_path("check").read_text()
    assert "page.jpg" in report
    assert collecting.check(workspace) == counts  # nothing is left to do


def test_register_source__a_folder_with_unknown_classes_is_not_written_down(workspace: Workspace, tmp_path: Path):
    collecting.collect_target(workspace)
    (tmp_path / "web" / "purple").mkdir(parents=True)
    (tmp_path / "web" / "purple" / "a.jpg").write_bytes(b"x")
    with pytest.raises(OmniSourceError, match="purple"):
        collecting.register_source(workspace, config.SourceConfig(name="odd", format="image", path=tmp_path / "web"))
    assert "odd" not in {source.name for source in workspace.study().sources}


def test_add__a_name_that_is_not_utf8_costs_one_file(workspace: Workspace, tmp_path: Path):
    collecting.collect_target(workspace)
    folder = tmp_path / "more" / "red_right"
    folder.mkdir(parents=True)
    (folder / "good.png").write_bytes(b"good")
    (folder / os.fsdecode(b"caf\xe9.png")).write_bytes(b"latin-1")
    config.save(
        config.override(workspace.study(), [f"sources=[{{name: more, format: image, path: {tmp_path / 'more'}}}]"]),
        workspace.study_path,
    )
    assert collecting.add(workspace) == {"more": 1}
    assert workspace.table("items").dropped_counts() == {"bad_name": 1}


def test_add__redo_of_a_folder_that_is_gone_clears_nothing(workspace: Workspace, world: Path, tmp_path: Path):
    collecting.collect_target(workspace)
    collecting.add(workspace)
    gone = [f"sources=[{{name: web_image, format: image, path: {tmp_path / 'unmounted'}}}]"]
    config.save(config.override(workspace.study(), gone), workspace.study_path)
    with pytest.raises(OmniSourceError):
        collecting.add(workspace, redo=True)
    assert workspace.table("items").num_rows() == 23
