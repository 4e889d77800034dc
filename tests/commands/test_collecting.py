"""`init`, `add` and `check` as a person meets them."""

import json
from collections.abc import Callable
from pathlib import Path

from tests.commands.conftest import Answer


def test_init__a_failed_one_can_be_corrected(here: Callable[..., Answer], world: Path, tmp_path: Path):
    assert here("init", "w", "--target", "nowhere", cwd=tmp_path).returncode == 1
    result = here("init", "w", "--target", str(world / "target"), cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "24 labelled clips in 3 classes" in result.stdout


def test_add_check_status__from_a_folder_to_what_is_next(here: Callable[..., Answer], world: Path, tmp_path: Path):
    here("init", "w", "--target", str(world / "target"), "--set", "validity.min_side_px=16", cwd=tmp_path)
    where = ["-w", str(tmp_path / "w")]
    folder = str(world / "web" / "image")
    added = here("add", folder, "--name", "web_image", "--format", "image", *where)
    assert "web_image: 13 new items; nothing left out" in added.stdout
    assert json.loads(here("status", "--json", *where).stdout)["next"] == "omnisource check"
    checked = json.loads(here("check", "--json", *where).stdout)
    assert checked == {"ok": 12, "not_media": 1}
    found = here("status", *where).stdout
    assert "next: omnisource teach" in found
    assert "not_media 1" in found


def test_add__unknown_class_folders_are_an_error_with_the_nearest(
    here: Callable[..., Answer], world: Path, tmp_path: Path
):
    here("init", "w", "--target", str(world / "target"), cwd=tmp_path)
    (tmp_path / "web" / "red_rigth").mkdir(parents=True)
    (tmp_path / "web" / "red_rigth" / "a.jpg").write_bytes(b"x")
    result = here("add", "web", "--name", "w", "--format", "image", "-w", "w", cwd=tmp_path)
    assert result.returncode == 1
    assert "red_right" in result.stderr.replace("\n", "")
