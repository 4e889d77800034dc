"""Networks on optical flow in a workspace: they find their flow, learn, are tested and teach."""

import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml

from omnisource import config
from omnisource.errors import CheckpointError, ConfigError, TeacherError, WorkspaceError
from omnisource.media import content_key, open_video
from omnisource.pipeline import collecting, evaluated, evaluation, flow, recipes, scoring, training
from omnisource.pipeline.flow_extraction import extract
from omnisource.transform.optical_flow import from_pictures
from omnisource.types import Format
from omnisource.workspace import Workspace
from tests import micro_world, workspaces

RGB = config.NetworkConfig()
FLOW = config.parse(config.NetworkConfig, {"model": {"format": "flow"}}, where="test")


def add_networks(workspace: Workspace) -> None:
    """A 2D and a 3D network on flow, and a teacher of each."""
    values = yaml.safe_load(workspace.study_path.read_text())
    shapes = {
        "flow2d": {"arch": "tsn", "format": "flow", "flow_frames": 3},
        "flow3d": {"arch": "slowonly", "format": "flow", "clip_len": 4, "frame_interval": 2},
    }
    for name, shape in shapes.items():
        values["networks"][name] = micro_world._network(shape)
        values["networks"][name]["optim"]["epochs"] = 1
        values["teachers"][name] = {"networks": [name], "formats": ["trimmed", "untrimmed"]}
    values["flow"] = {"short_side_px": 40, "workers": 0}
    workspace.study_path.write_text(yaml.safe_dump(values))


@pytest.fixture
def unmeasured(labelled: Workspace) -> Workspace:
    """Ready for its students, some of which see flow."""
    add_networks(labelled)
    return labelled


