"""`score`, `motion` and `label` as a person meets them."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

from omnisource.workspace import Workspace
from tests import workspaces
from tests.commands.conftest import Answer


def test_label__json_is_the_funnel_of_each_recipe(here: Callable[..., Answer], labelled: Path):
    funnels = json.loads(here("label", "--json", "-w", str(labelled), "-r", "unfiltered").stdout)
    assert funnels.keys() == {"unfiltered"}
    # pictures without the page, clips without the empty file, long videos; confidence 0 keeps all
    counts = {step["source"]: (step["valid"], step["examples"]) for step in funnels["unfiltered"]}
    assert counts == {"web_image": (12, 12), "web_clip": (6, 6), "web_video": (3, 3)}


def test_label__says_what_was_not_compared_and_what_was_left_out(
    here: Callable[..., Answer], labelled: Path, tmp_path: Path
):
    shutil.copytree(labelled, tmp_path / "w")
    workspace = Workspace(tmp_path / "w")
    workspaces.change(workspace, "recipes.unfiltered.web_copies=leave_out")
    before = here("label", "-w", str(workspace.root), "-r", "omnisource")
    assert before.stderr.startswith("not every web item was compared, so copies of labelled clips may be among")
    refused = here("label", "-w", str(workspace.root), "-r", "unfiltered")
    assert refused.returncode == 1
    assert "which nothing has measured yet; `omnisource duplicates --within-web` does" in refused.stderr
    measured = json.loads(here("duplicates", "-w", str(workspace.root), "--json").stdout)["within_web"]
    shown = here("label", "-w", str(workspace.root), "-r", "unfiltered")
    assert (shown.returncode, shown.stderr) == (0, "")
    # all items pass the other steps, so every copy at the measured threshold goes
    assert f"unfiltered: {measured['copies']} near copies of used items are left out" in shown.stdout
