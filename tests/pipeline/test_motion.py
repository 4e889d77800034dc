"""Camera motion is fitted once on the training clips, and read back as it was."""

import json
from pathlib import Path

import numpy as np
import pytest

from omnisource import config, media
from omnisource.errors import DataError, WorkspaceError
from omnisource.pipeline import collecting, motion
from omnisource.workspace import Workspace
from tests import workspaces

NUM_PAIRS = 12 * 4  # training clips, and pairs of each


@pytest.fixture
def collected(fresh: Workspace) -> Workspace:
    collecting.collect_target(fresh)
    return fresh


def test_fit_motion__every_pair_is_fitted_or_counted(collected: Workspace):
    fitted = motion.fit_motion(collected, progress=False).agnostic
    assert fitted.num_pairs + sum(fitted.num_dropped.values()) == NUM_PAIRS
    report = json.loads(collected.report_path("motion").read_text())
    assert (report["done"], report["dropped"]) == (fitted.num_pairs, NUM_PAIRS - fitted.num_pairs)


def test_load_motion__is_what_was_fitted(collected: Workspace):
    workspaces.change(collected, "motion.min_pairs_per_class=1")
    fitted, loaded = motion.fit_motion(collected, progress=False), motion.load_motion(collected)
    assert loaded.by_class.keys() == fitted.by_class.keys()
    for one, other in [
        (fitted.agnostic, loaded.agnostic),
        *zip(fitted.by_class.values(), loaded.by_class.values()),
    ]:
        np.testing.assert_array_equal(one.mean, other.mean)
        np.testing.assert_array_equal(one.covariance, other.covariance)
        assert (one.num_pairs, one.num_dropped) == (other.num_pairs, other.num_dropped)


@pytest.mark.parametrize(("least", "classes"), [(1, {0, 1, 2}), (17, set())])  # a class has 4 * 4 = 16 pairs at most
def test_fit_motion__classes_with_enough_pairs_have_their_own(collected: Workspace, least: int, classes: set[int]):
    workspaces.change(collected, f"motion.min_pairs_per_class={least}")
    fitted = motion.fit_motion(collected, progress=False)
    assert fitted.by_class.keys() == classes
    assert sum(one.num_pairs for one in fitted.by_class.values()) == (fitted.agnostic.num_pairs if classes else 0)


def test_fit_motion__max_clips_bounds_the_work(collected: Workspace):
    workspaces.change(collected, "motion.max_clips=2")
    fitted = motion.fit_motion(collected, progress=False).agnostic
    assert fitted.num_pairs + sum(fitted.num_dropped.values()) == 2 * 4


def test_fit_motion__a_second_time_is_kept(labelled: Workspace):
    written = labelled.motion_path.stat().st_mtime_ns
    motion.fit_motion(labelled, progress=False)
    assert labelled.motion_path.stat().st_mtime_ns == written


def test_fit_motion__redo_gives_the_same_file(labelled: Workspace):
    before = labelled.motion_path.read_bytes()
    motion.fit_motion(labelled, progress=False, redo=True)
    assert labelled.motion_path.read_bytes() == before


def test_fit_motion__other_settings_are_refused_until_redo(labelled: Workspace):
    workspaces.change(labelled, "motion.pairs_per_clip=3")
    with pytest.raises(WorkspaceError, match="camera motion was made with pairs_per_clip = 4, now it is 3; .* --redo"):
        motion.fit_motion(labelled, progress=False)
    fitted = motion.fit_motion(labelled, progress=False, redo=True).agnostic
    assert fitted.num_pairs + sum(fitted.num_dropped.values()) == 12 * 3


def test_fit_motion__other_clips_are_refused(labelled: Workspace):
    workspaces.change(labelled, "target.label_fraction=0.5")
    collecting.collect_target(labelled, redo=True)
    with pytest.raises(WorkspaceError, match="camera motion was made with target = "):
        motion.fit_motion(labelled, progress=False)


def test_fit_motion__killed_before_its_settings_were_written_it_is_fitted_again(labelled: Workspace):
    settings = labelled.motion_path.with_suffix(".yaml")
    written = settings.read_text()
    settings.unlink()
    motion.fit_motion(labelled, progress=False)
    assert settings.read_text() == written


def test_fit_motion__before_the_target_stage(fresh: Workspace):
    with pytest.raises(WorkspaceError, match="no train clips yet"):
        motion.fit_motion(fresh, progress=False)


def test_fit_motion__without_a_usable_pair(one_epoch: config.Study, tmp_path: Path):
    for split in ("train", "val"):
        folder = tmp_path / "target" / split / "dull"
        folder.mkdir(parents=True)
        media.write_video(folder / "grey.mp4", np.full((6, 40, 48, 3), 128, np.uint8), 8)
        (folder / "page.mp4").write_text("<!DOCTYPE html><html>not a video</html>")
    target = config.TargetConfig(root=tmp_path / "target")
    workspace = Workspace.create(tmp_path / "work", one_epoch.model_copy(update={"target": target}))
    collecting.collect_target(workspace)
    # a grey picture has no corner to follow: its four pairs and the page are what was left out
    with pytest.raises(DataError, match=r"no camera motion can be fitted, .*\(few_corners 4, not_media 1\)"):
        motion.fit_motion(workspace, progress=False)
    assert not workspace.motion_path.exists()
    assert json.loads(workspace.report_path("motion").read_text())["first_dropped"][0]["reason"] == "not_media"


def test_load_motion__before_the_motion_stage(fresh: Workspace):
    with pytest.raises(WorkspaceError, match="no camera motion yet; `omnisource motion` fits it"):
        motion.load_motion(fresh)
