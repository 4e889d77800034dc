"""Edits are differences from what was pushed."""

import pytest

from omnisource.errors import ItemError
from omnisource.fiftyone_io.edits import Edit, Said, Shown, edit_of, in_force, review_of, shown_tags, wanted
from omnisource.reviews import Review, Subject, Verdict

NAMES = ("red", "green", "blue")


def review(number: int, verdict: Verdict, class_index: int | None = None) -> Review:
    told = {"author": "ann", "made_in": "app", "made_at": "2026-01-01"}
    return Review(id=number, subject=Subject(key=b"k" * 16), verdict=verdict, class_index=class_index, **told)


@pytest.mark.parametrize(
    ("tags", "label", "pushed", "expected"),
    [
        ([], "red", Said(), Said()),  # nothing was edited
        (["mine"], "red", Said(), Said()),  # a person's own tag is none of ours
        (["keep"], "red", Said(), Said(use="keep")),
        (["keep"], "red", Said(use="keep"), Said(use="keep")),
        ([], "red", Said(use="keep"), Said()),  # taken away
        (["keep", "drop"], "red", Said(use="keep"), Said(use="drop")),  # the new one counts
        (["drop"], "red", Said(use="keep"), Said(use="drop")),
        ([], "green", Said(), Said(use="relabel:green")),
        ([], "green", Said(use="relabel:green"), Said(use="relabel:green")),
        ([], "red", Said(use="relabel:green"), Said()),  # the teacher's class again
        ([], None, Said(use="relabel:green"), Said()),  # the label was deleted
        ([], None, Said(), Said()),
        ([], "blue", Said(use="relabel:green"), Said(use="relabel:blue")),
        (["keep"], "green", Said(use="relabel:green"), Said(use="relabel:green")),  # a relabelled item is kept
        (["drop"], "green", Said(use="relabel:green"), Said(use="drop")),
        (["keep"], "red", Said(use="relabel:green"), Said(use="keep")),
        (["drop"], "green", Said(use="drop"), Said(use="relabel:green")),  # relabelled after it was dropped
        (["keep"], "green", Said(), Said(use="relabel:green")),
        (["relevant"], "red", Said(), Said(relevance="relevant")),
        (["relevant", "irrelevant"], "red", Said(relevance="relevant"), Said(relevance="irrelevant")),
        (["keep", "irrelevant"], "red", Said(), Said(use="keep", relevance="irrelevant")),
        (["not_duplicate"], None, Said(pair="duplicate"), Said(pair="not_duplicate")),
    ],
)
def test_wanted__by_tags_and_label(tags: list[str], label: str | None, pushed: Said, expected: Said):
    base = "red" if expected.pair == "" else None
    assert wanted(Shown(tags=tuple(tags), label=label, base=base), pushed) == expected


@pytest.mark.parametrize(
    ("tags", "label", "message"),
    [
        (["keep", "drop"], "red", "unclear_edit: tagged keep and drop at once; take one of them back"),
        (["drop"], "green", "unclear_edit: dropped and given the class 'green'; take one of them back"),
    ],
)
def test_wanted__two_things_at_once(tags: list[str], label: str, message: str):
    with pytest.raises(ItemError) as raised:
        wanted(Shown(tags=tuple(tags), label=label, base="red"), Said())
    assert str(raised.value) == message


ITEM = Subject(key=b"k" * 16)
SEGMENT = Subject(key=b"k" * 16, start_s=0.0, end_s=2.0)
A_PAIR = Subject(key=b"k" * 16, target_path="/a.mp4")


@pytest.mark.parametrize(
    ("subject", "tags", "expected"),
    [
        (ITEM, ("keep",), Said(use="keep")),
        (ITEM, ("duplicate",), Said(pair="duplicate")),  # of whatever labelled clip
        (SEGMENT, ("drop", "duplicate"), Said(use="drop")),
        (SEGMENT, ("duplicate",), None),
        (A_PAIR, ("duplicate", "drop"), Said(pair="duplicate")),
        (A_PAIR, ("keep", "drop"), None),
    ],
)
def test_edit_of__tags_that_mean_something_there(subject: Subject, tags: tuple[str, ...], expected: Said | None):
    edit = edit_of(subject, Shown(tags=tags, label=None, base=None), Said(), "red")
    assert edit == (expected and Edit(subject=subject, pushed=Said(), wanted=expected, tested="red"))


def test_edit_of__two_things_at_once():
    edit = edit_of(ITEM, Shown(tags=("keep", "drop"), label=None, base=None), Said(), None)
    assert (edit.wanted, edit.detail) == (None, "tagged keep and drop at once; take one of them back")


def test_said__as_fiftyone_shows_it():
    assert Said(use="keep", relevance="irrelevant").tags == ["keep", "irrelevant"]
    assert (Said(use="relabel:green").tags, Said(use="relabel:green").relabelled) == ([], "green")
    assert Said(use="drop").relabelled is None


def test_in_force__relevance_to_the_tested_class_alone():
    said = [review(1, Verdict.KEEP), review(2, Verdict.RELEVANT, 0), review(3, Verdict.IRRELEVANT, 1)]
    assert in_force(said, NAMES, "red") == Said(use="keep", relevance="relevant")
    assert in_force([review(1, Verdict.RELABEL, 2)], NAMES, None) == Said(use="relabel:blue")
    assert in_force([review(1, Verdict.DUPLICATE)], (), None) == Said(pair="duplicate")


def test_review_of__the_one_that_answers_the_question():
    said = [review(1, Verdict.KEEP), review(2, Verdict.RELEVANT, 0)]
    assert review_of("relevance", said, NAMES, "red") == said[1]
    assert review_of("pair", said, NAMES, "red") is None


def test_shown_tags__a_persons_own_stay():
    assert shown_tags(["mine", "keep"], Said(use="drop")) == ["mine", "drop"]