@pytest.fixture(scope="session")
def _measured_once(_labelled_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("measured") / "work"
    shutil.copytree(_labelled_once, root)
    workspace = Workspace(root)
    add_networks(workspace)
    extract(workspace, progress=False)
    return root


@pytest.fixture
def measured(_measured_once: Path, tmp_path: Path) -> Workspace:
    """The same, with flow."""
    shutil.copytree(_measured_once, tmp_path / "measured")
    return Workspace(tmp_path / "measured")


def test_target_as_flow__puts_each_clips_flow_in_its_place(measured: Workspace):
    examples = collecting.target_examples(measured, "val")
    read = flow.target_as_flow(measured, FLOW, examples)
    folder = measured.root / "flow" / "dis-40-20"
    assert [e.path for e in read] == [flow.flow_path(folder, content_key(e.path)) for e in examples]
    assert all(e.path.is_file() for e in read)
    assert [e.class_index for e in read] == [e.class_index for e in examples]


def test_target_as_flow__rgb_reads_the_clips_themselves(unmeasured: Workspace):
    examples = collecting.target_examples(unmeasured, "val")
    assert flow.target_as_flow(unmeasured, RGB, examples) == examples


def test_target_as_flow__before_any_was_measured(unmeasured: Workspace):
    with pytest.raises(WorkspaceError, match="no optical flow of the settings dis-40-20 yet; `omnisource flow`"):
        flow.target_as_flow(unmeasured, FLOW, collecting.target_examples(unmeasured, "val"))


def test_target_as_flow__of_other_settings_is_not_taken(measured: Workspace):
    workspaces.change(measured, "flow.bound_px=10")
    with pytest.raises(WorkspaceError, match="of the settings dis-40-10 yet"):
        flow.target_as_flow(measured, FLOW, collecting.target_examples(measured, "val"))


def test_target_as_flow__a_renamed_clip_is_known_by_its_content(measured: Workspace, tmp_path: Path):
    (example,) = collecting.target_examples(measured, "val")[:1]
    renamed = type(example)(
        path=tmp_path / "renamed.mp4", format=example.format, source="target", class_index=example.class_index
    )
    shutil.copy(example.path, renamed.path)
    assert flow.target_as_flow(measured, FLOW, [renamed]) == flow.target_as_flow(measured, FLOW, [example])


def test_target_as_flow__a_clip_that_changed_is_not_taken_for_what_it_was(measured: Workspace, tmp_path: Path):
    (example,) = collecting.target_examples(measured, "val")[:1]
    other = tmp_path / "other.mp4"
    other.write_bytes(example.path.read_bytes() + b"\0")
    changed = type(example)(path=other, format=example.format, source="target", class_index=0)
    with pytest.raises(WorkspaceError, match=r"1 of 1 clips such as .*other.mp4 have no optical flow"):
        flow.target_as_flow(measured, FLOW, [changed])


def test_auxiliary_as_flow__is_read_row_by_row_also_by_workers(measured: Workspace):
    examples, _ = recipes.auxiliary_examples(measured, "unfiltered")
    rows = {name: examples[name] for name in ("web_clip", "web_video")}
    read = flow.auxiliary_as_flow(measured, FLOW, rows)
    for name, original in rows.items():
        of_worker = pickle.loads(pickle.dumps(read[name]))
        assert len(of_worker) == len(original)
        assert of_worker.class_indices.tolist() == original.class_indices.tolist()
        for index in (0, -1):
            assert of_worker[index].path.is_file()
            assert of_worker[index].segments == original[index].segments
            assert of_worker[index].path.stem == content_key(original[index].path).hex()


def test_auxiliary_as_flow__pictures_have_none(measured: Workspace):
    examples, _ = recipes.auxiliary_examples(measured, "unfiltered")
    with pytest.raises(
        ConfigError, match="the source 'web_image' holds pictures, which have no optical flow; name the"
    ):
        flow.auxiliary_as_flow(measured, FLOW, examples)


def test_auxiliary_as_flow__says_how_many_videos_lack_it(unmeasured: Workspace):
    extract(unmeasured, only="target", progress=False)
    examples, _ = recipes.auxiliary_examples(unmeasured, "unfiltered")
    with pytest.raises(WorkspaceError, match="3 of 3 videos of 'web_video' have no optical flow"):
        flow.auxiliary_as_flow(unmeasured, FLOW, {"web_video": examples["web_video"]})


def test_flow_name__tells_raft_weights_apart(fresh: Workspace):
    (fresh.root / "raft.pth").write_bytes(b"weights")
    workspaces.change(fresh, "flow.method=raft")
    published = flow.flow_name(fresh)
    workspaces.change(fresh, "flow.raft_weights=raft.pth")
    own = flow.flow_name(fresh)
    assert published == "raft-256-20"
    assert own.startswith("raft.") and own.endswith("-256-20")
    (fresh.root / "raft.pth").write_bytes(b"others")
    assert flow.flow_name(fresh) != own


def test_flow_name__without_the_weights_is_an_error(fresh: Workspace):
    workspaces.change(fresh, "flow.method=raft", "flow.raft_weights=raft.pth")
    with pytest.raises(CheckpointError, match="raft.pth' is no file; name one, or leave it open"):
        flow.flow_name(fresh)


def only_videos(workspace: Workspace) -> None:
    """A recipe without pictures."""
    recipe = workspace.recipe("unfiltered").model_copy(update={"sources": ("web_clip", "web_video")})
    (workspace.root / "recipes").mkdir(exist_ok=True)
    config.save(recipe, workspace.root / "recipes" / "videos.yaml")
    recipes.label(workspace, "videos")


@pytest.mark.parametrize(("network", "num_scored"), [("flow2d", 6 + 3 * 11), ("flow3d", 6 + 3 * 6)])
def test_train__on_flow_from_the_baseline_to_a_student(measured: Workspace, network: str, num_scored: int):
    workspaces.change(measured, "train.validate_every=1")
    assert training.train(measured, network, None, progress=False) == "done"
    settings = yaml.safe_load((measured.run(f"{network}-baseline") / "config.yaml").read_text())
    assert settings["flow"] == "dis-40-20"
    tested = evaluation.evaluate(measured, f"{network}-baseline", progress=False)
    assert tested.num_examples == 12
    # clips, then 11 s in seconds (2D), or in 2 s and the last one (3D)
    assert scoring.score(measured, network, progress=False) == num_scored
    only_videos(measured)
    assert training.train(measured, network, "videos", progress=False) == "done"


def test_train__pictures_are_refused_before_a_run_is_made(measured: Workspace):
    with pytest.raises(ConfigError, match="'web_image' holds pictures"):
        training.train(measured, "flow3d", "unfiltered", progress=False)
    assert not (measured.run("flow3d-unfiltered") / "config.yaml").exists()


def test_train__a_run_does_not_go_on_with_other_flow(measured: Workspace):
    training.train(measured, "flow2d", None, progress=False)
    workspaces.change(measured, "flow.short_side_px=32")
    extract(measured, only="target", progress=False)
    with pytest.raises(WorkspaceError, match="made with flow = 'dis-40-20', now it is 'dis-32-20'"):
        training.train(measured, "flow2d", None, progress=False)


def test_evaluate__what_has_no_flow_is_dropped_and_the_others_keep_their_places(measured: Workspace):
    training.train(measured, "flow2d", None, progress=False)
    val = collecting.target_examples(measured, "val")
    flow.flow_path(flow.flow_folder(measured), content_key(val[4].path)).unlink()
    assert evaluation.evaluate(measured, "flow2d-baseline", progress=False).num_examples == 11
    places = evaluated.saved_predictions(measured, "flow2d-baseline").example_indices
    assert places.tolist() == [place for place in range(12) if place != 4]
    report = yaml.safe_load(measured.report_path("evaluate.flow2d-baseline").read_text())
    assert report["reasons"] == {"missing_file": 1}


def test_evaluate__a_clip_whose_flow_failed_is_dropped(unmeasured: Workspace):
    clips = unmeasured.root / "clips"
    shutil.copytree(unmeasured.study().target.root, clips)
    workspaces.change(unmeasured, f"target.root={clips}")
    collecting.collect_target(unmeasured, redo=True)
    (clips / "val" / "red_right" / "1.mp4").write_bytes(b"")
    extract(unmeasured, only="target", progress=False)
    training.train(unmeasured, "flow2d", None, progress=False)
    assert evaluation.evaluate(unmeasured, "flow2d-baseline", progress=False).num_examples == 11


def test_score__a_flow_teacher_does_not_score_pictures(measured: Workspace):
    workspaces.change(measured, "teachers.flow2d.formats=[image, trimmed]")
    training.train(measured, "flow2d", None, progress=False)
    with pytest.raises(TeacherError, match="'flow2d' sees optical flow and cannot score images, which have none"):
        scoring.score(measured, "flow2d", progress=False)


def test_needs_motion__flow_sees_no_pictures():
    network = config.parse(config.NetworkConfig, {"model": {"arch": "slowonly", "format": "flow"}}, where="test")
    assert not training.needs_motion(network, config.TrainConfig(), {Format.IMAGE})


def test_flow__tells_the_ways_of_the_micro_worlds_squares_apart(measured: Workspace):
    """What moves right has more x than what moves down, and the other way round."""
    names = measured.taxonomy().names
    sums = {}
    examples = collecting.target_examples(measured, "train")
    for example, read in zip(examples, flow.target_as_flow(measured, FLOW, examples)):
        with open_video(read.path) as video:
            motion = from_pictures(video.read([1]), 40, stacked=1).astype(int) - 128
        sums.setdefault(names[example.class_index], []).append(motion.clip(0).sum(axis=(0, 1, 2)))
    right, down, still = (np.mean(sums[name], axis=0) for name in ("red_right", "green_down", "blue_still"))
    assert right[0] > 3 * right[1] and down[1] > 3 * down[0]
    assert still.max() < 0.2 * min(right[0], down[1])
