"""`report` and `flips`, on runs that are written by hand."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from omnisource.workspace import Workspace
from tests.commands.conftest import Answer
from tests.evaluated_runs import BASELINE, STUDENT, write_run
from tests.workspaces import workspace_with

Here = Callable[..., Answer]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = workspace_with(tmp_path / "w", scored=[])
    write_run(made, "tsn-baseline", BASELINE)
    write_run(made, "tsn-default", STUDENT)
    return made


@pytest.mark.parametrize(
    ("out", "options", "expected"),
    [
        ("r.html", [], "<h2>tsn-default against tsn-baseline</h2>"),
        ("r.csv", [], "tsn-default,8,0.875,"),
        ("r.tex", ["--table", "sources"], r"\bottomrule"),
        ("r.csv", ["--table", "procedures"], "joint (OmniSource),tsn,default,tsn-default,"),
        ("r.csv", ["--table", "classes"], "boxing,4,0.5,0.75,0.25"),
        ("r.tex", ["--table", "pairs"], "better & boxing & yoyo & 0.375 & 0.000 & -0.375"),
    ],
)
def test_report__writes_what_the_ending_says(
    here: Here, workspace: Workspace, tmp_path: Path, out: str, options: list[str], expected: str
):
    arguments = ("-w", str(workspace.root), "--baseline", "tsn-baseline", "--out", str(tmp_path / out))
    answer = here("report", "tsn-default", *arguments, *options)
    assert (answer.returncode, answer.stdout.strip()) == (0, str(tmp_path / out))
    assert expected in (tmp_path / out).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--out", "x.pdf"], "x.pdf has no known ending; name a file that ends in .html, .csv, .tex"),
        (["--out", "x.csv", "--table", "pairs"], "the table of pairs is of one run, and these are 2; name one run"),
    ],
)
def test_report__says_what_it_needs(here: Here, workspace: Workspace, arguments: list[str], message: str):
    write_run(workspace, "tsn-other", STUDENT)
    answer = here("report", "-w", str(workspace.root), "--baseline", "tsn-baseline", *arguments)
    assert answer.returncode == 1
    assert message in answer.stderr


def test_report__without_an_evaluated_run(here: Here, tmp_path: Path):
    workspace = workspace_with(tmp_path / "fresh", scored=[])
    assert "has no evaluated run yet" in here("report", "-w", str(workspace.root)).stderr


def test_flips__of_a_pair(here: Here, workspace: Workspace):
    options = ("-w", str(workspace.root), "--baseline", "tsn-baseline")
    answer = here("flips", "tsn-default", *options, "-c", "boxing", "-c", "kick")
    assert answer.stdout == "boxing\tyoyo\tboxing\t/val/2.mp4\n"
    found = json.loads(here("flips", "tsn-default", *options, "--kind", "moved", "--json").stdout)
    assert found["total"] == 1
    assert found["clips"][0] | {"before": "yoyo", "after": "kick", "path": "/val/3.mp4"} == found["clips"][0]


def test_flips__of_three_classes(here: Here, workspace: Workspace):
    answer = here("flips", "tsn-default", "-w", str(workspace.root), "-c", "boxing", "-c", "kick", "-c", "yoyo")
    assert "3 classes are named; name one, or the two of a pair" in answer.stderr
