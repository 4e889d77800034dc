"""Settings: YAML in and out, mistakes explained."""

from pathlib import Path

import pytest

from omnisource import config
from omnisource.errors import ConfigError


def test_save__what_is_written_is_read_back(tmp_path: Path):
    study = config.Study(
        seed=5,
        sources=(config.SourceConfig(name="google_image", format="image", path=Path("web")),),
        recipes={"strict": config.Recipe(confidence=0.9, teachers={"image": "tsn"})},
    )
    config.save(study, tmp_path / "study.yaml")
    assert config.load_study(tmp_path / "study.yaml") == study


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("trian: {}", "unknown setting 'trian'; did you mean 'train'"),
        ("networks: {a: {model: {bakbone: x}}}", "'networks.a.model.bakbone'; did you mean 'backbone'"),
        ("train: {joint: {power: 3}}", "train.joint.power = 3: Input should be less than or equal to 1"),
        ("sources: [{name: a, format: image, pth: .}]", "'sources.0.pth'; did you mean 'path'"),
        ("recipes: {a: {zzz: 1}}", "unknown setting 'recipes.a.zzz'; known: teachers"),
        ("seed: [", "is not YAML"),
        ("sources: [{name: '../x', format: image, path: .}]", "sources.0.name = '../x'"),
    ],
)
def test_load_study__mistakes_name_the_key_and_the_remedy(tmp_path: Path, text: str, message: str):
    path = tmp_path / "study.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as error:
        config.load_study(path)
    assert message in str(error.value)
    assert str(path) in str(error.value)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"sources": [{"name": "target", "format": "image", "path": "."}]}, "source may not be called 'target'"),
        ({"sources": [{"name": "a", "format": "image", "path": "."}] * 2}, "source may not be called 'a'"),
        ({"student": "x"}, "student 'x' is none of the networks: tsn"),
        ({"recipes": {"baseline": {}}}, "a recipe may not be called 'baseline'"),
        ({"recipes": {"a.finetune": {}}}, "recipe 'a.finetune' would share its runs with pre-training; rename it"),
        (
            {"networks": {"tsn": {}, "tsn-a": {}}, "recipes": {"a-b": {}, "b": {}}},  # tsn + a-b, tsn-a + b
            "would share the run 'tsn-a-b'",
        ),
        ({"teachers": {"t": {"networks": ["x"]}}}, "teacher 't' names networks that are not there: x"),
    ],
)
def test_study__names_that_lead_nowhere_or_to_one_place_are_refused(values: dict, message: str):
    with pytest.raises(ConfigError, match=message):
        config.parse(config.Study, values, where="study")


def test_load_study__missing_file_says_how_to_make_one(tmp_path: Path):
    with pytest.raises(ConfigError, match="omnisource init"):
        config.load_study(tmp_path / "study.yaml")


def test_save_study__what_follows_from_the_kind_of_network_is_left_open(tmp_path: Path):
    config.save_study(config.Study(), tmp_path / "study.yaml")
    text = (tmp_path / "study.yaml").read_text()
    assert "milestones" not in text
    (tmp_path / "study.yaml").write_text(text.replace("arch: tsn", "arch: slowonly"))
    optim = config.load_study(tmp_path / "study.yaml").networks["tsn"].optim
    assert (optim.epochs, optim.milestones) == (150, (90, 130))


def test_save_study__is_read_back_as_it_was(tmp_path: Path):
    study = config.override(config.Study(), ["networks.tsn.optim.epochs=30", "networks.tsn.test.crops=three"])
    config.save_study(study, tmp_path / "study.yaml")
    assert config.load_study(tmp_path / "study.yaml") == study


def test_override__the_schedule_follows_the_epochs():
    study = config.override(config.Study(), ["networks.tsn.optim.epochs=30"])
    assert study.networks["tsn"].optim.milestones == (12, 24)  # 40 and 80 of 100


def test_override__values_are_yaml():
    study = config.override(config.Study(), ["train.joint.power=0.5", "networks.tsn.optim.milestones=[1, 2]"])
    assert study.train.joint.power == 0.5
    assert study.networks["tsn"].optim.milestones == (1, 2)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("power", "is not KEY=VALUE"),
        ("target.root=[1", "is not YAML"),
        ("seed.x=1", "does not lead to a setting"),
        ("train.joint.powr=1", "did you mean 'power'"),
    ],
)
def test_override__mistakes(setting: str, message: str):
    with pytest.raises(ConfigError, match=message):
        config.override(config.Study(), [setting])


def test_recipe__a_threshold_for_a_source_that_is_left_out_is_refused():
    with pytest.raises(ConfigError, match="confidence_by_source names"):
        config.parse(config.Recipe, {"sources": ["a"], "confidence_by_source": {"b": 0.5}}, where="recipe")


def test_study__its_networks_schedule_is_the_papers():
    optim = config.Study().networks["tsn"].optim
    assert (optim.lr_per_sample, optim.epochs, optim.milestones) == (4e-5, 100, (40, 80))  # appendix


def test_study__a_mixture_may_not_be_called_like_a_source():
    values = {
        "sources": [{"name": "web", "format": "image", "path": "web"}],
        "train": {"joint": {"merged": {"web": ["google"]}}},
    }
    with pytest.raises(ConfigError, match="a source may not be called 'web': the name is taken"):
        config.parse(config.Study, values, where="test")


def test_override__a_setting_below_one_that_was_left_open():
    study = config.override(config.Study(), ["features.clip.name=RN50", "features.clip.pretrained=openai"])
    assert study.features.clip == config.ClipConfig(name="RN50", pretrained="openai")


@pytest.mark.parametrize("teacher", [{}, {"networks": ["tsn"], "clip": {}}])
def test_teacher_config__is_networks_or_clip(teacher: dict):
    with pytest.raises(ConfigError, match="a teacher needs either `networks`, which are trained, or `clip`"):
        config.parse(config.TeacherConfig, teacher, where="test")
