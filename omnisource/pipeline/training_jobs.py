"""A network, a recipe and a procedure -> the runs to train, each with all that decides what it learns (3.6, Table 1).

Without torch: what a run would be made with can be asked, and compared with what it was made with.
"""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from omnisource import config
from omnisource.config import InflationConfig, JointConfig, SnippetConfig
from omnisource.errors import ConfigError, WorkspaceError
from omnisource.examples import ExampleFile
from omnisource.media_files import content_key
from omnisource.models.released_models import is_known
from omnisource.pipeline.recipes import auxiliary_examples, require_known
from omnisource.pipeline.run_names import WEIGHTS, run_names, weights_fingerprint
from omnisource.types import Format
from omnisource.workspace import Workspace

logger = logging.getLogger(__name__)

WARPED = ("perspective", "perspective_class")
"""Inflations that draw from the camera motion of the target clips."""
OF_BASELINE = ("mixup_within", "mixup_alpha")
"""What a run without web data reads of the mixture."""
_UNMIXED = {"mixup_within": False, "mixup_across": False, "mixup_alpha": JointConfig().mixup_alpha}


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainingJob:
    """One run of a procedure: which network is trained on what."""

    run: str
    """Its name."""
    network: config.NetworkConfig
    """Where it starts, what it sees, how it is optimised."""
    pretrained: str | None
    """Hash of the file of weights that it starts from; None where there is no file."""
    shared: config.TrainConfig
    """How target and web data are mixed."""
    examples: Mapping[str, ExampleFile]
    """Web examples by source; empty without a recipe."""
    fingerprints: Mapping[str, str]
    """Of each of them."""
    pretrains: bool = False
    """Whether the target is only counted and not read."""


def training_jobs(
    workspace: Workspace, study: config.Study, network_name: str, recipe_name: str | None, procedure: config.Procedure
) -> Iterator[TrainingJob]:
    """The runs of a procedure; each is made when the one before it is done, since it may start from its weights.

    Raises ConfigError for a network that the study does not have.
    """
    runs = run_names(network_name, recipe_name, procedure)
    network, shared = located(workspace, network_of(study, network_name)), study.train
    examples, fingerprints = _auxiliary(workspace, study, recipe_name) if recipe_name else ({}, {})
    alone = TrainingJob(
        run=runs[-1],
        network=network,
        pretrained=_file_fingerprint(Path(network.model.pretrained)),
        shared=_of_baseline(shared),
        examples={},
        fingerprints={},
    )
    joint = replace(alone, shared=shared, examples=examples, fingerprints=fingerprints)
    if procedure == "pretrain_finetune":
        yield replace(joint, run=runs[0], shared=_of_pretraining(shared), pretrains=True)
        folder = workspace.run(runs[0])
        start = str((folder / WEIGHTS).relative_to(workspace.root))
        network = _of_finetuning(network, shared.finetune, start)
        logger.info("%s starts from %s with its classifier", runs[1], runs[0])
        yield replace(alone, network=network, pretrained=weights_fingerprint(folder))
    else:
        yield joint if recipe_name else alone


def network_of(study: config.Study, name: str) -> config.NetworkConfig:
    """A network of the study; raises ConfigError for an unknown one."""
    if name not in study.networks:
        raise ConfigError(f"no network {name!r}; known: {', '.join(sorted(study.networks))}")
    return study.networks[name]


def decisive_settings(study: config.Study, job: TrainingJob) -> dict[str, object]:
    """What decides what the run learns, but for the labelled clips and the camera motion; both are read to be known."""
    return {
        "network": job.network.model_dump(mode="json", exclude={"test"}),
        "pretrained": job.pretrained,
        "train": job.shared.model_dump(mode="json", include={"joint", "inflation", "snippets"}),
        "seed": study.seed,
        "auxiliary": dict(job.fingerprints),
    }


def needs_motion(network: config.NetworkConfig, shared: config.TrainConfig, formats: set[Format]) -> bool:
    """Whether pictures become moving clips: a 2D network sees a picture as the one frame that it is (paper 3.5)."""
    sees_images = network.model.dims == 3 and network.model.format == "rgb"
    return sees_images and Format.IMAGE in formats and shared.inflation.mode in WARPED


def finetuning_epochs(network: config.NetworkConfig, finetune: config.FinetuneConfig) -> int:
    """Passes over the target after the web data, in Table 1's other procedures."""
    return max(1, round(network.optim.epochs * finetune.epochs_share))


def located(workspace: Workspace, network: config.NetworkConfig) -> config.NetworkConfig:
    """A file of weights in a study is relative to the workspace, as all its paths are."""
    if is_known(network.model.pretrained):
        return network
    path = str(workspace.root / network.model.pretrained)
    return network.model_copy(update={"model": network.model.model_copy(update={"pretrained": path})})


def _of_baseline(shared: config.TrainConfig) -> config.TrainConfig:
    """What matters without web data, so that a change of the mixture does not ask for another baseline."""
    kept = shared.joint.model_dump(include=set(OF_BASELINE))
    return shared.model_copy(
        update={"joint": JointConfig(**kept), "inflation": InflationConfig(), "snippets": SnippetConfig()}
    )


def _of_pretraining(shared: config.TrainConfig) -> config.TrainConfig:
    """Without mixup, which mixes inside the target batch or across to it (3.6): there is none."""
    return shared.model_copy(update={"joint": shared.joint.model_copy(update=_UNMIXED)})


def _of_finetuning(
    network: config.NetworkConfig, finetune: config.FinetuneConfig, pretrained: str
) -> config.NetworkConfig:
    """From the pre-trained weights, at a lower rate, with a schedule of the same shape."""
    optim, share = network.optim, finetune.epochs_share
    slower = {
        "epochs": finetuning_epochs(network, finetune),
        "lr_per_sample": optim.lr_per_sample * finetune.lr_factor,
        "milestones": tuple(round(milestone * share) for milestone in optim.milestones),
        "warmup_epochs": optim.warmup_epochs * share,
    }
    model = network.model.model_copy(update={"pretrained": pretrained})
    return network.model_copy(update={"model": model, "optim": optim.model_copy(update=slower)})


def _file_fingerprint(path: Path) -> str | None:
    """Hash of the weights that a run starts from; None where it starts from no file."""
    return content_key(path).hex() if path.is_file() else None


def _auxiliary(
    workspace: Workspace, study: config.Study, recipe_name: str
) -> tuple[dict[str, ExampleFile], dict[str, str]]:
    """The examples of a recipe; raises ConfigError for settings about unknown sources, WorkspaceError without any."""
    joint = study.train.joint
    known = [source.name for source in study.sources]
    members = [member for parts in joint.merged.values() for member in parts]
    require_known(members, known, what="train.joint.merged")
    drawn = [*(name for name in known if name not in members), *joint.merged]
    named = [*joint.batch_ratio, *joint.source_batch_size, *joint.resampling_by_source]
    require_known(named, drawn, what="train.joint")
    examples, fingerprints = auxiliary_examples(workspace, recipe_name)
    if not examples:
        raise WorkspaceError(
            f"recipe {recipe_name!r} keeps nothing, so its student would be the baseline; "
            "lower its confidence, or look at `omnisource label --recipe ...` for the step that drops everything"
        )
    return examples, fingerprints
