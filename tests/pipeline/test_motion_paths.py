"""The camera followed through clips, kept, and compared with what is drawn."""

import shutil

import numpy as np
import pytest

from omnisource import media
from omnisource.errors import WorkspaceError
from omnisource.pipeline import collecting
from omnisource.pipeline.motion_paths import MotionPath, compare_paths, load_paths, measure_paths, paths_version
from omnisource.transform import camera_motion
from omnisource.workspace import Workspace
from tests import workspaces

STEP = np.array([1, 0, 0.02, 0, 1, 0, 0, 0], float)  # a hundredth of the short side


def path(steps: np.ndarray, class_index: int = 0) -> MotionPath:
    return MotionPath(class_index=class_index, path="/clip", steps=steps)


@pytest.fixture
def panned(fresh: Workspace) -> Workspace:
    """Every training clip is a camera that pans by two pixels a frame over a still picture."""
    clips = fresh.root / "clips"  # its own: the world is every test's
    shutil.copytree(fresh.study().target.root, clips)
    workspaces.change(fresh, f"target.root={clips}")
    collecting.collect_target(fresh)
    rng = np.random.default_rng(0)
    wide = np.kron(rng.integers(0, 255, (12, 40, 3), dtype=np.uint8), np.ones((8, 8, 1), np.uint8))
    for example in collecting.target_examples(fresh, "train"):
        frames = np.stack([wide[:, 2 * i : 2 * i + 128] for i in range(16)])
        media.write_video(example.path, frames, 8, quality=0)
    return fresh


def test_measure_paths__follows_a_pan(panned: Workspace):
    workspaces.change(panned, "motion.short_side_px=96")
    assert paths_version(panned) is None
    measured = measure_paths(panned, progress=False)
    assert len(measured) == 12
    assert paths_version(panned) is not None
    for one in measured:
        assert len(one.steps) == 15
        # the camera goes right, so the picture goes left: 2 of 96 pixels, and a short side is two units
        np.testing.assert_allclose(np.median(one.steps[:, 2]), -2 * 2 / 96, atol=0.004)
    for one, other in zip(measured, load_paths(panned), strict=True):
        np.testing.assert_array_equal(one.steps, other.steps)
        assert (one.class_index, one.path) == (other.class_index, other.path)


def test_measure_paths__says_where_no_camera_can_be_followed(panned: Workspace):
    for example in collecting.target_examples(panned, "train"):
        media.write_video(example.path, np.full((16, 96, 128, 3), 90, np.uint8), 8)
    with pytest.raises(WorkspaceError, match="no camera could be followed over 8 frames in 12 clips"):
        measure_paths(panned, progress=False)


def test_load_paths__before_they_were_measured(fresh: Workspace):
    with pytest.raises(WorkspaceError, match="no camera paths yet; `omnisource motion --paths`"):
        load_paths(fresh)


def test_compare_paths__drawn_from_what_was_measured_is_alike():
    rng = np.random.default_rng(0)
    noise = rng.normal(scale=0.01, size=(30, 20, 8)) * [0, 0, 1, 0, 0, 1, 0, 0]
    paths = [path(STEP + one) for one in noise]  # independent steps, as the model has them
    found = compare_paths(paths, camera_motion.fit(np.concatenate([one.steps for one in paths])), seed=0)
    assert len(found.real) == len(found.drawn) == 30
    assert found.horizon == 20
    assert found.steps.distance < 0.02
    assert found.paths.p_value > 0.02


def test_compare_paths__a_camera_that_goes_on_is_found_out():
    # each clip pans its own way for good; single steps are a Gaussian, whole paths go much further than drawn ones
    rng = np.random.default_rng(0)
    speeds = rng.normal(scale=0.02, size=(40, 1, 2))
    paths = []
    for speed in speeds:
        steps = np.tile(STEP, (20, 1))
        steps[:, [2, 5]] = speed
        paths.append(path(steps))
    found = compare_paths(paths, camera_motion.fit(np.concatenate([one.steps for one in paths])), seed=0)
    assert found.paths.distance > 3 * found.steps.distance
    assert found.paths.p_value < 0.01


def test_compare_paths__the_horizon_is_what_half_the_clips_reach():
    lengths = [5, 9, 10, 11, 30]
    paths = [path(np.tile(STEP, (length, 1))) for length in lengths]
    found = compare_paths(paths, camera_motion.fit(np.tile(STEP, (20, 1))), seed=0)
    assert found.horizon == 10
    assert found.paths.num_clips == 2 * 3  # those of 10 steps and more
    assert [len(one) for one in found.drawn] == [length + 1 for length in lengths]
    assert found.paths.distance == pytest.approx(0, abs=1e-6)  # Sigma is 0: what is drawn is what was there


def test_compare_paths__same_seed_same_answer():
    paths = [path(np.tile(STEP, (9, 1)) + i / 1000) for i in range(4)]
    motion = camera_motion.fit(np.concatenate([one.steps for one in paths]))
    first, second = (compare_paths(paths, motion, seed=3) for _ in range(2))
    assert (first.steps, first.paths) == (second.steps, second.paths)
