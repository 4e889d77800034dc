"""The app as people use it: served by `streamlit run`, shown by Debian's chromium."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest

from omnisource import jobs
from omnisource.workspace import Workspace
from tests import micro_workspaces
from tests.micro_workspaces import REPOSITORY
from tests.similar_tables import write_similar

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page

POLLED_MS = 200
"""Asked at every drawn frame, which is the default, a busy machine would do nothing else."""
PATIENCE_MS = 60_000
"""Tests run on every core, so a page may wait for its turn."""
STARTED_WITHIN_S = 90.0
NOT_OURS = ("/_stcore/", "fonts.gstatic.com")
"""Streamlit looks for its server under the page's own path first, and for a page's icon on the internet."""
WHOLE_HEIGHT = "() => document.querySelector('[data-testid=stMain]').scrollHeight"
DONE = '[data-testid="stApp"][data-test-script-state="notRunning"]'
"""What the page says of itself once it is drawn."""
EVERY = """
  const every = (root) =>
    [...root.querySelectorAll("*")].flatMap((one) => [one, ...(one.shadowRoot ? every(one.shadowRoot) : [])])
"""
"""In a page: every element below a root, those within components too."""
QUIET = f"""() => {{{EVERY}
  const all = every(document)
  const isWaiting = (one) => one.matches("[data-stale=true], [data-testid=stSkeleton], [data-testid=stSpinner]")
  const isLoading = (one) =>
    one.tagName === "IMG" && one.src && one.loading !== "lazy" && one.checkVisibility() && !one.complete
  const isDone = document.querySelector("[data-test-script-state=notRunning]")
  return isDone && !all.some((one) => isWaiting(one) || isLoading(one))
}}"""
"""No script runs, nothing on the page is of the run before, no panel and no picture is still to come."""


@dataclass(kw_only=True, slots=True)
class Shown:
    """A page in the browser, and what went wrong on it."""

    page: "Page"
    """Playwright's page."""
    url: str
    """Where the app answers."""
    pictures: Path | None
    """Where screenshots go; None: they are not wanted."""
    complaints: list[str] = field(default_factory=list)
    """Errors of scripts and of the console."""

    def open(self, view: str, workspace: Workspace | None, **link: str) -> "Page":
        """Go to a view by its link and wait until it is drawn."""
        named = {} if workspace is None else {"workspace": str(workspace.root)}
        self.page.goto(f"{self.url}/{view}?{urlencode(named | link)}")
        self.settle()
        return self.page

    def take_picture(self, name: str) -> None:
        """Of the whole page, in a window that is high enough; for people to look at."""
        if self.pictures is None:
            return
        size = self.page.viewport_size
        self.page.set_viewport_size(size | {"height": max(size["height"], self.page.evaluate(WHOLE_HEIGHT))})
        self.settle()
        self.page.screenshot(path=self.pictures / f"{name}.png")
        self.page.set_viewport_size(size)

    def settle(self) -> None:
        """Wait until the page is drawn as it will stay."""
        self.page.wait_for_selector(f"{DONE} h1", timeout=PATIENCE_MS)
        self.page.wait_for_function(QUIET, timeout=PATIENCE_MS, polling=POLLED_MS)


@pytest.fixture(scope="session")
def app_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server of its own, of a person who never opened a workspace."""
    with _served(tmp_path_factory.mktemp("home")) as url:
        yield url


@contextmanager
def _served(home: Path) -> Iterator[str]:
    """`streamlit run` for a person with this home folder; its log must tell of no trouble."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(REPOSITORY / "app" / "main.py")]
    command += ["--server.address", "127.0.0.1", "--server.port", str(port), "--server.headless", "true"]
    environment = os.environ | {"HOME": str(home), "PYTHONPATH": str(REPOSITORY)}
    log = home / "server.log"
    with log.open("wb") as output:
        server = subprocess.Popen(command, cwd=home, env=environment, stdout=output, stderr=subprocess.STDOUT)
    try:
        _wait_for(f"http://127.0.0.1:{port}/_stcore/health", server, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=30)
    assert "Traceback" not in log.read_text(), log.read_text()


