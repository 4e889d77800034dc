"""Reviews: append-only, undoable, several people at once."""

import multiprocessing
import os
import sqlite3
import threading
from pathlib import Path

import pytest

from omnisource.errors import OmniSourceError
from omnisource.reviews import Review, Reviews, Subject, Verdict, this_person

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


def test_decide__a_class_belongs_to_relabel_and_relevance(reviews: Reviews):
    with pytest.raises(OmniSourceError, match="a class belongs to relabel, relevant and irrelevant"):
        reviews.decide(ITEM, Verdict.KEEP, class_index=1, made_in="app")
    with pytest.raises(OmniSourceError, match="relabel without a class"):
        reviews.decide(ITEM, Verdict.RELABEL, made_in="app")


def test_decide__an_item_may_be_relevant_to_one_class_and_irrelevant_to_another(reviews: Reviews):
    reviews.decide(ITEM, Verdict.RELEVANT, class_index=1, made_in="app")
    reviews.decide(ITEM, Verdict.IRRELEVANT, class_index=2, made_in="app")
    reviews.decide(ITEM, Verdict.IRRELEVANT, class_index=1, made_in="app")  # of class 1 the newest counts
    said = [(review.verdict, review.class_index) for review in reviews.current()]
    assert said == [(Verdict.IRRELEVANT, 2), (Verdict.IRRELEVANT, 1)]


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


def _decide_in_each(folder: Path, author: str, barrier: threading.Barrier) -> None:
    for number in range(20):
        barrier.wait()
        Reviews(folder / f"{number}.sqlite").decide(ITEM, Verdict.KEEP, made_in="app", author=author)


def test_decide__the_first_decisions_of_several_people_lose_nothing(tmp_path: Path):
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(4)
    people = [context.Process(target=_decide_in_each, args=(tmp_path, name, barrier)) for name in "abcd"]
    for person in people:
        person.start()
    for person in people:
        person.join()
    assert [person.exitcode for person in people] == [0] * 4
    authors = [{one.author for one in _all_made(tmp_path / f"{number}.sqlite")} for number in range(20)]
    assert authors == [set("abcd")] * 20


def _all_made(path: Path) -> list[Review]:
    return [decision.review for decision in Reviews(path).history(ITEM.key)]


def test_decide_all__all_or_none(reviews: Reviews):
    other = Subject(key=b"b" * 16)
    made = reviews.decide_all([ITEM, other], Verdict.DROP, made_in="app", author="ann")
    assert [(review.id, review.subject) for review in reviews.current()] == list(zip(made, [ITEM, other]))
    with pytest.raises(sqlite3.IntegrityError):
        reviews.decide_all([Subject(key=b"c" * 16), Subject(key=None)], Verdict.DROP, made_in="app")
    assert len(reviews.current()) == 2


def test_undo_all__all_or_none(reviews: Reviews):
    made = reviews.decide_all([ITEM, Subject(key=b"b" * 16)], Verdict.DROP, made_in="app")
    with pytest.raises(OmniSourceError, match="there is no decision 99 to undo"):
        reviews.undo_all([*made, 99], made_in="app")
    assert len(reviews.current()) == 2
    reviews.undo_all(made, made_in="app")
    assert reviews.current() == []


def test_about__the_same_as_current_but_of_some_items(reviews: Reviews):
    other, segment = Subject(key=b"b" * 16), Subject(key=b"a" * 16, start_s=0.0, end_s=1.0)
    assert reviews.about([ITEM.key]) == []  # before anyone decided
    undone = reviews.decide(ITEM, Verdict.KEEP, made_in="app")
    for subject in (ITEM, ITEM, segment, other):
        reviews.decide(subject, Verdict.DROP, made_in="app")
    reviews.undo(undone, made_in="app")
    assert reviews.about([ITEM.key]) == [review for review in reviews.current() if review.subject.key == ITEM.key]
    assert [review.subject for review in reviews.about([other.key, ITEM.key])] == [ITEM, segment, other]
    assert reviews.about([]) == []


def test_history__tells_what_was_undone_and_what_was_replaced(reviews: Reviews):
    first = reviews.decide(ITEM, Verdict.KEEP, made_in="app", author="ann")
    reviews.decide(ITEM, Verdict.DROP, made_in="app", author="ann")
    second = reviews.decide(ITEM, Verdict.KEEP, made_in="notebook", author="bob")
    reviews.undo(second, made_in="app", author="cy")
    told = reviews.history(ITEM.key)
    assert [(d.review.verdict, d.is_in_force, d.undone_by) for d in told] == [
        ("keep", False, None),  # replaced by the next
        ("drop", True, None),
        ("keep", False, "cy"),
    ]
    assert told[0].review.id == first and told[2].undone_at is not None


def test_authors__of_what_is_in_force(reviews: Reviews):
    assert reviews.authors() == []
    reviews.undo(reviews.decide(ITEM, Verdict.KEEP, made_in="app", author="cy"), made_in="app")
    for author in ("bob", "ann"):
        reviews.decide(Subject(key=author.encode().ljust(16)), Verdict.KEEP, made_in="app", author=author)
    assert reviews.authors() == ["ann", "bob"]


def test_this_person__a_number_without_a_name_has_decided_too(reviews: Reviews, monkeypatch: pytest.MonkeyPatch):
    for variable in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 54321)  # as in a container; no such user is known
    assert this_person() == "user 54321"
    reviews.decide(ITEM, Verdict.KEEP, made_in="app")
    assert reviews.authors() == ["user 54321"]
