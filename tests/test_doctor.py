"""Every check says what it found, and what to do where something is wrong."""

import os
from pathlib import Path

import pytest

from omnisource import doctor


def finding(folder: Path, name: str) -> doctor.Finding:
    (found,) = [one for one in doctor.examine(folder) if one.name == name]
    return found


def fake_mongod(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> Path:
    """An executable of that name, first on PATH."""
    folder.mkdir()
    path = folder / "mongod"
    path.write_text(script)
    path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return path


def test_examine__every_finding_has_a_name_a_state_and_a_remedy_where_one_is_needed(tmp_path: Path):
    findings = doctor.examine(tmp_path)
    assert len({one.name for one in findings}) == len(findings) == 14
    for one in findings:
        assert one.state in ("ok", "missing", "broken")
        assert one.detail
        assert one.remedy or one.state == "ok", one


def test_examine__what_every_run_needs_is_there(tmp_path: Path):
    states = {one.name: one.state for one in doctor.examine(tmp_path)}
    needed = ("Python", "torch", "H.264 write, read by pyav", "OpenCV", f"folder {tmp_path}")
    assert [states[name] for name in needed] == ["ok"] * 5


def test_examine__a_folder_that_is_not_there_yet_is_fine_where_it_can_be_made(tmp_path: Path):
    found = finding(tmp_path / "new" / "work", f"folder {tmp_path / 'new' / 'work'}")
    assert found.state == "ok"
    assert "GiB free" in found.detail
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("below", ["", "work"])
def test_examine__a_folder_that_cannot_be_written(tmp_path: Path, below: str):
    (tmp_path / "file").write_text("not a folder")
    path = tmp_path / "file" / below
    found = finding(path, f"folder {path}")
    assert (found.state, found.remedy) == ("broken", "choose a writable folder")


def test_find_mongod__one_on_path_is_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = fake_mongod(tmp_path / "bin", monkeypatch, "#!/bin/sh\n")
    assert doctor.find_mongod() == path


def test_find_mongod__a_file_that_cannot_be_run_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = fake_mongod(tmp_path / "bin", monkeypatch, "#!/bin/sh\n")
    path.chmod(0o644)
    assert doctor.find_mongod() != path


@pytest.mark.parametrize(
    ("script", "state", "detail"),
    [
        ("#!/bin/sh\necho db version v8.0\necho more\n", "ok", "db version v8.0"),
        ("#!/bin/sh\necho no libcrypto >&2\nexit 127\n", "broken", "no libcrypto"),
        ("#!/nowhere/interpreter\n", "broken", "No such file"),  # as a mongod for another system
    ],
)
def test_examine__mongod_is_asked_for_its_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, state: str, detail: str
):
    fake_mongod(tmp_path / "bin", monkeypatch, script)
    found = finding(tmp_path, "mongod for FiftyOne")
    assert found.state == state
    assert detail in found.detail
