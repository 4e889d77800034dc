"""A recipe before it is applied: what it would keep is what it keeps."""

from pathlib import Path

import pytest

from omnisource import config
from omnisource.catalog import Catalog
from omnisource.config import Recipe
from omnisource.errors import ConfigError, WorkspaceError
from omnisource.label.line_samples import Judged
from omnisource.label.thresholds import counts_of
from omnisource.pipeline import recipes
from omnisource.pipeline.thresholding import (
    audit_of,
    change_recipe,
    cubes_of,
    judgements,
    kept_per_source,
    lines_for,
    ready,
)
from omnisource.reviews import Reviews, Subject, Verdict
from omnisource.types import Format
from omnisource.workspace import Workspace
from tests.workspaces import key, workspace_with

FACTS = [
    {"number": n, "top": n % 2, "confidence": n / 10, "query": 0, "query_prob": n / 20, "source": "web"}
    for n in range(10)
]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = workspace_with(tmp_path / "w", scored=FACTS)
    teachers = {"teacher": config.TeacherConfig(networks=("tsn",))}
    source = config.SourceConfig(name="web", format=Format.IMAGE, path=tmp_path)
    config.save(config.Study(teachers=teachers, sources=(source,)), made.study_path)
    return made


@pytest.mark.parametrize(
    ("settings", "tested", "kept", "examples"),
    [
        ([], 10, 5, 5),
        (["confidence=0.8"], 10, 2, 2),
        (["label_source=query"], 10, 0, 0),
        (["label_source=agreement"], 5, 2, 2),  # 6 and 8
        (["confidence_by_class={yoyo: 0.1}", "max_per_class=3"], 10, 7, 5),  # 6 and 8; the cap leaves three of five
    ],
)
def test_kept_per_source__is_what_applying_it_keeps(
    workspace: Workspace, settings: list[str], tested: int, kept: int, examples: int
):
    recipe = change_recipe(workspace.recipe("default"), settings)
    (found,) = kept_per_source(Catalog(workspace), recipe)
    assert (found.scored, found.tested, found.kept, found.examples) == (10, tested, kept, examples)
    workspace.save_recipe("tried", recipe)
    (step,) = recipes.label(workspace, "tried")
    assert (step.labelled, step.examples) == (kept, examples)


def test_ready__only_teachers_that_have_scored(workspace: Workspace):
    study = workspace.study()
    both = study.model_copy(update={"teachers": study.teachers | {"late": config.TeacherConfig(networks=("tsn",))}})
    config.save(both, workspace.study_path)
    teachers = {Format.IMAGE: "teacher", Format.TRIMMED: "late", Format.UNTRIMMED: "late"}
    assert ready(workspace, Recipe(teachers=teachers)).teachers == {Format.IMAGE: "teacher"}
    with pytest.raises(WorkspaceError, match="no teacher .* has scored anything yet"):
        ready(workspace, Recipe(teachers=dict.fromkeys(Format, "late")))


def test_judgements__whatever_the_lines_are(workspace: Workspace):
    Reviews(workspace.reviews_path).decide(Subject(key=key(2)), Verdict.RELEVANT, class_index=0, made_in="test")
    (found,) = judgements(Catalog(workspace), ready(workspace, Recipe(confidence=0.9)))
    assert (found.source, found.class_index, found.is_relevant) == ("web", 0, True)


def test_audit_of__only_the_sources_that_are_asked_for(workspace: Workspace):
    recipe = ready(workspace, Recipe())
    counts = counts_of(cubes_of(Catalog(workspace), recipe), "teacher")
    good = [Judged(source="web", class_index=0, probability=0.5, is_relevant=True)] * 20
    bad = [Judged(source="other", class_index=0, probability=0.5, is_relevant=False)] * 20
    mixed = audit_of(good + bad, counts).precision.at(500)[0]
    assert audit_of(good + bad, counts, sources=("web",)).precision.at(500)[0] > mixed + 0.2


def test_lines_for__classes_that_nothing_reaches_keep_theirs(workspace: Workspace):
    counts = counts_of(cubes_of(Catalog(workspace), ready(workspace, Recipe())), "teacher")
    judged = [Judged(source="web", class_index=c, probability=0.5, is_relevant=c == 0) for c in (0, 1)] * 40
    found = lines_for(judged, counts, 0.9, sources=None, cautious=False)
    assert set(found) == {0}


def test_change_recipe__unknown_settings(workspace: Workspace):
    with pytest.raises(ConfigError, match="did you mean 'confidence'"):
        change_recipe(Recipe(), ["confidense=0.4"])
    assert change_recipe(Recipe(), ["confidence=0.4"]) == Recipe(confidence=0.4)
