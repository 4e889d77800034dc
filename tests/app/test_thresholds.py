"""Thresholds: every state of a workspace, moving lines, saving and undoing, the audit, links, hostile names."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from omnisource import config
from omnisource.previews import item_token
from omnisource.reviews import Reviews, Subject, Verdict
from omnisource.types import Format, Taxonomy
from omnisource.workspace import Workspace
from tests.app.conftest import OpenPage
from tests.workspaces import key, workspace_with

FACTS = [
    {"number": n, "top": n % 2, "confidence": n / 20, "query": 0, "query_prob": n / 40}
    | ({"source": "web", "format": "image"} if n < 12 else {"source": "clip", "format": "trimmed"})
    for n in range(20)
]
HOSTILE = '<img src=x onerror="alert(1)"> $x$ **b** \u202egnp 🙂' + "w" * 300


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Ten images and eight clips, from 0 to 0.95; recipes default and strict."""
    made = workspace_with(tmp_path / "w", scored=FACTS)
    sources = [
        config.SourceConfig(name=name, format=item_format, path=tmp_path)
        for name, item_format in (("web", Format.IMAGE), ("clip", Format.TRIMMED))
    ]
    recipes = {"default": config.Recipe(), "strict": config.Recipe(confidence=0.8)}
    teachers = {"teacher": config.TeacherConfig(networks=("tsn",))}
    config.save(config.Study(teachers=teachers, sources=tuple(sources), recipes=recipes), made.study_path)
    return made


def said(page: AppTest) -> str:
    return "\n".join(element.value for element in (*page.markdown, *page.caption, *page.error))


def changed(page: AppTest) -> list[str]:
    """What of the recipe the link says to be changed."""
    found = page.query_params.get("thresholds_set", [])
    return found if isinstance(found, list) else [found]


def walls(page: AppTest) -> list[list[dict]]:
    """The tiles of each wall, in their order on the page."""
    drawn = [one for one in page.get("bidi_component") if one.proto.component_name.endswith("wall")]
    documents = [one.proto.mixed.json if one.proto.HasField("mixed") else one.proto.json for one in drawn]
    return [json.loads(document)["tiles"] for document in documents]


def corners(page: AppTest) -> list[list[str]]:
    return [[tile["corner"] for tile in tiles] for tiles in walls(page)]


def test_thresholds__before_anything_ran(open_page: OpenPage, empty: Workspace):
    page = open_page("thresholds", empty)
    assert not page.exception
    assert "No line can be drawn yet" in said(page)


def test_thresholds__before_anything_was_scored(open_page: OpenPage, half_done: Workspace):
    page = open_page("thresholds", half_done)
    assert not page.exception
    assert "has scored anything yet" in said(page)


@pytest.mark.parametrize("panel", ["Both sides of the line", "Classes before and after", "Audit", "Recipes"])
@pytest.mark.parametrize("label", ["teacher", "query", "agreement"])
def test_thresholds__every_panel_of_a_finished_workspace(
    open_page: OpenPage, finished: Workspace, panel: str, label: str
):
    link = {"thresholds_recipe": "omnisource", "thresholds_set": f"label_source={label}"}
    page = open_page("thresholds", finished, thresholds_panel=panel, **link)
    assert not page.exception
    assert not page.error
    assert "segments kept" in said(page)


def test_thresholds__moving_the_line_moves_counts_walls_and_link(open_page: OpenPage, workspace: Workspace):
    page = open_page("thresholds", workspace)
    assert "**10** segments kept (50.0% of 20)" in said(page)
    assert corners(page)[0][:2] == ["0.450", "0.400"]
    assert corners(page)[1][:2] == ["0.500", "0.550"]
    page.slider(key="thr_all").set_value(0.8).run()
    assert "**4** segments kept" in said(page)
    assert corners(page)[1] == ["0.800", "0.850", "0.900", "0.950"]
    assert changed(page) == ["confidence=0.8"]
    assert page.slider(key="thr_of_web").value == 0.8  # it follows


def test_thresholds__a_link_brings_the_draft_back(open_page: OpenPage, workspace: Workspace):
    settings = ["confidence=0.3", "confidence_by_source={clip: 0.9}", "label_source=teacher"]
    page = open_page("thresholds", workspace, thresholds_recipe="strict", thresholds_set=settings)
    assert not page.exception
    assert page.selectbox(key="thr_recipe").value == "strict"
    assert (page.slider(key="thr_all").value, page.slider(key="thr_of_clip").value) == (0.3, 0.9)
    assert "**8** segments kept" in said(page)  # 6 to 11 of the images, 18 and 19 of the clips


