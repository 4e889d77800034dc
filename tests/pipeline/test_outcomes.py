"""What recipes make of one item: the step that leaves it out, and the runs that learnt from it."""

import json
from pathlib import Path

import pytest
import yaml

from omnisource.catalog import Catalog
from omnisource.config import Recipe
from omnisource.item_story import tell
from omnisource.pipeline.outcomes import Outcome, Step, outcomes
from omnisource.reviews import Reviews, Subject, Verdict
from omnisource.types import Format
from omnisource.workspace import Workspace
from tests.workspaces import apply_recipe, key, workspace_with

LONG = {"number": 4, "query": 1, "format": "untrimmed"}
SCORED = [
    {"number": 1, "top": 0, "confidence": 0.9, "query": 0, "query_prob": 0.9},
    {"number": 2, "top": 1, "confidence": 0.8, "query": 0, "query_prob": 0.1},
    {"number": 3, "top": 0, "confidence": 0.4, "query": 0, "query_prob": 0.4},
    LONG | {"start": 0.0, "end": 1.0, "top": 1, "confidence": 0.3, "query_prob": 0.3},
    LONG | {"start": 1.0, "end": 2.0, "top": 1, "confidence": 0.6, "query_prob": 0.6},
    LONG | {"start": 2.0, "end": 3.0, "top": 1, "confidence": 0.7, "query_prob": 0.7},
]
TEACHERS = dict.fromkeys(Format, "teacher")
PAIR = {"time_s": 0.0, "target_path": "/t/a", "target_time_s": 0.0, "similarity": 0.7}


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return workspace_with(tmp_path, scored=SCORED, invalid=[20], similar=[{"number": 1, "pair": PAIR}])


def outcome(workspace: Workspace, number: int) -> Outcome:
    story = tell(Catalog(workspace), key(number))
    (found,) = outcomes(workspace, story.item)
    return found


@pytest.mark.parametrize(
    ("number", "recipe", "step", "confidence"),
    [
        (1, Recipe(teachers=TEACHERS), Step.KEPT, 0.9),
        (1, Recipe(teachers=TEACHERS, duplicate_similarity=0.6), Step.DUPLICATE, 0.9),
        (1, Recipe(teachers=TEACHERS, duplicate_similarity=0.8), Step.KEPT, 0.9),
        (2, Recipe(teachers=TEACHERS, label_source="agreement"), Step.LABEL_SOURCE, 0.8),
        (2, Recipe(teachers=TEACHERS, label_source="query"), Step.CONFIDENCE, 0.1),
        (3, Recipe(teachers=TEACHERS), Step.CONFIDENCE, 0.4),
        (3, Recipe(teachers=TEACHERS, sources=("other",)), Step.NOT_USED, None),
        (4, Recipe(teachers={Format.IMAGE: "teacher"}), Step.NOT_USED, None),
        (4, Recipe(teachers=TEACHERS), Step.KEPT, 0.7),
        (20, Recipe(teachers=TEACHERS), Step.NOT_SCORED, None),
    ],
)
def test_outcomes__the_step_that_leaves_it_out(workspace: Workspace, number, recipe, step, confidence):
    apply_recipe(workspace, "default", recipe, kept=[number] if step is Step.KEPT else [])
    found = outcome(workspace, number)
    assert found.step is step
    assert found.confidence == (None if confidence is None else pytest.approx(confidence))
    assert not found.is_stale


def test_outcomes__a_long_video_counts_its_segments(workspace: Workspace):
    apply_recipe(workspace, "default", Recipe(teachers=TEACHERS, confidence=0.5), kept=[4])
    found = outcome(workspace, 4)
    assert (found.num_segments, found.num_kept, found.class_index, found.least) == (3, 2, 1, 0.5)


def test_outcomes__a_decision_since_then_shows_what_label_would_change(workspace: Workspace):
    apply_recipe(workspace, "default", Recipe(teachers=TEACHERS), kept=[1])
    Reviews(workspace.reviews_path).decide(Subject(key=key(1)), Verdict.DROP, made_in="app")
    found = outcome(workspace, 1)
    assert (found.step, found.is_example, found.is_stale) == (Step.PERSON, True, True)


def test_outcomes__a_person_wins_over_the_confidence(workspace: Workspace):
    apply_recipe(workspace, "default", Recipe(teachers=TEACHERS), kept=[3])
    Reviews(workspace.reviews_path).decide(Subject(key=key(3)), Verdict.RELABEL, class_index=2, made_in="app")
    found = outcome(workspace, 3)
    assert (found.step, found.class_index) == (Step.KEPT, 2)


def test_outcomes__what_the_cap_left_out(workspace: Workspace):
    apply_recipe(workspace, "default", Recipe(teachers=TEACHERS, max_per_class=1), kept=[1])
    assert outcome(workspace, 2).step is Step.CAP


def test_outcomes__runs_that_learnt_from_it(workspace: Workspace):
    apply_recipe(workspace, "default", Recipe(teachers=TEACHERS), kept=[1])
    for name, fingerprint in (("same", "fingerprint of default"), ("before", "another")):
        workspace.run(name).mkdir(parents=True)
        (workspace.run(name) / "state.json").write_text(json.dumps({"state": "done"}))
        (workspace.run(name) / "config.yaml").write_text(yaml.safe_dump({"auxiliary": {"web": fingerprint}}))
    assert outcome(workspace, 1).runs == ("same",)
    assert outcome(workspace, 2).runs == ()  # kept today, but not among the examples


def test_outcomes__a_recipe_that_cannot_be_asked_says_why(workspace: Workspace):
    apply_recipe(workspace, "default", Recipe(teachers=dict.fromkeys(Format, "gone")), kept=[1])
    found = outcome(workspace, 1)
    assert (found.step, found.is_stale) == (Step.KEPT, False)
    assert "teacher 'gone' has scored nothing yet" in found.trouble


def test_outcomes__a_near_copy_of_a_better_item_that_is_used_too(workspace: Workspace):
    with workspace.table("alike").writer(rows_per_part=9) as writer:
        writer.add([{"key": key(2), "kept_key": key(1), "similarity": 0.9, "time_s": 0.0, "kept_time_s": 0.0}])
    recipe = Recipe(teachers=TEACHERS, web_copies="leave_out", web_copy_similarity=0.8)
    apply_recipe(workspace, "default", recipe, kept=[1])
    found = outcome(workspace, 2)
    assert (found.step, found.is_example, found.is_stale) == (Step.COPY, False, False)
    assert outcome(workspace, 1).step is Step.KEPT
