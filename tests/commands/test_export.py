"""`export` as a person meets it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import get_args

from omnisource.commands.export import Kind
from omnisource.models import export
from tests.commands.conftest import Answer


def test_kind__names_what_can_be_written():
    assert {kind.value for kind in Kind} == set(get_args(export.Kind)) == set(export.FILE_NAMES)


def test_export__says_what_to_try(here: Callable[..., Answer], labelled: Path, tmp_path: Path):
    result = here("export", "tsn-baseline", "--as", "torchscript", "--out", str(tmp_path / "out"), "-w", str(labelled))
    assert result.returncode == 0, result.stderr
    assert "gives the network's logits within" in result.stdout
    assert "predict_exported.py VIDEO" in result.stdout
    assert (tmp_path / "out" / "network.torchscript.pt").is_file()


def test_export__json_for_scripts(here: Callable[..., Answer], labelled: Path, tmp_path: Path):
    result = here("export", "tsn-baseline", "--out", str(tmp_path / "out"), "-w", str(labelled), "--json")
    document = json.loads(result.stdout)
    assert document["kind"] == "torch.export"
    assert Path(document["file"]) == tmp_path / "out" / "network.pt2"
    assert document["difference"] <= 1e-4


def test_export__never_over_other_things(here: Callable[..., Answer], labelled: Path):
    result = here("export", "tsn-baseline", "--out", str(labelled), "-w", str(labelled))
    assert result.returncode == 1
    assert "holds other things; choose a new folder" in result.stderr.replace("\n", " ")
