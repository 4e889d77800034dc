"""What each stage has done, in words, and when; for the app's first page."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from omnisource.config import Study
from omnisource.pipeline import recipes
from omnisource.pipeline.flow import flow_name
from omnisource.pipeline.progress import (
    STAGES,
    Facts,
    facts_of,
    moves_pictures,
    networks_to_teach,
    sees_flow,
    unevaluated,
)
from omnisource.pipeline.run_names import baseline_name, run_name
from omnisource.pipeline.similar_state import WHY_NOT_NEEDED, needs_similar
from omnisource.workspace import Workspace

StageState = Literal["done", "partly", "to_do", "not_needed"]


@dataclass(frozen=True, kw_only=True, slots=True)
class StageView:
    """One stage as it is now."""

    name: str
    """Of STAGES."""
    state: StageState
    """Whether anything is left to do."""
    text: str
    """What it has done, for a person."""
    changed_s: float | None
    """When it wrote something last; seconds since 1970."""


def stage_views(workspace: Workspace, found: Facts | None = None) -> list[StageView]:
    """Every stage in its order."""
    said = _said(workspace, found or facts_of(workspace))
    return [
        StageView(name=name, state=state, text=text, changed_s=_changed_s(_written(workspace, name)))
        for name, (state, text) in zip(STAGES, said, strict=True)
    ]


def _said(workspace: Workspace, found: Facts) -> Iterator[tuple[StageState, str]]:
    """State and text of every stage, in the order of STAGES."""
    study, runs = workspace.study(), found.runs
    classes = len(workspace.taxonomy()) if workspace.taxonomy_path.is_file() else 0
    yield _all_or_nothing(found.target), f"{found.target:,} labelled clips in {classes:,} classes"
    yield _search(study, found)
    yield _fetch(study, found)
    if study.folders or not study.searched:
        yield _all_or_nothing(found.items), f"{found.items:,} items in {len(study.sources)} sources"
    else:
        yield "not_needed", "no source is a folder"
    dropped = sum(found.dropped.values())
    yield _share(found.checked, found.items), f"{found.checked - dropped:,} items are fine, {dropped:,} dropped"
    yield _flow(workspace, study)
    done = [name for name, state in found.taught.items() if state == "done"]
    yield _share(len(done), len(found.taught)), _states(found.taught)
    yield _scored(workspace, found)
    if moves_pictures(study):
        yield _all_or_nothing(found.camera_motion), "the camera motion of the labelled clips is fitted"
    else:
        yield "not_needed", "no picture becomes a moving clip here"
    yield _similar(workspace, found)
    applied = [name for name, funnel in found.recipes.items() if funnel]
    yield _share(len(applied), len(found.recipes)), f"recipes: {', '.join(applied)}"
    students = {run: runs.get(run, "new") for run in (run_name(study.student, name) for name in found.recipes)}
    trained = [run for run, state in students.items() if state == "done"]
    yield _share(len(trained), len(students)), _states(students)
    left = unevaluated(found)
    measured = ", ".join(f"{run} {metrics.top1:.1%}" for run, metrics in found.results.items())
    yield _share(len(found.results), len(found.results) + len(left)), f"top-1: {measured}"
    compared = list(workspace.root.glob("reports/compare.*.json"))
    yield _all_or_nothing(compared), f"{len(compared)} comparisons with a baseline"


def _search(study: Study, found: Facts) -> tuple[StageState, str]:
    if not study.searched:
        return "not_needed", "no source is searched"
    said = f"{found.candidates:,} addresses found, {found.cells:,} cells asked"
    if not found.cells:
        return "to_do", "" if found.has_queries else "the queries wait to be accepted"
    return "partly" if found.unasked else "done", said


def _fetch(study: Study, found: Facts) -> tuple[StageState, str]:
    if not study.searched:
        return "not_needed", "no source is searched"
    left_out = sum(found.fetched.values()) - found.fetched.get("ok", 0)
    if not found.fetched:
        return "to_do", ""
    return "partly" if found.is_unfetched else "done", f"{found.fetched.get('ok', 0):,} kept, {left_out:,} not"


def _flow(workspace: Workspace, study: Study) -> tuple[StageState, str]:
    if not sees_flow(study):
        return "not_needed", "no network sees optical flow"
    measured = workspace.table(f"flow/{flow_name(workspace)}").num_rows()
    return _all_or_nothing(measured), f"optical flow of {measured:,} videos"


def _scored(workspace: Workspace, found: Facts) -> tuple[StageState, str]:
    if not recipes.needs_teachers(workspace, workspace.recipes()):
        return "not_needed", "the recipes take the released lists' word"
    said = ", ".join(f"{name} {count:,}" for name, count in found.scored.items())
    if not any(found.scored.values()):
        return "to_do", ""
    return "partly" if found.is_unscored else "done", f"scored segments: {said}"


def _similar(workspace: Workspace, found: Facts) -> tuple[StageState, str]:
    if not needs_similar(workspace):
        return "not_needed", WHY_NOT_NEEDED
    said = f"{found.similar:,} pairs of frames look alike"
    if not found.checked:
        return "to_do", ""
    if not found.is_uncompared:
        return "done", said
    return ("partly", said) if found.similar else ("to_do", "")


def _all_or_nothing(done: object) -> StageState:
    return "done" if done else "to_do"


def _share(done: int, total: int) -> StageState:
    if not done or not total:
        return "to_do"
    return "done" if done >= total else "partly"


def _states(runs: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {state}" for name, state in runs.items() if state != "new")


def _written(workspace: Workspace, stage: str) -> list[Path]:
    """Files by which a stage's last work is dated."""
    root, study = workspace.root, workspace.study()
    tables = {"target": "target", "add": "items", "check": "validity", "score": "scores/*", "flow": "flow/*"}
    tables |= {"similar": "similar", "search": "cells", "fetch": "attempts"}
    if stage in tables:
        return list(root.glob(f"tables/{tables[stage]}/part-*.parquet"))
    taught = {baseline_name(network) for network in networks_to_teach(workspace)}
    runs = [workspace.run(run) / "state.json" for run in workspace.runs()]
    return {
        "teach": [path for path in runs if path.parent.name in taught],
        "motion": [path for path in (workspace.motion_path,) if path.is_file()],
        "label": list(root.glob("auxiliary/*/done.json")),
        "train": [path for path in runs if path.parent.name not in taught | {baseline_name(study.student)}],
        "evaluate": list(root.glob("runs/*/metrics.json")),
        "compare": list(root.glob("reports/compare.*.json")),
    }[stage]


def _changed_s(paths: list[Path]) -> float | None:
    return max((path.stat().st_mtime for path in paths), default=None)
