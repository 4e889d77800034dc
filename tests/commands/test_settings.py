"""`set` keeps a setting, `plan` shows what a run would draw."""

import json
import shutil
from pathlib import Path

import pytest

from omnisource.workspace import Workspace


@pytest.fixture
def mine(labelled: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(labelled, tmp_path / "mine"))


def test_set__keeps_and_says_what_changed(mine: Path, here):
    answer = here("set", "train.joint.power=0.5", "train.joint.batch_ratio={web_image: 2}", "-w", str(mine))
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.splitlines() == [
        "train.joint.batch_ratio: {} to {web_image: 2.0}",
        "train.joint.power: 0.2 to 0.5",
    ]
    assert Workspace(mine).study().train.joint.power == 0.5


def test_set__a_wrong_value_changes_nothing(mine: Path, here):
    before = (mine / "study.yaml").read_text()
    answer = here("set", "train.joint.powr=0.5", "-w", str(mine))
    assert answer.returncode == 1
    assert "did you mean 'power'" in answer.stderr
    assert (mine / "study.yaml").read_text() == before


def test_plan__as_a_table(mine: Path, here):
    answer = here("plan", "-w", str(mine), "-r", "unfiltered", "--network", "tsn")
    assert answer.returncode == 0, answer.stderr
    assert "12 labelled clips in batches of 4: 3 updates an epoch, 1 epochs" in answer.stdout
    assert "likely to over-fit: web_video" in answer.stdout


def test_plan__tries_settings_without_keeping_them(mine: Path, here):
    before = (mine / "study.yaml").read_text()
    answer = here(
        "plan", "-w", str(mine), "-r", "unfiltered", "--network", "tsn", "--set", "train.joint.target_share=1", "--json"
    )
    planned = json.loads(answer.stdout)
    assert planned["sources"]["web_image"]["draws_per_epoch"] == 12
    assert planned["sources"]["web_image"]["class_draws_per_epoch"] == {
        "blue_still": 4,
        "green_down": 4,
        "red_right": 4,
    }
    assert planned["overfitted"] == ["web_video", "web_clip"]  # 12 of 3, 12 of 6; 12 of 12 pictures is once
    assert (mine / "study.yaml").read_text() == before


def test_plan__recipe_that_was_not_applied(mine: Path, here):
    answer = here("plan", "-w", str(mine))
    assert answer.returncode == 1
    assert "recipe 'default' has no examples yet; `omnisource label --recipe default`" in answer.stderr
