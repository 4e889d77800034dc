"""What the README tells people to type is accepted."""

import ast
import importlib.util
import re
import shlex
from pathlib import Path

import pytest
import typer
import yaml

from omnisource import config

README = (Path(__file__).resolve().parent.parent / "README.md").read_text(encoding="utf-8")


def test_readme__its_study_is_one():
    (text,) = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    study = config.parse(config.Study, yaml.safe_load(text), where="README")
    assert study.networks[study.student].model.dims == 3


def commands_in(text: str) -> list[list[str]]:
    """Words of every `omnisource ...` that a reader may type: lines of code blocks, and code within sentences."""
    joined = text.replace("\\\n", " ")
    lines = re.findall(r"^ *(omnisource [^\n#]+)", joined, re.MULTILINE)
    within = re.findall(r"`(?:\.venv/bin/)?(omnisource [a-z][^`]*)`", re.sub(r"\s+", " ", joined))
    return [shlex.split(one) for one in dict.fromkeys([*lines, *within])]


def test_commands_in__finds_lines_and_code_within_sentences():
    text = "```\nomnisource run -w work   # every stage\n```\nas `.venv/bin/omnisource demo\n--dims 3` does"
    assert commands_in(text) == [["omnisource", "run", "-w", "work"], ["omnisource", "demo", "--dims", "3"]]


@pytest.mark.parametrize("words", commands_in(README), ids=" ".join)
def test_readme__its_commands_and_their_options_exist(words: list[str]):
    from omnisource.__main__ import app

    command, rest = typer.main.get_command(app), words[1:]
    while hasattr(command, "commands"):
        assert rest and rest[0] in command.commands, f"there is no {' '.join(words)}"
        command, rest = command.commands[rest[0]], rest[1:]
    known = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    assert {word for word in rest if word.startswith("-")} <= known | {"--help"}


def test_readme__its_make_targets_exist():
    makefile = (Path(__file__).resolve().parent.parent / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"^make (\w+)|`make (\w+)", README, re.MULTILINE))
    targets = {target for pair in named for target in pair if target}
    assert {"demo", "test", "notebooks"} <= targets
    assert all(f"\n{target}:" in makefile for target in targets)


def test_readme__what_its_python_imports_is_there():
    (text,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    imports = [node for node in ast.parse(text).body if isinstance(node, ast.ImportFrom)]
    assert len(imports) >= 3
    for node in imports:
        module = importlib.util.find_spec(node.module)
        assert module is not None, node.module
        defined = Path(module.origin).read_text(encoding="utf-8")
        for name in (alias.name for alias in node.names):
            is_defined = re.search(rf"^(class|def) {name}\b", defined, re.MULTILINE)
            assert is_defined or importlib.util.find_spec(f"{node.module}.{name}"), name


def test_readme__the_settings_it_names_are_known():
    named = ["train.joint.update=per_source", "target.label_fraction=0.1", "recipes.default.label_source=agreement"]
    assert all(setting.split("=")[0] in README for setting in named)
    config.override(config.Study(), named)
