"""Runs beside a baseline: changes, the web data that they learnt from, and runs that cannot be compared."""

import json
from pathlib import Path

import pytest

from omnisource import config
from omnisource.errors import WorkspaceError
from omnisource.pipeline import side_by_side as beside
from omnisource.workspace import Workspace
from tests.evaluated_runs import BASELINE, STUDENT, TRUTH, write_run
from tests.workspaces import apply_recipe, workspace_with


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = workspace_with(tmp_path / "w", scored=[])
    write_run(made, "tsn-baseline", BASELINE)
    write_run(made, "tsn-default", STUDENT)
    return made


def say_made_of(workspace: Workspace, run: str, **fingerprints: str) -> None:
    workspace.run(run).mkdir(exist_ok=True)
    (workspace.run(run) / "config.yaml").write_text(json.dumps({"auxiliary": fingerprints}))


def test_side_by_side__the_baseline_first_and_changes_against_it(workspace: Workspace):
    write_run(workspace, "a-baseline", STUDENT)
    rows = beside.side_by_side(workspace, "tsn-baseline")
    assert [one.run for one in rows] == ["tsn-baseline", "a-baseline", "tsn-default"]
    assert (rows[0].change, rows[0].top5_change, rows[0].trouble) == (None, None, "")
    assert rows[2].change.top1_change == 0.25
    assert (rows[2].top5_change, rows[2].class_mean_change) == (0.0, 0.25)  # three classes; 5/8 and 7/8 in both


def test_side_by_side__only_the_runs_that_were_named(workspace: Workspace):
    write_run(workspace, "a-baseline", STUDENT)
    rows = beside.side_by_side(workspace, "tsn-baseline", ["tsn-default", "tsn-baseline"])
    assert [one.run for one in rows] == ["tsn-baseline", "tsn-default"]


def test_side_by_side__a_run_that_was_not_evaluated(workspace: Workspace):
    with pytest.raises(WorkspaceError, match="run 'tsn-x' has no metrics yet; `omnisource evaluate tsn-x` makes them"):
        beside.side_by_side(workspace, "tsn-baseline", ["tsn-x"])


def test_side_by_side__runs_that_cannot_be_compared_say_why(workspace: Workspace):
    write_run(workspace, "tsn-old", STUDENT, clips="others")
    write_run(workspace, "tsn-turned", STUDENT, tuple(reversed(TRUTH)))
    troubles = {one.run: one.trouble for one in beside.side_by_side(workspace, "tsn-baseline") if one.trouble}
    assert troubles["tsn-old"].startswith("tested on other clips than tsn-baseline; `omnisource evaluate`")
    assert "different classes" in troubles["tsn-turned"]


def test_sources__are_counted_where_the_recipe_is_still_the_same(workspace: Workspace):
    apply_recipe(workspace, "default", config.Recipe(), kept=[1, 2, 3])
    say_made_of(workspace, "tsn-default", web="fingerprint of default", gone="x")
    (_, row) = beside.side_by_side(workspace, "tsn-baseline")
    assert (row.recipes, row.sources) == (("default",), {"web": 3, "gone": None})
    assert beside.used_sources([row]) == ["web", "gone"]


def test_sources__of_fine_tuning_are_those_of_its_pre_training(workspace: Workspace):
    apply_recipe(workspace, "default", config.Recipe(), kept=[1])
    write_run(workspace, "tsn-default.finetune", STUDENT)
    say_made_of(workspace, "tsn-default.pretrain", web="fingerprint of default")
    rows = {one.run: one for one in beside.side_by_side(workspace, "tsn-baseline")}
    assert rows["tsn-default.finetune"].sources == {"web": 1}


def test_sources__of_fused_runs_are_those_of_both(workspace: Workspace):
    apply_recipe(workspace, "default", config.Recipe(), kept=[1])
    say_made_of(workspace, "tsn-default", web="fingerprint of default")
    write_run(workspace, "tsn-default+tsn-baseline", STUDENT)
    fused = '{"state": "fused", "fused": ["tsn-default", "tsn-baseline"]}'
    (workspace.run("tsn-default+tsn-baseline") / "state.json").write_text(fused)
    rows = {one.run: one for one in beside.side_by_side(workspace, "tsn-baseline")}
    row = rows["tsn-default+tsn-baseline"]
    assert (row.recipes, row.sources) == (("default",), {"web": 1})


def test_recipes_of__a_baseline_and_a_run_of_unknown_name(workspace: Workspace):
    assert beside.recipes_of(workspace, "tsn-baseline") == ()
    assert beside.recipes_of(workspace, "imported") == ()


def test_usual_baseline__is_the_students_then_any(workspace: Workspace, tmp_path: Path):
    student = workspace.study().student
    assert beside.usual_baseline(workspace) == "tsn-baseline"
    write_run(workspace, f"{student}-baseline", BASELINE) if student != "tsn" else None
    assert beside.usual_baseline(workspace) == f"{student}-baseline"
    assert beside.usual_baseline(workspace_with(tmp_path / "fresh", scored=[])) is None


def test_best_run__is_the_most_accurate_that_can_be_compared(workspace: Workspace):
    write_run(workspace, "tsn-old", TRUTH, clips="others")
    rows = beside.side_by_side(workspace, "tsn-baseline")
    assert beside.best_run(rows) == "tsn-default"
    assert beside.best_run(rows[:1]) is None


def test_best_run__one_with_web_data_before_another_baseline(workspace: Workspace):
    write_run(workspace, "big-baseline", TRUTH)  # everything right
    say_made_of(workspace, "tsn-default", web="x")
    assert beside.best_run(beside.side_by_side(workspace, "tsn-baseline")) == "tsn-default"


def test_results_version__changes_with_what_is_shown(workspace: Workspace):
    before = beside.results_version(workspace)
    assert beside.results_version(workspace) == before
    apply_recipe(workspace, "default", config.Recipe(), kept=[1])
    assert beside.results_version(workspace) != before
