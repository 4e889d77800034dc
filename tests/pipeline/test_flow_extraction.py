"""Flow of a workspace's videos: measured once, as long as its video, wherever the video goes."""

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torchvision.models.optical_flow import raft_large

from omnisource import config
from omnisource.errors import CheckpointError, ConfigError, ItemError, WorkspaceError
from omnisource.media import content_key, open_video, probe_video, write_video
from omnisource.pipeline import collecting
from omnisource.pipeline.flow import flow_folder, flow_path
from omnisource.pipeline.flow_extraction import (
    FRAMES_AT_ONCE,
    Measure,
    Video,
    choose_method,
    extract,
    measure_flow,
    write_flow,
)
from omnisource.transform.optical_flow import dequantise, estimate_dis, from_pictures, quantise
from omnisource.workspace import Workspace
from tests import workspaces

STEP = (2.0, -1.0)
SIZE = (72, 56)


def _moving(path: Path, num_frames: int, fps: float = 10) -> Path:
    """A texture that moves by STEP from frame to frame."""
    blobs = cv2.GaussianBlur(np.random.default_rng(0).random((256, 256)), (0, 0), 2.5)
    gray = cv2.normalize(blobs, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)
    shifts = [np.array([[1, 0, STEP[0] * t - 100], [0, 1, STEP[1] * t - 100]]) for t in range(num_frames)]
    frames = np.stack([cv2.warpAffine(gray, shift, SIZE) for shift in shifts])
    write_video(path, np.repeat(frames[..., None], 3, axis=-1), fps, quality=1)
    return path


def _measure(folder: Path, **settings: object) -> Measure:
    return Measure(
        settings=config.FlowConfig(short_side_px=SIZE[1], **settings), folder=folder, reader="auto", device="cpu"
    )


def _read(file: Path, indices: list[int]) -> np.ndarray:
    with open_video(file) as video:
        return from_pictures(video.read(indices), SIZE[1], stacked=1)


# fewer frames than are held at once, exactly as many, and more than twice as many
@pytest.mark.parametrize("num_frames", [2, FRAMES_AT_ONCE, 2 * FRAMES_AT_ONCE + 5])
def test_write_flow__has_the_videos_frames_and_its_motion(tmp_path: Path, num_frames: int):
    path, file = _moving(tmp_path / "v.mp4", num_frames), tmp_path / "f.mp4"
    write_flow(path, file, _measure(tmp_path))
    video, flow = probe_video(path), probe_video(file)
    assert (flow.num_frames, flow.fps, flow.duration_s) == (num_frames, video.fps, video.duration_s)
    assert (flow.width, flow.height) == (2 * SIZE[0], SIZE[1])
    measured = dequantise(_read(file, list(range(num_frames))), 20)
    inside = measured[:, 16:-16, 16:-16]
    np.testing.assert_allclose(inside.mean(axis=(1, 2)), [STEP] * num_frames, atol=0.15)
    assert np.abs(measured[-1] - measured[-2]).mean() < 0.1  # the last flow twice: there is no frame after it


def test_write_flow__keeps_real_motion_within_a_level_or_two(real_data: Path, tmp_path: Path):
    path = min(real_data.rglob("fi0*.mp4"))
    measure = Measure(settings=config.FlowConfig(), folder=tmp_path, reader="auto", device="cpu")
    write_flow(path, tmp_path / "f.mp4", measure)
    with open_video(path, short_side_px=256) as video, open_video(tmp_path / "f.mp4") as flow:
        assert flow.num_frames == video.num_frames
        measured = quantise(estimate_dis(video.read(range(21))), 20)
        kept = from_pictures(flow.read(range(20)), 256, stacked=1)
    assert kept.shape == measured.shape
    error = np.abs(kept.astype(int) - measured)  # in levels of 0.16 px
    assert error.mean() < 0.3
    assert np.quantile(error, 0.99) <= 2