def _wait_for(url: str, server: subprocess.Popen, log: Path) -> None:
    until = time.monotonic() + STARTED_WITHIN_S
    while time.monotonic() < until:
        assert server.poll() is None, log.read_text()
        try:
            urllib.request.urlopen(url, timeout=5).read()
            return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
    raise AssertionError(f"the server did not answer within {STARTED_WITHIN_S} s: {log.read_text()}")


@pytest.fixture(scope="module")  # no longer: while it lives, no other test of this process may use asyncio
def chromium() -> "Iterator[Browser]":
    """The browser of this machine; skips where there is none."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="no playwright: pip install -e '.[dev]'")
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        pytest.skip("no chromium on the PATH: `apt-get install chromium` on Debian")
    as_root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*as_root, "--disable-dev-shm-usage"])
        yield browser
        browser.close()


@pytest.fixture
def shown(chromium: "Browser", app_url: str, pictures: Path | None) -> Iterator[Shown]:
    """A window of 1280 x 900 pixels without cookies or storage."""
    with _window(chromium, app_url, pictures) as one:
        yield one


@pytest.fixture
def newcomer(chromium: "Browser", tmp_path: Path, pictures: Path | None) -> Iterator[Shown]:
    """The same for a person whose app has never shown a workspace; the server's folder is `tmp_path`/home."""
    home = tmp_path / "home"
    home.mkdir()
    with _served(home) as url, _window(chromium, url, pictures) as one:
        yield one
    for folder in tmp_path.glob("**/jobs"):  # what a test that failed has left
        for job in jobs.jobs(folder.parent):
            if job.is_alive:
                jobs.stop(job)


@contextmanager
def _window(chromium: "Browser", url: str, pictures: Path | None) -> Iterator[Shown]:
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, color_scheme="light")
    context.set_default_timeout(PATIENCE_MS)
    one = Shown(page=context.new_page(), url=url, pictures=pictures)

    def hear(message: "ConsoleMessage") -> None:
        place = message.location.get("url", "")
        if message.type == "error" and not any(name in place for name in NOT_OURS):
            one.complaints.append(f"{message.text} ({place})")

    one.page.on("console", hear)
    one.page.on("pageerror", lambda error: one.complaints.append(str(error)))
    yield one
    context.close()


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the micro world, which no test changes."""
    return micro_workspaces.world_once(tmp_path_factory)


@pytest.fixture(scope="session")
def _finished_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("finished") / "w"
    shutil.copytree(micro_workspaces.finished_once(tmp_path_factory), root)
    _measure_similarities(Workspace(root))
    return root


def _measure_similarities(workspace: Workspace) -> None:
    """Every picture beside the labelled clip of its number, the first most alike."""
    items = [row for row in workspace.table("items").read().to_pylist() if row["path"].endswith(".png")]
    clips = workspace.table("target").read().to_pylist()
    rows = [
        {
            "key": item["key"],
            "time_s": 0.0,
            "target_path": clips[number % len(clips)]["path"],
            "target_time_s": 0.5,
            "similarity": 0.99 - 0.02 * number,
        }
        for number, item in enumerate(items)
    ]
    workspace.table("similar").clear()  # what the stage has measured in this tiny world depends on its noise
    write_similar(workspace, rows, threshold=0.8)


@pytest.fixture(scope="module")
def still(_finished_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The same as `finished` for tests that only look: what the app makes to show it is made once."""
    return Workspace(Path(shutil.copytree(_finished_once, tmp_path_factory.mktemp("still") / "w")))


@pytest.fixture
def finished(_finished_once: Path, tmp_path: Path) -> Workspace:
    """Every stage ran, for the recipes "unfiltered" and "omnisource"; a dozen suspected pairs."""
    return Workspace(Path(shutil.copytree(_finished_once, tmp_path / "finished")))


@pytest.fixture
def pictures() -> Path | None:
    """Folder of screenshots: OMNISOURCE_SCREENSHOTS, for who wants to look at them; None: nobody does."""
    folder = os.environ.get("OMNISOURCE_SCREENSHOTS")
    if not folder:
        return None
    Path(folder).mkdir(parents=True, exist_ok=True)
    return Path(folder)


@pytest.fixture
def until() -> Callable[[Callable[[], bool]], None]:
    """Wait for something that no page shows, such as a file."""

    def wait(is_so: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE_MS / 1000
        while not is_so():
            assert time.monotonic() < end, "waited in vain"
            time.sleep(0.05)

    return wait
