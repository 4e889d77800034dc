"""Settings that are tried before they are written."""

import pytest

from omnisource import config, presets
from omnisource.errors import ConfigError, WorkspaceError
from omnisource.pipeline import drafting
from omnisource.pipeline.drafting import Draft, changes, drafted, from_preset, from_run, settings_of, with_value
from omnisource.pipeline.launching import Launch
from omnisource.study_changes import change_study
from omnisource.workspace import Workspace

STUDY = config.Study(
    networks={"tsn": config.NetworkConfig()},
    sources=(config.SourceConfig(name="google_image", format="image", path="web"),),
)
TSN = Draft(network="tsn", name="tsn")


def test_with_value__is_a_change_only_where_something_changes():
    draft = with_value(STUDY, TSN, "network.optim.epochs", 30)
    assert draft.values == {"network.optim.epochs": 30}
    assert with_value(STUDY, draft, "network.optim.epochs", 100).values == {}  # 100 is what it was


def test_with_value__a_value_that_would_move_away_is_kept():
    slowonly = with_value(STUDY, TSN, "network.model.arch", "slowonly")
    assert drafted(STUDY, slowonly).networks["tsn"].optim.epochs == 150  # what the paper gives this kind
    kept = with_value(STUDY, slowonly, "network.optim.epochs", 100)  # as study.yaml has it, but not by itself any more
    assert drafted(STUDY, kept).networks["tsn"].optim.epochs == 100


def test_changes__name_what_follows_from_the_kind_of_network_too():
    places = {change.setting for change in changes(STUDY, with_value(STUDY, TSN, "network.model.arch", "slowonly"))}
    assert {"networks.tsn.model.arch", "networks.tsn.input.crop", "networks.tsn.optim.lr_per_sample"} <= places


def test_changes__speak_of_the_mixture_and_the_device():
    draft = with_value(STUDY, with_value(STUDY, TSN, "train.joint.power", 0.5), "device", "cpu")
    said = [change.as_sentence for change in changes(STUDY, draft)]
    assert said == ["device: auto to cpu", "train.joint.power: 0.2 to 0.5"]


def test_settings_of__are_what_set_takes(fresh: Workspace):
    study = fresh.study()
    draft = with_value(study, Draft(network="tsn", name="quick"), "network.optim.epochs", 7)
    change_study(fresh, settings_of(study, draft))
    saved = fresh.study().networks
    assert (saved["quick"].optim.epochs, saved["tsn"].optim.epochs) == (7, 1)
    assert saved["quick"].model == saved["tsn"].model


@pytest.mark.parametrize("name", ["slowonly", "a.b", ""])
def test_settings_of__a_new_network_needs_a_free_name(fresh: Workspace, name: str):
    with pytest.raises(ConfigError, match="no network can be saved as"):
        settings_of(fresh.study(), Draft(network="tsn", name=name))


def test_drafted__says_what_cannot_be():
    draft = Draft(network="tsn", name="tsn", values={"network.optim.milestones": ["x"]})
    with pytest.raises(ConfigError, match="milestones"):
        drafted(STUDY, draft)


@pytest.mark.parametrize("name", presets.names())
def test_from_preset__gives_exactly_its_network(name: str):
    preset = presets.load(name)
    filled = from_preset(STUDY, TSN, preset)
    assert drafted(STUDY, filled.draft).networks["tsn"] == preset.network


def test_from_preset__what_speaks_of_unknown_sources_is_left_out_and_said():
    preset = presets.load("slowonly-r50-4x16-scratch-omnisource")  # it merges two sources of images
    filled = from_preset(STUDY, TSN, preset)
    assert drafted(STUDY, filled.draft).train.joint.merged == {}
    assert any("are not merged to" in note for note in filled.notes)


@pytest.mark.parametrize(
    ("arch", "recipe", "procedure", "shown"),
    [
        ("tsn", None, "joint", set()),
        ("tsn", "web", "joint", {"train.joint", "train.snippets"}),
        ("slowonly", "web", "joint", {"train.joint", "train.inflation"}),
        ("tsn", "web", "pretrain_finetune", {"train.joint", "train.snippets", "train.finetune"}),
    ],
)
def test_sections_for__only_what_the_run_reads(arch: str, recipe: str | None, procedure: str, shown: set[str]):
    study = config.Study(networks={"tsn": config.NetworkConfig(model=config.ModelConfig(arch=arch))})
    sections = drafting.sections_for(study, Launch(network="tsn", recipe=recipe, procedure=procedure))
    optional = {"train.joint", "train.inflation", "train.snippets", "train.finetune"}
    assert optional & set(sections) == shown
    assert sections[0] == "network.model" and "train" in sections


def test_from_run__brings_back_the_settings_it_was_made_with(labelled: Workspace):
    change_study(labelled, ["networks.tsn.optim.epochs=9", "networks.tsn.model.width=0.5", "seed=4"])
    filled = from_run(labelled, labelled.study(), "tsn-baseline")
    after = drafted(labelled.study(), filled.draft)
    assert filled.launch == Launch(network="tsn", recipe=None)
    assert (after.networks["tsn"].optim.epochs, after.networks["tsn"].model.width, after.seed) == (1, 0.125, 0)


def test_from_run__a_network_that_is_gone_comes_back_under_its_name(labelled: Workspace):
    study = labelled.study()
    others = {"slowonly": study.networks["slowonly"]}
    teachers = {"deep": study.teachers["deep"]}
    config.save_study(study.model_copy(update={"networks": others, "teachers": teachers}), labelled.study_path)
    filled = from_run(labelled, labelled.study(), "tsn-baseline")
    assert (filled.draft.network, filled.draft.name) == ("slowonly", "tsn")
    back = drafted(labelled.study(), filled.draft).networks["tsn"]
    assert back.model_copy(update={"test": study.networks["tsn"].test}) == study.networks["tsn"]


def test_from_run__without_settings(labelled: Workspace):
    (labelled.run("tsn-baseline") / "config.yaml").unlink()
    with pytest.raises(WorkspaceError, match="'tsn-baseline' has no config.yaml"):
        from_run(labelled, labelled.study(), "tsn-baseline")
