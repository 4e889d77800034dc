"""What is known of a training run before it is started."""

from pathlib import Path

import pytest

from omnisource import config
from omnisource.pipeline.launching import Launch, check, launch_of
from omnisource.study_changes import change_study
from omnisource.tables import sole_writer
from omnisource.workspace import Workspace

STUDENT = Launch(network="tsn", recipe="unfiltered")
BASELINE = Launch(network="tsn", recipe=None)


def test_launch__says_what_to_type():
    root = Path("/w")
    assert BASELINE.train_arguments(root) == ["teach", "-w", "/w", "--network", "tsn"]
    chosen = ["-w", "/w", "--recipe", "unfiltered", "--network", "tsn", "--procedure", "joint"]
    assert STUDENT.train_arguments(root, redo=True) == ["train", *chosen, "--redo"]
    assert STUDENT.measure_arguments(root) == ["measure", *chosen]
    assert STUDENT.title == "Train tsn-unfiltered"


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        ("a-b-baseline", Launch(network="a-b", recipe=None)),
        ("a-b-c", Launch(network="a", recipe="b-c")),  # there is no network a-b with a recipe c
        ("a-b.c.pretrain", Launch(network="a", recipe="b.c", procedure="pretrain_finetune")),
        ("gone-b-c", Launch(network="gone-b", recipe="c")),  # no network of the study: by its last hyphen
        ("gone-x.finetune", Launch(network="gone", recipe="x", procedure="pretrain_finetune")),
        ("gone-baseline", Launch(network="gone", recipe=None)),
        ("copied", Launch(network="copied", recipe=None)),  # from elsewhere: no recipe can be told from its name
        ("copied.finetune", Launch(network="copied.finetune", recipe=None)),
    ],
)
def test_launch_of__names_network_and_recipe(run: str, expected: Launch):
    assert launch_of(run, ["a", "a-b"], ["b-c", "b.c"]) == expected


def test_check__a_finished_run_has_nothing_to_train(labelled: Workspace):
    found = check(labelled, labelled.study(), BASELINE)
    assert (found.missing, found.troubles, found.conflicts) == ((), (), ())
    assert found.is_done and not found.goes_on
    assert not found.can_start(redo=False) and found.can_start(redo=True)


def test_check__a_new_run_says_what_it_draws(labelled: Workspace):
    found = check(labelled, labelled.study(), STUDENT)
    assert found.can_start(redo=False)
    assert [run.state for run in found.runs] == ["new"]
    # 12 clips in batches of 4, one epoch; 2:1 to each of three sources
    assert (found.plan.num_target, found.plan.updates_per_epoch, found.total_updates) == (12, 3, 3)
    assert {one.source: one.draws_per_epoch for one in found.plan.sources} == {
        "web_clip": 6,
        "web_image": 6,
        "web_video": 6,
    }


def test_check__finetuning_adds_its_updates(labelled: Workspace):
    study = config.override(labelled.study(), ["networks.tsn.optim.epochs=4", "train.finetune.epochs_share=0.5"])
    launch = Launch(network="tsn", recipe="unfiltered", procedure="pretrain_finetune")
    found = check(labelled, study, launch)
    assert found.total_updates == 3 * (4 + 2)
    assert [run.name for run in found.runs] == ["tsn-unfiltered.pretrain", "tsn-unfiltered.finetune"]


def test_check__other_settings_are_a_conflict_before_training_refuses_them(labelled: Workspace):
    study = config.override(labelled.study(), ["networks.tsn.optim.epochs=7"])
    found = check(labelled, study, BASELINE)
    assert [change.as_sentence for change in found.conflicts[0].changes] == ["network.optim.epochs: 1 to 7"]
    assert not found.can_start(redo=False) and found.can_start(redo=True)


def test_check__a_stopped_run_goes_on(labelled: Workspace):
    state = labelled.run("tsn-baseline") / "state.json"
    state.write_text(state.read_text().replace('"done"', '"stopped"'))
    found = check(labelled, labelled.study(), BASELINE)
    assert found.goes_on and found.can_start(redo=False)


def test_check__a_run_under_way_is_left_alone(labelled: Workspace):
    folder = labelled.run("tsn-baseline")
    state = folder / "state.json"
    state.write_text(state.read_text().replace('"done"', '"running"'))
    with sole_writer(folder, what="run"):
        found = check(labelled, labelled.study(), BASELINE)
    assert found.is_running and not found.can_start(redo=True)


def test_check__before_the_target_stage(fresh: Workspace):
    found = check(fresh, fresh.study(), STUDENT)
    (missing,) = found.missing
    assert missing.arguments == ("run", "-w", str(fresh.root), "--to", "target")
    assert found.plan is None and not found.can_start(redo=True)


def test_check__before_the_recipe_was_applied(labelled: Workspace):
    (labelled.auxiliary("unfiltered") / "done.json").unlink()
    found = check(labelled, labelled.study(), STUDENT)
    (missing,) = found.missing
    assert missing.arguments[-4:] == ("--to", "label", "--recipe", "unfiltered")
    assert not found.can_start(redo=False)


def test_check__after_the_recipe_was_changed_it_only_warns(labelled: Workspace):
    change_study(labelled, ["recipes.unfiltered.max_per_class=1"])
    found = check(labelled, labelled.study(), STUDENT)
    (missing,) = found.missing
    assert (missing.arguments[0], missing.is_needed) == ("label", False)
    assert found.can_start(redo=False)


def test_check__moving_pictures_need_the_camera_motion(labelled: Workspace):
    labelled.motion_path.unlink()
    (missing,) = check(labelled, labelled.study(), Launch(network="slowonly", recipe="unfiltered")).missing
    assert missing.arguments[0] == "motion"
    assert check(labelled, labelled.study(), STUDENT).missing == ()  # a 2D network sees pictures as they are


def test_check__flow_has_to_be_measured_first(labelled: Workspace):
    study = config.override(labelled.study(), ["networks.tsn.model.format=flow"])
    assert [one.arguments[0] for one in check(labelled, study, BASELINE).missing] == ["flow"]


def test_check__says_trouble_as_training_would(labelled: Workspace):
    study = config.override(labelled.study(), ["train.joint.batch_ratio={web_imgae: 2}"])
    found = check(labelled, study, STUDENT)
    assert "did you mean 'web_image'" in found.troubles[0]
    assert not found.can_start(redo=True)
