"""The wall's protocol: keys that were pressed faster than the page runs are neither lost nor done twice."""

from types import SimpleNamespace

import pytest

from app.components import wall


@pytest.fixture
def state(monkeypatch: pytest.MonkeyPatch) -> dict:
    """The session, in which the wall is called "w"."""
    session: dict = {}
    monkeypatch.setattr(wall.st, "session_state", session)
    return session


def press(state: dict, name: str, *numbers: int) -> list[tuple[str, list[str]]]:
    """What the page has not seen yet."""
    sent = [{"number": number, "action": "keep", "tokens": [f"t{number}"]} for number in numbers]
    state["w"] = SimpleNamespace(acted={"wall": name, "decisions": sent}, opened=None, turned=None)
    return wall.acted("w")


def test_acted__what_is_repeated_counts_once(state: dict):
    assert press(state, "one", 1) == [("keep", ["t1"])]
    assert press(state, "one", 1, 2, 3) == [("keep", ["t2"]), ("keep", ["t3"])]  # 1 was not yet acknowledged
    assert press(state, "one", 3) == []
    assert state["w_acknowledged"] == {"wall": "one", "number": 3}


def test_acted__a_reloaded_wall_counts_from_one(state: dict):
    assert press(state, "one", 1, 2) == [("keep", ["t1"]), ("keep", ["t2"])]
    assert press(state, "two", 1) == [("keep", ["t1"])]


def test_acted__without_a_key(state: dict):
    state["w"] = SimpleNamespace(acted=None, opened=None, turned=None)
    assert wall.acted("w") == []
