"""A newcomer's walk: from the empty state to the demo, and over the own clips and web pictures to a training's curve.

The demo takes six minutes on an idle machine, so one test builds it until it is there to look at and then stops it; the
micro world stands for it in the other, where every stage ends.
"""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from omnisource import config, jobs
from omnisource.types import Format
from omnisource.workspace import Workspace
from tests import micro_world
from tests.browser.conftest import Shown

LONGEST_MS = 600_000
"""Every stage of the job, or drawing the demo's world, on two busy cores."""
Until = Callable[[Callable[[], bool]], None]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]


def test_walk__the_demo_is_built_from_the_empty_state(newcomer: Shown, tmp_path: Path, until: Until):
    root = tmp_path / "demo" / "workspace-2d"
    page = newcomer.open("", None)
    page.get_by_role("heading", name="Look at it first").wait_for()
    newcomer.take_picture("walk-1-empty")
    page.get_by_label("Folder", exact=True).fill(str(root.parent))
    page.get_by_label("Folder", exact=True).press("Enter")
    newcomer.settle()
    page.get_by_role("button", name="Build the demo").click()
    page.get_by_text("demo: the world is in").wait_for(timeout=LONGEST_MS)
    newcomer.take_picture("walk-2-building")
    page.wait_for_url(re.compile("workspace=.*workspace-2d"), timeout=LONGEST_MS)  # by itself, as soon as it is there
    page.get_by_role("heading", name="workspace-2d").wait_for()
    page.get_by_text("What became of the web data").wait_for()
    newcomer.settle()
    newcomer.take_picture("walk-3-demo")
    page.get_by_test_id("stMain").get_by_role("button", name="Stop").click()
    until(lambda: not any(job.is_alive for job in jobs.jobs(root)))
    page.get_by_text("Ended lately: Build the demo").wait_for()
    assert newcomer.complaints == []


def test_walk__from_nothing_to_a_curve(newcomer: Shown, world: Path, tmp_path: Path, until: Until):
    root = tmp_path / "work"
    page = newcomer.open("", None)
    page.get_by_label("Labelled clips", exact=True).fill(str(world / "target"))
    page.get_by_label("Workspace to make").fill(str(root))
    page.get_by_label("Workspace to make").press("Enter")
    newcomer.settle()
    page.get_by_role("button", name="Make the workspace").click()
    page.get_by_text("Next: add web data").wait_for()
    until((root / "study.yaml").is_file)
    thin_out(Workspace(root), world)

    page.get_by_label("Folder", exact=True).first.fill(str(world / "web" / "image"))
    page.get_by_label("Name of the source").fill("web_image")
    page.get_by_role("button", name="Add this folder").click()
    page.locator(".st-key-overview_all button:enabled").click(timeout=LONGEST_MS)
    page.get_by_text("Every stage is done.").wait_for(timeout=LONGEST_MS)
    newcomer.settle()
    newcomer.take_picture("walk-4-finished")

    page.get_by_role("link", name="Train", exact=True).click()
    page.get_by_text("New run").click()
    newcomer.open("train", Workspace(root), train_view="New run", train_network="second", train_recipe="omnisource")
    page.get_by_role("button", name="Start training").click()
    page.locator("strong", has_text="second-omnisource").first.wait_for()
    page.locator(".st-key-train_chart_Loss .js-plotly-plot path.js-line").first.wait_for(
        state="attached", timeout=LONGEST_MS
    )
    page.get_by_role("button", name="Test it").wait_for(timeout=LONGEST_MS)
    newcomer.take_picture("walk-5-trained")
    assert newcomer.complaints == []


def thin_out(workspace: Workspace, world: Path) -> None:
    """What a person with a very small machine would set: thin networks of the micro world, one epoch."""
    micro, study = micro_world.study(world), workspace.study()
    thin = micro.networks["tsn"]
    thin = thin.model_copy(update={"optim": thin.optim.model_copy(update={"epochs": 1})})
    own = ("target", "sources")
    changed = {name: getattr(micro, name) for name in config.Study.model_fields if name not in own}
    changed |= {"networks": {"tsn": thin, "second": thin}, "student": "tsn"}
    changed |= {"teachers": {"flat": micro.teachers["flat"].model_copy(update={"formats": (Format.IMAGE,)})}}
    config.save(study.model_copy(update=changed), workspace.study_path)
