"""What each stage says of itself."""

import json
from pathlib import Path

from omnisource import config
from omnisource.pipeline import progress
from omnisource.pipeline.stage_views import stage_views
from omnisource.workspace import Workspace
from tests import workspaces


def told(workspace: Workspace) -> dict[str, tuple[str, str]]:
    return {view.name: (view.state, view.text) for view in stage_views(workspace)}


def test_stage_views__of_a_workspace_with_nothing(tmp_path: Path):
    views = stage_views(Workspace.create(tmp_path / "w", config.Study()))
    assert [view.name for view in views] == list(progress.STAGES)
    assert {view.state for view in views} == {"to_do", "not_needed"}
    assert {view.changed_s for view in views} == {None}


def test_stage_views__up_to_the_labels(labelled: Workspace):
    found = told(labelled)
    assert found["target"] == ("done", "24 labelled clips in 3 classes")
    assert found["add"] == ("done", "23 items in 3 sources")
    assert found["check"] == ("done", "21 items are fine, 2 dropped")
    assert found["flow"] == ("not_needed", "no network sees optical flow")
    assert found["teach"] == ("done", "tsn done, slowonly done")
    assert found["score"] == ("done", "scored segments: flat 18, deep 24")
    assert found["motion"] == ("done", "the camera motion of the labelled clips is fitted")
    assert found["label"] == ("done", "recipes: unfiltered, omnisource")
    assert [found[name][0] for name in ("train", "evaluate", "compare")] == ["to_do"] * 3
    assert all(view.changed_s for view in stage_views(labelled)[:3])


def test_stage_views__what_is_done_by_half(labelled: Workspace):
    labelled.table("scores/deep").clear()
    labelled.run("slowonly-unfiltered").mkdir()
    (labelled.run("slowonly-unfiltered") / "state.json").write_text(json.dumps({"state": "done"}))
    workspaces.change(labelled, "recipes.late={confidence: 0.9}")
    found = told(labelled)
    assert found["score"] == ("partly", "scored segments: flat 18, deep 0")
    assert found["label"] == ("partly", "recipes: unfiltered, omnisource")
    assert found["train"] == ("partly", "slowonly-unfiltered done")


def test_stage_views__motion_is_not_needed_where_no_picture_moves(labelled: Workspace):
    workspaces.change(labelled, "student=tsn")
    assert told(labelled)["motion"] == ("not_needed", "no picture becomes a moving clip here")


def test_stage_views__teachers_are_not_asked_where_lists_decide(labelled: Workspace):
    workspaces.change(labelled, "recipes={listed: {label_source: listed}}")
    assert told(labelled)["score"] == ("not_needed", "the recipes take the released lists' word")
