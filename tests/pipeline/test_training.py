"""Runs are trained once, go on where they stopped, and are never mixed with other settings or examples."""

import json
import shutil

import pytest

from omnisource import config
from omnisource.errors import ConfigError, WorkspaceError, WriterBusyError
from omnisource.pipeline import collecting, evaluation, recipes, training
from omnisource.tables import sole_writer
from omnisource.types import Format
from omnisource.workspace import Workspace
from tests import workspaces

IMAGE, TRIMMED, UNTRIMMED = Format


def updates(workspace: Workspace, run: str) -> list[int]:
    """Numbers of the updates that a run wrote down."""
    lines = (workspace.run(run) / "metrics.jsonl").read_text().splitlines()
    return [json.loads(line)["update"] for line in lines]


def weights_written(workspace: Workspace, run: str = "tsn-baseline") -> int:
    return (workspace.run(run) / "network.pt").stat().st_mtime_ns


def test_train__a_finished_run_is_kept(labelled: Workspace):
    before = weights_written(labelled)
    assert training.train(labelled, "tsn", None, progress=False) == "done"
    assert weights_written(labelled) == before
    assert updates(labelled, "tsn-baseline") == [1, 2, 3]  # 12 clips in batches of 4, one epoch


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("networks.tsn.optim.epochs=2", r"network.optim.epochs = 1, now it is 2"),
        ("networks.tsn.model.width=0.25", r"network.model.width = 0.125, now it is 0.25"),
        ("train.joint.mixup_within=true", r"train.joint.mixup_within = False, now it is True"),
        ("seed=3", r"seed = 0, now it is 3"),
    ],
)
def test_train__other_settings_are_refused_by_their_name(labelled: Workspace, setting: str, message: str):
    workspaces.change(labelled, setting)
    with pytest.raises(WorkspaceError, match=f"run 'tsn-baseline' was made with {message}; .* --redo"):
        training.train(labelled, "tsn", None, progress=False)


@pytest.mark.parametrize(
    "setting",
    [
        "train.joint.power=0.5",
        "train.joint.mixup_across=true",
        "train.inflation.mode=replicate",
        "train.snippets.composition=positive",
        "train.checkpoint_every=7",
        "networks.tsn.test.num_clips=1",
        "networks.slowonly.optim.epochs=9",
    ],
)
def test_train__settings_that_do_not_touch_a_baseline_keep_it(labelled: Workspace, setting: str):
    workspaces.change(labelled, setting)
    assert training.train(labelled, "tsn", None, progress=False) == "done"


def test_train__other_clips_are_refused(labelled: Workspace):
    workspaces.change(labelled, "target.label_fraction=0.5")
    collecting.collect_target(labelled, redo=True)
    with pytest.raises(WorkspaceError, match="run 'tsn-baseline' was made with target = "):
        training.train(labelled, "tsn", None, progress=False)


def test_train__redo_trains_with_the_new_settings_and_forgets_the_old_results(labelled: Workspace):
    evaluation.evaluate(labelled, "tsn-baseline", progress=False)
    workspaces.change(labelled, "networks.tsn.optim.epochs=2")
    assert training.train(labelled, "tsn", None, progress=False, redo=True) == "done"
    assert updates(labelled, "tsn-baseline") == [1, 2, 3, 4, 5, 6]
    assert evaluation.saved_metrics(labelled, "tsn-baseline") is None


def test_train__the_file_stop_stops_it_and_it_goes_on_later(labelled: Workspace):
    folder = labelled.run("tsn-baseline")
    undisturbed = (folder / "metrics.jsonl").read_text()
    shutil.rmtree(folder)
    folder.mkdir()
    (folder / "STOP").touch()
    assert training.train(labelled, "tsn", None, progress=False) == "stopped"
    assert training.run_state(folder) == "stopped"
    assert updates(labelled, "tsn-baseline") == [1]
    assert training.train(labelled, "tsn", None, progress=False) == "done"
    losses = [[json.loads(line)["loss"] for line in text.splitlines()] for text in (undisturbed,)]
    assert [[json.loads(line)["loss"] for line in (folder / "metrics.jsonl").read_text().splitlines()]] == losses


