"""An exported folder holds all that is needed to predict without OmniSource."""

import json
from pathlib import Path

import numpy as np
import pytest

from omnisource.errors import ExportError
from omnisource.models.export import load_exported
from omnisource.pipeline import exporting
from omnisource.pipeline.named_network import NamedNetwork, find_network
from omnisource.workspace import Workspace


@pytest.fixture
def named(labelled: Workspace) -> NamedNetwork:
    return find_network("slowonly-baseline", labelled)


def test_export__network_card_script_and_readme(named: NamedNetwork, labelled: Workspace):
    written = exporting.export(named, "torchscript")
    assert written.folder == labelled.root / "exported" / "slowonly-baseline-torchscript"
    names = ["README.md", "network.json", "network.torchscript.pt", "predict_exported.py"]
    assert sorted(path.name for path in written.folder.iterdir()) == names
    assert 0 <= written.difference <= 1e-4
    readme = (written.folder / "README.md").read_text()
    assert "pip install numpy opencv-python-headless av torch" in readme
    assert "`network.torchscript.pt`: B x 3 x 4 x 32 x 32 (BCTHW, uint8, rgb, not" in readme
    assert load_exported(written.file, "torchscript")(np.zeros((1, 3, 4, 32, 32), dtype=np.uint8)).shape == (1, 3)


def test_describe__says_what_the_network_sees_and_where_it_is_from(named: NamedNetwork):
    card = json.loads(json.dumps(exporting.describe(named, "onnx", 2e-7)))
    assert card["schema"] == "omnisource.exported_network/1"
    assert (card["file"], card["kind"]) == ("network.onnx", "onnx")
    assert card["input"]["shape"] == ["B", 3, 4, 32, 32]
    assert (card["input"]["name"], card["input"]["dtype"], card["input"]["range"]) == ("clips", "uint8", [0, 255])
    assert card["output"] == {"name": "logits", "shape": ["B", 3], "dtype": "float32", "meaning": "logits"}
    assert card["normalisation"]["mean"] == [123.675, 116.28, 103.53]
    numbers = ("short_side_px", "frames_of_a_clip", "frame_interval", "num_clips", "positions")
    assert [card["sampling"][name] for name in numbers] == [40, 4, 2, 2, "centres"]
    assert (card["views"]["crops"], card["views"]["crop_px"], card["averaging"]["of"]) == ("center", 32, "probs")
    assert card["classes"] == {"number": 3, "names": ["blue_still", "green_down", "red_right"]}
    assert (card["made_from"]["network"], card["made_from"]["weights"]) == ("slowonly-baseline", named.weights)
    assert card["made_from"]["config"] == named.config.model_dump(mode="json")
    assert card["check"] == {"largest_difference": 2e-7, "at_most": 1e-4, "unit": "share of the largest logit"}


def test_describe__a_2d_network_takes_any_number_of_frames(labelled: Workspace):
    card = exporting.describe(find_network("tsn-baseline", labelled), "torch.export", 0.0)
    assert card["input"]["shape"] == ["B", 3, "T", 32, 32]
    assert (card["sampling"]["frames_of_a_clip"], card["views"]["frames_of_a_view"]) == (1, 1)


def test_export__again_into_its_own_folder(named: NamedNetwork, tmp_path: Path):
    exporting.export(named, "torchscript", tmp_path / "out")
    exporting.export(named, "torch.export", tmp_path / "out")
    assert json.loads((tmp_path / "out" / "network.json").read_text())["kind"] == "torch.export"


def test_export__never_into_a_folder_of_other_things(named: NamedNetwork, tmp_path: Path):
    (tmp_path / "README.md").write_text("mine")
    with pytest.raises(ExportError, match=f"{tmp_path} holds other things; choose a new folder"):
        exporting.export(named, "torchscript", tmp_path)
    with pytest.raises(ExportError, match="README.md is a file; choose a folder"):
        exporting.export(named, "torchscript", tmp_path / "README.md")
    assert (tmp_path / "README.md").read_text() == "mine"
