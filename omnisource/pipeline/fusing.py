"""Two evaluated runs -> a run of its own: their late fusion on the validation clips (paper 5.2, Tables 6 and 16)."""

import json
from dataclasses import dataclass

from omnisource.errors import ConfigError, WorkspaceError
from omnisource.evaluate import fusion, metrics
from omnisource.files import write_atomically
from omnisource.pipeline.collecting import target_fingerprint
from omnisource.pipeline.evaluated import clips_fingerprint, save_predictions, saved_metrics, saved_predictions
from omnisource.workspace import Workspace

FUSED = "fused"
"""State of a run that was never trained."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FusedRun:
    """What `omnisource fuse` has done."""

    run: str
    """Its name; predictions and metrics lie in its folder, where `compare` finds them."""
    weight: float
    """Of the second run."""
    results: dict[str, metrics.Metrics]
    """Of the first run, the second and the fused one."""
    num_only_first: int
    """Clips that are left out because the second run could not read them."""
    num_only_second: int
    """Clips that are left out because the first run could not read them."""


def fuse_runs(workspace: Workspace, first: str, second: str, weight: float, space: fusion.Space = "probs") -> FusedRun:
    """Fuse two evaluated runs into runs/<first>+<second>; made anew each time.

    Raises WorkspaceError for a run that was not evaluated on the present clips, ConfigError, DataError.
    """
    _check(workspace, first, second)
    fused = fusion.fuse(saved_predictions(workspace, first), saved_predictions(workspace, second), weight, space)
    run = f"{first}+{second}"
    settings = {"fused": [first, second], "weight": weight, "space": space, "target": target_fingerprint(workspace)}
    measured = save_predictions(workspace, run, fused.predictions, settings)
    write_atomically(workspace.run(run) / "state.json", json.dumps({"state": FUSED} | settings, indent=1))
    alone = {name: saved_metrics(workspace, name) for name in (first, second)}
    return FusedRun(
        run=run,
        weight=weight,
        results={name: found for name, found in alone.items() if found is not None} | {run: measured},
        num_only_first=fused.num_only_first,
        num_only_second=fused.num_only_second,
    )


def sweep_runs(workspace: Workspace, first: str, second: str, space: fusion.Space = "probs") -> list[fusion.SweepPoint]:
    """Accuracy of the fusion with every weight from 0 to 1; keeps nothing. Raises like `fuse_runs`."""
    _check(workspace, first, second)
    return fusion.sweep(saved_predictions(workspace, first), saved_predictions(workspace, second), space)


def _check(workspace: Workspace, first: str, second: str) -> None:
    """Positions in the list of clips pair the predictions, so both must be of the list that is there now."""
    if first == second:
        raise ConfigError(f"{first!r} is named twice; fuse two runs")
    present = target_fingerprint(workspace)
    for run in (first, second):
        saved_predictions(workspace, run)
        if clips_fingerprint(workspace, run) != present:
            raise WorkspaceError(f"run {run!r} was tested on other clips; `omnisource evaluate {run}` tests it again")
