"""Every notebook is paired with its readable Python and is kept without outputs; nbmake executes them (pyproject)."""

import functools
import re
from pathlib import Path

import jupytext
import nbformat
import pytest

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
ALL = sorted(NOTEBOOKS.glob("*.ipynb"))


@functools.cache
def read(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)


def cells_of(path: Path, kind: str) -> list[str]:
    return [cell.source for cell in read(path).cells if cell.cell_type == kind]


def test_notebooks__are_the_whole_series() -> None:
    assert [int(path.name[:2]) for path in ALL] == list(range(1, 14))


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_notebook__is_kept_without_outputs(path: Path) -> None:
    for cell in read(path).cells:
        assert cell.cell_type != "code" or (cell.outputs == [] and cell.execution_count is None)


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_notebook__says_the_same_as_its_python(path: Path) -> None:
    paired = jupytext.read(path.with_suffix(".py"))
    assert [(cell.cell_type, cell.source) for cell in paired.cells] == [
        (cell.cell_type, cell.source) for cell in read(path).cells
    ]


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_notebook__teaches_something_and_checks_it(path: Path) -> None:
    words, code = "\n".join(cells_of(path, "markdown")), cells_of(path, "code")
    assert words.startswith("# ")
    assert "omnisource " in words and "app" in words.lower(), "says the same step on the command line and in the app"
    assert re.search(r"^assert ", code[-1], re.MULTILINE), "ends with a cell that checks what was taught"
    shows = re.findall(
        r"^notebook\.(?:wall|pictures|players|strip|pairs|table|figure)\(", "\n".join(code), re.MULTILINE
    )
    assert len(shows) >= 3, "shows data after its steps"
    assert not any(re.search(r"assert True|# ?noqa", cell) for cell in code)


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_notebook__leaves_no_cell_out_and_lets_none_fail(path: Path) -> None:
    """nbmake obeys tags of cells (skip-execution, raises-exception) and settings of the notebook (execution)."""
    assert not [cell.metadata.tags for cell in read(path).cells if "tags" in cell.metadata]
    assert "execution" not in read(path).metadata
