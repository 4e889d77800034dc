"""Workspace: where things lie, and names that cannot leave it."""

from pathlib import Path

import pytest

from omnisource import config
from omnisource.errors import WorkspaceError, WriterBusyError
from omnisource.tables import sole_writer
from omnisource.types import Taxonomy
from omnisource.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "work", config.Study(seed=3))


def test_create__writes_every_setting(workspace: Workspace):
    assert workspace.study() == config.Study(seed=3)


def test_create__refuses_a_second_workspace_in_one_folder(workspace: Workspace):
    with pytest.raises(WorkspaceError, match="is a workspace already"):
        Workspace.create(workspace.root, config.Study())


def test_init__says_how_to_make_one(tmp_path: Path):
    with pytest.raises(WorkspaceError, match="is no workspace.*omnisource init"):
        Workspace(tmp_path)


def test_taxonomy__is_there_after_the_target_stage(workspace: Workspace):
    with pytest.raises(WorkspaceError, match="has no classes yet"):
        workspace.taxonomy()
    workspace.save_taxonomy(Taxonomy(names=("yoyo", "kick")))
    assert workspace.taxonomy().names == ("yoyo", "kick")


def test_save_taxonomy__other_classes_are_refused(workspace: Workspace):
    workspace.save_taxonomy(Taxonomy(names=("yoyo", "kick")))
    workspace.save_taxonomy(Taxonomy(names=("yoyo", "kick")))
    with pytest.raises(WorkspaceError, match="holds other classes"):
        workspace.save_taxonomy(Taxonomy(names=("kick", "yoyo")))


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/etc", ".hidden", "a\\b", ""])
def test_run__names_cannot_leave_the_workspace(workspace: Workspace, name: str):
    with pytest.raises(WorkspaceError, match="is not a name"):
        workspace.run(name)


def test_table__schema_is_that_of_the_first_word(workspace: Workspace):
    assert "confidence" in workspace.table("scores/tsn").schema.names
    assert workspace.table("scores/tsn").dropped().folder == workspace.root / "tables" / "dropped" / "scores" / "tsn"


def test_recipe__a_file_wins_over_the_study(workspace: Workspace):
    assert workspace.recipe("default") == config.Recipe()
    (workspace.root / "recipes").mkdir()
    config.save(config.Recipe(confidence=0.7), workspace.root / "recipes" / "default.yaml")
    assert workspace.recipe("default").confidence == 0.7


def test_recipe__unknown_names_the_known(workspace: Workspace):
    with pytest.raises(WorkspaceError, match="no recipe 'strict'; known: default"):
        workspace.recipe("strict")


def test_save_recipe__unsaving_puts_back_what_was_there(workspace: Workspace):
    first = workspace.save_recipe("default", config.Recipe(confidence=0.6))
    second = workspace.save_recipe("default", config.Recipe(confidence=0.7))
    assert (first.before, second.before) == (None, first.written)
    workspace.unsave_recipe(second)
    assert workspace.recipe("default").confidence == 0.6
    workspace.unsave_recipe(first)
    assert workspace.recipe("default") == workspace.study().recipes["default"]


def test_unsave_recipe__refuses_what_someone_changed_since(workspace: Workspace):
    mine = workspace.save_recipe("default", config.Recipe(confidence=0.6))
    workspace.save_recipe("default", config.Recipe(confidence=0.9))
    with pytest.raises(WorkspaceError, match="default.yaml was changed since"):
        workspace.unsave_recipe(mine)
    assert workspace.recipe("default").confidence == 0.9


def test_save_recipe__one_at_a_time(workspace: Workspace):
    with (
        sole_writer(workspace.root / "recipes", what="another recipe"),
        pytest.raises(WriterBusyError, match="recipe 'default' is being written by process"),
    ):
        workspace.save_recipe("default", config.Recipe(confidence=0.6))
    assert workspace.recipe("default") == config.Recipe()
