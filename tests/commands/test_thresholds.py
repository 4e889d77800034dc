"""`thresholds`, `audit` and `overlap` as a person meets them."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from omnisource import config
from omnisource.reviews import Reviews, Subject, Verdict
from omnisource.types import Format
from omnisource.workspace import Workspace
from tests.commands.conftest import Answer
from tests.workspaces import key, workspace_with

FACTS = [{"number": n, "top": n % 2, "confidence": n / 10, "query": 0, "query_prob": n / 20} for n in range(10)]


@pytest.fixture
def root(tmp_path: Path) -> str:
    made = workspace_with(tmp_path / "w", scored=FACTS)
    source = config.SourceConfig(name="web", format=Format.IMAGE, path=tmp_path)
    teachers = {"teacher": config.TeacherConfig(networks=("tsn",))}
    config.save(config.Study(teachers=teachers, sources=(source,)), made.study_path)
    for number in range(2, 10):
        verdict = Verdict.RELEVANT if number > 4 else Verdict.IRRELEVANT
        Reviews(made.reviews_path).decide(Subject(key=key(number)), verdict, made_in="test")
    return str(made.root)


def test_thresholds__what_each_source_keeps(here: Callable[..., Answer], root: str):
    lines = here("thresholds", "-w", root, "--set", "confidence=0.8").stdout.splitlines()
    assert lines == ["source\tformat\tscored\ttested\tkept\texamples", "web\timage\t10\t10\t2\t2"]
    (found,) = json.loads(here("thresholds", "-w", root, "--json").stdout)
    assert (found["kept"], found["source"]) == (5, "web")


def test_thresholds__an_unknown_setting(here: Callable[..., Answer], root: str):
    answer = here("thresholds", "-w", root, "--set", "confidense=0.8")
    assert (answer.returncode, "did you mean 'confidence'" in answer.stderr) == (1, True)


def test_audit__what_the_line_is_worth_and_which_one_is_wanted(here: Callable[..., Answer], root: str):
    lines = here("audit", "-w", root, "--precision", "0.6").stdout.splitlines()
    assert lines[0] == "8 judgements; at confidence 0.5, with 90 % bands:"
    assert lines[1].startswith("  precision ")
    assert lines[4].startswith("precision 60% by the middle: confidence 0.")
    found = json.loads(here("audit", "-w", root, "--class", "yoyo", "--source", "web", "--json").stdout)
    low, middle, high = found["precision"][1], found["precision"][0], found["precision"][2]
    assert low < middle < high


def test_audit__a_precision_that_nothing_reaches(here: Callable[..., Answer], root: str):
    assert "no threshold is known to reach it" in here("audit", "-w", root, "--precision", "1.0").stdout


def test_audit__a_line_above_everything(here: Callable[..., Answer], root: str):
    settings = ("--set", "confidence=0.95")
    assert "  precision unknown: nothing is there" in here("audit", "-w", root, *settings).stdout
    assert json.loads(here("audit", "-w", root, *settings, "--json").stdout)["precision"] == [None, None, None]


def test_audit__the_line_of_what_is_asked_about(here: Callable[..., Answer], root: str):
    settings = ("--set", "confidence_by_class={yoyo: 0.7}")
    lines = here("audit", "-w", root, "--class", "yoyo", *settings).stdout.splitlines()
    assert lines[0].startswith("8 judgements; at confidence 0.7,")


def test_overlap__items_of_both_and_of_one(here: Callable[..., Answer], root: str):
    workspace = Workspace(Path(root))
    workspace.save_recipe("strict", config.Recipe(confidence=0.8))
    lines = here("overlap", "default", "strict", "-w", root).stdout.splitlines()
    assert lines == ["source\tboth\trelabelled\tonly default\tonly strict", "web\t2\t0\t3\t0"]
    (found,) = json.loads(here("overlap", "strict", "default", "-w", root, "--json").stdout)
    assert (found["only_first"], found["only_second"]) == (0, 3)
