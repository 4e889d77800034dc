"""What the runs of a workspace are called, and whether two of them have the same weights; without torch."""

import typing
from pathlib import Path

from omnisource import config
from omnisource.errors import ConfigError, WorkspaceError
from omnisource.media_files import content_key

BASELINE = "baseline"
WEIGHTS = "network.pt"
"""What a finished run leaves in its folder."""
PHASES: tuple[config.Phase, ...] = typing.get_args(config.Phase)
"""Of pretrain_finetune, in their order."""


def baseline_name(network: str) -> str:
    """The run that trains a network on the target set alone: the baseline, and the teacher."""
    return run_name(network, None)


def run_name(network: str, recipe: str | None, phase: config.Phase | None = None) -> str:
    """The run of a network with a recipe's examples; raises ConfigError for a recipe called like another run."""
    if recipe == BASELINE:
        raise ConfigError(f"a recipe may not be called {BASELINE!r}: that is the run on the labelled clips alone")
    if recipe is not None and recipe.endswith(tuple(f".{phase}" for phase in PHASES)):
        raise ConfigError(f"recipe {recipe!r} would share its runs with pre-training; rename recipes/{recipe}.yaml")
    return f"{network}-{recipe or BASELINE}" + (f".{phase}" if phase else "")


def run_names(network: str, recipe: str | None, procedure: config.Procedure) -> tuple[str, ...]:
    """The runs that a procedure consists of, in their order; the last one is its result.

    Raises ConfigError where nothing is there to pre-train on.
    """
    if procedure == "joint":
        return (run_name(network, recipe),)
    if recipe is None:
        raise ConfigError("pretrain_finetune needs a recipe, whose web examples it pre-trains on; name one")
    return tuple(run_name(network, recipe, phase) for phase in PHASES)


def weights_fingerprint(folder: Path) -> str:
    """Hash of a run's weights, by which facts say what they were measured with."""
    return content_key(weights_path(folder)).hex()


def weights_path(folder: Path) -> Path:
    """The trained network of a run; raises WorkspaceError before it is finished."""
    path = folder / WEIGHTS
    if not path.is_file():
        raise WorkspaceError(f"run {folder.name!r} has no trained network yet; `omnisource teach` or `train` makes it")
    return path
