"""Suspected pairs for a terminal and for a script."""

from pathlib import Path

import pytest

from omnisource.clean.pair_filters import Order, PairFilter
from omnisource.commands.pair_lines import as_rows, line_of, print_pairs, suspected_pairs
from omnisource.errors import WorkspaceError
from omnisource.workspace import Workspace
from tests.similar_tables import small_workspace
from tests.workspaces import key


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return small_workspace(tmp_path / "w")


def test_line_of__the_wanted_one_else_the_measured_one(workspace: Workspace):
    assert (line_of(workspace, 0.5), line_of(workspace, None)) == (0.5, 0.8)
    (workspace.table("similar").folder / "crop_threshold.json").unlink()
    with pytest.raises(WorkspaceError, match="`omnisource duplicates` measures it, or give one with --threshold"):
        line_of(workspace, None)


def test_suspected_pairs__none_before_anything_was_compared(workspace: Workspace):
    workspace.table("similar").clear()
    assert suspected_pairs(workspace) is None


def test_print_pairs__a_line_and_a_row_for_each(workspace: Workspace, capsys: pytest.CaptureFixture[str]):
    pairs = suspected_pairs(workspace)
    assert pairs is not None
    found = pairs.next(PairFilter(), Order.SIMILAR, threshold=0.8, limit=1)
    print_pairs(found)
    expected = ["0.990", "open", key(1).hex(), "/web/1.jpg", "0.0 s", "/target/a.mp4", "0.5 s"]
    assert capsys.readouterr().out == "\t".join(expected) + "\n"
    (row,) = as_rows(found)
    assert (row["key"], row["target_path"], row["number"]) == (key(1).hex(), "/target/a.mp4", 0)
