"""How far a workspace is, stage by stage, and what to do next; without torch, since the app's first page asks."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from omnisource.browsing import Browsing
from omnisource.catalog import Catalog
from omnisource.config import Study
from omnisource.evaluate.metrics import Metrics
from omnisource.filters import Filters
from omnisource.label.pseudo import Funnel
from omnisource.pipeline import comparing, recipes
from omnisource.pipeline.fetch_outcomes import by_reason, fetch_outcomes, num_candidates
from omnisource.pipeline.fetch_plan import has_wanted
from omnisource.pipeline.flow import flow_name
from omnisource.pipeline.queries import current
from omnisource.pipeline.run_folders import run_state
from omnisource.pipeline.run_names import baseline_name, run_name, run_names
from omnisource.pipeline.search_plan import num_unasked
from omnisource.pipeline.similar_state import has_uncompared, needs_similar
from omnisource.pipeline.teachers import teachers
from omnisource.pipeline.training_jobs import needs_motion
from omnisource.workspace import Workspace

STAGES = (
    *("target", "search", "fetch", "add", "check", "flow", "teach", "score", "motion", "similar"),
    *("label", "train", "evaluate", "compare"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """What a person would do next."""

    stage: str
    """Of STAGES."""
    arguments: tuple[str, ...]
    """What `omnisource` is called with in the workspace's folder."""
    is_question: bool = False
    """Whether the arguments stand for what a person has to say, or to decide."""
    is_pending: bool = True
    """False: every stage is done, and this shows what came out."""

    @property
    def command(self) -> str:
        """As a person types it in the workspace's folder."""
        return " ".join(["omnisource", *self.arguments])

    @property
    def needs_device(self) -> bool:
        """Whether it trains or scores."""
        return self.stage in ("flow", "teach", "score", "similar", "train", "evaluate")

    def arguments_for(self, workspace: Workspace) -> list[str]:
        """The same from anywhere."""
        return [*self.arguments, "-w", str(workspace.root)]


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What the stages have left, as `omnisource status --json` tells it, and what is left to measure."""

    target: int
    """Labelled clips."""
    cells: int
    """Queries in date windows that web sources were asked for."""
    candidates: int
    """Addresses that they found."""
    fetched: Mapping[str, int]
    """Addresses that were asked for, by how they ended."""
    items: int
    """Web items."""
    checked: int
    """Of these, those whose validity is known."""
    dropped: Mapping[str, int]
    """Items that could not be used, by reason."""
    taught: Mapping[str, str]
    """Networks that learn from the labelled clips alone, and the state of their runs."""
    scored: Mapping[str, int]
    """Segments that each teacher has scored."""
    camera_motion: bool
    """Whether it is fitted."""
    similar: int
    """Pairs of a web frame and a labelled one that look alike."""
    has_queries: bool
    """Whether a person accepted what is to be searched; true where nothing is."""
    unasked: int
    """Queries in date windows that no search has asked for yet."""
    is_unfetched: bool
    """Whether addresses are left that may be asked for now."""
    is_unscored: bool
    """Whether a teacher has valid items to score."""
    is_uncompared: bool
    """Whether valid items are to be compared with the labelled clips."""
    recipes: Mapping[str, list[Funnel]]
    """Every recipe, and what its steps left; empty before it was applied."""
    runs: Mapping[str, str]
    """Every run and its state."""
    results: Mapping[str, Metrics]
    """Every run that was tested."""


def networks_to_teach(workspace: Workspace) -> list[str]:
    """Networks that are trained on the target set alone: every teacher's, and the student's as its baseline.

    Where all recipes take the released lists' word, no teacher is needed.
    """
    study = workspace.study()
    if not recipes.needs_teachers(workspace, workspace.recipes()):
        return [study.student]
    taught = [network for teacher in teachers(study).values() for network in teacher.networks]
    return list(dict.fromkeys([*taught, study.student]))


def status(workspace: Workspace) -> dict[str, object]:
    """How far a workspace is, stage by stage, and what to do next; for `omnisource status`."""
    found = facts_of(workspace)
    shown = {name: value for name, value in asdict(found).items() if name not in _NOT_SHOWN}
    return {"workspace": str(workspace.root)} | shown | {"next": _next(workspace, found).command}


def next_step(workspace: Workspace, found: Facts | None = None) -> Step:
    """The first thing that is left to do; where nothing is, the comparison of the student with its baseline."""
    return _next(workspace, found or facts_of(workspace))


def progress_version(workspace: Workspace) -> str:
    """Changes whenever a stage has written something; a run that is being trained changes it when it ends."""
    seen: list[object] = [Browsing(Catalog(workspace)).version(Filters())]
    seen += [(run, run_state(workspace.run(run))) for run in workspace.runs()]
    tables = ("target", "queries", "cells", "candidates", "attempts", "similar")
    watched = [part for table in tables for part in workspace.table(table).parts()]
    watched += workspace.root.glob("tables/queries/*.json")
    watched += workspace.root.glob("tables/flow/*/part-*.parquet")
    watched += workspace.root.glob("tables/similar/*.json")
    watched += [path for path in (workspace.motion_path, workspace.taxonomy_path) if path.is_file()]
    watched += workspace.root.glob("runs/*/metrics.json")
    watched += workspace.root.glob("reports/compare.*.json")
    seen += [(str(path), path.stat().st_mtime_ns) for path in sorted(watched)]
    return hashlib.blake2b(json.dumps(seen).encode(), digest_size=12).hexdigest()


def sees_flow(study: Study) -> bool:
    """Whether some network sees optical flow."""
    return any(network.model.format == "flow" for network in study.networks.values())


def moves_pictures(study: Study) -> bool:
    """Whether pictures become moving clips for the student."""
    formats = {source.format for source in study.sources}
    return needs_motion(study.networks[study.student], study.train, formats)


def facts_of(workspace: Workspace) -> Facts:
    """What the stages have left; looks once through the items' keys, so keep it until `progress_version` changes."""
    return Facts(
        target=workspace.table("target").num_rows(),
        cells=workspace.table("cells").num_rows(),
        candidates=num_candidates(workspace),
        fetched=by_reason(fetch_outcomes(workspace, Catalog(workspace))),
        items=workspace.table("items").num_rows(),
        checked=workspace.table("validity").num_rows(),
        dropped=Catalog(workspace).dropped_by_reason("validity"),
        taught={network: _state(workspace, baseline_name(network)) for network in networks_to_teach(workspace)},
        scored={name: workspace.table(f"scores/{name}").num_rows() for name in teachers(workspace.study())},
        camera_motion=workspace.motion_path.is_file(),
        similar=workspace.table("similar").num_rows(),
        has_queries=not workspace.study().searched or current(workspace).accepted is not None,
        unasked=num_unasked(workspace),
        is_unfetched=has_wanted(workspace),
        is_unscored=_has_unscored(workspace),
        is_uncompared=needs_similar(workspace) and has_uncompared(workspace),
        recipes={name: recipes.saved_funnel(workspace, name) for name in workspace.recipes()},
        runs={name: _state(workspace, name) for name in workspace.runs()},
        results=comparing.results(workspace),
    )


