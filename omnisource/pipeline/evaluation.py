"""Trained runs are tested on the validation clips: predictions, metrics, a table per class (paper 5)."""

from collections.abc import Mapping

import torch

from omnisource import config
from omnisource.evaluate import metrics, protocols
from omnisource.pipeline.collecting import target_examples, target_fingerprint
from omnisource.pipeline.evaluated import metrics_with, save_predictions
from omnisource.pipeline.flow import flow_settings, target_as_flow
from omnisource.pipeline.networks import load_network, pick_device, share_cores
from omnisource.pipeline.run_names import weights_fingerprint
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
    if not redo and (measured := metrics_with(workspace, run, settings)) is not None:
        return measured
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
