"""Two runs side by side: accuracy, chance, and the class pairs that the web data told apart (paper 5.2, Eq. 3)."""

import json
from dataclasses import asdict, dataclass
from typing import Literal

from omnisource import config
from omnisource.errors import DataError, WorkspaceError
from omnisource.evaluate import comparison, metrics
from omnisource.files import write_atomically
from omnisource.pipeline.evaluated import saved_answers, saved_metrics
from omnisource.pipeline.gains import Gains
from omnisource.pipeline.recipes import auxiliary_examples
from omnisource.pipeline.run_folders import saved_settings
from omnisource.pipeline.run_names import baseline_name, run_names
from omnisource.workspace import Workspace

TOP_PAIRS = 5

ProcedureName = Literal["labelled_alone", "webly_supervised_pretraining", "semi_supervised_pretraining", "joint"]


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


@dataclass(frozen=True, kw_only=True, slots=True)
class ProcedureResult:
    """One of Table 1's procedures, as it was measured here."""

    procedure: ProcedureName
    """What Table 1 calls it; pre-training is webly-supervised where a query is the label and nothing is filtered."""
    network: str
    """By its name in the study."""
    recipe: str | None
    """Whose examples it used."""
    run: str
    """The run that was evaluated."""
    num_web_examples: int | None
    """Web examples that it could draw from; None: the recipe has other ones by now."""
    top1: float
    """Share whose most probable class is right."""
    top5: float
    """Share whose class is among the five most probable."""
    top1_change: float
    """Against the labelled clips alone."""
    top5_change: float
    """Against the labelled clips alone."""
    p_value: float
    """Chance of such a top1_change if neither were better (McNemar)."""


def compare(workspace: Workspace, baseline: str, student: str) -> RunComparison:
    """Compare two evaluated runs over the clips that both predicted, and keep the result in reports/.

    Raises WorkspaceError, DataError.
    """
    names, gains = workspace.taxonomy().names, Gains(workspace, baseline, student)
    improved, worsened = gains.pairs(TOP_PAIRS)
    result = RunComparison(
        baseline=baseline,
        student=student,
        overall=gains.overall,
        improved=tuple(PairChange(a=names[pair.a], b=names[pair.b], change=pair.change) for pair in improved),
        worsened=tuple(PairChange(a=names[pair.a], b=names[pair.b], change=pair.change) for pair in worsened),
        classes=tuple(
            ClassChange(class_name=names[one.class_index], baseline=one.before, student=one.after)
            for one in gains.classes()
        ),
    )
    path = workspace.report_path(f"compare.{baseline}.{student}")
    write_atomically(path, json.dumps(asdict(result), indent=1, ensure_ascii=False))
    return result


def results(workspace: Workspace) -> dict[str, metrics.Metrics]:
    """Metrics of every evaluated run, baselines first."""
    measured = {run: saved_metrics(workspace, run) for run in workspace.runs()}
    ordered = sorted(measured.items(), key=lambda pair: (not pair[0].endswith("-baseline"), pair[0]))
    return {run: value for run, value in ordered if value is not None}


def procedures(workspace: Workspace) -> list[ProcedureResult]:
    """Table 1's procedures that were evaluated, network by network, each against its baseline, which comes first.

    Raises WorkspaceError where no baseline was evaluated.
    """
    found = _procedures(workspace)
    if not found:
        raise WorkspaceError(f"{workspace.root} has no evaluated baseline yet; `omnisource teach`, then `evaluate`")
    return found


def tried_procedures(workspace: Workspace) -> list[ProcedureResult]:
    """The same where more was tried than the labelled clips alone and joint training; else nothing."""
    try:
        found = _procedures(workspace)
    except (DataError, WorkspaceError):  # a run is damaged or of other clips, as the runs' own table says
        return []
    return found if {one.procedure for one in found} - {"labelled_alone", "joint"} else []


def _procedures(workspace: Workspace) -> list[ProcedureResult]:
    found: list[ProcedureResult] = []
    for network in workspace.study().networks:
        if saved_metrics(workspace, baseline_name(network)) is None:
            continue
        found.append(_procedure(workspace, network, None, "joint"))
        for how in ("pretrain_finetune", "joint"):
            rows = [
                _procedure(workspace, network, recipe, how)
                for recipe in workspace.recipes()
                if saved_metrics(workspace, run_names(network, recipe, how)[-1]) is not None
            ]
            found += sorted(rows, key=lambda row: row.procedure, reverse=True)  # webly- before semi-supervised
    return found


def _procedure(workspace: Workspace, network: str, recipe: str | None, procedure: config.Procedure) -> ProcedureResult:
    runs = run_names(network, recipe, procedure)
    measured, before = (saved_metrics(workspace, name) for name in (runs[-1], baseline_name(network)))
    assert measured is not None and before is not None
    answers = [saved_answers(workspace, name) for name in (baseline_name(network), runs[-1])]
    return ProcedureResult(
        procedure=_name_in_table_1(workspace, recipe, procedure),
        network=network,
        recipe=recipe,
        run=runs[-1],
        num_web_examples=_num_web_examples(workspace, runs[0], recipe),
        top1=measured.top1,
        top5=measured.top5,
        top1_change=measured.top1 - before.top1,
        top5_change=measured.top5 - before.top5,
        p_value=comparison.compare_runs(*answers).p_value,
    )


def _name_in_table_1(workspace: Workspace, recipe: str | None, procedure: config.Procedure) -> ProcedureName:
    if recipe is None:
        return "labelled_alone"
    if procedure == "joint":
        return "joint"
    applied = config.load_recipe(workspace.auxiliary(recipe) / "recipe.yaml")
    thresholds = [applied.confidence, *applied.confidence_by_source.values(), *applied.confidence_by_class.values()]
    as_found = applied.label_source == "query" and not any(thresholds)
    return "webly_supervised_pretraining" if as_found else "semi_supervised_pretraining"


def _num_web_examples(workspace: Workspace, run: str, recipe: str | None) -> int | None:
    """Of the run that read them; None where the recipe was applied to other facts or decisions since, or is gone."""
    if recipe is None:
        return 0
    if not (workspace.auxiliary(recipe) / "done.json").is_file():
        return None
    examples, fingerprints = auxiliary_examples(workspace, recipe)
    if saved_settings(workspace.run(run)).get("auxiliary") != fingerprints:
        return None
    return sum(len(rows) for rows in examples.values())
