"""The ordered stages, from labelled clips to a comparison: run them all or some."""

from collections.abc import Callable
from dataclasses import dataclass

from omnisource.config import Procedure
from omnisource.errors import ConfigError, WeightsAbsentError
from omnisource.pipeline import (
    collecting,
    comparing,
    duplicates,
    evaluation,
    fetching,
    flow_extraction,
    motion,
    recipes,
    released,
    scoring,
    searching,
    training,
    web_copies,
)
from omnisource.pipeline.progress import STAGES, moves_pictures, networks_to_teach, sees_flow
from omnisource.pipeline.run_folders import run_state
from omnisource.pipeline.run_names import baseline_name, run_names
from omnisource.pipeline.similar_state import (
    WHY_NOT_NEEDED,
    needs_similar,
    wants_web_copies,
    what_was_not_compared,
)
from omnisource.pipeline.teachers import teachers
from omnisource.workspace import Workspace

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """What a run of the stages is given."""

    recipes: tuple[str, ...]
    """Recipes that students are trained with."""
    procedure: Procedure = "joint"
    """How: target and web data together, or web data first (Table 1)."""
    progress: bool | None = None
    """Whether to draw progress bars; None: when a person is watching."""
    redo: bool = False
    """Measure anew what is there already."""


def run(workspace: Workspace, options: Options, say: Say, *, start: str = "target", stop: str = "compare") -> str:
    """Run the stages from `start` to `stop`; what is finished is kept, what was interrupted goes on.

    Returns "done", or "stopped" where a training run was asked to stop; no later stage is run then.
    """
    for name in (start, stop):
        if name not in STAGES:
            raise ConfigError(f"no stage {name!r}; stages: {', '.join(STAGES)}")
    first, last = STAGES.index(start), STAGES.index(stop)
    if first > last:
        raise ConfigError(f"--from {start} comes after --to {stop}; the order is: {', '.join(STAGES)}")
    for stage in STAGES[first : last + 1]:
        if _RUN[stage](workspace, options, say) == "stopped":
            return "stopped"
    return "done"


def _target(workspace: Workspace, options: Options, say: Say) -> None:
    count = collecting.collect_target(workspace, redo=options.redo)
    say(f"target: {count} labelled clips in {len(workspace.taxonomy())} classes")


def _search(workspace: Workspace, options: Options, say: Say) -> None:
    if not workspace.study().searched:
        say("search: not needed; no source is searched")
        return
    for name, one in searching.search(workspace, progress=options.progress, redo=options.redo).items():
        left = f"; the budget is spent, {one.waiting} cells are left" if one.waiting else ""
        failed = f", {one.failed} failed" if one.failed else ""
        say(f"search: {name}: {one.cells} cells asked{failed}; {one.new} new of {one.returned} results{left}")


def _fetch(workspace: Workspace, options: Options, say: Say) -> None:
    if not workspace.study().searched:
        say("fetch: not needed; no source is searched")
        return
    done = fetching.fetch(workspace, progress=options.progress, redo=options.redo)
    reasons = ", ".join(f"{reason} {count}" for reason, count in done.by_reason.items())
    say(f"fetch: {done.attempts} attempts: {reasons or 'none was left'}; {done.items} new items")


def _add(workspace: Workspace, options: Options, say: Say) -> None:
    counts = collecting.add(workspace, progress=options.progress, redo=options.redo)
    if options.redo:
        fetching.write_items(workspace)  # what was fetched is still there
    new = ", ".join(f"{name} {count}" for name, count in counts.items()) or "no folders"
    say(f"add: new items: {new}; {workspace.table('items').num_rows()} in all")
    released.write_listed(workspace, progress=options.progress, redo=options.redo)


def _check(workspace: Workspace, options: Options, say: Say) -> None:
    counts = collecting.check(workspace, progress=options.progress, redo=options.redo)
    reasons = ", ".join(f"{reason} {count}" for reason, count in counts.items() if reason != "ok")
    say(f"check: {counts['ok']} items are fine; dropped: {reasons or 'none'}")


