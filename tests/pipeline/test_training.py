"""Runs are trained once, go on where they stopped, and are never mixed with other settings or examples."""

import json
import shutil
from pathlib import Path

import pytest
import torch

from omnisource.errors import ConfigError, WorkspaceError, WriterBusyError
from omnisource.pipeline import collecting, evaluated, evaluation, recipes, run_names, training
from omnisource.pipeline.run_folders import saved_settings
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


def test_train__the_classes_stand_beside_the_weights(labelled: Workspace):
    training.train(labelled, "tsn", None, progress=False, redo=True)
    kept = torch.load(labelled.run("tsn-baseline") / "network.pt", weights_only=True)["extra"]
    assert kept == {"num_classes": 3, "class_names": list(labelled.taxonomy().names)}


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
    assert evaluated.saved_metrics(labelled, "tsn-baseline") is None


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


def test_train__merged_sources_are_drawn_as_one(labelled: Workspace):
    workspaces.change(labelled, "train.joint.merged={web: [web_clip, web_video]}")
    with pytest.raises(ConfigError, match="train.joint.merged.web mixes trimmed and untrimmed"):
        training.train(labelled, "tsn", "unfiltered", progress=False)
    workspaces.change(labelled, "train.joint.merged={web: [web_image]}", "train.joint.batch_ratio={web: 2}")
    assert training.train(labelled, "tsn", "unfiltered", progress=False, redo=True) == "done"
    line = json.loads((labelled.run("tsn-unfiltered") / "metrics.jsonl").read_text().splitlines()[0])
    assert {"loss/target", "loss/web", "loss/web_clip", "loss/web_video"} <= line.keys()
    assert "loss/web_image" not in line


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("merged={web: [web_imag]}", "train.joint.merged names the source 'web_imag', which is not there; did you"),
        ("batch_ratio={web_imag: 2}", "train.joint names the source 'web_imag', which is not there; did you mean"),
        ("resampling_by_source={web_imag: none}", "train.joint names the source 'web_imag', which is not there"),
    ],
)
def test_train__settings_about_unknown_sources_are_refused(labelled: Workspace, setting: str, message: str):
    workspaces.change(labelled, f"train.joint.{setting}")
    with pytest.raises(ConfigError, match=message):
        training.train(labelled, "tsn", "unfiltered", progress=False)


def test_train__a_merged_source_has_no_share_of_its_own(labelled: Workspace):
    workspaces.change(labelled, "train.joint.merged={web: [web_image]}", "train.joint.batch_ratio={web_image: 2}")
    with pytest.raises(ConfigError, match="train.joint names the source 'web_image', which is not there"):
        training.train(labelled, "tsn", "unfiltered", progress=False)


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


def test_run_state__is_new_before_and_what_the_run_said_after(labelled: Workspace):
    assert training.run_state(labelled.run("tsn-omnisource")) == "new"
    assert training.run_state(labelled.run("tsn-baseline")) == "done"


def lines(workspace: Workspace, run: str) -> list[dict]:
    return [json.loads(line) for line in (workspace.run(run) / "metrics.jsonl").read_text().splitlines()]


def pretrain_finetune(workspace: Workspace, **options) -> str:
    return training.train(workspace, "tsn", "unfiltered", procedure="pretrain_finetune", progress=False, **options)


def weights(workspace: Workspace, run: str) -> dict[str, torch.Tensor]:
    return torch.load(workspace.run(run) / "network.pt", weights_only=True)["state_dict"]


def test_train__pretraining_never_reads_the_target_and_finetuning_never_the_web(labelled: Workspace):
    assert pretrain_finetune(labelled) == "done"
    first, second = (lines(labelled, f"tsn-unfiltered.{phase}") for phase in ("pretrain", "finetune"))
    seen = [{key for line in rows for key in line if key.startswith("loss/")} for rows in (first, second)]
    assert seen == [{"loss/web_image", "loss/web_clip", "loss/web_video"}, {"loss/target"}]
    assert [line["update"] for line in first] == [1, 2, 3]  # as many as 12 target clips in batches of 4 make
    assert [line["lr"] for line in first + second] == pytest.approx([0.02] * 3 + [0.002] * 3)


def test_train__finetuning_starts_from_the_pretrained_weights_with_their_classifier(labelled: Workspace):
    workspaces.change(labelled, "train.finetune.lr_factor=1.0e-30")  # steps that change no weight
    pretrain_finetune(labelled)
    before, after = (weights(labelled, f"tsn-unfiltered.{phase}") for phase in ("pretrain", "finetune"))
    learnt = [name for name in before if "running_" not in name and "num_batches" not in name]
    assert "classifier.weight" in learnt
    assert all(torch.equal(before[name], after[name]) for name in learnt)


def test_train__finetuning_does_not_start_without_the_pretrained_network(labelled: Workspace):
    pretrain_finetune(labelled)
    (labelled.run("tsn-unfiltered.pretrain") / "network.pt").unlink()
    shutil.rmtree(labelled.run("tsn-unfiltered.finetune"))
    with pytest.raises(WorkspaceError, match="run 'tsn-unfiltered.pretrain' has no trained network yet"):
        pretrain_finetune(labelled)
    assert not labelled.run("tsn-unfiltered.finetune").exists()


