"""The script beside an exported network gives, without OmniSource, what `omnisource predict` gives."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from omnisource import config
from omnisource.models.export import Kind
from omnisource.pipeline import exporting, predict_exported, predicting
from omnisource.pipeline.named_network import NamedNetwork, find_network
from omnisource.transform import views
from omnisource.workspace import Workspace


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """In a fresh interpreter that would fail to import omnisource."""
    forbidding = "import sys, runpy; sys.modules['omnisource'] = None; sys.argv = sys.argv[1:]; "
    code = forbidding + "runpy.run_path(sys.argv[0], run_name='__main__')"
    command = [sys.executable, "-c", code, str(folder / "predict_exported.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)


def script_of(folder: Path) -> ModuleType:
    """The copy of the script that lies beside an exported network, in this process: torch is loaded already."""
    spec = importlib.util.spec_from_file_location("exported_script", folder / "predict_exported.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    return script


def probs_of(folder: Path, video: Path) -> np.ndarray:
    """(K,) as the script beside an exported network has them."""
    return script_of(folder).predict(video, json.loads((folder / "network.json").read_text()))


def by_class(top: list[dict]) -> np.ndarray:
    """(K,) confidences by class index."""
    return np.array([guess["confidence"] for guess in sorted(top, key=lambda guess: guess["class_index"])])


def predicted(named: NamedNetwork, video: Path) -> list[dict]:
    """What `omnisource predict` says, the likeliest class first."""
    answers = predicting.predict(named, [video], progress=False)
    return predicting.as_document(answers, named)["predictions"][0]["top"]


@pytest.fixture(scope="module")
def named(_labelled_once: Path) -> NamedNetwork:
    return find_network("tsn-baseline", Workspace(_labelled_once))


@pytest.fixture(scope="module")
def exported(named: NamedNetwork, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that was exported once, to be read."""
    return exporting.export(named, "torchscript", tmp_path_factory.mktemp("exported") / "tsn").folder


@pytest.mark.parametrize(
    ("name", "kind", "settings"),
    [
        ("tsn", "torchscript", ["crops=ten", "num_clips=5", "average=features"]),
        ("slowonly", "torch.export", ["crops=three", "num_clips=3", "average=probs", "positions=ends"]),
        ("slowonly", "onnx", ["crops=center", "num_clips=2", "average=logits", "crop_px=36"]),
    ],
)
def test_predict__is_what_omnisource_predicts(
    labelled: Workspace, world: Path, name: str, kind: Kind, settings: list[str]
):
    changes = [f"networks.{name}.test.{setting}" for setting in settings]
    config.save(config.override(labelled.study(), changes), labelled.study_path)
    named, video = find_network(f"{name}-baseline", labelled), world / "target/val/green_down/0.mp4"
    folder = exporting.export(named, kind).folder
    np.testing.assert_allclose(probs_of(folder, video), by_class(predicted(named, video)), atol=1e-5)


@pytest.mark.real_data
@pytest.mark.parametrize("video", ["videos/yoyo/v_YoYo_g01_c01.avi", "corrupt/rotated90.mp4"])
def test_predict__real_videos(named: NamedNetwork, exported: Path, real_data: Path, video: str):
    wanted = by_class(predicted(named, real_data / video))
    np.testing.assert_allclose(probs_of(exported, real_data / video), wanted, atol=1e-5)


def test_predict_exported__needs_no_omnisource_and_prints_json(named: NamedNetwork, exported: Path, world: Path):
    video = world / "target/val/green_down/0.mp4"
    result = run(exported, str(video), "--json")
    assert result.returncode == 0, result.stderr
    said, wanted = json.loads(result.stdout), predicted(named, video)
    assert said["path"] == str(video)
    np.testing.assert_allclose(by_class(said["top"]), by_class(wanted), atol=1e-5)
    assert [guess["class_name"] for guess in said["top"]] == [guess["class_name"] for guess in wanted]


def test_main__prints_classes_best_first(
    exported: Path, world: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(sys, "argv", ["script", str(world / "target/val/green_down/0.mp4"), "--top", "2"])
    script_of(exported).main()
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [len(line) for line in lines] == [2, 2]
    assert float(lines[0][0].rstrip("%")) >= float(lines[1][0].rstrip("%"))


@pytest.mark.parametrize(
    ("name", "said"),
    [("gone.mp4", "gone.mp4 is not a file"), ("web/image/red_right/page.jpg", "page.jpg cannot be decoded")],
)
def test_main__a_file_that_is_no_video(
    exported: Path, world: Path, name: str, said: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sys, "argv", ["script", str(world / name)])
    with pytest.raises(SystemExit, match=said):
        script_of(exported).main()


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
