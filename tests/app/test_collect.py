"""Collect: sources, the yield of their queries, failures with what is behind them, and more web data."""

import json
import shutil
from pathlib import Path

from streamlit.testing.v1 import AppTest

from omnisource.workspace import Workspace
from tests.app.conftest import OpenPage
from tests.app.test_overview import component, counts, links, said
from tests.workspaces import change

HOSTILE = "<img src=x onerror=alert(1)> ![x](y) $a$"


def press(page: AppTest, label: str) -> None:
    (button,) = (one for one in page.button if one.label == label)
    button.click().run()


def classes(page: AppTest) -> dict[str, list[float]]:
    rows = page.dataframe[0].value.to_dict("records")
    return {row["class"]: [row["found"], row["valid"], row["kept"]] for row in rows}


def test_collect__without_a_workspace(open_page: OpenPage):
    page = open_page("collect", None)
    assert not page.exception
    assert "No workspace is open" in said(page)


def test_collect__an_empty_workspace_shows_its_sources(open_page: OpenPage, empty: Workspace):
    page = open_page("collect", empty)
    assert not page.exception
    assert counts(page)["web_image"] == [0]
    assert "Nothing was left out so far." in said(page)


def test_collect__without_sources(open_page: OpenPage, empty: Workspace):
    change(empty, "sources=[]")
    page = open_page("collect", empty)
    assert "No source yet" in said(page)
    assert page.button(key="collect_again").disabled


def test_collect__half_done_says_what_each_query_gave(open_page: OpenPage, half_done: Workspace):
    page = open_page("collect", half_done)
    assert not page.exception
    assert counts(page)["web_clip"] == [7, 6]
    # four pictures of each class; one more that is none, searched for as red_right
    assert classes(page) == {"green_down": [4, 4, None], "blue_still": [4, 4, None], "red_right": [5, 4, None]}
    of_clips = classes(open_page("collect", half_done, collect_source="web_clip"))
    assert of_clips["red_right"] == [3, 2, None]


def test_collect__finished_says_what_the_recipe_takes(open_page: OpenPage, finished: Workspace):
    page = open_page("collect", finished, collect_recipe="unfiltered")
    assert not page.exception
    assert classes(page)["red_right"] == [5, 4, 4]
    assert counts(page)["web_image"][-1] == 12


def test_collect__failures_lead_to_their_items(open_page: OpenPage, half_done: Workspace):
    page = open_page("collect", half_done)
    assert links(page)["**1** empty file"].endswith(
        "browse_stage=Dropped&browse_source=web_clip&browse_reason=empty_file+%28validity%29"
    )
    (row,) = (one.value for one in page.caption if "not a picture" in one.value or "HTML" in one.value)
    assert row.startswith("validity\\: ")


def test_collect__a_folder_that_is_gone(open_page: OpenPage, half_done: Workspace, tmp_path: Path):
    study = half_done.study()
    moved = study.sources[0].model_copy(update={"path": tmp_path / "gone"})
    change(half_done, f"sources={json.dumps([json.loads(moved.model_dump_json())])}")
    page = open_page("collect", half_done)
    assert not page.exception
    assert [one.value for one in page.warning][0].startswith("The folder of web\\_image is not there now: ")
    # clips and videos are still items, though the study names them no longer
    notes = {row["name"]: row["note"] for row in component(page, "funnel")["rows"]}
    assert notes["web_clip"] == "clips, the study no longer names it"


def test_collect__reads_the_folders_again(open_page: OpenPage, half_done: Workspace, started: list):
    page = open_page("collect", half_done)
    page.button(key="collect_again").click().run()
    assert started == [(half_done.root, ["run", "-w", str(half_done.root), "--from", "add", "--to", "check"])]


def test_collect__adds_a_folder(open_page: OpenPage, half_done: Workspace, started: list):
    page = open_page("collect", half_done)
    press(page, "Add this folder")
    assert [one.value for one in page.error] == ["Name the folder and the source."]
    page.text_input(key="source_folder").set_value("/data/long videos")
    page.text_input(key="source_name").set_value("youtube")
    page.text_input(key="source_classes").set_value("/data/classes.csv")
    press(page, "Add this folder")
    root = str(half_done.root)
    expected = ["add", "/data/long videos", "--name", "youtube", "--format", "image", "--classes", "/data/classes.csv"]
    assert started == [(half_done.root, [*expected, "-w", root])]


def test_collect__adds_the_released_data(open_page: OpenPage, half_done: Workspace, started: list):
    page = open_page("collect", half_done)
    press(page, "Add the released data")
    assert [one.value for one in page.error] == ["Name the folder."]
    page.text_input(key="released_folder").set_value("/data/OmniSource")
    press(page, "Add the released data")
    assert started == [(half_done.root, ["add-released", "/data/OmniSource", "-w", str(half_done.root)])]


def test_collect__names_from_the_web_are_text(open_page: OpenPage, half_done: Workspace):
    names = json.loads(half_done.taxonomy_path.read_text())
    half_done.taxonomy_path.write_text(json.dumps([HOSTILE, *names[1:]]))
    page = open_page("collect", half_done)
    assert not page.exception
    assert HOSTILE in classes(page)


def test_collect__tables_that_are_gone_while_it_is_open(open_page: OpenPage, half_done: Workspace):
    page = open_page("collect", half_done)
    shutil.rmtree(half_done.root / "tables")
    page.run()
    assert not page.exception
    shutil.rmtree(half_done.root)
    page.run()
    assert not page.exception
    assert "is no workspace" in said(page)
