"""Trained runs are tested on the validation clips: predictions, metrics, a table per class (paper 5)."""

import json
from collections.abc import Mapping
from dataclasses import asdict

import numpy as np
import pyarrow.parquet as pq
import torch

from omnisource import config
from omnisource.errors import WorkspaceError
from omnisource.evaluate import metrics, predictions, protocols
from omnisource.files import save_atomically, write_atomically
from omnisource.pipeline.collecting import target_examples, target_fingerprint
from omnisource.pipeline.flow import flow_settings, target_as_flow
from omnisource.pipeline.networks import load_network, pick_device, share_cores, weights_fingerprint
from omnisource.report import Report
from omnisource.train.loop import Validate
from omnisource.workspace import Workspace


def evaluate(workspace: Workspace, run: str, *, progress: bool | None = None, redo: bool = False) -> metrics.Metrics:
    """Test a run on the validation clips -> predictions.parquet, per_class.parquet and metrics.json beside it."""
    study, folder = workspace.study(), workspace.run(run)
    device = pick_device(study.device)
    share_cores(device, study.train.workers)
    network, network_config = load_network(folder, device)
    network_config = network_config.model_copy(update={"test": protocol_of(study, run, network_config)})
    settings = {
        "weights": weights_fingerprint(folder),
        "test": network_config.test.model_dump(mode="json", exclude={"batch_size"}),
        "target": target_fingerprint(workspace),
    }
    settings |= flow_settings(workspace, network_config)
    done = folder / "metrics.json"
    if done.is_file() and not redo:
        saved = json.loads(done.read_text(encoding="utf-8"))
        if saved["settings"] == settings:
            return metrics.Metrics(**saved["metrics"])
    examples = target_examples(workspace, "val")
    with Report(f"evaluate {run}", progress=progress) as report:
        predicted = protocols.predict_examples(
            network,
            target_as_flow(workspace, network_config, examples),
            network_config,
            device=device,
            reader=study.media.reader,
            workers=study.train.workers,
            report=report,
        )
        path = workspace.report_path(f"evaluate.{run}")
        report.save(path, num_done=len(predicted), reasons=report.reasons, dropped=report.take_dropped())
    return save_predictions(workspace, run, predicted, settings)


def save_predictions(
    workspace: Workspace, run: str, predicted: predictions.Predictions, settings: dict[str, object]
) -> metrics.Metrics:
    """Write what was said of the validation clips, and how good it is, into the run's folder."""
    folder, taxonomy = workspace.run(run), workspace.taxonomy()
    table = predictions.to_table(predicted, target_examples(workspace, "val"), taxonomy)
    save_atomically(folder / "predictions.parquet", lambda partial: pq.write_table(table, partial))
    per_class = metrics.per_class_table(predicted, taxonomy)
    save_atomically(folder / "per_class.parquet", lambda partial: pq.write_table(per_class, partial))
    measured = metrics.measure(predicted, np.random.default_rng(workspace.study().seed))
    write_atomically(folder / "metrics.json", json.dumps({"settings": settings, "metrics": asdict(measured)}, indent=1))
    return measured


def saved_predictions(workspace: Workspace, run: str) -> predictions.Predictions:
    """What a run said of the validation clips; raises WorkspaceError before it was evaluated."""
    path = workspace.run(run) / "predictions.parquet"
    if not path.is_file():
        raise WorkspaceError(f"run {run!r} has no predictions yet; `omnisource evaluate {run}` makes them")
    return predictions.from_table(pq.read_table(path))


def saved_metrics(workspace: Workspace, run: str) -> metrics.Metrics | None:
    """The metrics of a run as last evaluated; None before."""
    path = workspace.run(run) / "metrics.json"
    if not path.is_file():
        return None
    return metrics.Metrics(**json.loads(path.read_text(encoding="utf-8"))["metrics"])


def validation(workspace: Workspace, network_config: config.NetworkConfig) -> Validate:
    """What `fit` calls after every few epochs: one centre view of as many frames as in training (protocols 3)."""
    study, examples = workspace.study(), target_as_flow(workspace, network_config, target_examples(workspace, "val"))
    cheap = with_one_view(network_config)

    def validate(network: torch.nn.Module) -> Mapping[str, float]:
        device = next(network.parameters()).device
        predicted = protocols.predict_examples(network, examples, cheap, device=device, reader=study.media.reader)
        probs, truth = predicted.probs, predicted.class_indices
        return {f"top{k}": metrics.top_k_accuracy(probs, truth, k) for k in (1, 5)}

    return validate


def with_one_view(network_config: config.NetworkConfig) -> config.NetworkConfig:
    """The cheapest sensible test: the centre of as many frames as in training (2D), or of one clip (3D)."""
    num_clips = network_config.model.num_snippets if network_config.model.dims == 2 else 1
    test = network_config.test.model_copy(update={"crops": "center", "num_clips": num_clips})
    return network_config.model_copy(update={"test": test})


def protocol_of(study: config.Study, run: str, trained: config.NetworkConfig) -> config.TestConfig:
    """The study's present protocol for the run's network; the one it was trained with if the network is gone."""
    start = {"pretrained": "none"}  # where training began does not matter any more
    shape = trained.model.model_copy(update=start)
    for name, network in sorted(study.networks.items(), key=lambda pair: -len(pair[0])):  # "tsn-big" before "tsn"
        if run.startswith(f"{name}-") and network.model.model_copy(update=start) == shape:
            return network.test
    return trained.test
