"""The command line as a person meets it: help, errors in one line, JSON."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests import micro_world


def omnisource(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "omnisource", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("world")
    micro_world.build(root)
    return root


def test_help__names_every_command():
    shown = omnisource("--help").stdout
    commands = "init add check teach score label motion train evaluate compare run status demo doctor"
    assert all(f" {command} " in shown for command in commands.split())


def test_version():
    assert omnisource("--version").stdout.strip().count(".") == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["status"], "is no workspace: it has no study.yaml; `omnisource init` makes one"),
        (["init", "w", "--target", "nowhere"], "nowhere"),
    ],
)
def test_error__one_line_and_status_1(arguments: list[str], message: str, tmp_path: Path):
    result = omnisource(*arguments, cwd=tmp_path)
    assert result.returncode == 1
    assert message in result.stderr.replace("\n", " ")
    assert "Traceback" not in result.stderr


def test_init__a_failed_one_can_be_corrected(world: Path, tmp_path: Path):
    assert omnisource("init", "w", "--target", "nowhere", cwd=tmp_path).returncode == 1
    result = omnisource("init", "w", "--target", str(world / "target"), cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "24 labelled clips in 3 classes" in result.stdout


def test_add_check_status__from_a_folder_to_what_is_next(world: Path, tmp_path: Path):
    omnisource("init", "w", "--target", str(world / "target"), "--set", "validity.min_side_px=16", cwd=tmp_path)
    where = ["-w", str(tmp_path / "w")]
    folder = str(world / "web" / "image")
    added = omnisource("add", folder, "--name", "web_image", "--format", "image", *where)
    assert "web_image: 13 new items; nothing left out" in added.stdout
    assert json.loads(omnisource("status", "--json", *where).stdout)["next"] == "omnisource check"
    checked = json.loads(omnisource("check", "--json", *where).stdout)
    assert checked == {"ok": 12, "not_media": 1}
    found = omnisource("status", *where).stdout
    assert "next: omnisource teach" in found
    assert "not_media 1" in found


def test_add__unknown_class_folders_are_an_error_with_the_nearest(world: Path, tmp_path: Path):
    omnisource("init", "w", "--target", str(world / "target"), cwd=tmp_path)
    (tmp_path / "web" / "red_rigth").mkdir(parents=True)
    (tmp_path / "web" / "red_rigth" / "a.jpg").write_bytes(b"x")
    result = omnisource("add", "web", "--name", "w", "--format", "image", "-w", "w", cwd=tmp_path)
    assert result.returncode == 1
    assert "red_right" in result.stderr.replace("\n", "")


@pytest.mark.parametrize(
    ("start", "stop", "message"), [("x", "train", "no stage 'x'"), ("train", "add", "comes after")]
)
def test_run__stages_are_named(world: Path, tmp_path: Path, start: str, stop: str, message: str):
    omnisource("init", "w", "--target", str(world / "target"), cwd=tmp_path)
    result = omnisource("run", "--from", start, "--to", stop, "-w", "w", cwd=tmp_path)
    assert result.returncode == 1
    assert message in result.stderr


def test_doctor__json_has_every_check_and_nothing_is_broken(tmp_path: Path):
    result = omnisource("doctor", "--json", str(tmp_path))
    findings = {finding["name"]: finding for finding in json.loads(result.stdout)}
    assert result.returncode == 0, result.stdout
    assert findings["H.264 write, read by pyav"]["state"] == "ok"
    assert findings["OpenCV"]["state"] == "ok"
    assert all(finding["remedy"] for finding in findings.values() if finding["state"] != "ok")
