"""The pair viewer's protocol: what was pressed faster than the page runs is neither lost nor done twice."""

from types import SimpleNamespace

import pytest

from app.components import pair


@pytest.fixture
def state(monkeypatch: pytest.MonkeyPatch) -> dict:
    """The session, in which the viewer is called "v"."""
    session: dict = {}
    monkeypatch.setattr(pair.st, "session_state", session)
    return session


def press(state: dict, viewer: str, *numbers: int) -> list[str]:
    """The pairs of the decisions that the page has not seen yet."""
    sent = [
        {"number": number, "pair": f"p{number}", "verdict": "duplicate", "whole_cluster": False} for number in numbers
    ]
    state["v"] = SimpleNamespace(acted={"viewer": viewer, "decisions": sent}, asked=None)
    return [one.pair for one in pair.decisions("v")]


def test_decisions__what_is_repeated_counts_once(state: dict):
    assert press(state, "one", 1) == ["p1"]
    assert press(state, "one", 1, 2, 3) == ["p2", "p3"]  # 1 was not yet acknowledged when 2 and 3 were pressed
    assert press(state, "one", 3) == []
    assert state["v_acknowledged"] == {"viewer": "one", "number": 3}


def test_decisions__a_reloaded_viewer_counts_from_one(state: dict):
    assert press(state, "one", 1, 2) == ["p1", "p2"]
    assert press(state, "two", 1) == ["p1"]


def test_decisions__without_a_key(state: dict):
    state["v"] = SimpleNamespace(acted=None, asked=None)
    assert pair.decisions("v") == []
    assert pair.asked("v") is None


def test_asked__what_and_for_which_pair(state: dict):
    state["v"] = SimpleNamespace(acted=None, asked={"what": "cluster", "pair": "p4"})
    assert pair.asked("v") == ("cluster", "p4")
