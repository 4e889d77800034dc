"""One web item -> what each recipe makes of it, the step at which it is left out, and the runs that learnt from it.

A recipe is taken as it was applied last (the copy beside its examples), and asked anew with today's facts and decisions
(paper 3.4).
"""

import json
from dataclasses import dataclass
from enum import StrEnum

import pyarrow as pa
import pyarrow.compute as pc

from omnisource import config
from omnisource.browsing import applied_recipes
from omnisource.browsing_sql import kept_keys
from omnisource.catalog import Catalog
from omnisource.clean.pair_index import crop_threshold
from omnisource.errors import OmniSourceError
from omnisource.label.pseudo import Labelling
from omnisource.pipeline.run_folders import saved_settings
from omnisource.reviews import Reviews
from omnisource.types import WebItem
from omnisource.workspace import Workspace


class Step(StrEnum):
    """Where a recipe leaves an item out, in the order of its steps."""

    NOT_USED = "not_used"
    NOT_SCORED = "not_scored"
    DUPLICATE = "duplicate"
    CONFIDENCE = "confidence"
    LABEL_SOURCE = "label_source"
    PERSON = "person"
    COPY = "copy"
    CAP = "cap"
    KEPT = "kept"


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What one recipe makes of one item."""

    recipe: str
    """The recipe, as it was applied last."""
    step: Step
    """The step that leaves the item out, or kept."""
    class_index: int | None
    """The label it gets, or would get; None where no segment was scored."""
    confidence: float | None
    """What the recipe tests, of the segment that comes furthest."""
    least: float | None
    """What it needs to be."""
    num_segments: int
    """Segments that the recipe looks at."""
    num_kept: int
    """Of these, how many it keeps: more than one only in an untrimmed video."""
    is_example: bool
    """Whether it is among the examples that the recipe yielded last."""
    runs: tuple[str, ...]
    """Runs that were trained on exactly these examples, if it is among them."""
    trouble: str | None = None
    """Why the recipe cannot be asked today; the step is then only what its examples say."""

    @property
    def is_stale(self) -> bool:
        """Whether `label` would now decide otherwise than it did."""
        return self.trouble is None and (self.step is Step.KEPT) != self.is_example


def outcomes(workspace: Workspace, item: WebItem) -> list[Outcome]:
    """What every applied recipe makes of an item."""
    reviews = Reviews(workspace.reviews_path).about([item.key])
    similarity = crop_threshold(workspace)
    catalog = Catalog(workspace)  # of its own: a labelling leaves tables of decisions in it
    trained = {run: saved_settings(workspace.run(run)).get("auxiliary") or {} for run in workspace.runs()}
    found = []
    for name in applied_recipes(workspace):
        recipe = config.load_recipe(workspace.auxiliary(name) / "recipe.yaml")
        is_example = _is_among(kept_keys(workspace, name), item.key)
        applied = _Applied(
            recipe=name, is_example=is_example, runs=_runs(workspace, name, item.source, trained) if is_example else ()
        )
        try:
            labelling = Labelling(catalog, recipe, workspace.taxonomy(), reviews, duplicate_similarity=similarity)
        except OmniSourceError as error:
            found.append(applied.outcome(Step.KEPT if is_example else Step.NOT_SCORED, trouble=str(error)))
            continue
        rows = catalog.table(
            "SELECT unique_item, sure, agreed, kept, class_index, candidate_confidence, least, verdict"
            f" FROM {labelling.judged} WHERE key = $key",
            {"key": item.key},
        ).to_pylist()
        found.append(_outcome(applied, rows, recipe, item, is_copy=labelling.is_web_copy(item.key)))
    return found


@dataclass(frozen=True, kw_only=True, slots=True)
class _Applied:
    """What a recipe did when it was applied last."""

    recipe: str
    """Its name."""
    is_example: bool
    """Whether the item is among its examples."""
    runs: tuple[str, ...]
    """Runs that were trained on them."""

    def outcome(self, step: Step, **learnt: object) -> Outcome:
        """The outcome, with what was learnt today."""
        open_fields = {"class_index": None, "confidence": None, "least": None, "num_segments": 0, "num_kept": 0}
        return Outcome(
            recipe=self.recipe, is_example=self.is_example, runs=self.runs, step=step, **open_fields | learnt
        )


def _outcome(
    applied: _Applied, rows: list[dict[str, object]], recipe: config.Recipe, item: WebItem, *, is_copy: bool
) -> Outcome:
    if not rows:
        is_source_used = recipe.sources is None or item.source in recipe.sources
        is_format_used = item.format in recipe.teachers or recipe.label_source == "listed"
        return applied.outcome(Step.NOT_SCORED if is_source_used and is_format_used else Step.NOT_USED)
    steps = [_step(row) for row in rows]
    order = list(Step)
    furthest = max(range(len(rows)), key=lambda i: (order.index(steps[i]), rows[i]["candidate_confidence"]))
    step = Step.COPY if is_copy and steps[furthest] is Step.KEPT else steps[furthest]
    is_capped = step is Step.KEPT and not applied.is_example and recipe.max_per_class is not None
    return applied.outcome(
        Step.CAP if is_capped else step,
        class_index=rows[furthest]["class_index"],
        confidence=rows[furthest]["candidate_confidence"],
        least=rows[furthest]["least"],
        num_segments=len(rows),
        num_kept=steps.count(Step.KEPT),
    )


def _step(row: dict[str, object]) -> Step:
    """The step that leaves a segment out; a person's word is asked before the confidence, since it wins over it."""
    if not row["unique_item"]:
        return Step.DUPLICATE
    if row["kept"]:
        return Step.KEPT
    if row["verdict"] == "drop":
        return Step.PERSON
    return Step.LABEL_SOURCE if row["sure"] else Step.CONFIDENCE


def _is_among(keys: pa.Table, key: bytes) -> bool:
    return any(pc.any(pc.equal(chunk, pa.scalar(key, chunk.type))).as_py() for chunk in keys["key"].chunks)


def _runs(workspace: Workspace, recipe: str, source: str, trained: dict[str, dict[str, str]]) -> tuple[str, ...]:
    """Runs whose examples of a source are the recipe's as they are now."""
    document = json.loads((workspace.auxiliary(recipe) / "done.json").read_text(encoding="utf-8"))
    fingerprint = document["files"].get(source)
    return tuple(run for run, auxiliary in trained.items() if fingerprint and auxiliary.get(source) == fingerprint)
