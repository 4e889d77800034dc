"""Collect, for sources that are searched: queries to accept, the plan, yields and refusals, the form of a search."""

import shlex
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app import shared
from omnisource.pipeline import queries
from omnisource.workspace import Workspace
from tests.app.conftest import OpenPage
from tests.app.test_collect import press
from tests.app.test_overview import said
from tests.search_tables import searched_workspace


@pytest.fixture
def searched(tmp_path: Path) -> Workspace:
    return searched_workspace(tmp_path / "from the web")


def open_view(open_page: OpenPage, workspace: Workspace, view: str) -> AppTest:
    return open_page("collect", workspace, collect_view=view)


def test_collect__without_searched_sources_has_one_view(open_page: OpenPage, empty: Workspace):
    page = open_page("collect", empty)
    assert not page.exception
    assert all(one.key != "collect_view" for one in page.button_group)


def test_queries__are_proposed_accepted_and_undone(open_page: OpenPage, searched: Workspace):
    page = open_view(open_page, searched, "Queries and tags")
    assert not page.exception
    assert "No queries yet" in said(page)
    press(page, "Propose them")
    assert not page.exception
    assert queries.current(searched).number == 1
    assert "revision 1 waits for you" in said(page)
    assert page.button(key="queries_save").disabled
    press(page, "Accept for searching")
    assert not page.exception
    assert queries.current(searched).accepted is not None
    assert page.button(key="queries_accept").disabled


def test_queries__names_classes_without_any(open_page: OpenPage, searched: Workspace):
    first = queries.propose_queries(searched)
    queries.save(searched, [one for one in first.queries if one.class_index == 0], based_on=1)
    page = open_view(open_page, searched, "Queries and tags")
    assert [one.value for one in page.warning] == ["No query is used for yoyo, kick."]


def test_search__waits_for_accepted_queries(open_page: OpenPage, searched: Workspace, started: list):
    queries.propose_queries(searched)
    page = open_view(open_page, searched, "Search")
    assert not page.exception
    assert page.button(key="plan_start").disabled
    queries.accept(searched, 1, author="me")
    page = open_view(open_page, searched, "Search")
    page.button(key="plan_start").click().run()
    page.selectbox(key="plan_step").set_value("Only download").run()
    page.button(key="plan_start").click().run()
    command = ["collect", "-w", str(searched.root)]
    offered = [block.value for block in page.code]
    assert shlex.join(["omnisource", *command, "--only", "fetch"]) in offered
    assert any(cell.endswith("\nfetching.fetch(workspace)") and "search(" not in cell for cell in offered)
    assert started == [(searched.root, command), (searched.root, [*command, "--only", "fetch"])]


def test_search__shows_plan_yield_and_refusals(open_page: OpenPage, searched: Workspace):
    queries.propose_queries(searched)
    page = open_page("collect", searched, collect_view="Search", collect_recipe="strict")
    assert not page.exception
    plan, yields, refusals = (one.value.to_dict("records") for one in page.dataframe)
    assert (plan[0]["source"], plan[0]["what"], plan[0]["asked"], plan[0]["requests"]) == (
        *("pictures", "images by page"),
        *(4, 6),
    )
    assert [(row["query"], row["new"], row["kept"]) for row in yields] == [("boxing", 5, 1), ("yo yo", 2, 0)]
    assert [(row["host"], row["reason"], row["addresses"]) for row in refusals] == [("a.example", "not found", 1)]
    assert {one.label: one.value for one in page.metric} == {
        "Cells asked": "4",
        "Addresses found": "7",
        "Downloaded": "6",
        "Not to be had": "1",
        "To be tried again": "0",
    }


def test_search__before_any_search(open_page: OpenPage, searched: Workspace):
    for table in ("cells", "candidates", "attempts"):
        searched.table(table).clear()
    page = open_view(open_page, searched, "Search")
    assert not page.exception
    assert "Nothing has been searched yet" in said(page)
    assert "Nothing was downloaded yet." in said(page)


def test_sources__says_by_what_each_is_searched(open_page: OpenPage, searched: Workspace):
    page = open_view(open_page, searched, "Sources")
    assert not page.exception


def test_search_form__adds_a_search(open_page: OpenPage, searched: Workspace, started: list):
    page = open_view(open_page, searched, "Sources")
    page.text_input(key="search_name").set_value("clips")
    page.text_input(key="search_endpoint_A new search").set_value("https://clips.example/?q={query}")
    page.number_input(key="search_max_requests_A new search").set_value(50)
    press(page, "Add this search")
    expected = ["--name", "clips", "--format", "image", "--engine", "page"]
    expected += ["--endpoint", "https://clips.example/?q={query}", "--set", "max_requests=50"]
    assert started == [(searched.root, ["add-search", *expected, "-w", str(searched.root)])]


def test_search_form__says_what_is_wrong(open_page: OpenPage, searched: Workspace, started: list):
    page = open_view(open_page, searched, "Sources")
    page.text_input(key="search_name").set_value("clips")
    press(page, "Add this search")
    (error,) = (one.value for one in page.error)
    assert shared.plain("engine 'page' needs an `endpoint` that holds {query}") in error
    assert started == []


def test_search_form__changes_a_search(open_page: OpenPage, searched: Workspace, started: list):
    page = open_view(open_page, searched, "Sources")
    page.selectbox(key="search_which").set_value("pictures").run()
    page.number_input(key="search_window_days_pictures").set_value(90)
    press(page, "Change this search")
    ((_, arguments),) = started
    assert arguments[-5:] == ["--set", "window_days=90", "--replace", "-w", str(searched.root)]
