"""FiftyOne's App in a browser: tiles with the teacher's confidence, a tag by OmniSource's operator, and the pull."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from omnisource.reviews import Reviews
from omnisource.workspace import Workspace
from tests import fiftyone_home, fiftyone_world  # FiftyOne reads its home when it is imported
from tests.micro_workspaces import REPOSITORY
from tests.workspaces import key

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

PATIENCE_MS = 60_000
BUTTON = '[data-item-id="@omnisource/curation/{}"]'
"""One of OmniSource's operators in the row above the tiles."""
STARTED_WITHIN_S = 240.0
"""It imports FiftyOne twice, and other tests run on every core."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Served:
    """FiftyOne over a workspace."""

    workspace: Workspace
    """What is shown."""
    url: str
    """Its pictures."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """`omnisource fiftyone app` as a process of its own; it pushes first."""
    fiftyone_home.start_database()
    workspace = fiftyone_world.build(tmp_path_factory.mktemp("served"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "omnisource", "fiftyone", "app", "-w", str(workspace.root), "--no-browser"]
    log = workspace.root / "app.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [*command, "--port", str(port)],
            env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        until = time.monotonic() + STARTED_WITHIN_S
        while "FiftyOne: http" not in log.read_text():
            assert server.poll() is None and time.monotonic() < until, log.read_text()
            time.sleep(0.2)
        yield Served(workspace=workspace, url=f"http://127.0.0.1:{port}/datasets/w-images")
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(timeout=60)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_fiftyone__tiles_with_confidences_and_a_tag(served: Served, chromium: "Browser"):
    assert (fiftyone_home.HOME / "plugins" / "omnisource" / "fiftyone.yml").is_file()  # the command installed it
    page = opened(served, chromium)
    confidences = page.locator('[data-cy="tag-confidence"]').all_inner_texts()
    assert sorted(round(float(text), 2) for text in confidences) == [0.2, 0.3, 0.4, 0.6, 0.9]
    assert set(page.locator('[data-cy="tag-teacher"]').all_inner_texts()) == {"red", "green", "blue"}
    chosen = tick(page, page.get_by_text("blue", exact=True))  # item 4 alone
    page.locator(BUTTON.format("keep")).click()
    chosen.locator('[data-cy="tag-keep"]').wait_for()
    assert page.locator('[data-cy="tag-keep"]').count() == 1
    assert tagged("keep") == [key(4).hex()]
    surest = page.locator('[data-cy="tag-confidence"]').filter(has_text=re.compile(r"^0\.(9|89)"))  # a float32 of 0.9
    other = tick(page, surest)  # item 0; the verdict before has cleared the selection, so it is selected alone
    page.locator(BUTTON.format("drop")).click()
    other.locator('[data-cy="tag-drop"]').wait_for()
    assert (tagged("keep"), tagged("drop")) == ([key(4).hex()], [key(0).hex()])
    assert Reviews(served.workspace.reviews_path).current() == []  # it is told only when it is sent
    page.locator(BUTTON.format("send_decisions")).click()
    page.get_by_text("2 decisions and 0 undoings recorded, 0 left to settle").wait_for()
    told = {
        one.subject.key: (str(one.verdict), one.made_in) for one in Reviews(served.workspace.reviews_path).current()
    }
    assert told == {key(4): ("keep", "fiftyone"), key(0): ("drop", "fiftyone")}
    page.context.close()


def tick(page: "Page", part: "Locator") -> "Locator":
    """Select the one tile that has a part."""
    chosen = page.locator('[data-cy="looker"]').filter(has=part)
    chosen.hover()  # or else it shows no box
    chosen.locator('[data-cy="looker-checkbox-"]').click()
    page.locator('[data-cy="action-manage-selected"]').get_by_text("1", exact=True).wait_for()
    return chosen


def tagged(tag: str) -> list[str]:
    """Keys of the items that have a tag in FiftyOne's database."""
    from fiftyone import load_dataset

    return load_dataset("w-images").match_tags(tag).values("item_key")


def opened(served: Served, chromium: "Browser") -> "Page":
    """FiftyOne once its tiles are drawn, without the advertisement that it lays over them."""
    page = chromium.new_context(viewport={"width": 1600, "height": 900}).new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(served.url)
    page.locator('[data-cy="looker"]').nth(5).wait_for()
    page.locator('[data-cy="tag-confidence"]').nth(4).wait_for()
    page.get_by_role("button", name="Dismiss").click()
    page.locator(".MuiBackdrop-root").wait_for(state="hidden")
    return page