def test_train__with_a_recipe_sees_every_source_and_reports(labelled: Workspace):
    assert training.train(labelled, "tsn", "unfiltered", progress=False) == "done"
    line = json.loads((labelled.run("tsn-unfiltered") / "metrics.jsonl").read_text().splitlines()[0])
    assert {"loss/target", "loss/web_image", "loss/web_clip", "loss/web_video"} <= line.keys()
    report = json.loads(labelled.report_path("train.tsn-unfiltered").read_text())
    assert (report["done"], report["dropped"]) == (3, 0)


def test_train__other_examples_are_refused(labelled: Workspace):
    training.train(labelled, "tsn", "unfiltered", progress=False)
    workspaces.change(labelled, "recipes.unfiltered.max_per_class=1")
    recipes.label(labelled, "unfiltered")
    with pytest.raises(WorkspaceError, match="run 'tsn-unfiltered' was made with auxiliary.web_"):
        training.train(labelled, "tsn", "unfiltered", progress=False)


def test_train__a_recipe_without_examples(labelled: Workspace):
    shutil.rmtree(labelled.auxiliary("omnisource"))
    with pytest.raises(WorkspaceError, match="recipe 'omnisource' has no examples yet"):
        training.train(labelled, "tsn", "omnisource", progress=False)


def test_train__moving_pictures_need_the_camera_motion(labelled: Workspace):
    labelled.motion_path.unlink()
    with pytest.raises(WorkspaceError, match="no camera motion yet; `omnisource motion` fits it"):
        training.train(labelled, "slowonly", "unfiltered", progress=False)
    workspaces.change(labelled, "train.inflation.mode=replicate")
    assert training.train(labelled, "slowonly", "unfiltered", progress=False) == "done"


def test_train__an_unknown_network(labelled: Workspace):
    with pytest.raises(ConfigError, match="no network 'tns'; known: slowonly, tsn"):
        training.train(labelled, "tns", None)


def test_train__before_the_target_stage(fresh: Workspace):
    with pytest.raises(WorkspaceError, match="has no classes yet"):
        training.train(fresh, "tsn", None, progress=False)


def test_train__one_process_has_the_run_but_those_of_torchrun_share_it(
    labelled: Workspace, monkeypatch: pytest.MonkeyPatch
):
    with sole_writer(labelled.run("tsn-baseline"), what="run 'tsn-baseline'"):
        with pytest.raises(WriterBusyError, match="run 'tsn-baseline' is being written by process"):
            training.train(labelled, "tsn", None, progress=False)
        monkeypatch.setenv("RANK", "1")  # as torchrun sets it in the second process
        assert training.train(labelled, "tsn", None, progress=False) == "done"


@pytest.mark.parametrize(
    ("arch", "formats", "mode", "needed"),
    [
        ("slowonly", {IMAGE}, "perspective", True),
        ("slowonly", {IMAGE, TRIMMED}, "perspective_class", True),
        ("slowonly", {IMAGE}, "replicate", False),  # only warps are drawn from N(mu, Sigma)
        ("slowonly", {IMAGE}, "translate_random", False),
        ("slowonly", {TRIMMED, UNTRIMMED}, "perspective", False),  # no picture
        ("tsn", {IMAGE}, "perspective", False),  # a 2D network sees a picture as it is
    ],
)
def test_needs_motion__only_for_pictures_in_a_3d_network(arch: str, formats: set[Format], mode: str, needed: bool):
    network = config.NetworkConfig(model=config.ModelConfig(arch=arch))
    shared = config.TrainConfig(inflation=config.InflationConfig(mode=mode))
    assert training.needs_motion(network, shared, formats) == needed


def test_run_state__is_new_before_and_what_the_run_said_after(labelled: Workspace):
    assert training.run_state(labelled.run("tsn-omnisource")) == "new"
    assert training.run_state(labelled.run("tsn-baseline")) == "done"
