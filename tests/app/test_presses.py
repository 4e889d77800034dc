"""Keys pressed faster than the page runs are neither lost nor done twice."""

from types import SimpleNamespace

import pytest

from app.components import pair, presses, wall


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> dict:
    """The session, in which the component is called "w"."""
    session: dict = {}
    monkeypatch.setattr(presses.st, "session_state", session)
    return session


def press(session: dict, sender: str, *numbers: int) -> list[int]:
    """The presses that the page has not seen yet, by number."""
    told = {"sender": sender, "presses": [{"number": number} for number in numbers]}
    session["w"] = SimpleNamespace(acted=told)
    return [one["number"] for one in presses.new_presses("w")]


def test_new_presses__what_is_repeated_counts_once(session: dict):
    assert press(session, "one", 1) == [1]
    assert press(session, "one", 1, 2, 3) == [2, 3]  # 1 was not yet acknowledged when 2 and 3 were pressed
    assert press(session, "one", 3) == []
    assert presses.acknowledged("w") == {"sender": "one", "number": 3}


def test_new_presses__a_component_of_a_reloaded_page_counts_from_one(session: dict):
    assert press(session, "one", 1, 2) == [1, 2]
    assert press(session, "two", 1) == [1]


def test_new_presses__without_a_key(session: dict):
    session["w"] = SimpleNamespace(acted=None)
    assert list(presses.new_presses("w")) == []
    assert presses.acknowledged("w") is None


def test_new_presses__what_could_not_be_written_is_told_again(session: dict):
    told = {"sender": "one", "presses": [{"number": number} for number in (1, 2, 3)]}
    session["w"] = SimpleNamespace(acted=told)
    pressed = presses.new_presses("w")
    assert [next(pressed)["number"], next(pressed)["number"]] == [1, 2]
    pressed.close()  # as an exception within the loop over them would
    assert press(session, "one", 1, 2, 3, 4) == [2, 3, 4]


def test_acted__an_action_and_its_tiles(session: dict):
    pressed = {"number": 1, "action": "keep", "tokens": ["a", "b"]}
    session["w"] = SimpleNamespace(acted={"sender": "one", "presses": [pressed]})
    assert list(wall.acted("w")) == [("keep", ["a", "b"])]


def test_decisions__a_verdict_on_a_pair_or_its_cluster(session: dict):
    pressed = {"number": 1, "pair": "p", "verdict": "duplicate", "whole_cluster": True}
    session["w"] = SimpleNamespace(acted={"sender": "one", "presses": [pressed]})
    assert list(pair.decisions("w")) == [pair.Decision(pair="p", verdict="duplicate", whole_cluster=True)]


def test_asked__what_and_for_which_pair(session: dict):
    session["w"] = SimpleNamespace(asked={"what": "cluster", "pair": "p4"})
    assert pair.asked("w") == ("cluster", "p4")
    session["w"] = SimpleNamespace(asked=None)
    assert pair.asked("w") is None
