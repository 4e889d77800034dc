"""What the web gave and what became of it: per source and class (paper 3.3, 3.4).

Everything is counted where it lies; the steps of a recipe are those of its last `omnisource label`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from omnisource.browsing_sql import kept_keys
from omnisource.catalog import Catalog, passes_validity, source
from omnisource.config import load_recipe
from omnisource.pipeline.recipes import saved_funnel
from omnisource.reviews import Reviews
from omnisource.types import Format
from omnisource.workspace import Workspace


class Reached(StrEnum):
    """How far an item came, in the order of the funnel."""

    FOUND = "found"
    VALID = "valid"
    SCORED = "scored"
    NOT_DUPLICATE = "not_duplicate"
    CONFIDENT = "confident"
    KEPT = "kept"


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceYield:
    """What became of one source's items."""

    source: str
    """The web resource."""
    format: Format
    """Pictures, clips or long videos."""
    folder: Path | None
    """Where its files lie; None for a source that the study no longer names."""
    teacher: str | None
    """Whose scores the recipe takes for it; None: it has not been applied, or takes the released lists' word."""
    counts: Mapping[Reached, int | None]
    """Items that came so far; None: the stage has not run, or the recipe does not use the source."""

    @property
    def steps(self) -> list[tuple[Reached, int]]:
        """How many came so far, where that is known."""
        return [(step, count) for step, count in self.counts.items() if count is not None]

    @property
    def is_there(self) -> bool:
        """Whether the folder can be seen now."""
        return self.folder is not None and self.folder.is_dir()


@dataclass(frozen=True, kw_only=True, slots=True)
class ClassYield:
    """What became of the items that were searched for one class."""

    class_index: int | None
    """The class of the query; None where it is not known."""
    found: int
    """Items."""
    valid: int
    """Of these, those that can be decoded."""
    kept: int | None
    """Of these, those that the recipe uses, whatever label it gives them; None before it was applied."""

    @property
    def kept_share(self) -> float | None:
        """Of what was found."""
        return None if self.kept is None or not self.found else self.kept / self.found


@dataclass(frozen=True, kw_only=True, slots=True)
class Project:
    """What a workspace is about."""

    num_classes: int
    """Of the labelled clips; 0 before they were read."""
    num_clips: Mapping[str, int]
    """Labelled clips by split."""
    num_decisions: int
    """Of people, in force."""
    student: str
    """The network that is to learn from both."""
    student_kind: str
    """Its architecture and backbone."""


def project(workspace: Workspace, catalog: Catalog) -> Project:
    """The header of the overview."""
    study = workspace.study()
    model = study.networks[study.student].model
    target = source(workspace.table("target"))
    splits = catalog.table(f"SELECT split, count(*) AS n FROM {target} GROUP BY split").to_pylist()
    return Project(
        num_classes=len(workspace.taxonomy()) if workspace.taxonomy_path.is_file() else 0,
        num_clips={row["split"]: row["n"] for row in splits},
        num_decisions=len(Reviews(workspace.reviews_path).current()) if workspace.reviews_path.is_file() else 0,
        student=study.student,
        student_kind=f"{model.arch}, {model.backbone}",
    )


def yields(workspace: Workspace, catalog: Catalog, recipe: str | None) -> list[SourceYield]:
    """Every source of the study, and sources that only have items, with how far their items came."""
    found, valid = _found(workspace, catalog), _valid(workspace, catalog)
    known = {one.name: one for one in workspace.study().sources}
    applied = {step.source: step for step in saved_funnel(workspace, recipe)} if recipe else {}
    teachers = _teachers(workspace, recipe)
    rows = []
    for name in dict.fromkeys([*known, *found]):
        item_format, num_found = found.get(name, (None, 0))
        folder = known[name].path if name in known else None
        step = applied.get(name)
        counts: dict[Reached, int | None] = dict.fromkeys(Reached)
        counts |= {Reached.FOUND: num_found, Reached.VALID: None if valid is None else valid.get(name, 0)}
        if step is not None and recipe is not None:
            counts |= {Reached.SCORED: step.valid, Reached.NOT_DUPLICATE: step.not_duplicate}
            counts |= {Reached.CONFIDENT: step.confident, Reached.KEPT: _num_kept(workspace, recipe, name)}
        shown_format = known[name].format if name in known else item_format
        rows.append(
            SourceYield(
                source=name,
                format=shown_format,
                teacher=teachers.get(shown_format),
                folder=None if folder is None else (workspace.root / folder).resolve(),
                counts=counts,
            )
        )
    return rows


