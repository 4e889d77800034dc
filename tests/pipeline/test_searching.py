"""Searches over real connections: candidates and cells, failures, budgets, and going on after a kill."""

import functools
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from omnisource import config
from omnisource.errors import WorkspaceError
from omnisource.pipeline import queries, searching
from omnisource.pipeline.forgotten import remember_forgotten
from omnisource.pipeline.searching import search
from omnisource.workspace import Workspace
from tests import web_tables

RESULTS = {"kick": ["k1", "k2", "k3", "both"], "yoyo": ["y1", "both"]}
ON_A_PAGE = 2


class Handler(BaseHTTPRequestHandler):
    """Two results on a page; what is in `broken` fails."""

    def do_GET(self) -> None:
        asked = parse_qs(urlsplit(self.path).query)
        if self.path == "/robots.txt":
            self.send_error(404)
            return
        query, page = asked["q"][0], int(asked["page"][0])
        self.server.asked[query, page] += 1
        if (query, page) in self.server.broken:
            self.send_error(404)
            return
        names = RESULTS[query][(page - 1) * ON_A_PAGE :][:ON_A_PAGE]
        body = "".join(f'<a href="http://media.example/{name}.jpg" title="{name}">x</a>' for name in names).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.asked, running.broken = Counter(), set()
        threading.Thread(target=functools.partial(running.serve_forever, 0.01), daemon=True).start()
        yield running
        running.shutdown()


@pytest.fixture
def workspace(tmp_path: Path, server: ThreadingHTTPServer) -> Workspace:
    resolve = {"pictures.example": f"127.0.0.1:{server.server_address[1]}"}
    made = web_tables.searching(tmp_path / "w", requests_per_second=1000, max_attempts=1, resolve=resolve)
    queries.accept(made, queries.propose_queries(made).number)
    return made


def change_search(workspace: Workspace, **changes: object) -> None:
    source = workspace.study().sources[0]
    found = source.model_copy(update={"search": source.search.model_copy(update=changes)})
    config.save_study(workspace.study().model_copy(update={"sources": (found,)}), workspace.study_path)


def candidates(workspace: Workspace) -> list[tuple[str, str, bool]]:
    rows = workspace.table("candidates").read().to_pylist()
    return sorted((row["query"], row["url"].rpartition("/")[2], row["is_new"]) for row in rows)


def cells(workspace: Workspace) -> list[tuple[object, ...]]:
    rows = workspace.table("cells").read().to_pylist()
    return [(row["query"], row["returned"], row["new"], row["requests"], row["outcome"]) for row in rows]


ALL = [
    ("kick", "both.jpg", True),
    ("kick", "k1.jpg", True),
    ("kick", "k2.jpg", True),
    ("kick", "k3.jpg", True),
    ("yoyo", "both.jpg", False),
    ("yoyo", "y1.jpg", True),
]
# two pages of two and an empty one; one page of two and an empty one
ALL_CELLS = [("kick", 4, 4, 3, "complete"), ("yoyo", 2, 1, 2, "complete")]


def test_search__candidates_of_every_cell_and_what_is_new(workspace: Workspace):
    done = search(workspace, progress=False)
    assert candidates(workspace) == ALL
    assert cells(workspace) == ALL_CELLS
    (one,) = done.values()
    assert (one.cells, one.requests, one.returned, one.new, one.failed, one.waiting) == (2, 5, 6, 5, 0, 0)


def test_search__a_candidate_has_what_its_page_says(workspace: Workspace):
    search(workspace, progress=False)
    row = next(row for row in workspace.table("candidates").read().to_pylist() if row["url"].endswith("y1.jpg"))
    assert (row["source"], row["format"], row["class_index"], row["title"]) == ("web", "image", 1, "y1")
    assert row["page_url"] == "http://pictures.example/search?q=yoyo&page=1"


def test_search__again_asks_for_nothing(workspace: Workspace, server: ThreadingHTTPServer):
    search(workspace, progress=False)
    before = Counter(server.asked)
    assert search(workspace, progress=False)["web"].requests == 0
    assert server.asked == before
    assert candidates(workspace) == ALL


def test_search__a_cell_that_fails_is_written_down_alone(workspace: Workspace, server: ThreadingHTTPServer):
    server.broken.add(("kick", 2))
    assert search(workspace, progress=False)["web"].failed == 1
    failed, other = workspace.table("cells").read().to_pylist()
    assert (failed["query"], failed["outcome"], failed["returned"]) == ("kick", "failed", 2)
    assert failed["detail"].startswith("not_found")
    assert other["outcome"] == "complete"


