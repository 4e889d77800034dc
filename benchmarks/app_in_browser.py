"""How long a browser takes to show the app's pages: Debian's chromium, driven by playwright; see app.py."""

import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

from benchmarks.latency import INTERACTION_S, PAINT_S, Latency, timed
from omnisource.workspace import Workspace

PAGES = ("", "browse", "collect", "duplicates", "thresholds", "balance", "train")
NUM_TURNS = 8
LOOKED_AT_S = 2.0
"""A person looks at a page before turning it."""
TURN = """(wall) => new Promise((seen) => {
    const tree = wall.getRootNode();
    const first = () => tree.querySelector(".wall .tile")?.dataset.token;
    const before = first(), begin = performance.now();
    new MutationObserver((_, observer) => {
        if (first() && first() !== before) {
            observer.disconnect();
            seen(performance.now() - begin);
        }
    }).observe(tree, {childList: true, subtree: true, attributes: true});
    document.querySelector(".st-key-browse_on button").click();
})"""
"""Milliseconds from the click to another first tile, told by the page itself: playwright looks twice a second."""
DRAWN = "[data-testid=stApp][data-test-script-state=notRunning] h1"


def painting(workspace: Workspace) -> Iterator[Latency]:
    """How long a browser takes to show a page of a server that is warm."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        print("no first paint: playwright is not installed", file=sys.stderr)
        return
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        print("no first paint: there is no chromium", file=sys.stderr)
        return
    as_root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with served() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=as_root)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(120_000)
        for view in PAGES:
            link = f"{url}/{view}?{urlencode({'workspace': str(workspace.root)})}"

            def paint(link: str = link) -> None:
                page.goto(link, wait_until="commit")
                page.wait_for_selector(DRAWN)

            yield timed(f"First paint: {view or 'overview'}, drawn to the end", paint, PAINT_S, rounds=3)
        page.goto(f"{url}/browse?{urlencode({'workspace': str(workspace.root)})}")
        page.wait_for_selector(DRAWN)
        turns = []
        for _ in range(NUM_TURNS):
            time.sleep(LOOKED_AT_S)
            turns.append(page.locator(".wall").first.evaluate(TURN) / 1000)
        what = "In the browser: next page of the wall, its tiles"
        yield Latency(what=what, seconds=statistics.median(turns[1:]), target_s=INTERACTION_S)
        browser.close()


@contextmanager
def served() -> Iterator[str]:
    """The app on a free port, as a person who opens it for the first time."""
    root = Path(__file__).resolve().parent.parent
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
    command = [sys.executable, "-m", "streamlit", "run", str(root / "app" / "main.py")]
    command += ["--server.address", "127.0.0.1", "--server.port", url.rpartition(":")[2], "--server.headless", "true"]
    with tempfile.TemporaryDirectory() as home:
        environment = os.environ | {"HOME": home, "PYTHONPATH": str(root)}
        server = subprocess.Popen(command, cwd=home, env=environment, stdout=subprocess.DEVNULL)
        try:
            until = time.monotonic() + 120
            while not answers(url):
                assert server.poll() is None and time.monotonic() < until, "the app did not start"
                time.sleep(0.2)
            yield url
        finally:
            server.terminate()
            server.wait()


def answers(url: str) -> bool:
    """Whether the server is up."""
    try:
        urllib.request.urlopen(f"{url}/_stcore/health", timeout=5).read()
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False
    return True
