"""Tables of results as values, CSV, LaTeX and text."""

import csv
from pathlib import Path

import pytest

from omnisource import config
from omnisource.pipeline import result_tables as tables
from omnisource.pipeline.comparing import procedures
from omnisource.pipeline.gains import Gains
from omnisource.pipeline.side_by_side import RunResult, side_by_side
from omnisource.types import Taxonomy
from omnisource.workspace import Workspace
from tests.evaluated_runs import BASELINE, STUDENT, write_run
from tests.pipeline.test_side_by_side import say_made_of
from tests.workspaces import CLASSES, apply_recipe, workspace_with


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = workspace_with(tmp_path / "w", scored=[])
    write_run(made, "tsn-baseline", BASELINE)
    write_run(made, "tsn-default", STUDENT)
    apply_recipe(made, "default", config.Recipe(), kept=[1, 2])
    say_made_of(made, "tsn-default", web="fingerprint of default", gone="x")
    return made


@pytest.fixture
def results(workspace: Workspace) -> list[RunResult]:
    return side_by_side(workspace, "tsn-baseline")


def named(table: tables.ResultTable, row: int) -> dict[str, tables.Value]:
    return dict(zip((column.title for column in table.columns), table.rows[row], strict=True))


def test_runs_table__one_row_per_run(results: list[RunResult]):
    table = tables.runs_table(results)
    assert named(table, 0) | {"run": "tsn-baseline", "top-1": 5 / 8, "change": None, "p": None} == named(table, 0)
    student = named(table, 1)
    assert (student["clips"], student["top-1"], student["change"]) == (8, 7 / 8, 0.25)
    assert (student["gained"], student["lost"], student["p"]) == (2, 0, 0.5)
    assert "tsn-baseline" in table.caption


def test_sources_table__tells_unknown_from_unused(results: list[RunResult]):
    table = tables.sources_table(results)
    assert [named(table, 0)[name] for name in ("recipe", "web", "gone")] == [None, None, None]
    assert [named(table, 1)[name] for name in ("recipe", "web", "gone")] == ["default", 2, tables.UNKNOWN]


def test_procedures_table__in_a_readers_words(workspace: Workspace):
    table = tables.procedures_table(procedures(workspace))
    assert [row[0] for row in table.rows] == ["labelled clips alone", "joint (OmniSource)"]


def test_classes_and_pairs_table__of_one_run(workspace: Workspace):
    gains = Gains(workspace, "tsn-baseline", "tsn-default")
    assert tables.classes_table(gains, CLASSES).rows == (("boxing", 4, 0.5, 0.75, 0.25), ("yoyo", 4, 0.75, 1.0, 0.25))
    assert tables.pairs_table(gains, CLASSES, top=5).rows == (
        ("better", "boxing", "yoyo", 3 / 8, 0.0, -3 / 8),
        ("worse", "boxing", "kick", 0.0, 0.25, 0.25),
    )


def test_as_csv__has_full_precision_and_quotes_names(workspace: Workspace):
    gains = Gains(workspace, "tsn-baseline", "tsn-default")
    strange = Taxonomy(names=('say "hi", twice', "yoyo", "kick"))
    rows = list(csv.reader(tables.as_csv(tables.classes_table(gains, strange)).splitlines()))
    assert rows[0] == ["class", "clips", "tsn-baseline", "tsn-default", "change"]
    assert rows[1] == ['say "hi", twice', "4", "0.5", "0.75", "0.25"]


def test_as_latex__has_rules_and_escapes_names(workspace: Workspace):
    gains = Gains(workspace, "tsn-baseline", "tsn-default")
    text = tables.as_latex(tables.classes_table(gains, Taxonomy(names=("a_b & 50% \\x", "yoyo", "kick"))))
    assert r"a\_b \& 50\% \textbackslash{}x & 4 & 50.0\% & 75.0\% & +25.0 \\" in text
    assert r"\begin{tabular}{lrrrr}" in text
    assert [rule for rule in (r"\toprule", r"\midrule", r"\bottomrule") if rule in text] == [
        r"\toprule",
        r"\midrule",
        r"\bottomrule",
    ]


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (None, "share", ""),
        ("?", "count", "?"),
        (1234, "count", "1,234"),
        (0.5367, "share", "53.7%"),
        (-0.0123, "change", "-1.2"),
        (0.2631, "score", "0.263"),
        (0.05, "score_change", "+0.050"),
        (0.0784, "p_value", "0.078"),
        (2.8e-6, "p_value", "< 0.001"),
    ],
)
def test_as_text__of_every_unit(value: tables.Value, unit: tables.Unit, text: str):
    assert tables.as_text(value, unit) == text
