"""Every evaluated run beside a baseline: accuracies, changes with their chance, and the web data behind them (paper 5).

Without torch. The sources that a run learnt from are its ablation: runs of recipes that differ in one source show what
this source brings (Tables 2 and 13).
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from omnisource.errors import DataError, WorkspaceError
from omnisource.evaluate import comparison, metrics
from omnisource.pipeline.comparing import results
from omnisource.pipeline.evaluated import clips_fingerprint, saved_answers
from omnisource.pipeline.launching import launch_of
from omnisource.pipeline.recipes import auxiliary_examples
from omnisource.pipeline.run_folders import saved_settings
from omnisource.pipeline.run_names import PHASES, baseline_name
from omnisource.workspace import Workspace


@dataclass(frozen=True, kw_only=True, slots=True)
class RunResult:
    """One evaluated run beside the baseline."""

    run: str
    """Its name."""
    recipes: tuple[str, ...]
    """Whose examples it learnt from; several only where runs are fused."""
    sources: Mapping[str, int | None]
    """Examples of each source that it could draw from; None: the recipe has other ones by now."""
    metrics: metrics.Metrics
    """How good it is."""
    change: comparison.Comparison | None
    """Against the baseline, on the clips that both predicted; None for the baseline, and where that cannot be said."""
    top5_change: float | None
    """Against the baseline; None like `change`."""
    class_mean_change: float | None
    """Against the baseline; None like `change`."""
    mean_ap_change: float | None
    """Against the baseline; None like `change`."""
    trouble: str
    """Why it cannot be compared; empty where it can."""


def usual_baseline(workspace: Workspace) -> str | None:
    """The baseline of the study's student, else another baseline, else any evaluated run; None where there is none."""
    evaluated = list(results(workspace))
    wanted = baseline_name(workspace.study().student)
    return wanted if wanted in evaluated else next(iter(evaluated), None)


def side_by_side(workspace: Workspace, baseline: str, runs: Sequence[str] | None = None) -> list[RunResult]:
    """The baseline first, then the other evaluated runs (or those of `runs`).

    Raises WorkspaceError for one that was not evaluated.
    """
    measured = results(workspace)
    wanted = list(measured) if runs is None else list(runs)
    for run in (baseline, *wanted):
        if run not in measured:
            raise WorkspaceError(f"run {run!r} has no metrics yet; `omnisource evaluate {run}` makes them")
    ordered = [baseline, *dict.fromkeys(run for run in wanted if run != baseline)]
    return [_result(workspace, run, baseline, measured) for run in ordered]


def results_version(workspace: Workspace) -> str:
    """Changes whenever the results may: with the runs, what they said, and the examples of the recipes."""
    root = workspace.root
    patterns = ("runs/*/metrics.json", "runs/*/predictions.parquet", "runs/*/state.json", "auxiliary/*/done.json")
    watched = [workspace.study_path, workspace.taxonomy_path, *root.glob("recipes/*.yaml")]
    watched += [path for pattern in patterns for path in root.glob(pattern)]
    seen = [(str(path), path.stat().st_mtime_ns) for path in sorted(watched) if path.is_file()]
    return hashlib.blake2b(json.dumps(seen).encode(), digest_size=12).hexdigest()


def best_run(results: Sequence[RunResult]) -> str | None:
    """The most accurate run that can be compared, if possible one that learnt from web data; None where none can."""
    compared = [one for one in results if one.change is not None]
    return max(compared, key=lambda one: (bool(one.sources), one.metrics.top1)).run if compared else None


def used_sources(results: Sequence[RunResult]) -> list[str]:
    """Sources that some run learnt from, in the order in which they are met."""
    return list(dict.fromkeys(source for one in results for source in one.sources))


def recipes_of(workspace: Workspace, run: str) -> tuple[str, ...]:
    """Recipes whose examples a run learnt from, by the names of the runs that it is made of."""
    networks, recipes = list(workspace.study().networks), workspace.recipes()
    named = [launch_of(part, networks, recipes).recipe for part in _parts(workspace, run)]
    applied = {path.parent.name for path in (workspace.root / "auxiliary").glob("*/done.json")}
    return tuple(dict.fromkeys(recipe for recipe in named if recipe in {*recipes, *applied}))


def _result(workspace: Workspace, run: str, baseline: str, measured: Mapping[str, metrics.Metrics]) -> RunResult:
    change, trouble = (None, "") if run == baseline else _change(workspace, baseline, run)
    before, now = measured[baseline], measured[run]
    is_compared = change is not None
    return RunResult(
        run=run,
        recipes=recipes_of(workspace, run),
        sources=_sources(workspace, run),
        metrics=now,
        change=change,
        top5_change=now.top5 - before.top5 if is_compared else None,
        class_mean_change=now.mean_class_accuracy - before.mean_class_accuracy if is_compared else None,
        mean_ap_change=now.mean_ap - before.mean_ap if is_compared else None,
        trouble=trouble,
    )


def _change(workspace: Workspace, baseline: str, run: str) -> tuple[comparison.Comparison | None, str]:
    """The change, or why there is none."""
    if clips_fingerprint(workspace, run) != clips_fingerprint(workspace, baseline):
        return None, f"tested on other clips than {baseline}; `omnisource evaluate` tests the older one again"
    try:
        return comparison.compare_runs(saved_answers(workspace, baseline), saved_answers(workspace, run)), ""
    except (DataError, WorkspaceError) as error:
        return None, str(error)


def _sources(workspace: Workspace, run: str) -> dict[str, int | None]:
    found: dict[str, int | None] = {}
    for part in _parts(workspace, run):
        trained = saved_settings(workspace.run(_reader_of_web_data(part))).get("auxiliary") or {}
        (recipe,) = recipes_of(workspace, part) or (None,)
        found |= {source: _num_examples(workspace, recipe, source, made) for source, made in trained.items()}
    return found


def _num_examples(workspace: Workspace, recipe: str | None, source: str, fingerprint: str) -> int | None:
    if recipe is None or not (workspace.auxiliary(recipe) / "done.json").is_file():
        return None
    examples, fingerprints = auxiliary_examples(workspace, recipe)
    return len(examples[source]) if fingerprints.get(source) == fingerprint else None


def _reader_of_web_data(run: str) -> str:
    """Of pre-training and fine-tuning it is the first (Table 1)."""
    first, last = (f".{phase}" for phase in PHASES)
    return run.removesuffix(last) + first if run.endswith(last) else run


def _parts(workspace: Workspace, run: str) -> tuple[str, ...]:
    """The runs that a fused one is made of; any other run is its only part."""
    path = workspace.run(run) / "state.json"
    said = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return tuple(said.get("fused", (run,)))
