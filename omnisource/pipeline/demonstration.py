"""The whole job on the generated demo world, and what each stage got right against its known truth."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path

from omnisource.catalog import Catalog
from omnisource.demo import truth as demo_truth
from omnisource.demo.plan import WorldSize
from omnisource.demo.study import demo_study
from omnisource.demo.world import USUAL_SIZE, build_world
from omnisource.errors import WorkspaceError
from omnisource.examples import ExampleFile
from omnisource.pipeline import comparing, stages
from omnisource.pipeline.recipes import auxiliary_examples
from omnisource.reviews import Reviews, Subject, Verdict
from omnisource.types import Format, Taxonomy
from omnisource.workspace import Workspace

RECIPES = ("unfiltered", "omnisource")
"""The two students of the demo: all web data as it was found, and everything OmniSource does."""


def build(folder: Path, *, seed: int, dims: int, say: stages.Say, size: WorldSize = USUAL_SIZE) -> Workspace:
    """Generate the world and a workspace on it; both are kept if they are there.

    Raises WorkspaceError where the folder holds a demo of another seed.
    """
    folder = folder.resolve()
    for made in sorted(folder.glob("workspace-*d")):
        if Workspace(made).study().seed != seed:
            raise WorkspaceError(
                f"{made} was made with seed {Workspace(made).study().seed}, not {seed}: its results are of another "
                "world; choose another folder"
            )
    say(f"demo: building the world in {folder / 'world'} (about a minute)")
    world = build_world(folder / "world", seed=seed, size=size)
    root = folder / f"workspace-{dims}d"
    if (root / "study.yaml").is_file():
        return Workspace(root)
    return Workspace.create(root, demo_study(world, dims=dims))


def run(workspace: Workspace, folder: Path, *, say: stages.Say) -> list[dict[str, object]] | None:
    """Every stage, with both students; returns the grades of the stages against the truth, None if it was stopped."""
    if run_stages(workspace, folder, RECIPES, say=say) == "stopped":
        return None
    return grade(workspace, folder / "world", RECIPES)


def run_stages(workspace: Workspace, folder: Path, recipes: tuple[str, ...], *, say: stages.Say) -> str:
    """Every stage, with the copies of validation clips set aside first; returns "done" or "stopped"."""
    options = stages.Options(recipes=recipes)
    stages.run(workspace, options, say, stop="check")
    num_copies = set_copies_aside(workspace, folder / "world")
    say(f"review: {num_copies} near-duplicates of validation clips are set aside, as a person would (paper 3.3)")
    return stages.run(workspace, options, say, start="teach")


def set_copies_aside(workspace: Workspace, world: Path) -> int:
    """Decide on the known copies of validation clips as a reviewer would, once; returns how many there are.

    Without it a student would be tested on what it was trained on (paper 3.3: essential for a fair comparison).
    """
    reviews = Reviews(workspace.reviews_path)
    decided = {review.subject.key for review in reviews.current() if review.verdict is Verdict.DUPLICATE}
    truth = demo_truth.read_truth(world / "truth.json")
    copies = {(world.resolve() / path).as_posix(): item for path, item in truth.items.items() if item.copy_of}
    items = workspace.table("items").read(["path", "key"]).to_pylist()
    found = [(row["key"], copies[row["path"]]) for row in items if row["path"] in copies]
    for key, item in found:
        if key not in decided:
            subject = Subject(key=key, target_path=str(world.resolve() / item.copy_of))
            reviews.decide(subject, Verdict.DUPLICATE, made_in="demo", author="the known truth")
    return len(found)


def grade(workspace: Workspace, world: Path, recipes: Iterable[str]) -> list[dict[str, object]]:
    """Precision and recall of validity, of the queries, of the kept examples and of the positive segments."""
    truth = demo_truth.read_truth(world / "truth.json")
    root = world.resolve()
    dropped = Catalog(workspace).first_dropped("validity", 10**6)
    refused = {_relative(item.path, root) for item in dropped if item.path is not None}
    rows = [_row("check", "all", demo_truth.grade_validity(truth, refused))]
    for source in workspace.study().sources:
        known = truth.under(_relative(workspace.root / source.path, root))
        if source.format is not Format.UNTRIMMED:
            rows.append(_row("query alone", source.name, demo_truth.grade_query(known)))
        for recipe in recipes:
            examples = auxiliary_examples(workspace, recipe)[0].get(source.name)
            if examples is not None:
                measured = _grade_examples(known, examples, workspace.taxonomy(), root)
                rows.append(_row(f"recipe {recipe}", source.name, measured))
    return rows


def as_document(workspace: Workspace, grades: list[dict[str, object]]) -> Mapping[str, object]:
    """Results and grades, for a script."""
    results = {name: asdict(measured) for name, measured in comparing.results(workspace).items()}
    return {"results": results, "grades": grades}


def _grade_examples(truth: demo_truth.Truth, examples: ExampleFile, taxonomy: Taxonomy, root: Path) -> demo_truth.Grade:
    """Files for pictures and clips; for long videos, seconds of positive segments of the right class."""
    if not any(item.segments for item in truth.items.values()):
        kept = {_relative(example.path, root): taxonomy.names[example.class_index] for example in examples}
        return demo_truth.grade_labels(truth, kept)
    spans: dict[str, list[demo_truth.Span]] = {}
    for example in examples:
        path = _relative(example.path, root)
        spans.setdefault(path, []).extend((segment.start_s, segment.end_s) for segment in example.segments)
    return demo_truth.grade_segments(truth, spans)


def _row(stage: str, source: str, measured: demo_truth.Grade) -> dict[str, object]:
    shares = {"precision": measured.precision, "recall": measured.recall, "num_items": round(measured.said)}
    return {"stage": stage, "source": source} | shares


def _relative(path: Path, root: Path) -> str:
    """Path below the world; what a person has added from elsewhere stays as it is, and no truth knows it."""
    resolved = path.resolve()
    return (resolved.relative_to(root) if resolved.is_relative_to(root) else resolved).as_posix()
