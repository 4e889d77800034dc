"""`run`, `status`, `demo` and `doctor` as a person meets them."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from omnisource.pipeline.stages import STAGES
from tests.commands.conftest import Answer


def test_help__of_run_names_every_stage(here: Callable[..., Answer]):
    shown = " ".join(here("run", "--help").stdout.split())
    assert ", ".join(STAGES) in shown


@pytest.mark.parametrize(
    ("start", "stop", "message"), [("x", "train", "no stage 'x'"), ("train", "add", "comes after")]
)
def test_run__stages_are_named(
    here: Callable[..., Answer], world: Path, tmp_path: Path, start: str, stop: str, message: str
):
    here("init", "w", "--target", str(world / "target"), cwd=tmp_path)
    result = here("run", "--from", start, "--to", stop, "-w", "w", cwd=tmp_path)
    assert result.returncode == 1
    assert message in result.stderr


def test_doctor__json_has_every_check_and_nothing_is_broken(here: Callable[..., Answer], tmp_path: Path):
    result = here("doctor", "--json", str(tmp_path))
    findings = {finding["name"]: finding for finding in json.loads(result.stdout)}
    assert result.returncode == 0, result.stdout
    assert findings["H.264 write, read by pyav"]["state"] == "ok"
    assert findings["OpenCV"]["state"] == "ok"
    assert all(finding["remedy"] for finding in findings.values() if finding["state"] != "ok")
