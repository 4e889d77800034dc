"""Two evaluated runs become one that compares like any other."""

import json

import pytest

from omnisource.errors import ConfigError, WorkspaceError
from omnisource.pipeline import comparing, evaluation, fusing, progress, stages, training
from omnisource.pipeline.evaluated import saved_metrics, saved_predictions
from omnisource.pipeline.run_folders import run_state
from omnisource.workspace import Workspace

RUNS = ("tsn-baseline", "slowonly-baseline")


@pytest.fixture
def evaluated(labelled: Workspace) -> Workspace:
    for run in RUNS:
        evaluation.evaluate(labelled, run, progress=False)
    return labelled


def test_fuse_runs__is_a_run_with_predictions_and_metrics(evaluated: Workspace):
    fused = fusing.fuse_runs(evaluated, *RUNS, 0.25)
    first, second = (saved_predictions(evaluated, run).probs for run in RUNS)
    probs = saved_predictions(evaluated, fused.run).probs
    assert probs == pytest.approx(0.75 * first + 0.25 * second, abs=1e-6)
    assert list(fused.results) == [*RUNS, "tsn-baseline+slowonly-baseline"]
    assert saved_metrics(evaluated, fused.run) == fused.results[fused.run]
    settings = json.loads((evaluated.run(fused.run) / "metrics.json").read_text())["settings"]
    assert (settings["fused"], settings["weight"], settings["space"]) == (list(RUNS), 0.25, "probs")


def test_fuse_runs__is_compared_listed_and_left_alone_by_evaluate(evaluated: Workspace):
    run = fusing.fuse_runs(evaluated, *RUNS, 0.0).run
    assert comparing.compare(evaluated, RUNS[0], run).overall.num_lost == 0
    assert run in comparing.results(evaluated)
    assert run_state(evaluated.run(run)) == "fused"
    assert progress.status(evaluated)["runs"][run] == "fused"
    stages.run(evaluated, stages.Options(recipes=()), lambda _: None, start="evaluate", stop="evaluate")


def test_fuse_runs__again_with_another_weight_takes_its_place(evaluated: Workspace):
    fusing.fuse_runs(evaluated, *RUNS, 0.0)
    run = fusing.fuse_runs(evaluated, *RUNS, 1.0, "logits").run
    second = saved_predictions(evaluated, RUNS[1])
    assert saved_predictions(evaluated, run).predicted.tolist() == second.predicted.tolist()


def test_sweep_runs__keeps_nothing(evaluated: Workspace):
    assert len(fusing.sweep_runs(evaluated, *RUNS)) == 11
    assert not evaluated.run("tsn-baseline+slowonly-baseline").exists()


def test_fuse_runs__before_they_were_evaluated(labelled: Workspace):
    with pytest.raises(WorkspaceError, match="run 'tsn-baseline' has no predictions yet; `omnisource evaluate"):
        fusing.fuse_runs(labelled, *RUNS, 0.5)


def test_fuse_runs__a_run_with_itself(evaluated: Workspace):
    with pytest.raises(ConfigError, match="'tsn-baseline' is named twice; fuse two runs"):
        fusing.fuse_runs(evaluated, "tsn-baseline", "tsn-baseline", 0.5)


def test_fuse_runs__of_other_clips_is_refused(evaluated: Workspace):
    path = evaluated.run(RUNS[1]) / "metrics.json"
    saved = json.loads(path.read_text())
    saved["settings"]["target"] = "other"
    path.write_text(json.dumps(saved))
    with pytest.raises(
        WorkspaceError, match="'slowonly-baseline' was tested on other clips; `omnisource evaluate slow"
    ):
        fusing.fuse_runs(evaluated, *RUNS, 0.5)


def test_training__does_not_know_the_fused_run(evaluated: Workspace):
    run = fusing.fuse_runs(evaluated, *RUNS, 0.5).run
    with pytest.raises(WorkspaceError, match="has no trained network yet"):
        evaluation.evaluate(evaluated, run, progress=False)
    assert training.train(evaluated, "tsn", None, progress=False) == "done"
