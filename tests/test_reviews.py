"""Reviews: append-only, undoable, several people at once."""

import multiprocessing
import sqlite3
from pathlib import Path

import pytest

from omnisource.errors import OmniSourceError
from omnisource.reviews import Reviews, Subject, Verdict

ITEM = Subject(key=b"a" * 16)


@pytest.fixture
def reviews(tmp_path: Path) -> Reviews:
    return Reviews(tmp_path / "reviews.sqlite")


def test_current__empty_before_anyone_decided(reviews: Reviews):
    assert reviews.current() == []


def test_decide__the_newest_word_on_a_question_is_in_force(reviews: Reviews):
    reviews.decide(ITEM, Verdict.KEEP, made_in="app")
    reviews.decide(ITEM, Verdict.DROP, made_in="app")
    reviews.decide(ITEM, Verdict.RELEVANT, made_in="app")  # another question
    assert [review.verdict for review in reviews.current()] == ["drop", "relevant"]


def test_decide__a_segment_and_its_item_are_two_subjects(reviews: Reviews):
    reviews.decide(ITEM, Verdict.KEEP, made_in="app")
    reviews.decide(Subject(key=ITEM.key, start_s=1.0, end_s=2.0), Verdict.DROP, made_in="app")
    assert len(reviews.current()) == 2


def test_undo__brings_the_decision_before_back(reviews: Reviews):
    reviews.decide(ITEM, Verdict.KEEP, made_in="app")
    second = reviews.decide(ITEM, Verdict.DROP, made_in="app")
    reviews.undo(second, made_in="app")
    assert [review.verdict for review in reviews.current()] == ["keep"]


def test_undo__nothing_is_ever_removed(reviews: Reviews):
    reviews.undo(reviews.decide(ITEM, Verdict.KEEP, made_in="app"), made_in="notebook")
    with sqlite3.connect(reviews.path) as connection:
        assert connection.execute("SELECT count(*) FROM reviews").fetchone() == (2,)


def test_undo__unknown_decision(reviews: Reviews):
    with pytest.raises(OmniSourceError, match="no decision 7 to undo"):
        reviews.undo(7, made_in="app")


def test_decide__a_class_belongs_to_relabel_only(reviews: Reviews):
    with pytest.raises(OmniSourceError, match="a class belongs to relabel"):
        reviews.decide(ITEM, Verdict.KEEP, class_index=1, made_in="app")
    with pytest.raises(OmniSourceError, match="a class belongs to relabel"):
        reviews.decide(ITEM, Verdict.RELABEL, made_in="app")


def _decide_many(path: Path, author: str) -> None:
    for number in range(50):
        Reviews(path).decide(Subject(key=bytes([number]) * 16), Verdict.KEEP, made_in="app", author=author)


def test_decide__two_people_at_once_lose_nothing(reviews: Reviews):
    context = multiprocessing.get_context("spawn")
    people = [context.Process(target=_decide_many, args=(reviews.path, name)) for name in ("ada", "bob")]
    for person in people:
        person.start()
    for person in people:
        person.join()
    with sqlite3.connect(reviews.path) as connection:
        counts = connection.execute("SELECT author, count(*) FROM reviews GROUP BY author ORDER BY author").fetchall()
    assert counts == [("ada", 50), ("bob", 50)]
