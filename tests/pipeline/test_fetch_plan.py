"""What is to be fetched: an order of its own, and what is decided, spent, or left alone is not asked for again."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from omnisource.catalog import Catalog
from omnisource.pipeline import fetch_plan
from omnisource.pipeline.fetch_plan import IS_GONE, REPEATS, Address, has_wanted, timestamp, undecided_chunks
from omnisource.report import Dropped
from omnisource.workspace import Workspace
from tests.web_tables import attempt, find, searching

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
JUST_NOW = timestamp(NOW - timedelta(minutes=5))
LONG_AGO = timestamp(NOW - timedelta(hours=2))


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return searching(tmp_path / "w", max_attempts=3)


def undecided(workspace: Workspace) -> list[Address]:
    return [one for chunk in undecided_chunks(workspace, Catalog(workspace), NOW) for one in chunk]


def urls(workspace: Workspace) -> set[str]:
    return {one.url for one in undecided(workspace)}


def test_undecided_chunks__everything_that_was_found_once(workspace: Workspace):
    find(workspace, "http://A.example:81/1.jpg", "http://u@b.example/2.jpg")
    find(workspace, "http://u@b.example/2.jpg", is_new=False, class_index=1)
    found = {one.url: (one.host, one.class_index, one.tried, one.key) for one in undecided(workspace)}
    assert found == {
        "http://A.example:81/1.jpg": ("a.example", 0, 0, None),
        "http://u@b.example/2.jpg": ("b.example", 0, 0, None),
    }


def test_undecided_chunks__the_order_depends_on_the_addresses_alone(tmp_path: Path):
    names = [f"http://h.example/{number}.jpg" for number in range(20)]
    first, second = searching(tmp_path / "a"), searching(tmp_path / "b")
    find(first, *names)
    find(second, *reversed(names[:10]))
    find(second, *reversed(names[10:]))
    order = [one.url for one in undecided(first)]
    assert order == [one.url for one in undecided(second)]
    assert order != names


def test_undecided_chunks__a_chunk_keeps_its_members_when_others_are_done(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(fetch_plan, "CHUNK", 3)
    find(workspace, *(f"http://h.example/{number}.jpg" for number in range(7)))
    chunks = [[one.url for one in chunk] for chunk in undecided_chunks(workspace, Catalog(workspace), NOW)]
    assert [len(chunk) for chunk in chunks] == [3, 3, 1]
    attempt(workspace, chunks[0][1], "not_found")
    left = [[one.url for one in chunk] for chunk in undecided_chunks(workspace, Catalog(workspace), NOW)]
    assert left == [[chunks[0][0], chunks[0][2]], chunks[1], chunks[2]]


@pytest.mark.parametrize(
    ("tries", "is_left"),
    [
        ([], True),
        ([{"reason": "not_found"}], False),  # refused for good
        ([{"reason": "timeout", "retry": True}], True),
        ([{"reason": "timeout", "retry": True}] * 3, False),  # max_attempts is 3
        ([{"reason": "timeout", "retry": True}] * 2 + [{"reason": "opted_out"}], False),
        # a host that was away says nothing about the address, so it does not count as an attempt
        ([{"reason": "host_left_alone", "retry": True, "started_utc": LONG_AGO}] * 5, True),
        ([{"reason": "host_left_alone", "retry": True, "started_utc": JUST_NOW}], False),
        ([{"reason": "robots_unreachable", "retry": True, "started_utc": JUST_NOW}], False),
        ([{"reason": "retry_later", "retry": True, "started_utc": LONG_AGO}], True),
    ],
)
def test_undecided_chunks__what_was_tried(workspace: Workspace, tries: list[dict], is_left: bool):
    find(workspace, "http://h.example/1.jpg")
    for one in tries:
        attempt(workspace, "http://h.example/1.jpg", **one)
    assert urls(workspace) == ({"http://h.example/1.jpg"} if is_left else set())


def test_undecided_chunks__a_host_that_was_left_alone_just_now_is_left_alone_whole(workspace: Workspace):
    find(workspace, "http://h.example/1.jpg", "http://h.example/2.jpg", "http://other.example/3.jpg")
    attempt(workspace, "http://h.example/1.jpg", "host_left_alone", retry=True, started_utc=JUST_NOW)
    assert urls(workspace) == {"http://other.example/3.jpg"}


def test_undecided_chunks__what_lies_on_disk_waits_for_no_host(workspace: Workspace):
    find(workspace, "http://h.example/1.jpg")
    find(workspace, "http://h.example/2.jpg", file="/crawl/2.jpg")
    attempt(workspace, "http://h.example/1.jpg", "host_left_alone", retry=True, started_utc=JUST_NOW)
    assert [one.file for one in undecided(workspace)] == ["/crawl/2.jpg"]


def test_undecided_chunks__a_source_that_left_the_study_is_not_fetched(workspace: Workspace):
    find(workspace, "http://h.example/1.jpg", source="former")
    assert urls(workspace) == set()


def test_undecided_chunks__what_was_got_and_is_no_item_yet_comes_with_its_content(workspace: Workspace):
    find(workspace, "http://h.example/1.jpg", "http://h.example/2.jpg", "http://h.example/3.jpg")
    for number in (1, 2, 3):
        attempt(workspace, f"http://h.example/{number}.jpg", "ok", key=bytes([number]) * 16)
    with workspace.table("items").writer(rows_per_part=10) as writer:
        row = {"key": bytes([1]) * 16, "path": "/m/1", "source": "web", "format": "image", "class_index": 0}
        writer.add([row | {"url": "http://h.example/1.jpg"}])
    assert [(one.url, one.key) for one in sorted(undecided(workspace), key=lambda one: one.url)] == [
        ("http://h.example/2.jpg", bytes([2]) * 16),
        ("http://h.example/3.jpg", bytes([3]) * 16),
    ]


def test_undecided_chunks__what_is_dealt_with_is_not_looked_at_again(workspace: Workspace):
    find(workspace, "http://h.example/1 of 2.jpg", "http://h.example/2 of 2.jpg")
    dropped = []
    for number, reason, what in ((1, "repeat", REPEATS), (2, "missing_file", IS_GONE)):
        url = f"http://h.example/{number} of 2.jpg"
        attempt(workspace, url, "ok", key=bytes([number]) * 16)
        dropped.append(Dropped(path=None, key=None, reason=reason, detail=f"{url}{what}/x"))
    with workspace.table("items").writer(rows_per_part=10) as writer:
        writer.add([], dropped)
    assert urls(workspace) == set()


def test_has_wanted__before_and_after(workspace: Workspace, tmp_path: Path):
    assert not has_wanted(workspace)
    find(workspace, "http://h.example/1.jpg")
    assert has_wanted(workspace)
    attempt(workspace, "http://h.example/1.jpg", "robots_refused")
    assert not has_wanted(workspace)


def test_has_wanted__not_for_a_host_that_was_left_alone_though_a_run_tries_it_again(workspace: Workspace):
    find(workspace, "http://h.example/1.jpg")
    attempt(workspace, "http://h.example/1.jpg", "host_left_alone", retry=True, started_utc=LONG_AGO)
    assert urls(workspace) == {"http://h.example/1.jpg"}
    assert not has_wanted(workspace)


def test_has_wanted__for_what_was_got_and_is_no_item_yet(workspace: Workspace):
    find(workspace, "http://h.example/1.jpg")
    attempt(workspace, "http://h.example/1.jpg", "ok", key=bytes(16))
    assert has_wanted(workspace)
