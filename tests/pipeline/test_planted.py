"""Traps that were planted beside those that the tables have."""

from datetime import date
from pathlib import Path

import pytest

from omnisource.demo.mini_web_plan import MiniWebPlan, Post, Trap, WebFile
from omnisource.demo.truth import TrueItem, Truth
from omnisource.pipeline.planted import compare_planted
from omnisource.report import Dropped
from omnisource.types import Format
from omnisource.workspace import Workspace
from tests.web_tables import attempt, searching

ATTEMPTS = {  # one address of each trap, as a crawl writes it down
    Trap.BUSY: [{"reason": "too_many_requests", "retry": True}, {"reason": "ok", "final_url": None}],
    Trap.REDIRECT: [{"reason": "ok", "final_url": "http://mirror.example/p/redirect.jpg"}],
    Trap.TWICE: [],
    Trap.ROBOTS: [{"reason": "robots_refused"}],
    Trap.NOAI: [{"reason": "opted_out", "detail": "it says X-Robots-Tag: noai"}],
    Trap.TDM: [{"reason": "opted_out", "detail": "it says tdm-reservation: 1"}],
    Trap.MISSING: [{"reason": "not_found"}],
    Trap.SLOW: [{"reason": "too_slow", "retry": True}],
    Trap.TRUNCATED: [{"reason": "truncated", "retry": True}] * 2,  # tried twice, one address
    Trap.PRIVATE: [{"reason": "private_address", "host": "169.254.169.254"}],
    Trap.LOOPBACK: [{"reason": "private_address", "host": "localhost"}],
    Trap.PAGE: [{"reason": "wrong_type"}],
    Trap.EMPTY: [{"reason": "empty_file"}],
    Trap.DOWN: [{"reason": "host_left_alone", "retry": True}],
}


def post(trap: Trap) -> Post:
    path = "web/image/kick/a.jpg"
    return Post(
        host=f"{trap}.example",
        path=f"/p/{trap}.jpg",
        format=Format.IMAGE,
        class_name="kick",
        published=date(2017, 1, 1),
        trap=trap,
        file=WebFile(path=path, format=Format.IMAGE, class_name="kick", key=bytes(16), trap=Trap.NONE),
    )


PLAN = MiniWebPlan(posts=tuple(post(trap) for trap in Trap if trap is not Trap.NONE))


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = searching(tmp_path / "w")
    for trap, rows in ATTEMPTS.items():
        for row in rows:
            attempt(made, post(trap).url, **row)
    repeats = [Dropped(path=None, key=None, reason="repeat", detail=f"http://x/{number}") for number in range(2)]
    with made.table("items").writer(rows_per_part=10) as writer:
        writer.add([], repeats)
    return made


def test_compare_planted__each_trap_by_what_the_tables_call_it(workspace: Workspace):
    rows = compare_planted(workspace, PLAN)
    # three addresses give the same content: BUSY, REDIRECT and TWICE, so two repeat another's
    assert [(row.planted, row.found) for row in rows] == [(1, 1), (1, 1), (2, 2), *[(1, 1)] * 11]
    assert all(row.is_right for row in rows)


@pytest.mark.parametrize("trap", [trap for trap in ATTEMPTS if trap is not Trap.TWICE])
def test_compare_planted__one_too_many_is_wrong(workspace: Workspace, trap: Trap):
    attempt(workspace, "http://other.example/x.jpg", **ATTEMPTS[trap][0])
    wrong = [row for row in compare_planted(workspace, PLAN) if not row.is_right]
    assert [(row.planted, row.found) for row in wrong] == [(1, 2)]


def test_compare_planted__broken_files_that_came_are_for_the_check_to_find(workspace: Workspace):
    truth = Truth(
        items={
            "web/image/kick/a.jpg": TrueItem(query="kick", class_name=None, style="broken", broken=True),
            "web/image/kick/refused.jpg": TrueItem(query="kick", class_name=None, style="broken", broken=True),
        }
    )
    assert compare_planted(workspace, PLAN, truth)[-1].found == 0
    with workspace.table("validity").writer(rows_per_part=10) as writer:
        writer.add([], [Dropped(path=None, key=bytes(16), reason="too_small", detail="")])
    last = compare_planted(workspace, PLAN, truth)[-1]
    assert (last.planted, last.found, last.seen_as, last.is_right) == (1, 1, "too_small", True)
