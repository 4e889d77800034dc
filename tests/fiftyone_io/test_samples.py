"""Fields of samples, without a database."""

import fiftyone as fo
import pytest

from omnisource.catalog import Catalog
from omnisource.fiftyone_io.edits import Said
from omnisource.fiftyone_io.known_items import KnownItem, KnownItems
from omnisource.fiftyone_io.samples import (
    Words,
    base_label,
    decision_fingerprint,
    decision_values,
    decisions_of,
    fact_values,
    fingerprint,
    is_overruled,
    segment_values,
)
from omnisource.reviews import Reviews, Subject, Verdict
from omnisource.workspace import Workspace
from tests.fiftyone_world import NAMES
from tests.workspaces import key

WORDS = Words(names=NAMES, fields={"flat": "teacher_flat", "deep": "teacher_deep"})


@pytest.fixture
def items(workspace: Workspace) -> dict[int, KnownItem]:
    told = KnownItems(Catalog(workspace), "omnisource").tell([key(number) for number in range(8)])
    return {item.key[0]: item for item in told}


def test_fact_values__of_a_clip(items: dict[int, KnownItem]):
    values = fact_values(items[6], WORDS)
    assert (values["teacher"].label, values["teacher"].confidence) == ("red", pytest.approx(0.8))
    assert (values["teacher_flat"].label, values["teacher_deep"].label) == ("green", "red")
    assert (values["query"].label, values["agrees"], values["stage"]) == ("red", True, "kept")
    assert (values["metadata"].frame_rate, values["metadata"].total_frame_count) == (8.0, 16)
    assert (values["quality"].width, values["quality"].duration_s) == (48, 2.0)


def test_fact_values__of_what_was_never_scored(items: dict[int, KnownItem]):
    values = fact_values(items[5], WORDS)
    assert (values["teacher"], values["agrees"], values["metadata"], values["reason"]) == (
        None,
        None,
        None,
        "not_media",
    )
    assert base_label(items[5], WORDS) == "red"  # its query


def test_decision_values__relabelled_by_a_person(workspace: Workspace, items: dict[int, KnownItem]):
    reviews = Reviews(workspace.reviews_path)
    reviews.decide(Subject(key=key(3)), Verdict.RELABEL, class_index=2, made_in="app", author="ann")
    decisions = decisions_of(items[3], reviews.about([key(3)]), WORDS)
    values = decision_values(items[3], decisions, WORDS, ["mine", "keep"], {"facts": "f"})
    assert (values["label"].label, values["tags"], values["overruled"]) == ("blue", ["mine"], True)
    assert (values["decided"].verdict, values["decided"].by) == ("relabel:blue", "ann")
    assert (values["pushed"].use, values["pushed"].base, values["pushed"].tested) == ("relabel:blue", "green", "green")
    assert values["pushed"].facts == "f"


@pytest.mark.parametrize(
    ("number", "use", "expected"),
    [
        (2, "keep", False),  # above the line, as the recipe would have it
        (3, "keep", True),  # 0.04 below it
        (2, "drop", True),
        (3, "drop", False),
        (2, "relabel:green", False),  # as the teacher says
        (2, "relabel:red", True),
        (3, "relabel:green", True),  # the recipe would have left it out
        (2, "", False),
    ],
)
def test_is_overruled__a_person_against_the_recipe(items: dict[int, KnownItem], number: int, use: str, expected: bool):
    assert is_overruled(items[number], Said(use=use), WORDS) is expected


def test_segment_values__neighbours_share_no_frame(workspace: Workspace, items: dict[int, KnownItem]):
    decisions = decisions_of(items[7], [], WORDS)
    detections = segment_values(items[7], decisions, WORDS).detections
    assert [one.support for one in detections] == [[1, 16], [17, 32], [33, 48], [49, 64]]  # 2 s at 8 a second
    assert [one.label for one in detections] == ["blue", "red", "red", "green"]
    assert [one.tags for one in detections] == [["negative"], ["positive"], ["positive"], ["negative"]]
    assert segment_values(items[6], decisions_of(items[6], [], WORDS), WORDS) is None


def test_segment_values__decisions_about_a_segment(workspace: Workspace, items: dict[int, KnownItem]):
    reviews = Reviews(workspace.reviews_path)
    reviews.decide(Subject(key=key(7), start_s=0.0, end_s=2.0), Verdict.DROP, made_in="app")
    reviews.decide(Subject(key=key(7), start_s=2.0, end_s=4.0), Verdict.IRRELEVANT, class_index=0, made_in="app")
    decisions = decisions_of(items[7], reviews.about([key(7)]), WORDS)
    detections = segment_values(items[7], decisions, WORDS).detections
    assert [one.tags for one in detections[:2]] == [["negative", "drop"], ["positive", "irrelevant"]]
    assert (detections[0].pushed_use, detections[1].pushed_relevance) == ("drop", "irrelevant")
    assert decisions.said == Said()


def test_segment_values__what_a_person_added_stays(items: dict[int, KnownItem]):
    nobody = decisions_of(items[7], [], WORDS)
    there = segment_values(items[7], nobody, WORDS).detections
    there[0].tags = ["mine", "positive", "keep"]  # as another recipe had it, and what was undone since
    drawn = fo.TemporalDetection(label="red", support=[3, 9], tags=["keep"])
    shown = segment_values(items[7], nobody, WORDS, [*there, drawn]).detections
    assert shown[0].tags == ["negative", "mine"] and [one.id for one in shown] == [one.id for one in (*there, drawn)]
    assert shown[-1] is drawn


def test_decision_values__a_duplicate_of_whatever_clip(workspace: Workspace, items: dict[int, KnownItem]):
    reviews = Reviews(workspace.reviews_path)
    reviews.decide(Subject(key=key(0)), Verdict.DUPLICATE, made_in="app", author="ann")
    decisions = decisions_of(items[0], reviews.about([key(0)]), WORDS)
    values = decision_values(items[0], decisions, WORDS, [], {})
    assert (values["tags"], values["decided"].verdict, values["decided"].by) == (["duplicate"], "duplicate", "ann")


def test_fingerprints__change_with_what_they_stand_for(workspace: Workspace, items: dict[int, KnownItem]):
    assert fingerprint(items[2], WORDS) != fingerprint(items[3], WORDS)
    before = decisions_of(items[2], [], WORDS)
    reviews = Reviews(workspace.reviews_path)
    reviews.decide(Subject(key=key(2)), Verdict.KEEP, made_in="app")
    after = decisions_of(items[2], reviews.about([key(2)]), WORDS)
    assert decision_fingerprint(before) != decision_fingerprint(after)
