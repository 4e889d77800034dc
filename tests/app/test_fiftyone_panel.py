"""FiftyOne from the app's pages: what would be started, what was pushed, and one line where it cannot be."""

import json
import socket
import sys
import time
from pathlib import Path

import pytest

from app.fiftyone_panel import is_serving
from omnisource import jobs
from omnisource.workspace import Workspace
from tests.app.conftest import OpenPage


def told(workspace: Workspace, url: str | None = None) -> None:
    """As a push, and an App that is open, leave it."""
    folder = workspace.root / "fiftyone"
    folder.mkdir()
    pushed = {"datasets": {"w-images": 1200}, "finished_s": time.time(), "recipe": None, "where": [], "limit": 9}
    (folder / "pushed.json").write_text(json.dumps(pushed | {"app_url": "http://a"}), encoding="utf-8")
    if url:
        (folder / "serving.json").write_text(json.dumps({"url": url}), encoding="utf-8")


def test_fiftyone_panel__before_the_first_push(open_page: OpenPage, empty: Workspace, started: list):
    page = open_page("overview", empty)
    assert not page.exception
    assert any("Nothing was pushed yet" in one.value for one in page.caption)
    page.button(key="overview_fiftyone_push").click().run()
    page.button(key="overview_fiftyone_app").click().run()
    push, serve = (arguments for _, arguments in started)
    assert push == ["fiftyone", "push", "-w", str(empty.root)]
    assert serve[:5] == ["fiftyone", "app", "-w", str(empty.root), "--no-browser"] and serve[5] == "--app-url"
    assert serve[6].startswith("http")


@pytest.mark.parametrize("command", ["push", "app"])
def test_fiftyone_panel__during_the_first_push(open_page: OpenPage, empty: Workspace, command: str):
    folder = empty.root / "jobs" / "1"
    folder.mkdir(parents=True)
    job = {"title": "t", "arguments": ["fiftyone", command, "-w", "."], "needs_device": False, "asked_s": time.time()}
    jobs.say(folder, "queued")
    (folder / "job.json").write_text(json.dumps(job), encoding="utf-8")
    page = open_page("overview", empty)
    assert not page.exception
    (caption,) = [one.value for one in page.caption if "Explore the web data" in one.value]
    assert "The first push is under way" in caption


def test_fiftyone_panel__after_a_push_decisions_can_be_fetched(open_page: OpenPage, empty: Workspace, started: list):
    with socket.create_server(("127.0.0.1", 0)) as server:
        told(empty, f"http://127.0.0.1:{server.getsockname()[1]}/datasets/w-images")
        page = open_page("overview", empty)
    assert any("1,200 in w\\-images" in one.value for one in page.caption)
    assert "overview_fiftyone_app" not in {button.key for button in page.button}  # it is open: a link stands there
    page.button(key="overview_fiftyone_pull").click().run()
    assert started == [(empty.root, ["fiftyone", "pull", "-w", str(empty.root)])]


def test_fiftyone_panel__says_what_is_missing(open_page: OpenPage, empty: Workspace, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "fiftyone", None)
    page = open_page("overview", empty)
    assert not page.exception
    assert any("which is not installed" in one.value for one in page.caption)
    assert "overview_fiftyone_push" not in {button.key for button in page.button}


def test_fiftyone_panel__the_walls_filters_are_pushed(open_page: OpenPage, half_done: Workspace, started: list):
    page = open_page("browse", half_done)
    page.button(key="browse_fiftyone_push").click().run()
    assert started == [(half_done.root, ["fiftyone", "push", "-w", str(half_done.root), "--where", "stage=found"])]


@pytest.mark.parametrize(("arguments", "expected"), [(("fiftyone", "app"), True), (("fiftyone", "push"), False)])
def test_is_serving__what_nothing_waits_for(arguments: tuple[str, ...], expected: bool):
    told = {"id": "1", "folder": Path("/x"), "title": "t", "needs_device": False, "asked_s": 0.0, "state": "running"}
    told |= {"started_s": None, "ended_s": None, "returncode": None, "process_group": None}
    assert is_serving(jobs.Job(arguments=(*arguments, "-w", "x"), **told)) is expected