def test_write_flow__is_shown_when_its_frames_are(tmp_path: Path):
    path, file = _moving(tmp_path / "v.mp4", 25, fps=12.5), tmp_path / "f.mp4"
    write_flow(path, file, _measure(tmp_path))
    with open_video(path) as video, open_video(file) as flow:
        spans = [(0, 1), (0.5, 1.3), (1.28, 1.36), (1.9, 9)]
        assert [video.span(*span) for span in spans] == [flow.span(*span) for span in spans]


def test_write_flow__bounds_the_motion(tmp_path: Path):
    path, file = _moving(tmp_path / "v.mp4", 4), tmp_path / "f.mp4"
    write_flow(path, file, _measure(tmp_path, bound_px=1.5))
    measured = dequantise(_read(file, [0]), 1.5)[0, 16:-16, 16:-16].mean(axis=(0, 1))
    np.testing.assert_allclose(measured, [1.5, -1.0], atol=0.1)  # 2 px is clipped


def test_measure_flow__of_one_frame_says_so(tmp_path: Path):
    path = _moving(tmp_path / "v.mp4", 1)
    with pytest.raises(ItemError, match="too_few_frames: .*v.mp4: flow needs two frames"):
        measure_flow(Video(path=path, key=None), _measure(tmp_path / "flow" / "dis"))
    assert not list((tmp_path / "flow").rglob("*.*"))


def test_measure_flow__with_raft(tmp_path: Path):
    torch.manual_seed(0)
    torch.save(raft_large(weights=None).state_dict(), tmp_path / "raft.pth")
    measure = _measure(tmp_path / "flow" / "raft", method="raft", raft_weights=tmp_path / "raft.pth")
    row = measure_flow(Video(path=_moving(tmp_path / "v.mp4", 3), key=None), measure)
    assert row["num_frames"] == 3
    assert (tmp_path / str(row["file"])).is_file()


@pytest.fixture
def target_only(fresh: Workspace) -> Workspace:
    """A workspace that knows its labelled clips, in a folder that a test may change."""
    clips = fresh.root / "clips"
    shutil.copytree(fresh.study().target.root, clips)
    workspaces.change(fresh, "flow.short_side_px=40", "flow.workers=0", f"target.root={clips}")
    collecting.collect_target(fresh)
    return fresh


def _rows(workspace: Workspace, name: str = "dis-40-20") -> list[dict]:
    return workspace.table(f"flow/{name}").read().to_pylist()


def _stamps(workspace: Workspace) -> dict[str, int]:
    return {row["path"]: (workspace.root / row["file"]).stat().st_mtime_ns for row in _rows(workspace)}


def test_extract__writes_a_row_and_a_file_for_every_clip(target_only: Workspace):
    done = extract(target_only, progress=False)
    assert (done.name, done.num_new, done.num_videos, done.dropped) == ("dis-40-20", 24, 24, {})
    for row in _rows(target_only):
        assert row["key"] == content_key(Path(row["path"]))
        assert target_only.root / row["file"] == flow_path(flow_folder(target_only), row["key"])
        assert row["num_frames"] == probe_video(Path(row["path"])).num_frames == 16
    assert json.loads(target_only.report_path("flow").read_text())["done"] == 24


def test_extract__web_videos_and_not_pictures(labelled: Workspace):
    workspaces.change(labelled, "flow.short_side_px=40", "flow.workers=0")
    assert extract(labelled, only="web", progress=False).num_new == 9  # 6 clips, 3 long videos
    formats = {row["key"]: row["format"] for row in labelled.table("items").read().to_pylist()}
    assert sorted(formats[row["key"]] for row in _rows(labelled)) == ["trimmed"] * 6 + ["untrimmed"] * 3


