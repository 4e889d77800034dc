"""The last stages: a network is trained on the target set, alone or with a recipe's examples, then tested (3.6, 5)."""

import hashlib
import json
import logging
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
import yaml

from omnisource import config
from omnisource.config import InflationConfig, JointConfig, SnippetConfig
from omnisource.errors import ConfigError, WorkspaceError
from omnisource.examples import ExampleFile
from omnisource.files import write_atomically
from omnisource.models import zoo
from omnisource.pipeline.collecting import target_examples, target_fingerprint
from omnisource.pipeline.evaluation import validation
from omnisource.pipeline.motion import load_motion
from omnisource.pipeline.networks import pick_device, run_name, share_cores
from omnisource.pipeline.recipes import auxiliary_examples, require_known
from omnisource.report import Report
from omnisource.tables import is_being_written, require_same, sole_writer
from omnisource.train import loop
from omnisource.train.journal import dropped_examples
from omnisource.transform.camera_motion import Motions
from omnisource.types import Format
from omnisource.workspace import Workspace

logger = logging.getLogger(__name__)

WARPED = ("perspective", "perspective_class")


def train(
    workspace: Workspace,
    network_name: str,
    recipe_name: str | None,
    *,
    progress: bool | None = None,
    redo: bool = False,
) -> str:
    """Train a network with a recipe's examples, or on the target set alone (None: baseline and teacher).

    Goes on where it stopped; a finished run is kept. Returns the run's state, "done" or "stopped". Raises
    WorkspaceError for a run that was made with other settings or examples.
    """
    study = workspace.study()
    if network_name not in study.networks:
        raise ConfigError(f"no network {network_name!r}; known: {', '.join(sorted(study.networks))}")
    network = _located(workspace, study.networks[network_name])
    shared = study.train if recipe_name else _of_baseline(study.train)
    examples, fingerprints = _auxiliary(workspace, recipe_name) if recipe_name else ({}, {})
    motions, motion_fingerprint = _motions(workspace, network, shared, examples)
    settings = {
        "network": network.model_dump(mode="json", exclude={"test"}),
        "pretrained": _file_fingerprint(Path(network.model.pretrained)),
        "train": shared.model_dump(mode="json", include={"joint", "inflation", "snippets"}),
        "seed": study.seed,
        "target": target_fingerprint(workspace),
        "auxiliary": fingerprints,
        "motion": motion_fingerprint,
    }
    folder = workspace.run(run_name(network_name, recipe_name))
    with _prepared(folder, settings, redo), Report(folder.name, progress=progress) as report:
        if run_state(folder) == "done" and not redo:
            return "done"
        share_cores(pick_device(study.device), study.train.workers)
        num_classes = len(workspace.taxonomy())
        torch.manual_seed(study.seed)
        result = loop.fit(
            folder,
            zoo.build(network.model, num_classes),
            target_examples(workspace, "train"),
            examples,
            loop.FitConfig(
                network=network,
                train=shared,
                seed=study.seed,
                device=study.device,
                reader=study.media.reader,
                num_classes=num_classes,
            ),
            motions=motions,
            validate=validation(workspace, network) if study.train.validate_every else None,
            report=report,
        )
        if _is_first_process():
            path = workspace.report_path(f"train.{folder.name}")
            dropped = dropped_examples(folder)
            reasons = Counter(one.reason for one in dropped)
            report.save(path, num_done=result.num_updates, reasons=reasons, dropped=dropped)
    return result.state


def needs_motion(network: config.NetworkConfig, shared: config.TrainConfig, formats: set[Format]) -> bool:
    """Whether pictures become moving clips: a 2D network sees a picture as the one frame that it is (paper 3.5)."""
    return network.model.dims == 3 and Format.IMAGE in formats and shared.inflation.mode in WARPED


def run_state(folder: Path) -> str:
    """What the run last said: new, running, stopped or done; interrupted if it was running and nobody writes."""
    path = folder / "state.json"
    state = json.loads(path.read_text(encoding="utf-8"))["state"] if path.is_file() else "new"
    return "interrupted" if state == "running" and not is_being_written(folder) else state


def _of_baseline(shared: config.TrainConfig) -> config.TrainConfig:
    """What matters without web data, so that a change of the mixture does not ask for another baseline."""
    kept = shared.joint.model_dump(include={"mixup_within", "mixup_alpha"})
    return shared.model_copy(
        update={"joint": JointConfig(**kept), "inflation": InflationConfig(), "snippets": SnippetConfig()}
    )


def _located(workspace: Workspace, network: config.NetworkConfig) -> config.NetworkConfig:
    """A file of weights in a study is relative to the workspace, as all its paths are."""
    if network.model.pretrained in ("none", "imagenet"):
        return network
    path = str(workspace.root / network.model.pretrained)
    return network.model_copy(update={"model": network.model.model_copy(update={"pretrained": path})})


def _file_fingerprint(path: Path) -> str | None:
    """Hash of the weights that a run starts from; None where it starts from no file."""
    if not path.is_file():
        return None
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


def _auxiliary(workspace: Workspace, recipe_name: str) -> tuple[dict[str, ExampleFile], dict[str, str]]:
    """The examples of a recipe; raises ConfigError for settings about unknown sources, WorkspaceError without any."""
    study = workspace.study()
    joint = study.train.joint
    known = [source.name for source in study.sources]
    require_known([*joint.batch_ratio, *joint.source_batch_size], known, what="train.joint")
    examples, fingerprints = auxiliary_examples(workspace, recipe_name)
    if not examples:
        raise WorkspaceError(
            f"recipe {recipe_name!r} keeps nothing, so its student would be the baseline; "
            "lower its confidence, or look at `omnisource label --recipe ...` for the step that drops everything"
        )
    return examples, fingerprints


def _motions(
    workspace: Workspace, network: config.NetworkConfig, shared: config.TrainConfig, examples: dict[str, object]
) -> tuple[Motions | None, str | None]:
    formats = {source.format for source in workspace.study().sources if source.name in examples}
    if not needs_motion(network, shared, formats):
        return None, None
    motions = load_motion(workspace)
    return motions, hashlib.blake2b(workspace.motion_path.read_bytes(), digest_size=16).hexdigest()


@contextmanager
def _prepared(folder: Path, settings: dict[str, object], redo: bool) -> Iterator[None]:
    """A run's folder for this process alone; of those that torchrun starts, the first one prepares it for all.

    The others meet it where `loop.fit` connects them, before anything else in the folder is read.
    """
    if not _is_first_process():
        yield
        return
    with sole_writer(folder, what=f"run {folder.name!r}"):
        if redo:
            _empty(folder)
        _bind(folder, settings)
        yield


def _is_first_process() -> bool:
    return os.environ.get("RANK", "0") == "0"


def _bind(folder: Path, settings: dict[str, object]) -> None:
    path = folder / "config.yaml"
    if path.is_file():
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
        require_same(_flat(found), _flat(settings), what=f"run {folder.name!r}")
    else:
        write_atomically(path, yaml.safe_dump(settings, sort_keys=False, allow_unicode=True))


def _flat(settings: dict[str, object], prefix: str = "") -> dict[str, object]:
    """Nested settings by their full names, such as network.optim.epochs."""
    flat: dict[str, object] = {}
    for key, value in settings.items():
        flat |= _flat(value, f"{prefix}{key}.") if isinstance(value, dict) and value else {f"{prefix}{key}": value}
    return flat


def _empty(folder: Path) -> None:
    """Remove a run's files, but not the lock that is held."""
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.name.startswith("."):
            continue
        path.rmdir() if path.is_dir() else path.unlink()
