"""Two runs with predictions written by hand: what changed, with numbers that can be derived on paper."""

import json
import shutil
from dataclasses import asdict
from pathlib import Path

import pyarrow as pa
import pytest

from omnisource import config
from omnisource.errors import DataError, WorkspaceError
from omnisource.examples import write_examples
from omnisource.pipeline import comparing
from omnisource.schemas import SCHEMAS
from omnisource.workspace import Workspace
from tests.evaluated_runs import BASELINE, STUDENT, TRUTH, write_run
from tests.workspaces import workspace_with


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = workspace_with(tmp_path / "w", scored=[])
    write_run(made, "tsn-baseline", BASELINE)
    write_run(made, "tsn-default", STUDENT)
    return made


def test_compare__overall_change_and_chance(workspace: Workspace):
    overall = comparing.compare(workspace, "tsn-baseline", "tsn-default").overall
    # only the student has the third and the last right, nothing is lost: 2 / 8; McNemar: 2 * (1 / 2^2)
    assert (overall.num_examples, overall.num_gained, overall.num_lost) == (8, 2, 0)
    assert (overall.top1_change, overall.p_value) == (0.25, 0.5)


def test_compare__pairs_change_by_eq_3(workspace: Workspace):
    result = comparing.compare(workspace, "tsn-baseline", "tsn-default")
    # s(boxing, yoyo): baseline (2 + 1) / (2 + 1 + 2 + 3) = 3/8, student 0 / (3 + 4) = 0
    assert result.improved == (comparing.PairChange(a="boxing", b="yoyo", change=-0.375),)
    # s(boxing, kick): baseline 0 / 2 = 0, student 1 / (1 + 3 + 0) = 1/4
    assert result.worsened == (comparing.PairChange(a="boxing", b="kick", change=0.25),)


def test_compare__classes_most_improved_first_without_those_that_have_no_example(workspace: Workspace):
    write_run(workspace, "tsn-other", (0, 0, 0, 0, 1, 1, 1, 0))
    classes = comparing.compare(workspace, "tsn-baseline", "tsn-other").classes
    rows = [(row.class_name, row.baseline, row.student) for row in classes]
    assert rows == [("boxing", 0.5, 1.0), ("yoyo", 0.75, 0.75)]


def test_compare__a_class_that_one_run_could_not_read_is_left_out(workspace: Workspace):
    write_run(workspace, "tsn-short", STUDENT[:4], TRUTH[:4])  # it lost every yoyo clip
    result = comparing.compare(workspace, "tsn-baseline", "tsn-short")
    assert [row.class_name for row in result.classes] == ["boxing"]
    assert result.overall.num_examples == 4


def test_compare__a_run_with_itself_changes_nothing(workspace: Workspace):
    result = comparing.compare(workspace, "tsn-baseline", "tsn-baseline")
    assert (result.improved, result.worsened, result.overall.p_value) == ((), (), 1.0)


def test_compare__is_kept_in_reports(workspace: Workspace):
    result = comparing.compare(workspace, "tsn-baseline", "tsn-default")
    kept = json.loads((workspace.root / "reports" / "compare.tsn-baseline.tsn-default.json").read_text())
    assert kept == json.loads(json.dumps(asdict(result)))


def test_compare__a_run_without_predictions(workspace: Workspace):
    message = "run 'tsn-none' has no predictions yet; `omnisource evaluate tsn-none` makes them"
    with pytest.raises(WorkspaceError, match=message):
        comparing.compare(workspace, "tsn-baseline", "tsn-none")


def test_compare__runs_on_other_clips(workspace: Workspace):
    write_run(workspace, "tsn-moved", STUDENT, tuple(reversed(TRUTH)))
    with pytest.raises(DataError, match="different classes; evaluate both on the same list"):
        comparing.compare(workspace, "tsn-baseline", "tsn-moved")


def test_results__baselines_lead_and_unevaluated_runs_are_left_out(workspace: Workspace):
    write_run(workspace, "a-default", STUDENT)
    write_run(workspace, "z-baseline", BASELINE)
    workspace.run("b-default").mkdir()
    (workspace.run("b-default") / "state.json").write_text('{"state": "running"}')
    found = comparing.results(workspace)
    assert list(found) == ["tsn-baseline", "z-baseline", "a-default", "tsn-default"]
    assert (found["tsn-baseline"].top1, found["tsn-default"].top1) == (5 / 8, 7 / 8)


def test_results__of_a_fresh_workspace_are_empty(tmp_path: Path):
    assert comparing.results(workspace_with(tmp_path / "w", scored=[])) == {}


