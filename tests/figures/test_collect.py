"""The map of yields, from the tables written by hand."""

import pytest

from omnisource.figures.collect import yield_figure
from omnisource.pipeline.yields import CellYield, cell_yields
from tests.search_tables import catalog_of, searched_workspace


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> list[CellYield]:
    workspace = searched_workspace(tmp_path_factory.mktemp("searched") / "w")
    return cell_yields(workspace, catalog_of(workspace), "strict")


def test_yield_figure__query_by_window(cells: list[CellYield]):
    (heat,) = yield_figure(cells, "new", title="new").data
    assert (list(heat.x), list(heat.y)) == (["2018", "2019"], ["boxing", "yo yo"])
    assert [list(row) for row in heat.z] == [[1, 4], [0, 2]]


def test_yield_figure__what_is_not_known_is_empty(cells: list[CellYield]):
    (heat,) = yield_figure(cells, "kept_share", title="kept").data
    assert [list(row) for row in heat.z] == [[0.0, 0.25], [None, 0.0]]
    assert heat.texttemplate == "%{z:.0%}" and "%{z:.0%}" in heat.hovertemplate


def test_yield_figure__escapes_queries(cells: list[CellYield]):
    hostile = CellYield(
        **{name: getattr(cells[0], name) for name in CellYield.__slots__ if name != "query"}, query='<b>"x"</b>'
    )
    assert list(yield_figure([hostile], "new", title="new").data[0].y) == ['&lt;b&gt;"x"&lt;/b&gt;']


@pytest.mark.parametrize(
    ("window", "shown"),
    [((None, None), "any time"), (("2018-01-01", "2018-07-02"), "2018-01-01 to<br>2018-07-02")],
)
def test_yield_figure__names_windows(cells: list[CellYield], window: tuple, shown: str):
    named = {"published_after": window[0], "published_before": window[1]}
    one = CellYield(**{name: getattr(cells[0], name) for name in CellYield.__slots__ if name not in named}, **named)
    assert list(yield_figure([one], "new", title="new").data[0].x) == [shown]
