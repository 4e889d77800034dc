"""Two runs side by side: accuracy, chance, and the class pairs that the web data told apart (paper 5.2, Eq. 3)."""

import json
import math
from dataclasses import asdict, dataclass

from omnisource.evaluate import comparison, confusion, metrics
from omnisource.files import write_atomically
from omnisource.pipeline.evaluation import saved_metrics, saved_predictions
from omnisource.workspace import Workspace

TOP_PAIRS = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class PairChange:
    """How much a pair of classes is confused less or more (Tables 18, 19)."""

    a: str
    """Class name."""
    b: str
    """Class name."""
    change: float
    """Student's confusion score minus the baseline's; below 0 is better."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ClassChange:
    """Accuracy of one class in both runs."""

    class_name: str
    """Which class."""
    baseline: float
    """Its accuracy in the baseline."""
    student: float
    """Its accuracy in the student."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunComparison:
    """Everything that `omnisource compare` shows."""

    baseline: str
    """Run."""
    student: str
    """Run."""
    overall: comparison.Comparison
    """Top-1 change over shared examples, and its p-value."""
    improved: tuple[PairChange, ...]
    """Pairs that are told apart better, best first."""
    worsened: tuple[PairChange, ...]
    """Pairs that are told apart worse, worst first."""
    classes: tuple[ClassChange, ...]
    """Every class, most improved first."""


def compare(workspace: Workspace, baseline: str, student: str) -> RunComparison:
    """Compare two evaluated runs and keep the result in reports/; raises WorkspaceError, DataError."""
    taxonomy = workspace.taxonomy()
    of_baseline, of_student = saved_predictions(workspace, baseline), saved_predictions(workspace, student)
    matrices = [
        confusion.confusion_matrix(run.class_indices, run.predicted, len(taxonomy)) for run in (of_baseline, of_student)
    ]
    improved, worsened = confusion.changed_pairs(*matrices, TOP_PAIRS)
    accuracies = [metrics.class_accuracies(run.probs, run.class_indices) for run in (of_baseline, of_student)]
    classes = [
        ClassChange(class_name=name, baseline=float(before), student=float(after))
        for name, before, after in zip(taxonomy.names, *accuracies)
        if not math.isnan(before + after)  # NaN: a class without examples
    ]
    result = RunComparison(
        baseline=baseline,
        student=student,
        overall=comparison.compare_runs(of_baseline, of_student),
        improved=tuple(PairChange(a=taxonomy.names[p.a], b=taxonomy.names[p.b], change=p.score) for p in improved),
        worsened=tuple(PairChange(a=taxonomy.names[p.a], b=taxonomy.names[p.b], change=p.score) for p in worsened),
        classes=tuple(sorted(classes, key=lambda c: c.baseline - c.student)),
    )
    path = workspace.report_path(f"compare.{baseline}.{student}")
    write_atomically(path, json.dumps(asdict(result), indent=1, ensure_ascii=False))
    return result


def results(workspace: Workspace) -> dict[str, metrics.Metrics]:
    """Metrics of every evaluated run, baselines first."""
    measured = {run: saved_metrics(workspace, run) for run in workspace.runs()}
    ordered = sorted(measured.items(), key=lambda pair: (not pair[0].endswith("-baseline"), pair[0]))
    return {run: value for run, value in ordered if value is not None}
