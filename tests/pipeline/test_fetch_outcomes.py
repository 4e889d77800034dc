"""What became of addresses, counted once each."""

from pathlib import Path

import pytest

from omnisource.catalog import Catalog
from omnisource.pipeline.fetch_outcomes import by_reason, fetch_outcomes, num_candidates, search_counts
from omnisource.workspace import Workspace
from tests.web_tables import attempt, find, searching


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return searching(tmp_path / "w", max_attempts=2)


def test_fetch_outcomes__of_nothing(workspace: Workspace):
    assert fetch_outcomes(workspace, Catalog(workspace)) == []
    assert search_counts(workspace, Catalog(workspace)) == []
    assert num_candidates(workspace) == 0


def test_fetch_outcomes__an_address_counts_once_as_it_ended(workspace: Workspace):
    attempt(workspace, "http://a/1", "too_many_requests", retry=True)
    attempt(workspace, "http://a/1", "ok", key=bytes(16), num_bytes=10)
    attempt(workspace, "http://a/2", "ok", key=bytes(16), num_bytes=5)
    attempt(workspace, "http://b/3", "not_found", detail="it is gone")
    found = fetch_outcomes(workspace, Catalog(workspace))
    told = [(one.host, one.reason, one.addresses, one.attempts, one.num_bytes, one.may_retry) for one in found]
    assert told == [("a", "ok", 2, 3, 15, False), ("b", "not_found", 1, 1, 0, False)]
    assert found[1].example == "http://b/3: it is gone"
    assert by_reason(found) == {"ok": 2, "not_found": 1}


@pytest.mark.parametrize(
    ("reasons", "told"),
    [
        (["timeout"], ("timeout", True)),
        (["timeout", "timeout"], ("timeout", False)),  # both attempts are spent
        (["timeout", "host_left_alone"], ("timeout", True)),  # its own reason counts
        (["host_left_alone", "host_left_alone"], ("host_left_alone", True)),
    ],
)
def test_fetch_outcomes__what_may_be_tried_again(workspace: Workspace, reasons: list[str], told: tuple[str, bool]):
    for reason in reasons:
        attempt(workspace, "http://a/1", reason, retry=True)
    (one,) = fetch_outcomes(workspace, Catalog(workspace))
    assert (one.reason, one.may_retry) == told


def test_search_counts__a_cell_that_was_asked_twice_counts_once(workspace: Workspace):
    row = {"source": "web", "class_index": 0, "query": "kick", "returned": 3, "new": 3, "requests": 2, "detail": ""}
    with workspace.table("cells").writer(rows_per_part=10) as writer:
        writer.add([row | {"outcome": "failed", "returned": 1}, row | {"outcome": "complete"}])
        writer.add([row | {"outcome": "failed", "query": "other", "requests": 1, "returned": 0}])
    find(workspace, "http://a/1", "http://a/2")
    find(workspace, "http://a/2", is_new=False)
    (one,) = search_counts(workspace, Catalog(workspace))
    assert (one.source, one.cells, one.failed, one.requests, one.returned, one.candidates) == ("web", 2, 1, 5, 3, 2)
    assert num_candidates(workspace) == 2
