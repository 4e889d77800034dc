"""Teachers score what is valid, once, and say with which weights."""

import json
from pathlib import Path

import pytest
import yaml

from omnisource import media
from omnisource.errors import TeacherError, WorkspaceError
from omnisource.pipeline import scoring, training
from omnisource.workspace import Workspace
from tests import workspaces


def test_score__writes_one_row_per_segment_with_its_items_columns(labelled: Workspace):
    rows = labelled.table("scores/deep").read().to_pylist()
    assert len(rows) == 6 + 3 * 6  # clips; 11 s are five segments of 2 s and one of 1 s
    items = {row["key"]: row for row in labelled.table("items").read().to_pylist()}
    for row in rows:
        item = items[row["key"]]
        assert (row["source"], row["format"], row["query_class"]) == (
            item["source"],
            item["format"],
            item["class_index"],
        )
        assert row["top_class"] == row["top_classes"][0]
        assert row["confidence"] == row["top_probs"][0] == max(row["top_probs"])
        # all three classes are kept, so that the query's probability is among them
        assert row["query_prob"] == pytest.approx(row["top_probs"][row["top_classes"].index(row["query_class"])])


def test_score__a_second_time_nothing_is_scored(labelled: Workspace):
    table = labelled.table("scores/flat")
    before = [(part.name, part.stat().st_mtime_ns) for part in table.parts()]
    assert scoring.score(labelled, "flat", progress=False) == 18
    assert [(part.name, part.stat().st_mtime_ns) for part in table.parts()] == before


def test_score__redo_scores_the_same_again(labelled: Workspace):
    before = labelled.table("scores/flat").read()
    assert scoring.score(labelled, "flat", progress=False, redo=True) == 18
    assert labelled.table("scores/flat").read() == before


def add_item(workspace: Workspace, path: Path, number: int) -> None:
    """A file that the validity stage let through."""
    key = workspaces.key(number)
    with workspace.table("items").writer(rows_per_part=10) as writer:
        writer.add([{"key": key, "path": str(path), "source": "web_image", "format": "image", "class_index": None}])
    validity = workspace.table("validity")
    settings = yaml.safe_load((validity.folder / "settings.yaml").read_text())
    with validity.writer(settings, rows_per_part=10) as writer:
        writer.add([{"key": key, "ok": True}])


def test_score__later_only_new_items_are_scored(labelled: Workspace, world: Path):
    parts = len(labelled.table("scores/flat").parts())
    add_item(labelled, world / "web" / "image" / "red_right" / "0.png", 1)
    assert scoring.score(labelled, "flat", progress=False) == 19
    newest = labelled.table("scores/flat").read().to_pylist()[-1]
    assert len(labelled.table("scores/flat").parts()) == parts + 1
    assert newest["key"] == workspaces.key(1)
    assert newest["query_prob"] is None  # no query found it
    assert newest["query_class"] is None


def test_score__an_unreadable_item_is_dropped_with_its_reason_once(labelled: Workspace, tmp_path: Path):
    add_item(labelled, tmp_path / "gone.png", 2)
    for _ in range(2):
        assert scoring.score(labelled, "flat", progress=False) == 18
        (dropped,) = labelled.table("dropped/scores/flat").read().to_pylist()
        assert (dropped["key"], dropped["reason"]) == (workspaces.key(2), "missing_file")
        report = json.loads(labelled.report_path("score/flat").read_text())
        assert (report["done"], report["reasons"]) == (18, {"missing_file": 1})
    assert (labelled.root / "reports" / "score.flat.json").is_file()


def test_score__other_settings_are_refused_until_redo(labelled: Workspace):
    workspaces.change(labelled, "score.num_clips=1")
    with pytest.raises(WorkspaceError, match="'scores/flat' was made with num_clips = 3, now it is 1; .* --redo"):
        scoring.score(labelled, "flat", progress=False)
    assert scoring.score(labelled, "flat", progress=False, redo=True) == 18


def test_score__other_weights_are_refused(labelled: Workspace):
    workspaces.change(labelled, "seed=1")
    training.train(labelled, "tsn", None, progress=False, redo=True)
    with pytest.raises(WorkspaceError, match="'scores/flat' was made with weights"):
        scoring.score(labelled, "flat", progress=False)


def test_score__the_batch_size_may_change(labelled: Workspace):
    workspaces.change(labelled, "score.batch_size=2", "score.rows_per_part=7")
    assert scoring.score(labelled, "flat", progress=False) == 18


def test_score__keyframes_score_only_the_seconds_that_have_one(labelled: Workspace, world: Path):
    workspaces.change(labelled, "teachers.flat.formats=[untrimmed]", "score.frames=keyframes")
    expected = 0
    for path in (world / "web" / "video").glob("*/long.mp4"):
        with media.open_video(path) as video:
            expected += len({frame // 8 for frame in video.keyframes()})  # 8 frames a second
    assert scoring.score(labelled, "flat", progress=False, redo=True) == expected < 3 * 11


def test_score__an_unknown_teacher(labelled: Workspace):
    with pytest.raises(WorkspaceError, match="no teacher 'dep'; known: deep, flat"):
        scoring.score(labelled, "dep")


def test_score__before_the_teacher_is_trained(fresh: Workspace):
    with pytest.raises(WorkspaceError, match="run 'tsn-baseline' has no trained network yet"):
        scoring.score(fresh, "flat")


def test_score__a_3d_teacher_does_not_score_images(labelled: Workspace):
    workspaces.change(labelled, "teachers.deep.formats=[image]")
    with pytest.raises(TeacherError, match="'deep' is a 3D network and cannot score images"):
        scoring.score(labelled, "deep", progress=False)


def test_score__settings_of_the_other_kind_of_network_do_not_touch_a_teacher(labelled: Workspace):
    before = labelled.table("scores/flat").num_rows()
    workspaces.change(labelled, "score.segment_3d_s=5.0")  # flat is a 2D teacher
    assert scoring.score(labelled, "flat", progress=False) == before
    with pytest.raises(WorkspaceError, match="segment_3d_s = 2.0, now it is 5.0"):
        scoring.score(labelled, "deep", progress=False)
