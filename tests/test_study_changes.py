"""Settings change on the disk, whole, and can be taken back."""

from pathlib import Path

import pytest

from omnisource import config
from omnisource.errors import ConfigError, WorkspaceError
from omnisource.study_changes import Change, change_study, changes_between, restore
from omnisource.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "work", config.Study())


def test_changes_between__names_every_setting_that_differs():
    before = config.JointConfig()
    after = before.model_copy(update={"power": 0.5, "batch_ratio": {"web": 1.5}})
    changes = changes_between(before, after, where="train.joint")
    assert changes == [
        Change(setting="train.joint.batch_ratio", before={}, after={"web": 1.5}),
        Change(setting="train.joint.power", before=0.2, after=0.5),
    ]
    assert [change.as_setting for change in changes] == ["train.joint.batch_ratio={web: 1.5}", "train.joint.power=0.5"]
    assert changes[1].as_sentence == "train.joint.power: 0.2 to 0.5"


def test_changes_between__looks_into_sections():
    before = config.Study()
    after = config.override(before, ["train.joint.merged={both: [a, b]}", "seed=3"])
    assert [change.as_setting for change in changes_between(before, after)] == [
        "seed=3",
        "train.joint.merged={both: [a, b]}",
    ]


@pytest.mark.parametrize(
    "settings",
    [
        {"batch_ratio": {"a.b": 0.1, "c": 2.0}},  # a source's name may have a dot
        {"resampling_by_source": {"web": "none"}, "clip_at": 100},
        {"merged": {"both": ("a", "b")}},
    ],
)
def test_change__as_setting_makes_the_change(workspace: Workspace, settings: dict):
    before = workspace.study().train.joint
    after = before.model_copy(update=settings)
    change_study(workspace, [one.as_setting for one in changes_between(before, after, where="train.joint")])
    assert workspace.study().train.joint == after


def test_restore__puts_back_what_was_there(workspace: Workspace):
    workspace.study_path.write_text("# mine\nseed: 4\n")
    saved = change_study(workspace, ["seed=5"])
    assert workspace.study().seed == 5
    restore(workspace, saved)
    assert workspace.study_path.read_text() == "# mine\nseed: 4\n"


def test_restore__refuses_where_someone_changed_it_since(workspace: Workspace):
    saved = change_study(workspace, ["seed=5"])
    change_study(workspace, ["seed=6"])
    with pytest.raises(WorkspaceError, match="study.yaml was changed since; look at it and change it by hand"):
        restore(workspace, saved)
    assert workspace.study().seed == 6


def test_change_study__writes_nothing_that_is_wrong(workspace: Workspace):
    before = workspace.study_path.read_text()
    with pytest.raises(ConfigError, match=r"train\.joint\.power = 2"):
        change_study(workspace, ["seed=5", "train.joint.power=2"])
    assert workspace.study_path.read_text() == before


def test_change__as_difference_is_a_diff():
    change = Change(setting="train.joint.power", before=0.2, after=[1, 2])
    assert change.as_difference == ("  train.joint.power", "- 0.2", "+ [1, 2]")
