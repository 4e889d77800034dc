"""What is read back of an evaluated run."""

from pathlib import Path

import pytest

from omnisource.errors import WorkspaceError
from omnisource.pipeline import evaluated
from omnisource.workspace import Workspace
from tests.evaluated_runs import BASELINE, STUDENT, TRUTH, write_run
from tests.workspaces import workspace_with


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = workspace_with(tmp_path / "w", scored=[])
    write_run(made, "tsn-baseline", BASELINE, sure=(0.9, 0.8, 0.7, 0.6, 0.9, 0.9, 0.9, 0.9))
    return made


def test_saved_answers__are_those_of_the_predictions(workspace: Workspace):
    answers = evaluated.saved_answers(workspace, "tsn-baseline")
    assert (tuple(answers.class_indices), tuple(answers.predicted)) == (TRUTH, BASELINE)
    assert answers.paths[:2] == ("/val/0.mp4", "/val/1.mp4")
    assert answers.confidence[:4].tolist() == pytest.approx([0.9, 0.8, 0.7, 0.6])
    assert answers.predicted.tolist() == evaluated.saved_predictions(workspace, "tsn-baseline").predicted.tolist()


def test_likeliest_classes__best_first_and_the_lower_index_of_equals(workspace: Workspace):
    found = evaluated.likeliest_classes(workspace, "tsn-baseline", 2, top=2)
    # the third clip is taken for yoyo with 0.7; boxing and kick share the rest
    assert [one.class_index for one in found] == [1, 0]
    assert [one.prob for one in found] == pytest.approx([0.7, 0.15])


def test_likeliest_classes__of_a_clip_that_was_not_predicted(workspace: Workspace):
    assert evaluated.likeliest_classes(workspace, "tsn-baseline", 8, top=2) == []


def test_clips_fingerprint__is_what_the_run_was_tested_on(workspace: Workspace):
    assert evaluated.clips_fingerprint(workspace, "tsn-baseline") == "the same"


@pytest.mark.parametrize("read", [evaluated.saved_predictions, evaluated.saved_answers])
def test_saved_predictions__before_the_run_is_evaluated(workspace: Workspace, read):
    with pytest.raises(WorkspaceError, match="run 'tsn-x' has no predictions yet; `omnisource evaluate tsn-x` makes"):
        read(workspace, "tsn-x")
    assert evaluated.saved_metrics(workspace, "tsn-x") is None


@pytest.mark.parametrize(
    ("file", "read"),
    [("predictions.parquet", evaluated.saved_answers), ("metrics.json", evaluated.saved_metrics)],
)
def test_saved_metrics__of_a_damaged_file(workspace: Workspace, file: str, read):
    (workspace.run("tsn-baseline") / file).write_bytes(b"neither Parquet nor JSON")
    with pytest.raises(WorkspaceError, match=rf"{file} cannot be read \(.*`omnisource evaluate tsn-baseline --redo`"):
        read(workspace, "tsn-baseline")


def test_not_evaluated__trained_runs_without_metrics(workspace: Workspace):
    write_run(workspace, "tsn-default", STUDENT)
    (workspace.run("tsn-default") / "metrics.json").unlink()
    workspace.run("tsn-young").mkdir()
    (workspace.run("tsn-young") / "state.json").write_text('{"state": "stopped"}')
    assert evaluated.not_evaluated(workspace) == ["tsn-default"]