def _flow(workspace: Workspace, options: Options, say: Say) -> None:
    if not sees_flow(workspace.study()):
        say("flow: not needed; no network sees optical flow")
        return
    done = flow_extraction.extract(workspace, progress=options.progress, redo=options.redo)
    say(f"flow: {done.num_new} new videos, {done.num_videos} in all")


def _teach(workspace: Workspace, options: Options, say: Say) -> str:
    for network in networks_to_teach(workspace):
        state = training.train(workspace, network, None, progress=options.progress, redo=options.redo)
        say(f"teach: {baseline_name(network)} {state}")
        if state == "stopped":
            return state
    return "done"


def _score(workspace: Workspace, options: Options, say: Say) -> None:
    if not recipes.needs_teachers(workspace, options.recipes):
        say("score: not needed; the recipes take the released lists' word")
        return
    for teacher in teachers(workspace.study()):
        count = scoring.score(workspace, teacher, progress=options.progress, redo=options.redo)
        say(f"score: teacher {teacher} has scored {count} segments")


def _motion(workspace: Workspace, options: Options, say: Say) -> None:
    if not moves_pictures(workspace.study()):
        say("motion: not needed; no picture becomes a moving clip here")
        return
    motions = motion.fit_motion(workspace, progress=options.progress, redo=options.redo)
    say(f"motion: fitted on {motions.agnostic.num_pairs} pairs of frames")


def _similar(workspace: Workspace, options: Options, say: Say) -> None:
    if not needs_similar(workspace):
        say(f"similar: not needed; {WHY_NOT_NEEDED}")
        return
    try:
        found = duplicates.measure(workspace, progress=options.progress, redo=options.redo)
    except WeightsAbsentError as error:  # hours of other stages do not wait for a download
        say(f"similar: LEFT OUT, copies of labelled clips stay in the web data: {error}")
        return
    say(f"similar: {found.suspects} items look like labelled clips, at the crop threshold {found.threshold:.3f}")
    if wants_web_copies(workspace):
        within = web_copies.measure_web_copies(workspace, progress=options.progress)
        say(f"similar: {within.copies} of {within.items} items are near copies of better ones within the web data")


def _label(workspace: Workspace, options: Options, say: Say) -> None:
    for recipe in options.recipes:
        for step in recipes.label(workspace, recipe):
            say(f"label: {recipe}: {step.source}: {step.examples} examples from {step.valid} valid items")
        if num_copies := recipes.left_out_copies(workspace, recipe):
            say(f"label: {recipe}: {num_copies} near copies of used items are left out")
    if not_compared := what_was_not_compared(workspace):
        say(f"label: {not_compared}")


def _train(workspace: Workspace, options: Options, say: Say) -> str:
    student = workspace.study().student
    for recipe in options.recipes:
        state = training.train(
            workspace, student, recipe, procedure=options.procedure, progress=options.progress, redo=options.redo
        )
        for run in run_names(student, recipe, options.procedure):
            if workspace.run(run).is_dir():  # fine-tuning has none before pre-training is done
                say(f"train: {run} {_state(workspace, run)}")
        if state == "stopped":
            return state
    return "done"


def _evaluate(workspace: Workspace, options: Options, say: Say) -> None:
    for name in workspace.runs():
        if _state(workspace, name) == "done":
            measured = evaluation.evaluate(workspace, name, progress=options.progress, redo=options.redo)
            say(f"evaluate: {name}: top-1 {measured.top1:.1%} of {measured.num_examples}")


def _compare(workspace: Workspace, options: Options, say: Say) -> None:
    student = workspace.study().student
    for recipe in options.recipes:
        trained = run_names(student, recipe, options.procedure)[-1]
        result = comparing.compare(workspace, baseline_name(student), trained)
        change = f"{result.overall.top1_change:+.1%} (p = {result.overall.p_value:.2g})"
        say(f"compare: {result.student} against {result.baseline}: top-1 {change}")


_RUN: dict[str, Callable[[Workspace, Options, Say], str | None]] = dict(
    zip(
        STAGES,
        (
            *(_target, _search, _fetch, _add, _check, _flow, _teach, _score, _motion, _similar),
            *(_label, _train, _evaluate, _compare),
        ),
        strict=True,
    )
)


def _state(workspace: Workspace, run: str) -> str:
    return run_state(workspace.run(run))
