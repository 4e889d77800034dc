"""The script beside an exported network gives, without OmniSource, what `omnisource predict` gives."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from omnisource import config
from omnisource.models.export import Kind
from omnisource.pipeline import exporting, predict_exported, predicting
from omnisource.pipeline.named_network import find_network
from omnisource.transform import views
from omnisource.workspace import Workspace


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """In a fresh interpreter that would fail to import omnisource."""
    forbidding = "import sys, runpy; sys.modules['omnisource'] = None; sys.argv = sys.argv[1:]; "
    code = forbidding + "runpy.run_path(sys.argv[0], run_name='__main__')"
    command = [sys.executable, "-c", code, str(folder / "predict_exported.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)


def by_class(top: list[dict]) -> np.ndarray:
    """(K,) confidences by class index."""
    return np.array([guess["confidence"] for guess in sorted(top, key=lambda guess: guess["class_index"])])


def assert_same(workspace: Workspace, name: str, kind: Kind, video: Path) -> None:
    named = find_network(name, workspace)
    folder = exporting.export(named, kind).folder
    answers = predicting.predict(named, [video], progress=False)
    wanted = predicting.as_document(answers, named)["predictions"][0]["top"]
    result = run(folder, str(video), "--json")
    assert result.returncode == 0, result.stderr
    said = json.loads(result.stdout)["top"]
    np.testing.assert_allclose(by_class(said), by_class(wanted), atol=1e-5)
    assert [guess["class_name"] for guess in said] == [guess["class_name"] for guess in wanted]


@pytest.mark.parametrize(
    ("name", "kind", "settings"),
    [
        ("tsn", "torchscript", ["crops=ten", "num_clips=5", "average=features"]),
        ("slowonly", "torch.export", ["crops=three", "num_clips=3", "average=probs", "positions=ends"]),
        ("slowonly", "onnx", ["crops=center", "num_clips=2", "average=logits", "crop_px=36"]),
    ],
)
def test_predict_exported__is_what_predict_says(
    labelled: Workspace, world: Path, name: str, kind: Kind, settings: list[str]
):
    changes = [f"networks.{name}.test.{setting}" for setting in settings]
    config.save(config.override(labelled.study(), changes), labelled.study_path)
    assert_same(labelled, f"{name}-baseline", kind, world / "target/val/green_down/0.mp4")


@pytest.mark.real_data
@pytest.mark.parametrize("video", ["videos/yoyo/v_YoYo_g01_c01.avi", "corrupt/rotated90.mp4"])
def test_predict_exported__real_videos(labelled: Workspace, real_data: Path, video: str):
    assert_same(labelled, "tsn-baseline", "torchscript", real_data / video)


def test_predict_exported__prints_classes_best_first(labelled: Workspace, world: Path):
    folder = exporting.export(find_network("tsn-baseline", labelled), "torchscript").folder
    result = run(folder, str(world / "target/val/green_down/0.mp4"), "--top", "2")
    lines = [line.split() for line in result.stdout.splitlines()]
    assert [len(line) for line in lines] == [2, 2]
    assert float(lines[0][0].rstrip("%")) >= float(lines[1][0].rstrip("%"))


def test_predict_exported__a_file_that_is_no_video(labelled: Workspace, world: Path):
    folder = exporting.export(find_network("tsn-baseline", labelled), "torchscript").folder
    result = run(folder, str(world / "gone.mp4"))
    assert (result.returncode, "gone.mp4 is not a file" in result.stderr) == (1, True)
    result = run(folder, str(world / "web/image/red_right/page.jpg"))
    assert (result.returncode, "page.jpg cannot be decoded" in result.stderr) == (1, True)


@pytest.mark.parametrize("positions", ["centres", "ends"])
@pytest.mark.parametrize(("length", "interval", "num_clips"), [(1, 1, 25), (8, 8, 10), (4, 16, 1), (32, 2, 3)])
@pytest.mark.parametrize("num_frames", [1, 7, 64, 300])
def test_frame_indices__are_those_of_testing(
    positions: str, length: int, interval: int, num_clips: int, num_frames: int
):
    sampling = {"frames_of_a_clip": length, "frame_interval": interval, "num_clips": num_clips, "positions": positions}
    wanted = views.test_indices(num_frames, length, interval, num_clips, positions)
    np.testing.assert_array_equal(predict_exported.frame_indices(num_frames, sampling), wanted)


@pytest.mark.parametrize("crops", ["center", "three", "ten"])
@pytest.mark.parametrize("size", [(40, 56), (56, 40), (32, 32), (24, 40), (24, 24)])
@pytest.mark.parametrize("channels", [3, 4])
def test_cut__gives_the_views_of_testing(crops: str, size: tuple[int, int], channels: int, rng: np.random.Generator):
    frames = rng.integers(0, 256, (4, *size, channels), dtype=np.uint8)
    card = {
        "input": {"format": "rgb" if channels == 3 else "flow"},
        "views": {"crops": crops, "crop_px": 32, "frames_of_a_view": 2},
    }
    boxes = views.fixed_boxes(size[1], size[0], 32, crops)
    wanted = views.cut_views(frames, boxes, 32).reshape(len(boxes) * 2, 2, 32, 32, channels)
    said = predict_exported.cut(frames, card)
    most = 0 if min(size) >= 32 else 8  # enlarged mirrors round to other 32nds of a pixel, and this is noise
    assert np.abs(said.astype(int) - wanted.transpose(0, 4, 1, 2, 3)).max() <= most
