"""What the README tells people to type is accepted."""

import re
from pathlib import Path

import yaml

from omnisource import config

README = (Path(__file__).resolve().parent.parent / "README.md").read_text(encoding="utf-8")


def test_readme__its_study_is_one():
    (text,) = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    study = config.parse(config.Study, yaml.safe_load(text), where="README")
    assert study.networks[study.student].model.dims == 3


def test_readme__its_commands_and_make_targets_exist():
    from omnisource.__main__ import app

    commands = {command.name or command.callback.__name__.replace("_", "-") for command in app.registered_commands}
    commands |= {group.name or group.typer_instance.info.name for group in app.registered_groups}
    assert set(re.findall(r"^omnisource ([\w-]+)", README, re.MULTILINE)) <= commands
    makefile = (Path(__file__).resolve().parent.parent / "Makefile").read_text(encoding="utf-8")
    assert all(f"\n{target}:" in makefile for target in re.findall(r"^make (\w+)", README, re.MULTILINE))


def test_readme__the_settings_it_names_are_known():
    named = ["train.joint.update=per_source", "target.label_fraction=0.1", "recipes.default.label_source=agreement"]
    assert all(setting.split("=")[0] in README for setting in named)
    config.override(config.Study(), named)
