"""Which teacher decides where a recipe names none, and what the label stage leaves on disk."""

from pathlib import Path

import pytest

from omnisource import config
from omnisource.errors import WorkspaceError
from omnisource.pipeline import recipes
from omnisource.types import Format
from tests.workspaces import change, workspace_with

IMAGE, TRIMMED, UNTRIMMED = Format

TWO_KINDS = {
    "networks": {"tsn": {"model": {"arch": "tsn"}}, "slowonly": {"model": {"arch": "slowonly"}}},
    "teachers": {
        "flat": {"networks": ["tsn"]},
        "deep": {"networks": ["slowonly"], "formats": ["trimmed", "untrimmed"]},
    },
}


def study(**values: object) -> config.Study:
    return config.parse(config.Study, values, where="test")


@pytest.mark.parametrize(
    ("values", "teachers"),
    [
        # without named teachers the student's network teaches what it can
        ({}, {IMAGE: "tsn", TRIMMED: "tsn", UNTRIMMED: "tsn"}),
        (
            {"networks": {"slowonly": {"model": {"arch": "slowonly"}}}, "student": "slowonly"},
            {TRIMMED: "slowonly", UNTRIMMED: "slowonly"},  # a 3D network does not score images (3.4)
        ),
        # 3D before 2D on clips (3.4); long videos by the student's kind (3.5)
        (TWO_KINDS | {"student": "tsn"}, {IMAGE: "flat", TRIMMED: "deep", UNTRIMMED: "flat"}),
        (TWO_KINDS | {"student": "slowonly"}, {IMAGE: "flat", TRIMMED: "deep", UNTRIMMED: "deep"}),
    ],
)
def test_resolve__names_the_papers_choice_of_teacher(values: dict, teachers: dict):
    assert recipes.resolve(config.Recipe(), study(**values)).teachers == teachers


def test_resolve__a_named_teacher_stays():
    recipe = config.Recipe(teachers={TRIMMED: "flat"})
    assert recipes.resolve(recipe, study(**TWO_KINDS, student="slowonly")).teachers[TRIMMED] == "flat"


def test_resolve__the_lists_word_needs_no_teacher():
    assert recipes.resolve(config.Recipe(label_source="listed"), study()).teachers == {}


def test_needs_teachers__unless_all_take_the_lists_word(tmp_path: Path):
    workspace = workspace_with(tmp_path / "w", scored=[])
    change(workspace, "recipes.listed.label_source=listed")
    assert recipes.needs_teachers(workspace, ["default", "listed"])
    assert not recipes.needs_teachers(workspace, ["listed"])


SCORED = [
    {"number": 1, "top": 0, "confidence": 0.9, "query": 0, "query_prob": 0.9},
    {"number": 2, "top": 1, "confidence": 0.3, "query": 0, "query_prob": 0.1},
]


def labelled(folder: Path, **recipe: object) -> tuple:
    workspace = workspace_with(folder, scored=SCORED)
    named = config.Recipe(teachers=dict.fromkeys(Format, "teacher"), **recipe)
    config.save(workspace.study().model_copy(update={"recipes": {"default": named}}), workspace.study_path)
    return workspace, recipes.label(workspace, "default")


def test_label__writes_examples_funnel_and_a_copy_of_the_recipe(tmp_path: Path):
    workspace, funnel = labelled(tmp_path / "w")
    examples, fingerprints = recipes.auxiliary_examples(workspace, "default")
    assert [str(example.path) for example in examples["web"]] == ["/web/1"]
    assert fingerprints.keys() == {"web"}
    assert recipes.saved_funnel(workspace, "default") == funnel
    assert config.load_recipe(workspace.auxiliary("default") / "recipe.yaml").confidence == 0.5


def test_label__the_same_facts_give_the_same_file(tmp_path: Path):
    first = recipes.auxiliary_examples(labelled(tmp_path / "a")[0], "default")[1]
    second = recipes.auxiliary_examples(labelled(tmp_path / "b")[0], "default")[1]
    assert first == second


def test_label__again_forgets_the_examples_of_before(tmp_path: Path):
    workspace, _ = labelled(tmp_path / "w")
    strict = config.Recipe(teachers=dict.fromkeys(Format, "teacher"), confidence=1.0)
    config.save(workspace.study().model_copy(update={"recipes": {"default": strict}}), workspace.study_path)
    recipes.label(workspace, "default")
    assert recipes.auxiliary_examples(workspace, "default") == ({}, {})


def test_auxiliary_examples__before_the_label_stage(tmp_path: Path):
    workspace = workspace_with(tmp_path / "w", scored=SCORED)
    with pytest.raises(WorkspaceError, match="'default' has no examples yet; `omnisource label --recipe default`"):
        recipes.auxiliary_examples(workspace, "default")
    assert recipes.saved_funnel(workspace, "default") == []