def test_search__a_cell_that_failed_is_tried_again_and_counted_once(workspace: Workspace, server: ThreadingHTTPServer):
    server.broken.add(("kick", 2))
    search(workspace, progress=False)
    server.broken.clear()
    search(workspace, progress=False)
    expected = [(query, name, is_new) for query, name, is_new in ALL if name != "both.jpg"]
    assert candidates(workspace) == sorted([*expected, ("kick", "both.jpg", False), ("yoyo", "both.jpg", True)])
    assert cells(workspace)[-1] == ("kick", 4, 1, 3, "complete")  # k3; k1 and k2 were new the first time


def test_search__killed_between_candidates_and_cell_it_counts_as_if_nothing_had_happened(workspace: Workspace):
    search(workspace, progress=False)
    workspace.table("cells").clear()
    search(workspace, progress=False)
    assert cells(workspace) == ALL_CELLS
    assert candidates(workspace) == ALL


def test_search__stopped_half_way_keeps_what_it_has(workspace: Workspace, monkeypatch: pytest.MonkeyPatch):
    asked = searching._ask

    def ask_once(source, turn):
        if turn.cell.query == "yoyo":
            raise KeyboardInterrupt
        return asked(source, turn)

    monkeypatch.setattr(searching, "_ask", ask_once)
    with pytest.raises(KeyboardInterrupt):
        search(workspace, progress=False)
    assert cells(workspace) == ALL_CELLS[:1]
    monkeypatch.undo()
    search(workspace, progress=False)
    assert (cells(workspace), candidates(workspace)) == (ALL_CELLS, ALL)


def test_search__a_spent_budget_leaves_cells_to_a_larger_one(workspace: Workspace):
    change_search(workspace, max_requests=2)
    done = search(workspace, progress=False)["web"]
    assert done.requests == 2
    assert done.waiting == 2
    change_search(workspace, max_requests=100)
    search(workspace, progress=False)
    assert {name for _, name, _ in candidates(workspace)} == {name for _, name, _ in ALL}
    assert len(candidates(workspace)) == len(ALL)


def test_search__no_more_candidates_of_a_class_than_it_may_have(workspace: Workspace):
    change_search(workspace, max_per_class=1)
    search(workspace, progress=False)
    assert [(query, is_new) for query, _, is_new in candidates(workspace)] == [("kick", True), ("yoyo", True)]


def test_search__an_engine_s_cap_ends_a_cell(workspace: Workspace, server: ThreadingHTTPServer):
    change_search(workspace, result_cap=3)
    search(workspace, progress=False)
    assert cells(workspace)[0] == ("kick", 3, 3, 2, "capped")
    assert server.asked["kick", 3] == 0


def test_search__what_was_forgotten_is_no_candidate(workspace: Workspace):
    remember_forgotten(workspace, [("url", "http://media.example/k1.jpg")])
    search(workspace, progress=False)
    assert "k1.jpg" not in {name for _, name, _ in candidates(workspace)}


def test_search__what_was_forgotten_counts_towards_the_engine_s_cap(workspace: Workspace):
    change_search(workspace, result_cap=3)
    remember_forgotten(workspace, [("url", "http://media.example/k1.jpg")])
    search(workspace, progress=False)
    assert cells(workspace)[0] == ("kick", 3, 2, 2, "capped")  # so that a cell with windows is split


def test_search__nothing_is_asked_before_queries_are_accepted(workspace: Workspace, server: ThreadingHTTPServer):
    (workspace.table("queries").folder / "accepted.json").unlink()
    with pytest.raises(WorkspaceError, match="was not accepted"):
        search(workspace, progress=False)
    assert not server.asked


def test_search__redo_asks_everything_anew(workspace: Workspace, server: ThreadingHTTPServer):
    search(workspace, progress=False)
    search(workspace, progress=False, redo=True)
    assert server.asked["kick", 1] == 2
    assert (cells(workspace), candidates(workspace)) == (ALL_CELLS, ALL)


def test_search__nothing_where_no_source_is_searched(tmp_path: Path):
    assert search(Workspace.create(tmp_path / "o", config.Study()), progress=False) == {}
