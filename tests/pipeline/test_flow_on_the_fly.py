"""A network on optical flow says of plain videos what it says of the flow that a workspace keeps."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from omnisource import config
from omnisource.media import content_key
from omnisource.pipeline import evaluation, exporting, flow_extraction, predicting, training
from omnisource.pipeline.collecting import collect_target
from omnisource.pipeline.flow import flow_folder, flow_path
from omnisource.pipeline.named_network import find_network
from omnisource.workspace import Workspace
from tests import micro_world
from tests.pipeline.test_predict_exported import by_class, predicted, probs_of


@pytest.fixture(scope="module")
def flow_workspace(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A TSN and a SlowOnly on flow, trained for an epoch on measured flow."""
    study = micro_world.study(world)
    settings = [
        *(f"networks.{name}.model.format=flow" for name in ("tsn", "slowonly")),
        *(f"networks.{name}.optim.epochs=1" for name in ("tsn", "slowonly")),
        *(f"networks.{name}.input.{key}=[128.0]" for name in ("tsn", "slowonly") for key in ("mean", "std")),
        "networks.tsn.model.flow_frames=2",
        "flow.short_side_px=44",  # resized to the networks' 40 where it is read
        "flow.workers=0",
    ]
    workspace = Workspace.create(tmp_path_factory.mktemp("flow") / "w", config.override(study, settings))
    collect_target(workspace)
    flow_extraction.extract(workspace, only="target", progress=False)
    for name in ("tsn", "slowonly"):
        training.train(workspace, name, None, progress=False)
    return workspace


@pytest.mark.parametrize("run", ["tsn-baseline", "slowonly-baseline"])
def test_with_flow__predicts_what_evaluate_stores(flow_workspace: Workspace, run: str):
    evaluation.evaluate(flow_workspace, run, progress=False)
    stored = pq.read_table(flow_workspace.run(run) / "predictions.parquet").to_pylist()[:4]
    paths = [Path(row["path"]) for row in stored]
    named = find_network(run, flow_workspace)
    answers = predicting.predict(named, paths, predicting.Options(timeline="always"), progress=False)
    assert [prediction.path for prediction in answers.predictions] == paths
    for row, prediction in zip(stored, answers.predictions, strict=True):
        said = {guess.class_index: guess.confidence for guess in prediction.top}
        np.testing.assert_allclose([said[index] for index in range(3)], row["probs"], atol=1e-6)
        assert prediction.timeline[-1].end_s == pytest.approx(2.0)  # of the video: flow has its times


@pytest.mark.parametrize(("run", "crops"), [("tsn-baseline", "ten"), ("slowonly-baseline", "three")])
def test_predict_exported__reads_flow_files(flow_workspace: Workspace, run: str, crops: str):
    kept = flow_workspace.study()
    settings = [f"networks.{name}.test.crops={crops}" for name in ("tsn", "slowonly")]
    config.save(config.override(kept, settings), flow_workspace.study_path)
    clip = flow_workspace.study().target.root / "val" / "green_down" / "0.mp4"
    named = find_network(run, flow_workspace)
    folder = exporting.export(named, "torchscript").folder
    wanted = by_class(predicted(named, clip))
    config.save(kept, flow_workspace.study_path)
    said = probs_of(folder, flow_path(flow_folder(flow_workspace), content_key(clip)))
    np.testing.assert_allclose(said, wanted, atol=1e-5)


def test_with_flow__pictures_have_none(flow_workspace: Workspace, world: Path):
    picture = world / "web" / "image" / "red_right" / "0.png"
    answers = predicting.predict(find_network("tsn-baseline", flow_workspace), [picture], progress=False)
    assert answers.predictions == ()
    told = [(left.path, left.reason, left.detail) for left in answers.unreadable]
    assert told == [(picture, "no_flow", f"{picture}: a picture has no optical flow, which is what the network sees")]
