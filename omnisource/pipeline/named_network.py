"""What a person calls a network - a run, a file, a released model - -> the network, its settings, its class names."""

import re
from dataclasses import dataclass
from pathlib import Path

import torch

from omnisource import config, target_lists
from omnisource.errors import CheckpointError, DataError
from omnisource.media import content_key
from omnisource.models import checkpoints, released_models
from omnisource.models.loading import load_released
from omnisource.models.video_net import VideoNet
from omnisource.pipeline.evaluation import protocol_of
from omnisource.pipeline.networks import load_network, pick_device
from omnisource.pipeline.run_names import WEIGHTS, weights_fingerprint
from omnisource.workspace import Workspace

_NUMBERED = (re.compile(r"(?P<number>\d+)[\s,:]+(?P<name>.+)"), re.compile(r"(?P<name>.+?)[\s,:]+(?P<number>\d+)"))


@dataclass(frozen=True, kw_only=True, slots=True)
class NamedNetwork:
    """A trained network and what is known of it."""

    name: str
    """Of its run, its file or its release."""
    network: VideoNet
    """In evaluation mode, on `device`."""
    config: config.NetworkConfig
    """What it sees; `test` is the protocol that `omnisource evaluate` uses for it."""
    class_names: tuple[str, ...] | None
    """One per class; None where nobody told them."""
    weights: str
    """Hash of its file of weights."""
    study: config.Study
    """Of its workspace, for the reader of media and the length of segments; the defaults elsewhere."""
    device: torch.device
    """Where it predicts."""
    folder: Path
    """Where things made from it go by default: its workspace, or the current folder."""


def find_network(name: str, workspace: Workspace | None, *, classes: Path | None = None) -> NamedNetwork:
    """The network of a run, of a file (or the folder of a run), or of a released model, tried in this order.

    A file inside a workspace is its run; a released model is fetched unless it is there. Without a list of `classes`
    the names are those of the workspace, those kept in the file, or unknown. Raises WorkspaceError, CheckpointError,
    and DataError for a list that cannot be read or does not fit.
    """
    names = None if classes is None else read_class_names(classes)
    path = Path(name)
    if workspace is not None and name in workspace.runs():
        found = _of_run(workspace, name, names)
    elif (file := path / WEIGHTS if path.is_dir() else path).is_file():
        home = file.absolute().parent.parent.parent
        if file.name == WEIGHTS and (home / "study.yaml").is_file():
            found = _of_run(Workspace(home), file.absolute().parent.name, names)
        else:
            found = _of_file(file, names)
    else:
        found = _of_release(name, names, workspace)
    _check_names(found)
    return found


def read_class_names(path: Path) -> tuple[str, ...]:
    """A list with one class a line, by line or by the number at either end of every line; raises DataError."""
    lines = [line for _, line in target_lists.read_lines(path)] if path.is_file() else []
    if not lines:
        raise DataError(f"{path} is no list of classes; give --classes a file with one class name a line")
    for numbered in _NUMBERED:
        matches = [match for line in lines if (match := numbered.fullmatch(line))]
        names = {int(match["number"]): match["name"] for match in matches}
        if len(names) == len(set(names.values())) == len(lines) and max(names) - min(names) == len(lines) - 1:
            return tuple(names[number] for number in sorted(names))
    return target_lists.taxonomy_of(lines, where=str(path)).names


def _of_run(workspace: Workspace, run: str, names: tuple[str, ...] | None) -> NamedNetwork:
    study, folder = workspace.study(), workspace.run(run)
    device = pick_device(study.device)
    network, trained = load_network(folder, device)
    return NamedNetwork(
        name=run,
        network=network,
        config=trained.model_copy(update={"test": protocol_of(study, run, trained)}),
        class_names=names or workspace.taxonomy().names,
        weights=weights_fingerprint(folder),
        study=study,
        device=device,
        folder=workspace.root,
    )


def _of_file(file: Path, names: tuple[str, ...] | None) -> NamedNetwork:
    name = file.absolute().parent.name if file.name == WEIGHTS else file.stem
    saved = checkpoints.load_either(file)
    kept = saved.extra.get("class_names") if isinstance(saved, checkpoints.SavedNetwork) else None
    return _outside(name, str(file), file, names or (tuple(kept) if kept else None))


def _of_release(name: str, names: tuple[str, ...] | None, workspace: Workspace | None) -> NamedNetwork:
    if not released_models.is_known(name):
        runs = ", ".join(workspace.runs()) or "none yet" if workspace else "give their workspace by -w"
        raise CheckpointError(
            f"no network {name!r}: it is no run ({runs}), no file and no released model; {released_models.near(name)}"
        )
    entry = released_models.find_recogniser(name)
    return _outside(name, name, released_models.fetch(entry), names)


def _outside(name: str, name_or_path: str, weights: Path, names: tuple[str, ...] | None) -> NamedNetwork:
    """A network of no workspace."""
    network, settings = load_released(name_or_path)
    device = pick_device("auto")
    return NamedNetwork(
        name=name,
        network=network.to(device),
        config=settings,
        class_names=names,
        weights=content_key(weights).hex(),
        study=config.Study(),
        device=device,
        folder=Path("."),
    )


def _check_names(found: NamedNetwork) -> None:
    if found.class_names is not None and len(found.class_names) != found.network.num_classes:
        raise DataError(
            f"there are {len(found.class_names)} class names, but {found.name} tells {found.network.num_classes} "
            "classes apart; give --classes the list that it was trained with"
        )