def test_extract__goes_on_where_it_stopped(target_only: Workspace):
    extract(target_only, progress=False)
    before = _stamps(target_only)
    new = target_only.study().target.root / "train" / "red_right" / "new.mp4"
    _moving(new, 5)
    collecting.collect_target(target_only, redo=True)
    assert extract(target_only, progress=False).num_new == 1
    after = _stamps(target_only)
    assert after.keys() - before.keys() == {str(new)}
    assert before.items() <= after.items()


def test_extract__believes_the_files_of_a_killed_run(target_only: Workspace):
    extract(target_only, progress=False)
    before = _stamps(target_only)
    target_only.table("flow/dis-40-20").clear()
    assert extract(target_only, progress=False).num_new == 24
    assert _stamps(target_only) == before


def test_extract__a_renamed_clip_keeps_its_flow(target_only: Workspace):
    extract(target_only, progress=False)
    before = set(_stamps(target_only).values())
    root = target_only.study().target.root
    (root / "train" / "red_right" / "0.mp4").rename(root / "train" / "red_right" / "renamed.mp4")
    collecting.collect_target(target_only, redo=True)
    assert extract(target_only, progress=False).num_new == 1
    assert set(_stamps(target_only).values()) == before


def test_extract__a_broken_clip_is_dropped_once_with_its_reason(target_only: Workspace):
    broken = target_only.study().target.root / "val" / "green_down" / "0.mp4"
    broken.write_bytes(b"")
    for num_new in (23, 0):
        done = extract(target_only, progress=False)
        assert (done.num_new, done.dropped) == (num_new, {"empty_file": 1})
    (dropped,) = target_only.table("flow/dis-40-20").dropped().read().to_pylist()
    assert (dropped["path"], dropped["reason"]) == (str(broken), "empty_file")


def test_extract__other_settings_are_kept_apart(target_only: Workspace):
    extract(target_only, progress=False)
    workspaces.change(target_only, "flow.short_side_px=32", "flow.bound_px=12.5")
    assert extract(target_only, progress=False).name == "dis-32-12.5"
    assert len(_rows(target_only)) == len(_rows(target_only, "dis-32-12.5")) == 24
    assert {probe_video(target_only.root / row["file"]).height for row in _rows(target_only, "dis-32-12.5")} == {32}


def test_extract__redo_measures_anew(target_only: Workspace):
    extract(target_only, progress=False)
    before = _stamps(target_only)
    assert extract(target_only, progress=False, redo=True).num_videos == 24
    assert not before.items() & _stamps(target_only).items()


def test_extract__workers_write_the_same_files(target_only: Workspace):
    extract(target_only, progress=False)
    alone = {row["path"]: (target_only.root / row["file"]).read_bytes() for row in _rows(target_only)}
    workspaces.change(target_only, "flow.workers=2")
    extract(target_only, progress=False, redo=True)
    assert {row["path"]: (target_only.root / row["file"]).read_bytes() for row in _rows(target_only)} == alone


def test_extract__redo_of_a_part_is_refused(target_only: Workspace):
    with pytest.raises(ConfigError, match="--redo forgets the flow of all videos, not of web alone"):
        extract(target_only, only="web", redo=True)


def test_extract__before_there_are_clips(fresh: Workspace):
    workspaces.change(fresh, "flow.workers=0")
    with pytest.raises(WorkspaceError, match="has no labelled clips yet; `omnisource run --to target` reads them"):
        extract(fresh, progress=False)


def test_extract__raft_without_weights_is_an_error_before_anything_is_measured(target_only: Workspace):
    choose_method(target_only, "raft")
    workspaces.change(target_only, "flow.raft_weights=absent.pth")
    with pytest.raises(CheckpointError, match="absent.pth' is no file"):
        extract(target_only, progress=False)


def test_choose_method__is_kept_and_the_rest_stays(fresh: Workspace):
    before = fresh.study()
    choose_method(fresh, "raft")
    assert fresh.study() == before.model_copy(update={"flow": config.FlowConfig(method="raft")})