@pytest.mark.parametrize("settings", [["confidense=0.3"], ["confidence=7"], ["%"]])
def test_thresholds__a_link_that_makes_no_sense_is_told(open_page: OpenPage, workspace: Workspace, settings: list[str]):
    page = open_page("thresholds", workspace, thresholds_recipe="default", thresholds_set=settings)
    assert not page.exception
    assert page.toast
    assert page.slider(key="thr_all").value == 0.5
    assert not open_page("thresholds", workspace, thresholds_recipe="gone").exception


def test_thresholds__a_source_has_its_own_line_until_it_follows_again(open_page: OpenPage, workspace: Workspace):
    page = open_page("thresholds", workspace)
    page.slider(key="thr_of_clip").set_value(0.9).run()
    assert "**4** segments kept" in said(page)
    page.slider(key="thr_all").set_value(0.1).run()
    assert page.slider(key="thr_of_clip").value == 0.9
    page.button(key="thr_follow_clip").click().run()
    assert page.slider(key="thr_of_clip").value == 0.1
    assert "**18** segments kept" in said(page)


def test_thresholds__a_source_is_left_out_and_taken_in(open_page: OpenPage, workspace: Workspace):
    page = open_page("thresholds", workspace)
    page.checkbox(key="thr_use_web").uncheck().run()
    assert changed(page) == ["sources=[clip]"]
    assert "**8** segments kept" in said(page)
    page.checkbox(key="thr_use_web").check().run()
    assert changed(page) == []


def test_thresholds__a_class_has_its_own_line(open_page: OpenPage, workspace: Workspace):
    page = open_page("thresholds", workspace, thresholds_class="yoyo")
    assert "follows its source" in said(page)
    page.slider(key="thr_class_yoyo").set_value(0.9).run()
    assert "own line" in said(page)
    assert "**1** segments kept (10.0% of 10)" in said(page)
    page.button(key="thr_follow_class").click().run()
    assert "**5** segments kept (50.0% of 10)" in said(page)


def test_thresholds__label_source_and_cap(open_page: OpenPage, workspace: Workspace):
    page = open_page("thresholds", workspace)
    page.button_group(key="thr_label_source").set_value("agreement").run()
    assert "**5** segments kept (50.0% of 10)" in said(page)
    page.number_input(key="thr_cap").set_value(2).run()
    assert "3 after the cap" in said(page)  # one image of class 0 above the line, two of four clips


def test_thresholds__save_shows_what_changes_and_can_be_undone(open_page: OpenPage, workspace: Workspace):
    page = open_page("thresholds", workspace)
    page.slider(key="thr_all").set_value(0.7).run()
    assert "confidence\\: 0\\.5 to 0\\.7" in said(page)
    page.button(key="thr_save").click().run()
    assert workspace.recipe("default").confidence == 0.7
    assert changed(page) == []
    page.button(key="undo_button").click().run()
    assert workspace.recipe("default").confidence == 0.5
    assert changed(page) == ["confidence=0.7"]  # the draft is still there


def test_thresholds__save_under_a_new_name(open_page: OpenPage, workspace: Workspace):
    page = open_page("thresholds", workspace)
    page.text_input(key="thr_name").set_value("../up").run()
    assert "A name begins with" in said(page)
    page.text_input(key="thr_name").set_value("mine").run()
    page.button(key="thr_save").click().run()
    assert workspace.recipe("mine") == workspace.recipe("default")
    assert page.selectbox(key="thr_recipe").value == "mine"
    page.button(key="undo_button").click().run()
    assert not page.exception
    assert "mine" not in workspace.recipes()


def test_thresholds__choosing_a_recipe_begins_anew(open_page: OpenPage, workspace: Workspace):
    page = open_page("thresholds", workspace)
    page.slider(key="thr_all").set_value(0.1).run()
    page.selectbox(key="thr_recipe").select("strict").run()
    assert page.slider(key="thr_all").value == 0.8


def test_thresholds__two_recipes_side_by_side(open_page: OpenPage, workspace: Workspace):
    page = open_page("thresholds", workspace, thresholds_panel="Recipes")
    assert "They differ in: confidence\\: 0\\.5 to 0\\.8" in said(page)
    rows = page.dataframe[0].value.to_dict("records")
    assert [(row["source"], row["first"], row["second"], row["both"]) for row in rows] == [
        ("clip", 8, 4, 4),
        ("web", 2, 0, 0),
    ]
    assert "Not applied yet" in said(page)


def test_thresholds__the_funnel_of_an_applied_recipe(open_page: OpenPage, finished: Workspace):
    page = open_page("thresholds", finished, thresholds_panel="Recipes", thresholds_recipe="omnisource")
    assert {"source", "valid", "examples"} <= set(page.dataframe[0].value.columns)
    (examples,) = (one.proto.query_string for one in page.get("page_link") if one.proto.label == "See the examples")
    assert "browse_stage=Kept&browse_recipe=omnisource" in examples


