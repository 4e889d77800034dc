"""What all commands share: help, errors in one line, exit status."""

from collections.abc import Callable
from pathlib import Path

import pytest

from omnisource.__main__ import COMMANDS
from omnisource.commands.options import print_json
from tests.commands.conftest import Answer, omnisource

NAMES = [command.__name__.replace("_", "-") for command in COMMANDS]


def test_help__names_every_command():
    shown = omnisource("--help").stdout
    assert all(f" {name} " in shown for name in NAMES)


@pytest.mark.parametrize("command", NAMES)
def test_help__has_an_example(here: Callable[..., Answer], command: str):
    shown = here(command, "--help").stdout
    assert f"omnisource {command}" in shown.partition("Usage:")[2].partition("\n")[2] or "torchrun" in shown


def test_print_json__what_is_no_number_is_null(capsys: pytest.CaptureFixture[str]):
    print_json({"a": [1.5, float("nan")], "b": ("x", float("inf")), "c": None})
    assert capsys.readouterr().out == '{"a": [1.5, null], "b": ["x", null], "c": null}\n'


def test_version():
    assert omnisource("--version").stdout.strip().count(".") == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["status"], "is no workspace: it has no study.yaml; `omnisource init` makes one"),
        (["init", "w", "--target", "nowhere"], "nowhere"),
        (["init", "w", "--target", ".", "--reader", "csv"], "target.reader = 'csv': Input should be 'folders', "),
        (["init", "w", "--target", ".", "--set", "sed=1"], "unknown setting 'sed'; did you mean 'seed'?"),
        (["init", "w", "--target", ".", "--set", "seed"], "'seed' is not KEY=VALUE"),
    ],
)
def test_error__one_line_and_status_1(here: Callable[..., Answer], arguments: list[str], message: str, tmp_path: Path):
    result = here(*arguments, cwd=tmp_path)
    assert result.returncode == 1
    assert message in result.stderr.replace("\n", " ")
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["bogus"], "No such command 'bogus'"),
        (["compare", "one"], "Missing argument 'student'"),
        (["add", ".", "--name", "x", "--format", "gif"], "'gif' is not one of"),
    ],
)
def test_error__a_wrong_command_line_has_status_2(
    here: Callable[..., Answer], arguments: list[str], message: str, tmp_path: Path
):
    result = here(*arguments, cwd=tmp_path)
    assert result.returncode == 2
    assert message in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["teach", "--network", "tns"], "no network 'tns'; known: slowonly, tsn"),
        (["score", "--teacher", "dep"], "no teacher 'dep'; known: deep, flat"),
        (["label", "--recipe", "strict"], "no recipe 'strict'; known: unfiltered, omnisource"),
        (["evaluate", "tsn-strict"], "run 'tsn-strict' has no trained network yet"),
        (["evaluate", "../tsn"], "'../tsn' is not a name for something in a workspace"),
        (["compare", "tsn-baseline", "x"], "has no predictions yet; `omnisource evaluate "),
    ],
)
def test_error__unknown_names_are_answered_with_the_known(
    here: Callable[..., Answer], labelled: Path, arguments: list[str], message: str
):
    result = here(*arguments, "-w", str(labelled))
    assert result.returncode == 1
    assert message in result.stderr
    assert "Traceback" not in result.stderr