def label_by_hand(workspace: Workspace, name: str, recipe: config.Recipe, num_examples: int) -> None:
    """A recipe and the examples that it yielded from one source."""
    (workspace.root / "recipes").mkdir(exist_ok=True)
    config.save(recipe, workspace.root / "recipes" / f"{name}.yaml")
    folder = workspace.auxiliary(name)
    folder.mkdir(parents=True)
    config.save(recipe, folder / "recipe.yaml")
    row = {"path": "/x.jpg", "format": "image", "source": "web", "class_index": 0, "confidence": 1.0}
    rows = [row | {"segments": [], "negatives": [], "key": bytes(16)}] * num_examples
    write_examples(folder / "web.arrow", [pa.RecordBatch.from_pylist(rows, schema=SCHEMAS["auxiliary"])])
    (folder / "done.json").write_text(json.dumps({"funnel": [], "files": {"web": f"hash of {name}"}}))


def say_made_of(workspace: Workspace, run: str, recipe: str) -> None:
    workspace.run(run).mkdir(exist_ok=True)
    config_text = f"auxiliary: {{web: hash of {recipe}}}\n"
    (workspace.run(run) / "config.yaml").write_text(config_text)


@pytest.fixture
def table_1(workspace: Workspace) -> Workspace:
    """Both other procedures and joint training; the fourth recipe was never trained."""
    found = config.Recipe(confidence=0, label_source="query")
    label_by_hand(workspace, "found", found, 7)
    label_by_hand(workspace, "sure", found.model_copy(update={"confidence_by_source": {"web": 0.5}}), 3)
    label_by_hand(workspace, "default", config.Recipe(), 4)
    label_by_hand(workspace, "idle", config.Recipe(), 4)
    write_run(workspace, "tsn-sure.finetune", STUDENT)
    say_made_of(workspace, "tsn-sure.pretrain", "sure")
    write_run(workspace, "tsn-found.finetune", BASELINE)
    say_made_of(workspace, "tsn-found.pretrain", "found")
    say_made_of(workspace, "tsn-default", "default")
    return workspace


def test_procedures__are_those_of_table_1_in_its_order(table_1: Workspace):
    rows = [(row.procedure, row.recipe, row.run, row.num_web_examples) for row in comparing.procedures(table_1)]
    assert rows == [
        ("labelled_alone", None, "tsn-baseline", 0),
        ("webly_supervised_pretraining", "found", "tsn-found.finetune", 7),
        ("semi_supervised_pretraining", "sure", "tsn-sure.finetune", 3),
        ("joint", "default", "tsn-default", 4),
    ]


def test_procedures__each_against_the_labelled_clips_alone(table_1: Workspace):
    changes = {row.run: (row.top1, row.top1_change, row.p_value) for row in comparing.procedures(table_1)}
    assert changes["tsn-baseline"] == changes["tsn-found.finetune"] == (5 / 8, 0, 1)
    assert changes["tsn-sure.finetune"] == (7 / 8, 2 / 8, 0.5)  # two gained, none lost: 2 * (1 / 2^2)
    assert all(row.top5_change == 0 for row in comparing.procedures(table_1))  # three classes


def test_procedures__a_recipe_that_has_other_examples_by_now(table_1: Workspace):
    done = table_1.auxiliary("sure") / "done.json"
    done.write_text(done.read_text().replace("hash of sure", "another hash"))
    counts = {row.run: row.num_web_examples for row in comparing.procedures(table_1)}
    assert (counts["tsn-sure.finetune"], counts["tsn-found.finetune"]) == (None, 7)


def test_procedures__without_a_baseline(tmp_path: Path):
    with pytest.raises(WorkspaceError, match="no evaluated baseline yet; `omnisource teach`, then `evaluate`"):
        comparing.procedures(workspace_with(tmp_path / "w", scored=[]))


def test_tried_procedures__only_where_web_data_came_first(table_1: Workspace, tmp_path: Path):
    assert comparing.tried_procedures(table_1) == comparing.procedures(table_1)
    plain = workspace_with(tmp_path / "plain", scored=[])
    assert comparing.tried_procedures(plain) == []
    write_run(plain, "tsn-baseline", BASELINE)
    assert comparing.tried_procedures(plain) == []


def test_tried_procedures__not_where_a_run_cannot_be_compared(table_1: Workspace):
    shutil.rmtree(table_1.run("tsn-default"))
    write_run(table_1, "tsn-default", STUDENT, tuple(reversed(TRUTH)))
    with pytest.raises(DataError, match="different classes"):
        comparing.procedures(table_1)
    assert comparing.tried_procedures(table_1) == []
    (table_1.run("tsn-default") / "predictions.parquet").write_bytes(b"half")
    with pytest.raises(WorkspaceError, match="cannot be read"):
        comparing.procedures(table_1)
    assert comparing.tried_procedures(table_1) == []