def test_audit__samples_do_not_tell_how_sure_the_teacher_is(open_page: OpenPage, workspace: Workspace):
    (tiles,) = walls(open_page("thresholds", workspace, thresholds_panel="Audit"))
    assert len(tiles) > 10
    assert {(tile["corner"], tile["bar"]) for tile in tiles} == {("", None)}


def test_audit__judgements_count_and_the_line_they_ask_for_is_taken(open_page: OpenPage, workspace: Workspace):
    page = open_page("thresholds", workspace, thresholds_panel="Audit")
    assert page.button(key="thr_take").disabled
    reviews = Reviews(workspace.reviews_path)
    for number in range(20):
        verdict = Verdict.RELEVANT if number >= 9 else Verdict.IRRELEVANT
        reviews.decide(Subject(key=key(number)), verdict, class_index=number % 2, made_in="test")
    page.run()
    assert "**20** judgements, of all classes together" in said(page)
    (tiles,) = walls(page)
    assert {tile["verdict_text"] for tile in tiles} == {"shows it", "does not"}
    page.slider(key="thresholds_wanted").set_value(0.8).run()
    page.button(key="thr_take").click().run()
    (setting,) = changed(page)
    assert 0.2 < float(setting.removeprefix("confidence=")) < 0.5
    page.button(key="thr_take_each").click().run()
    assert "confidence_by_class" in changed(page)[-1]


def test_audit__of_one_class(open_page: OpenPage, workspace: Workspace):
    Reviews(workspace.reviews_path).decide(Subject(key=key(9)), Verdict.RELEVANT, class_index=1, made_in="test")
    page = open_page("thresholds", workspace, thresholds_panel="Audit", thresholds_class="yoyo")
    assert "**1** judgements of class **yoyo**, and 0 of others" in said(page)
    assert page.button(key="thr_take").label == "Take it for yoyo"


def test_audit__lines_that_differ_have_no_one_worth(open_page: OpenPage, workspace: Workspace):
    settings = ["confidence_by_source={clip: 0.9}"]
    link = {"thresholds_recipe": "default", "thresholds_set": settings, "thresholds_panel": "Audit"}
    assert "choose one of them" in said(open_page("thresholds", workspace, **link))
    assert "choose one of them" not in said(open_page("thresholds", workspace, thresholds_source="clip", **link))


def test_thresholds__names_that_would_do_harm_as_markup(open_page: OpenPage, tmp_path: Path):
    workspace = workspace_with(tmp_path / "w", scored=FACTS)
    workspace.taxonomy_path.unlink()
    workspace.save_taxonomy(Taxonomy(names=(HOSTILE, "$a$ | [b](c)", "kick")))
    teachers = {"teacher": config.TeacherConfig(networks=("tsn",))}
    config.save(config.Study(teachers=teachers), workspace.study_path)
    for panel in ("Both sides of the line", "Classes before and after", "Audit", "Recipes"):
        page = open_page("thresholds", workspace, thresholds_panel=panel, thresholds_class=HOSTILE)
        assert not page.exception
        page.slider(key=f"thr_class_{HOSTILE}").set_value(0.9).run()
        assert not page.exception
        assert not re.search(r"(?<!\\)<img", said(page))
        assert workspace.root.exists()


def test_thresholds__an_item_in_the_link_opens_its_story(open_page: OpenPage, workspace: Workspace):
    page = open_page("thresholds", workspace, item=item_token(key(3)))
    assert not page.exception


@pytest.mark.parametrize("panel", ["Audit", "Recipes"])
def test_thresholds__what_is_offered_to_copy_works(
    open_page: OpenPage, workspace: Workspace, panel: str, run_command: Callable[[str], str]
):
    Reviews(workspace.reviews_path).decide(Subject(key=key(9)), Verdict.RELEVANT, class_index=1, made_in="test")
    changes = ["confidence_by_class={yoyo: 0.3}", "confidence_by_source={clip: 0.9}"]
    link = {"thresholds_recipe": "default", "thresholds_set": changes, "thresholds_class": "yoyo"}
    if panel == "Recipes":
        link["thresholds_second"] = "strict"
    page = open_page("thresholds", workspace, thresholds_panel=panel, **link)
    commands = [block.value for block in page.code if block.language == "bash"]
    cells = [block.value for block in page.code if block.language == "python"]
    assert len(commands) == len(cells) == 2
    for cell in cells:
        exec(cell, {})
    for command in commands:
        run_command(command)
