"""Recipes that take the word of released lists, on facts written by hand."""

from pathlib import Path

import pytest

from omnisource.catalog import Catalog
from omnisource.config import Recipe
from omnisource.errors import WorkspaceError
from omnisource.label.listed import listed_sources
from omnisource.label.pseudo import Funnel, Labelling
from omnisource.reviews import Reviews, Subject, Verdict
from omnisource.types import Format
from omnisource.workspace import Workspace
from tests.workspaces import CLASSES, key, workspace_with

LISTED = Recipe(label_source="listed")
BY_TEACHER = Recipe(teachers=dict.fromkeys(Format, "teacher"), confidence=0.0)

# the teacher of this workspace finds class 2 in everything; the lists say 0 or 1
ITEMS = [
    {"number": n, "top": 2, "confidence": 0.9, "query": n % 2, "query_prob": 0.1, "source": "google"} for n in (1, 2, 3)
]
VIDEO = [
    {"number": 9, "top": 2, "confidence": 0.9, "start": 10.0 * part, "end": 10.0 * (part + 1)}
    | {"source": "raw", "format": "untrimmed"}
    for part in range(3)
]


def row(number: int, class_index: int, kept: bool, duplicate: bool = False, **span: object) -> dict:
    facts = {"key": key(number), "class_index": class_index, "kept": kept, "duplicate": duplicate, "teacher": "t"}
    return facts | {"start_s": 0.0, "end_s": 0.0, "source": "google", "format": "image"} | span


PICTURES = [row(1, 0, True), row(2, 1, True, duplicate=True), row(3, 0, False)]


def parts(*kept: bool) -> list[dict]:
    spans = ({"start_s": 10.0 * i, "end_s": 10.0 * (i + 1), "source": "raw", "format": "untrimmed"} for i in range(9))
    return [row(9, 1, is_kept, **span) for is_kept, span in zip(kept, spans)]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = workspace_with(tmp_path / "w", scored=ITEMS + VIDEO)
    for name, rows in (("google", PICTURES), ("raw", parts(True, False, True))):
        with made.table(f"listed/{name}").writer(rows_per_part=10) as writer:
            writer.add(rows)
    return made


def labelling(workspace: Workspace, recipe: Recipe = LISTED) -> Labelling:
    return Labelling(Catalog(workspace, threads=1), recipe, CLASSES, Reviews(workspace.reviews_path).current())


def examples(workspace: Workspace, recipe: Recipe = LISTED) -> dict[int, tuple[int, float]]:
    rows = [row for batch in labelling(workspace, recipe).examples("google") for row in batch.to_pylist()]
    return {row["key"][0]: (row["class_index"], row["confidence"]) for row in rows}


def decide(workspace: Workspace, verdict: Verdict, number: int, class_index: int | None = None, **about) -> None:
    subject = Subject(key=key(number), **about)
    Reviews(workspace.reviews_path).decide(subject, verdict, class_index=class_index, made_in="test")


def test_examples__what_the_lists_keep_with_their_class(workspace: Workspace):
    assert examples(workspace) == {1: (0, 1.0)}  # 2 is a duplicate, 3 was not kept


def test_examples__a_confidence_of_0_takes_what_was_crawled(workspace: Workspace):
    unfiltered = LISTED.model_copy(update={"confidence": 0.0})
    assert examples(workspace, unfiltered) == {1: (0, 1.0), 3: (0, 0.0)}


def test_examples__parts_are_segments(workspace: Workspace):
    (batch,) = labelling(workspace).examples("raw")
    (example,) = batch.to_pylist()
    assert (example["class_index"], example["confidence"]) == (1, 1.0)
    assert example["segments"] == [{"start_s": 0.0, "end_s": 10.0}, {"start_s": 20.0, "end_s": 30.0}]
    assert example["negatives"] == [{"start_s": 10.0, "end_s": 20.0}]


def test_funnel__of_the_lists(workspace: Workspace):
    funnel = labelling(workspace).funnel()
    steps = {"not_duplicate": 2, "confident": 1, "labelled": 1, "reviewed": 1}
    assert funnel == [
        Funnel(source="google", valid=3, **steps, examples=1),
        Funnel(source="raw", valid=1, **steps | {"not_duplicate": 1}, examples=1),
    ]


def test_examples__a_persons_word_wins(workspace: Workspace):
    decide(workspace, Verdict.NOT_DUPLICATE, 2)
    assert set(examples(workspace)) == {1, 2}
    decide(workspace, Verdict.DROP, 1)
    decide(workspace, Verdict.RELABEL, 3, 2)
    assert examples(workspace) == {2: (1, 1.0), 3: (2, 1.0)}
    decide(workspace, Verdict.KEEP, 3)
    decide(workspace, Verdict.DUPLICATE, 2)
    assert examples(workspace) == {3: (0, 0.0)}


def test_examples__a_word_on_one_pair_does_not_overrule_the_list(workspace: Workspace):
    decide(workspace, Verdict.NOT_DUPLICATE, 2, target_path="val/a.mp4")  # the list means some clip, not this one
    assert set(examples(workspace)) == {1}


def test_examples__other_label_sources_leave_out_the_lists_duplicates_too(workspace: Workspace):
    assert set(examples(workspace, BY_TEACHER)) == {1, 3}


def test_examples__unusable_and_unchecked_items_are_out(tmp_path: Path):
    made = workspace_with(tmp_path / "w", scored=ITEMS[:1], invalid=[3])
    with made.table("listed/google").writer(rows_per_part=10) as writer:
        writer.add([row(1, 0, True), row(3, 0, True), row(7, 0, True)])  # 7 was never checked
    assert set(examples(made)) == {1}


def test_examples__only_of_the_recipes_sources(workspace: Workspace):
    assert examples(workspace, LISTED.model_copy(update={"sources": ("raw",)})) == {}


def test_listed_sources__names(workspace: Workspace, tmp_path: Path):
    assert listed_sources(Catalog(workspace)) == {"google", "raw"}
    assert listed_sources(Catalog(workspace_with(tmp_path / "none", scored=ITEMS))) == set()


def test_listed_segments__without_lists(tmp_path: Path):
    with pytest.raises(WorkspaceError, match="knows no released list, .*; `omnisource add-released FOLDER` reads them"):
        labelling(workspace_with(tmp_path / "w", scored=ITEMS))


def test_listed_segments__before_items_were_checked(workspace: Workspace):
    workspace.table("validity").clear()
    with pytest.raises(WorkspaceError, match="no item that was checked yet; `omnisource check` does it"):
        labelling(workspace)