def test_train__finetuning_keeps_the_shape_of_the_schedule(labelled: Workspace):
    workspaces.change(labelled, "train.finetune.epochs_share=2", "networks.tsn.optim.milestones=[1]")
    pretrain_finetune(labelled)
    rates = [line["lr"] for line in lines(labelled, "tsn-unfiltered.finetune")]
    assert rates == pytest.approx([0.002] * 6)  # two epochs, the milestone after them
    assert saved_settings(labelled.run("tsn-unfiltered.finetune"))["network"]["optim"]["milestones"] == [2]


@pytest.mark.parametrize("phase", ["pretrain", "finetune"])
def test_train__a_procedure_that_was_stopped_ends_as_an_undisturbed_one(
    labelled: Workspace, tmp_path: Path, phase: str
):
    undisturbed = Workspace(shutil.copytree(labelled.root, tmp_path / "undisturbed"))
    pretrain_finetune(undisturbed)
    labelled.run(f"tsn-unfiltered.{phase}").mkdir()
    (labelled.run(f"tsn-unfiltered.{phase}") / "STOP").touch()
    assert pretrain_finetune(labelled) == "stopped"
    assert (labelled.run("tsn-unfiltered.finetune") / "state.json").exists() == (phase == "finetune")
    assert pretrain_finetune(labelled) == "done"
    ours, theirs = (weights(workspace, "tsn-unfiltered.finetune") for workspace in (labelled, undisturbed))
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


def test_train__finetuning_is_bound_to_the_weights_that_it_started_from(labelled: Workspace):
    pretrain_finetune(labelled)
    path = labelled.run("tsn-unfiltered.pretrain") / "network.pt"
    content = torch.load(path, weights_only=True)
    content["state_dict"]["classifier.bias"] += 1
    torch.save(content, path)
    with pytest.raises(WorkspaceError, match="run 'tsn-unfiltered.finetune' was made with pretrained = "):
        pretrain_finetune(labelled)


@pytest.mark.parametrize(
    ("setting", "phase", "key"),
    [
        ("networks.tsn.optim.epochs=2", "pretrain", "network.optim.epochs"),
        ("train.joint.power=0.5", "pretrain", "train.joint.power"),
        ("train.finetune.lr_factor=0.5", "finetune", "network.optim.lr_per_sample"),
    ],
)
def test_train__a_procedure_refuses_other_settings_where_they_matter(
    labelled: Workspace, setting: str, phase: str, key: str
):
    pretrain_finetune(labelled)
    workspaces.change(labelled, setting)
    with pytest.raises(WorkspaceError, match=f"run 'tsn-unfiltered.{phase}' was made with {key} = "):
        pretrain_finetune(labelled)


def test_train__a_procedure_is_kept_where_mixup_with_the_target_changes(labelled: Workspace):
    pretrain_finetune(labelled)
    before = weights_written(labelled, "tsn-unfiltered.finetune")
    workspaces.change(labelled, "train.joint.mixup_across=true")  # neither run has both kinds of data
    assert pretrain_finetune(labelled) == "done"
    assert weights_written(labelled, "tsn-unfiltered.finetune") == before


def test_train__a_procedure_may_move_with_its_workspace(labelled: Workspace, tmp_path: Path):
    pretrain_finetune(labelled)
    moved = Workspace(shutil.copytree(labelled.root, tmp_path / "moved"))
    assert pretrain_finetune(moved) == "done"


def test_train__redo_makes_both_runs_anew(labelled: Workspace):
    pretrain_finetune(labelled)
    workspaces.change(labelled, "seed=1")
    assert pretrain_finetune(labelled, redo=True) == "done"
    started = saved_settings(labelled.run("tsn-unfiltered.finetune"))["pretrained"]
    assert started == run_names.weights_fingerprint(labelled.run("tsn-unfiltered.pretrain"))


def test_train__a_procedure_needs_a_recipe(labelled: Workspace):
    with pytest.raises(ConfigError, match="pretrain_finetune needs a recipe, whose web examples it pre-trains on"):
        training.train(labelled, "tsn", None, procedure="pretrain_finetune", progress=False)


@pytest.mark.parametrize("name", ["start.pt", "weights/start.pt"])
def test_train__a_file_of_weights_lies_in_the_workspace(labelled: Workspace, name: str):
    (labelled.root / name).parent.mkdir(exist_ok=True)
    shutil.copy(labelled.run("tsn-baseline") / "network.pt", labelled.root / name)
    workspaces.change(labelled, f"networks.tsn.model.pretrained={name}")
    assert training.train(labelled, "tsn", "unfiltered", progress=False) == "done"
    assert saved_settings(labelled.run("tsn-unfiltered"))["network"]["model"]["pretrained"] == str(labelled.root / name)


def test_train__weights_of_another_number_of_classes_are_said_to_start_fresh(labelled: Workspace):
    content = torch.load(labelled.run("tsn-baseline") / "network.pt", weights_only=True)
    for part in ("weight", "bias"):
        content["state_dict"][f"classifier.{part}"] = content["state_dict"][f"classifier.{part}"][:2]
    torch.save(content, labelled.root / "start.pt")
    workspaces.change(labelled, "networks.tsn.model.pretrained=start.pt")
    training.train(labelled, "tsn", "unfiltered", progress=False)
    log = (labelled.run("tsn-unfiltered") / "log.txt").read_text()
    assert "the classifier starts fresh: the file's tells 2 classes apart, this one 3" in log