def _next(workspace: Workspace, found: Facts) -> Step:
    study = workspace.study()
    add = ("add", "FOLDER", "--name", "NAME", "--format", "image|trimmed|untrimmed")
    accept = ("queries", "--accept") if current(workspace).number else ("queries",)
    steps = [
        (not found.target, "target", ("run", "--to", "target")),
        (study.recipes and not study.sources, "add", add),
        (not found.has_queries, "search", accept),
        (found.unasked, "search", ("collect", "--only", "search")),
        (found.is_unfetched, "fetch", ("collect", "--only", "fetch")),
        (study.folders and not found.items, "add", ("run", "--from", "add", "--to", "add")),
        (found.checked < found.items, "check", ("check",)),
        (_lacks_flow(workspace), "flow", ("flow",)),
        (any(state != "done" for state in found.taught.values()), "teach", ("teach",)),
        (found.is_unscored, "score", ("score",)),
        (moves_pictures(study) and not found.camera_motion, "motion", ("motion",)),
        (found.is_uncompared, "similar", ("duplicates",)),
        (not all(found.recipes.values()), "label", ("label",)),
        *((True, "train", (*_TWO_PHASES, recipe)) for recipe in _half_done(study, found)),
        (_untrained(study, found), "train", ("train",)),
        (unevaluated(found), "evaluate", ("evaluate",)),
    ]
    for pending, stage, arguments in steps:
        if pending:
            return Step(stage=stage, arguments=arguments, is_question=arguments in (add, accept))
    students = [run_name(study.student, recipe) for recipe in found.recipes]
    compare = ("compare", baseline_name(study.student), *students[:1])
    return Step(stage="compare", arguments=compare, is_pending=False)


_NOT_SHOWN = ("has_queries", "unasked", "is_unfetched", "is_unscored", "is_uncompared")
_TWO_PHASES = ("train", "--procedure", "pretrain_finetune", "-r")


def _half_done(study: Study, found: Facts) -> list[str]:
    """Recipes of which the web data was learnt and the labelled clips were not."""
    phases = {recipe: run_names(study.student, recipe, "pretrain_finetune") for recipe in found.recipes}
    return [name for name, (first, last) in phases.items() if first in found.runs and found.runs.get(last) != "done"]


def _untrained(study: Study, found: Facts) -> list[str]:
    students = [run_name(study.student, recipe) for recipe in found.recipes]
    return [run for run in students if found.runs.get(run) != "done"]


def unevaluated(found: Facts) -> list[str]:
    """Trained runs that were not tested."""
    return [run for run, state in found.runs.items() if state == "done" and run not in found.results]


def _lacks_flow(workspace: Workspace) -> bool:
    """Whether a network sees flow and none was measured with the present settings."""
    return sees_flow(workspace.study()) and not workspace.table(f"flow/{flow_name(workspace)}").parts()


def _has_unscored(workspace: Workspace) -> bool:
    """Whether a teacher that some recipe needs has valid items to score."""
    if not recipes.needs_teachers(workspace, workspace.recipes()):
        return False
    catalog = Catalog(workspace)
    for name, teacher in teachers(workspace.study()).items():
        if catalog.has_pending(workspace.table(f"scores/{name}"), valid=True, formats=teacher.formats):
            return True
    return False


def _state(workspace: Workspace, run: str) -> str:
    return run_state(workspace.run(run))
