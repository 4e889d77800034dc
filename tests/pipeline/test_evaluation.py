"""Runs are tested by the protocol of the day, and again only when something about them has changed."""

import json
import shutil

import numpy as np
import pyarrow.parquet as pq
import pytest

from omnisource import config
from omnisource.errors import WorkspaceError
from omnisource.pipeline import evaluated, evaluation, training
from omnisource.workspace import Workspace
from tests import workspaces


def test_evaluate__writes_predictions_and_metrics(labelled: Workspace):
    measured = evaluation.evaluate(labelled, "tsn-baseline", progress=False)
    said = evaluated.saved_predictions(labelled, "tsn-baseline")
    assert measured == evaluated.saved_metrics(labelled, "tsn-baseline")
    assert measured.num_examples == len(said) == 12
    assert measured.top1 == pytest.approx((said.predicted == said.class_indices).mean())
    np.testing.assert_allclose(said.probs.sum(axis=1), 1, atol=1e-5)
    paths = pq.read_table(labelled.run("tsn-baseline") / "predictions.parquet")["path"].to_pylist()
    assert all("/val/" in path for path in paths)
    assert json.loads(labelled.report_path("evaluate.tsn-baseline").read_text())["done"] == 12


def predictions_written(workspace: Workspace) -> int:
    return (workspace.run("tsn-baseline") / "predictions.parquet").stat().st_mtime_ns


@pytest.mark.parametrize(
    ("settings", "redo", "again"),
    [
        ([], False, False),
        ([], True, True),
        (["networks.tsn.test.batch_size=3"], False, False),  # the same views
        (["networks.tsn.test.num_clips=1"], False, True),
    ],
)
def test_evaluate__is_kept_while_weights_and_protocol_are_the_same(
    labelled: Workspace, settings: list[str], redo: bool, again: bool
):
    evaluation.evaluate(labelled, "tsn-baseline", progress=False)
    before = predictions_written(labelled)
    workspaces.change(labelled, *settings)
    evaluation.evaluate(labelled, "tsn-baseline", progress=False, redo=redo)
    assert (predictions_written(labelled) != before) == again


def test_evaluate__other_weights_are_tested_again(labelled: Workspace):
    evaluation.evaluate(labelled, "tsn-baseline", progress=False)
    before = predictions_written(labelled)
    shutil.copy(labelled.run("tsn-baseline") / "network.pt", labelled.root / "old.pt")
    workspaces.change(labelled, "seed=5")
    training.train(labelled, "tsn", None, progress=False, redo=True)
    evaluation.evaluate(labelled, "tsn-baseline", progress=False)
    assert predictions_written(labelled) != before


def test_evaluate__a_network_that_left_the_study_keeps_its_protocol(labelled: Workspace):
    before = evaluation.evaluate(labelled, "tsn-baseline", progress=False)
    study = labelled.study()
    only = {"slowonly": study.networks["slowonly"]}
    kept = {"deep": study.teachers["deep"]}
    config.save(study.model_copy(update={"networks": only, "teachers": kept}), labelled.study_path)
    assert evaluation.evaluate(labelled, "tsn-baseline", progress=False) == before


def test_evaluate__the_longest_network_name_decides_on_the_protocol(labelled: Workspace):
    study = labelled.study()
    changed = study.networks["tsn"].model_copy(update={"test": config.TestConfig(num_clips=1, crop_px=32)})
    networks = {"tsn": changed, "tsn-b": study.networks["tsn"], "slowonly": study.networks["slowonly"]}
    config.save(study.model_copy(update={"networks": networks}), labelled.study_path)
    labelled.run("tsn-baseline").rename(labelled.run("tsn-b-baseline"))
    evaluation.evaluate(labelled, "tsn-b-baseline", progress=False)
    settings = json.loads((labelled.run("tsn-b-baseline") / "metrics.json").read_text())["settings"]
    assert settings["test"]["num_clips"] == 2


def test_evaluate__a_damaged_file_is_said_and_written_again(labelled: Workspace):
    before = evaluation.evaluate(labelled, "tsn-baseline", progress=False)
    (labelled.run("tsn-baseline") / "metrics.json").write_text('{"settings": {')
    with pytest.raises(WorkspaceError, match="cannot be read .*; `omnisource evaluate tsn-baseline --redo` writes it"):
        evaluation.evaluate(labelled, "tsn-baseline", progress=False)
    assert evaluation.evaluate(labelled, "tsn-baseline", progress=False, redo=True) == before


def test_evaluate__before_the_run_is_trained(labelled: Workspace):
    with pytest.raises(WorkspaceError, match="run 'tsn-omnisource' has no trained network yet"):
        evaluation.evaluate(labelled, "tsn-omnisource", progress=False)


def test_validation__is_written_beside_the_metrics_of_its_epoch(labelled: Workspace):
    workspaces.change(labelled, "train.validate_every=1")
    training.train(labelled, "tsn", None, progress=False, redo=True)
    lines = [json.loads(line) for line in (labelled.run("tsn-baseline") / "metrics.jsonl").read_text().splitlines()]
    assert [set(line) & {"val/top1", "val/top5"} for line in lines] == [set(), set(), {"val/top1", "val/top5"}]


def test_evaluate__a_table_per_class(labelled: Workspace):
    evaluation.evaluate(labelled, "tsn-baseline", progress=False)
    table = pq.read_table(labelled.run("tsn-baseline") / "per_class.parquet")
    assert table["class_name"].to_pylist() == list(labelled.taxonomy().names)
    assert table["num_examples"].to_pylist() == [4, 4, 4]
