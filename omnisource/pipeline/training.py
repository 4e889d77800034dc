"""The last stages: a network is trained on the target set, alone or with a recipe's examples, then tested (3.6, 5)."""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from omnisource import config
from omnisource.examples import merge_sources
from omnisource.media_files import content_key
from omnisource.models import zoo
from omnisource.pipeline.collecting import target_examples, target_fingerprint
from omnisource.pipeline.evaluation import validation
from omnisource.pipeline.flow import auxiliary_as_flow, flow_settings, target_as_flow
from omnisource.pipeline.motion import load_motion
from omnisource.pipeline.networks import pick_device, share_cores
from omnisource.pipeline.run_folders import forget, is_first_process, prepared, run_state
from omnisource.pipeline.run_names import run_names
from omnisource.pipeline.training_jobs import TrainingJob, decisive_settings, located, needs_motion, training_jobs
from omnisource.report import Report
from omnisource.train import loop
from omnisource.train.journal import dropped_examples
from omnisource.transform.camera_motion import Motions
from omnisource.types import Example
from omnisource.workspace import Workspace

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class JobData:
    """What a run reads."""

    num_classes: int
    """K."""
    target: Sequence[Example]
    """Labelled clips, whether they are read or only counted."""
    auxiliary: Mapping[str, Sequence[Example]]
    """Web examples by source, as they are drawn."""
    motions: Motions | None
    """Camera motion of moving pictures; None where no picture moves."""
    motion_fingerprint: str | None
    """Of that."""


def train(
    workspace: Workspace,
    network_name: str,
    recipe_name: str | None,
    *,
    procedure: config.Procedure = "joint",
    progress: bool | None = None,
    redo: bool = False,
) -> str:
    """Train a network with a recipe's examples, or on the target set alone (None: baseline and teacher).

    joint: in one run. pretrain_finetune (Table 1's other procedures): first on the recipe's examples alone, then, in a
    run of its own and only when that is done, on the target alone from those weights, classifier included.

    Goes on where it stopped; a finished run is kept. Returns the state, "done" or "stopped". Raises WorkspaceError for
    a run that was made with other settings or examples, ConfigError for an unknown network.
    """
    if redo:
        for later in run_names(network_name, recipe_name, procedure)[1:]:
            forget(workspace.run(later))
    for job in training_jobs(workspace, workspace.study(), network_name, recipe_name, procedure):
        if _train_one(workspace, job, progress=progress, redo=redo) == "stopped":
            return "stopped"
    return "done"


def read_data(workspace: Workspace, job: TrainingJob) -> JobData:
    """What a run reads; raises WorkspaceError where a stage before it has not run."""
    num_classes = len(workspace.taxonomy())
    motions, fingerprint = _motions(workspace, job)
    examples = auxiliary_as_flow(workspace, job.network, job.examples)
    return JobData(
        num_classes=num_classes,
        target=target_as_flow(workspace, job.network, target_examples(workspace, "train")),
        auxiliary=merge_sources(examples, job.shared.joint.merged),
        motions=motions,
        motion_fingerprint=fingerprint,
    )


def fit_job(
    workspace: Workspace,
    job: TrainingJob,
    data: JobData,
    folder: Path,
    *,
    validate: loop.Validate | None = None,
    report: Report | None = None,
) -> loop.FitResult:
    """Train one run in a folder, or go on there."""
    study = workspace.study()
    share_cores(pick_device(study.device), study.train.workers)
    torch.manual_seed(study.seed)
    return loop.fit(
        folder,
        zoo.build(located(workspace, job.network).model, data.num_classes),
        [] if job.pretrains else data.target,
        data.auxiliary,
        loop.FitConfig(
            network=job.network,
            train=job.shared,
            seed=study.seed,
            device=study.device,
            reader=study.media.reader,
            num_classes=data.num_classes,
            class_names=workspace.taxonomy().names,
            epoch_size=len(data.target) if job.pretrains else None,
        ),
        motions=data.motions,
        validate=validate,
        report=report,
    )


def _train_one(workspace: Workspace, job: TrainingJob, *, progress: bool | None, redo: bool) -> str:
    study, folder = workspace.study(), workspace.run(job.run)
    data = read_data(workspace, job)
    target = {"epoch_size": len(data.target)} if job.pretrains else target_fingerprint(workspace)
    settings = decisive_settings(study, job) | {"target": target, "motion": data.motion_fingerprint}
    settings |= flow_settings(workspace, job.network)
    with prepared(folder, settings, redo), Report(folder.name, progress=progress) as report:
        if run_state(folder) == "done" and not redo:
            return "done"
        validate = validation(workspace, job.network) if study.train.validate_every else None
        result = fit_job(workspace, job, data, folder, validate=validate, report=report)
        if is_first_process():
            dropped = dropped_examples(folder)
            reasons = Counter(one.reason for one in dropped)
            path = workspace.report_path(f"train.{folder.name}")
            report.save(path, num_done=result.num_updates, reasons=reasons, dropped=dropped)
    return result.state


def _motions(workspace: Workspace, job: TrainingJob) -> tuple[Motions | None, str | None]:
    formats = {source.format for source in workspace.study().sources if source.name in job.examples}
    if not needs_motion(job.network, job.shared, formats):
        return None, None
    motions = load_motion(workspace)
    return motions, content_key(workspace.motion_path).hex()
