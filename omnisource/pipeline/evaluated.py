"""What an evaluated run left in its folder: predictions and metrics, written and read back; without torch (paper 5)."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from omnisource.errors import WorkspaceError
from omnisource.evaluate import metrics, predictions
from omnisource.files import save_atomically, write_atomically
from omnisource.pipeline.collecting import target_examples
from omnisource.pipeline.run_folders import run_state
from omnisource.workspace import Workspace


@dataclass(frozen=True, kw_only=True, slots=True)
class ClassProb:
    """What a run gives one class for one clip."""

    class_index: int
    """Which class."""
    prob: float
    """Its probability."""


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
    return predictions.from_table(_read(workspace, run))


def saved_answers(workspace: Workspace, run: str) -> predictions.Answers:
    """What a run took the validation clips for; raises WorkspaceError before it was evaluated."""
    return predictions.answers_from_table(_read(workspace, run, columns=predictions.ANSWER_COLUMNS))


def likeliest_classes(workspace: Workspace, run: str, example_index: int, *, top: int) -> list[ClassProb]:
    """The classes that a run finds likeliest for one clip, best first; empty for a clip that it could not read."""
    found = _read(workspace, run, columns=("probs",), example_index=example_index)
    if not found.num_rows:
        return []
    probs = np.array(found["probs"][0].as_py(), np.float32)
    order = np.argsort(-probs, kind="stable")[:top]
    return [ClassProb(class_index=int(index), prob=float(probs[index])) for index in order]


def saved_metrics(workspace: Workspace, run: str) -> metrics.Metrics | None:
    """The metrics of a run as last evaluated; None before. Raises WorkspaceError for a damaged file."""
    if not (workspace.run(run) / "metrics.json").is_file():
        return None
    return metrics.Metrics(**_said(workspace, run)["metrics"])


def metrics_with(workspace: Workspace, run: str, settings: dict[str, object]) -> metrics.Metrics | None:
    """The same where the run was evaluated with exactly these settings; None where it was not."""
    if not (workspace.run(run) / "metrics.json").is_file():
        return None
    said = _said(workspace, run)
    return metrics.Metrics(**said["metrics"]) if said["settings"] == settings else None


def clips_fingerprint(workspace: Workspace, run: str) -> str | None:
    """Hash of the labelled clips that an evaluated run was tested on; None where its files do not say."""
    return _said(workspace, run)["settings"].get("target")


def not_evaluated(workspace: Workspace) -> list[str]:
    """Runs that are trained and were not tested on the validation clips."""
    trained = [run for run in workspace.runs() if run_state(workspace.run(run)) == "done"]
    return [run for run in trained if not (workspace.run(run) / "metrics.json").is_file()]


def _said(workspace: Workspace, run: str) -> dict[str, dict]:
    path = workspace.run(run) / "metrics.json"
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise _damaged(path, run, error) from None


def _read(
    workspace: Workspace, run: str, *, columns: Sequence[str] | None = None, example_index: int | None = None
) -> pa.Table:
    path = workspace.run(run) / "predictions.parquet"
    if not path.is_file():
        raise WorkspaceError(f"run {run!r} has no predictions yet; `omnisource evaluate {run}` makes them")
    filters = None if example_index is None else [("example_index", "=", example_index)]
    try:
        return pq.read_table(path, columns=None if columns is None else list(columns), filters=filters)
    except pa.ArrowInvalid as error:
        raise _damaged(path, run, error) from None


def _damaged(path: Path, run: str, error: Exception) -> WorkspaceError:
    return WorkspaceError(f"{path} cannot be read ({error}); `omnisource evaluate {run} --redo` writes it again")
