"""The whole job on the generated demo world, and what each stage got right against its known truth."""

import functools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from pathlib import Path

from omnisource.catalog import Catalog
from omnisource.demo import truth as demo_truth
from omnisource.demo.plan import WorldSize
from omnisource.demo.study import demo_study
from omnisource.demo.world import USUAL_SIZE, World, build_world
from omnisource.errors import WorkspaceError
from omnisource.examples import ExampleFile
from omnisource.pipeline import comparing, stages
from omnisource.pipeline.duplicates import suspected_items
from omnisource.pipeline.recipes import auxiliary_examples
from omnisource.types import Format, Taxonomy
from omnisource.workspace import Workspace

_FOLDERS = {Format.IMAGE: "web/image", Format.TRIMMED: "web/clip", Format.UNTRIMMED: "web/video"}
RECIPES = ("unfiltered", "omnisource")
"""The two students of the demo: all web data as it was found, and everything OmniSource does."""


def build(folder: Path, *, seed: int, dims: int, say: stages.Say, size: WorldSize = USUAL_SIZE) -> Workspace:
    """Generate the world and a workspace on it; both are kept if they are there.

    Raises WorkspaceError where the folder holds a demo of another seed.
    """
    world = make_world(folder, seed=seed, say=say, size=size)
    root = folder.resolve() / f"workspace-{dims}d"
    if (root / "study.yaml").is_file():
        return Workspace(root)
    return Workspace.create(root, demo_study(world, dims=dims))


def make_world(folder: Path, *, seed: int, say: stages.Say, size: WorldSize = USUAL_SIZE) -> World:
    """The generated world of the demos in `folder`; kept if it is there. Raises WorkspaceError like `build`."""
    folder = folder.resolve()
    for made in (path.parent for path in sorted(folder.glob("workspace-*/study.yaml"))):
        if Workspace(made).study().seed != seed:
            raise WorkspaceError(
                f"{made} was made with seed {Workspace(made).study().seed}, not {seed}: its results are of another "
                "world; choose another folder"
            )
    say(f"demo: the world is in {folder / 'world'}; building it, where it is not there yet, takes about a minute")
    return build_world(folder / "world", seed=seed, size=size)


def run(workspace: Workspace, folder: Path, *, say: stages.Say) -> list[dict[str, object]] | None:
    """Every stage, with both students; returns the grades of the stages against the truth, None if it was stopped."""
    if run_stages(workspace, folder, RECIPES, say=say) == "stopped":
        return None
    return grade(workspace, folder / "world", RECIPES)


def run_stages(workspace: Workspace, folder: Path, recipes: tuple[str, ...], *, say: stages.Say) -> str:
    """Every stage; returns "done" or "stopped"."""
    return stages.run(workspace, stages.Options(recipes=recipes), say)


def grade(
    workspace: Workspace, world: Path, recipes: Iterable[str], *, names: Mapping[Path, str] | None = None
) -> list[dict[str, object]]:
    """Precision and recall of validity, of the suspected duplicates at the measured crop threshold, of the queries,
    of the kept examples and of the positive segments.

    `names` says which of the world's files the items are, where they were downloaded; nothing is expected of others.
    """
    truth = demo_truth.read_truth(world / "truth.json")
    if names is not None:
        truth = demo_truth.Truth(items={name: truth.items[name] for name in names.values()})
    name_of = functools.partial(_name_of, root=world.resolve(), names=names or {})
    dropped = Catalog(workspace).first_dropped("validity", 10**6)
    refused = {name_of(item.path) for item in dropped if item.path is not None}
    rows = [_row("check", "all", demo_truth.grade_validity(truth, refused))]
    suspected = {name_of(path) for path in suspected_items(workspace)}
    rows.append(_row("similar", "all", demo_truth.grade_duplicates(truth, suspected)))
    for source in workspace.study().sources:
        known = truth.under(_FOLDERS[source.format] if source.path is None else name_of(workspace.root / source.path))
        if source.format is not Format.UNTRIMMED:
            rows.append(_row("query alone", source.name, demo_truth.grade_query(known)))
        for recipe in recipes:
            examples = auxiliary_examples(workspace, recipe)[0].get(source.name)
            if examples is not None:
                measured = _grade_examples(known, examples, workspace.taxonomy(), name_of)
                rows.append(_row(f"recipe {recipe}", source.name, measured))
    return rows


def as_document(workspace: Workspace, grades: list[dict[str, object]]) -> Mapping[str, object]:
    """Results and grades, for a script."""
    results = {name: asdict(measured) for name, measured in comparing.results(workspace).items()}
    return {"results": results, "grades": grades}


def _grade_examples(
    truth: demo_truth.Truth, examples: ExampleFile, taxonomy: Taxonomy, name_of: Callable[[Path], str]
) -> demo_truth.Grade:
    """Files for pictures and clips; for long videos, seconds of positive segments of the right class."""
    if not any(item.segments for item in truth.items.values()):
        kept = {name_of(example.path): taxonomy.names[example.class_index] for example in examples}
        return demo_truth.grade_labels(truth, kept)
    spans: dict[str, list[demo_truth.Span]] = {}
    for example in examples:
        path = name_of(example.path)
        spans.setdefault(path, []).extend((segment.start_s, segment.end_s) for segment in example.segments)
    return demo_truth.grade_segments(truth, spans)


def _row(stage: str, source: str, measured: demo_truth.Grade) -> dict[str, object]:
    shares = {"precision": measured.precision, "recall": measured.recall, "num_items": round(measured.said)}
    return {"stage": stage, "source": source} | shares


def _name_of(path: Path, *, root: Path, names: Mapping[Path, str]) -> str:
    """Path below the world; what a person has added from elsewhere stays as it is, and no truth knows it."""
    if path in names:
        return names[path]
    resolved = path.resolve()
    return (resolved.relative_to(root) if resolved.is_relative_to(root) else resolved).as_posix()
