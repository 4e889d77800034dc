"""A newcomer's walk: from nothing over the own clips and a folder of web pictures to a training and its curve."""

from collections.abc import Callable
from pathlib import Path

import pytest

from omnisource import config
from omnisource.types import Format
from omnisource.workspace import Workspace
from tests import micro_world
from tests.browser.conftest import Shown

LONGEST_MS = 180_000
"""Every stage of the job on two busy cores."""
pytestmark = pytest.mark.slow


def test_walk__from_nothing_to_a_curve(
    shown: Shown, world: Path, tmp_path: Path, until: Callable[[Callable[[], bool]], None]
):
    root = tmp_path / "work"
    page = shown.open("", None, overview_new="yes")
    page.get_by_label("Labelled clips", exact=True).fill(str(world / "target"))
    page.get_by_label("Workspace to make").fill(str(root))
    page.get_by_label("Workspace to make").press("Enter")
    shown.settle()
    page.get_by_role("button", name="Make the workspace").click()
    page.get_by_text("Next: add web data").wait_for()
    until((root / "study.yaml").is_file)
    thin_out(Workspace(root), world)

    page.get_by_label("Folder", exact=True).first.fill(str(world / "web" / "image"))
    page.get_by_label("Name of the source").fill("web_image")
    page.get_by_role("button", name="Add this folder").click()
    page.get_by_role("button", name="Run all that is left").wait_for()
    page.locator(".st-key-overview_all button:enabled").click(timeout=LONGEST_MS)
    page.get_by_text("Every stage is done.").wait_for(timeout=LONGEST_MS)
    shown.settle()
    page.screenshot(path=tmp_path / "finished.png", full_page=True)

    page.get_by_role("link", name="Train", exact=True).click()
    page.get_by_text("New run").click()
    shown.open("train", Workspace(root), train_view="New run", train_network="second", train_recipe="omnisource")
    page.get_by_role("button", name="Start training").click()
    page.locator("strong", has_text="second-omnisource").first.wait_for()
    page.locator(".st-key-train_chart_Loss .js-plotly-plot path.js-line").first.wait_for(state="attached")
    page.get_by_role("button", name="Test it").wait_for()
    page.screenshot(path=tmp_path / "trained.png")
    print(f"screenshots: {tmp_path}")
    assert shown.complaints == []


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