def shown_steps(sources: Sequence[SourceYield]) -> list[Reached]:
    """The steps that are known of some source; that of scoring only where it did not score all that is valid."""
    known = [step for step in Reached if any(one.counts[step] is not None for one in sources)]
    pairs = [(one.counts[Reached.VALID], one.counts[Reached.SCORED]) for one in sources]
    all_scored = all(scored is None or scored == valid for valid, scored in pairs)
    return [step for step in known if step is not Reached.SCORED or not all_scored]


def total(sources: Sequence[SourceYield]) -> dict[Reached, int]:
    """All sources together, as far as each is known."""
    return {step: sum(one.counts[step] or 0 for one in sources) for step in shown_steps(sources)}


def only_teacher(sources: Sequence[SourceYield]) -> str | None:
    """The teacher of all sources; None where there are several, or none."""
    teachers = {one.teacher for one in sources}
    return teachers.pop() if len(teachers) == 1 else None


def losses(counts: Mapping[Reached, int | None], steps: Sequence[Reached]) -> dict[Reached, int]:
    """How many fewer came to each step than to the last one that is known before it; 0 where a count is not known."""
    lost, before = {}, counts[steps[0]] or 0
    for step in steps:
        count = counts[step]
        lost[step] = 0 if count is None else before - count
        before = before if count is None else count
    return lost


def class_yields(workspace: Workspace, catalog: Catalog, source_name: str, recipe: str | None) -> list[ClassYield]:
    """What the queries of one source gave, class by class, those first of which the least share is kept."""
    items, wanted = source(workspace.table("items")), {"source": source_name}
    select = f"SELECT class_index, count(*) AS n FROM {items} i WHERE source = $source"
    found = _by_class(catalog, select, wanted)
    invalid = _by_class(catalog, f"{select} AND NOT {passes_validity(catalog.workspace, 'i')}", wanted)
    kept: Mapping[int | None, int] | None = None
    if recipe is not None and saved_funnel(workspace, recipe):
        keys = {"kept_keys": kept_keys(workspace, recipe)}
        kept = _by_class(catalog, f"{select} AND key IN (SELECT key FROM kept_keys)", wanted, tables=keys)
    classes = [
        ClassYield(
            class_index=index,
            found=count,
            valid=count - invalid.get(index, 0),
            kept=None if kept is None else kept.get(index, 0),
        )
        for index, count in found.items()
    ]
    return sorted(classes, key=lambda one: (one.kept_share or 0.0, one.valid, -one.found))


def _found(workspace: Workspace, catalog: Catalog) -> dict[str, tuple[Format, int]]:
    items = source(workspace.table("items"))
    rows = catalog.kept(f"SELECT source, any_value(format) AS format, count(*) AS n FROM {items} GROUP BY source")
    return {row["source"]: (Format(row["format"]), row["n"]) for row in rows.to_pylist()}


def _valid(workspace: Workspace, catalog: Catalog) -> dict[str, int] | None:
    """Items that can be decoded, per source; None before any was checked."""
    if not workspace.table("validity").num_rows():
        return None
    sql = f"SELECT source, count(*) AS n FROM {source(workspace.table('items'))} i"
    wanted = f"{sql} WHERE {passes_validity(catalog.workspace, 'i')} GROUP BY source"
    return {row["source"]: row["n"] for row in catalog.kept(wanted).to_pylist()}


def _by_class(
    catalog: Catalog, sql: str, wanted: Mapping[str, object], *, tables: Mapping[str, pa.Table] | None = None
) -> dict[int | None, int]:
    """Items of each class of the query, the unknown one too."""
    sql = f"{sql} GROUP BY class_index"
    rows = catalog.rows(sql, wanted, tables=tables).read_all() if tables else catalog.kept(sql, wanted)
    return {row["class_index"]: row["n"] for row in rows.to_pylist()}


def _teachers(workspace: Workspace, recipe: str | None) -> Mapping[Format, str]:
    """Whose scores a recipe took for each format when it was applied last."""
    path = workspace.auxiliary(recipe) / "recipe.yaml" if recipe else None
    if path is None or not path.is_file():
        return {}
    applied = load_recipe(path)
    return {} if applied.label_source == "listed" else applied.teachers


def _num_kept(workspace: Workspace, recipe: str, name: str) -> int:
    """Items among the examples of a source: a long video is one, however many classes were found in it."""
    path = workspace.auxiliary(recipe) / f"{name}.arrow"
    if not path.is_file():
        return 0
    keys = pa.ipc.open_file(pa.memory_map(str(path))).read_all()["key"]
    return pc.count_distinct(keys).as_py()
