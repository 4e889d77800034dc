"""What each stage says of itself."""

import json
from pathlib import Path

from omnisource import config
from omnisource.pipeline import progress, queries
from omnisource.pipeline.stage_views import stage_views
from omnisource.workspace import Workspace
from tests import web_tables, workspaces


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
    assert found["search"] == found["fetch"] == ("not_needed", "no source is searched")
    dated = {view.name for view in stage_views(labelled) if view.changed_s}
    assert {"target", "add", "check"} <= dated


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


def test_stage_views__of_what_is_searched(tmp_path: Path):
    workspace = web_tables.searching(tmp_path / "w", max_attempts=1)
    assert told(workspace)["search"] == ("to_do", "the queries wait to be accepted")
    queries.accept(workspace, queries.propose_queries(workspace).number)
    assert told(workspace)["search"] == ("to_do", "")
    web_tables.find(workspace, "http://a.example/1.jpg", "http://a.example/2.jpg", "http://a.example/3.jpg")
    web_tables.ask(workspace, "kick", class_index=0)
    assert told(workspace)["search"] == ("partly", "3 addresses found, 1 cells asked")
    web_tables.ask(workspace, "yoyo", class_index=1)
    assert told(workspace)["search"] == ("done", "3 addresses found, 2 cells asked")
    assert told(workspace)["fetch"] == ("to_do", "")
    web_tables.attempt(workspace, "http://a.example/1.jpg", "not_found")
    web_tables.attempt(workspace, "http://a.example/2.jpg", "too_slow", retry=True)
    assert told(workspace)["fetch"] == ("partly", "0 kept, 2 not")
    web_tables.attempt(workspace, "http://a.example/3.jpg", "opted_out")
    assert told(workspace)["fetch"] == ("done", "0 kept, 3 not")
    assert told(workspace)["add"] == ("not_needed", "no source is a folder")
    assert {view.name for view in stage_views(workspace) if view.changed_s} == {"search", "fetch"}
