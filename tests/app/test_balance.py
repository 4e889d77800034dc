"""Balance: every state of a workspace, numbers of the trainer, saving with undo, links."""

import pytest
from streamlit.testing.v1 import AppTest

from omnisource import config
from omnisource.config import JointConfig
from omnisource.pipeline.balancing import plan_run
from omnisource.workspace import Workspace
from tests import workspaces
from tests.app.conftest import OpenPage


def said(page: AppTest) -> str:
    return "\n".join(element.value for element in (*page.markdown, *page.caption, *page.error, *page.warning))


def sources(page: AppTest) -> dict[str, dict]:
    """The table of sources."""
    return {row["source"]: row for row in page.dataframe[0].value.to_dict("records")}


def test_balance__without_a_workspace(open_page: OpenPage):
    page = open_page("balance", None)
    assert not page.exception
    assert "No workspace is open" in said(page)


def test_balance__an_empty_workspace_says_what_is_missing(open_page: OpenPage, empty: Workspace):
    page = open_page("balance", empty)
    assert not page.exception
    assert "No labelled clips yet" in said(page)


def test_balance__half_done_offers_the_stages_that_a_recipe_needs(open_page: OpenPage, half_done: Workspace):
    page = open_page("balance", half_done)
    assert not page.exception
    assert "has not been applied yet" in said(page)
    assert page.button(key="balance_stages").label == "Run the stages up to the labels"


def test_balance__a_new_recipe_can_be_applied(open_page: OpenPage, finished: Workspace):
    finished.save_recipe("new", finished.recipe("omnisource"))
    page = open_page("balance", finished, balance_recipe="new")
    assert not page.exception
    assert page.button(key="balance_label").label == "Apply the recipe"


def test_balance__shows_the_numbers_of_the_plan(open_page: OpenPage, finished: Workspace):
    page = open_page("balance", finished, balance_recipe="unfiltered", balance_network="tsn")
    assert not page.exception
    plan = plan_run(finished, "tsn", "unfiltered")
    rows = sources(page)
    assert list(rows) == ["web_image", "web_clip", "web_video"]
    for one in plan.sources:
        assert rows[one.source]["draws"] == one.draws_per_epoch
        assert rows[one.source]["reads"] == pytest.approx(one.mean_reads)
    assert "Likely to over-fit" in said(page)
    assert "**web\\_video** 2 times (2 in the run)" in said(page)  # 6 draws of 3 videos, one epoch


def test_balance__controls_change_the_numbers_and_nothing_on_the_disk(open_page: OpenPage, finished: Workspace):
    before = finished.study_path.read_text()
    page = open_page("balance", finished, balance_recipe="unfiltered", balance_network="tsn")
    page.slider(key="balance_target").set_value(4.0).run()
    assert sources(page)["web_image"]["draws"] == 3  # 12 clips, 4:1
    assert "target\\_share\\: 2\\.0 to 4\\.0" in said(page)
    assert finished.study_path.read_text() == before


def test_balance__saves_and_takes_back(open_page: OpenPage, finished: Workspace):
    before = finished.study_path.read_text()
    page = open_page("balance", finished, balance_recipe="unfiltered")
    page.slider(key="balance_part_web_video").set_value(0.5).run()
    page.button(key="balance_save").click().run()
    assert finished.study().train.joint.batch_ratio == {"web_video": 0.5}
    assert [toast.value for toast in page.toast] == ["Saved the mixture of training (undo: key U)"]
    assert "As in study.yaml." in said(page)
    page.button(key="undo_button").click().run()
    assert not page.exception
    assert finished.study_path.read_text() == before


def test_balance__a_link_carries_the_settings(open_page: OpenPage, finished: Workspace):
    page = open_page(
        "balance", finished, balance_resampling="Clipped", balance_clip_at="3", balance_recipe="unfiltered"
    )
    assert not page.exception
    assert page.number_input(key="balance_clip_at").value == 3
    assert "resampling\\: power to clipped" in said(page)


def test_balance__the_papers_settings_are_shown_not_saved(open_page: OpenPage, finished: Workspace):
    page = open_page("balance", finished, balance_recipe="unfiltered")
    page.selectbox(key="balance_paper").set_value("1-1").run()
    assert page.slider(key="balance_target").value == 1.0
    assert finished.study().train.joint == JointConfig()
    page.button(key="balance_reset").click().run()
    assert page.slider(key="balance_target").value == 2.0


def test_balance__sources_that_are_drawn_as_one_are_one(open_page: OpenPage, finished: Workspace):
    workspaces.change(finished, "train.joint.merged={pictures: [web_image]}", "train.joint.batch_ratio={pictures: 0.5}")
    page = open_page("balance", finished, balance_recipe="unfiltered", balance_network="tsn")
    assert not page.exception
    assert list(sources(page)) == ["pictures", "web_clip", "web_video"]
    assert sources(page)["pictures"]["draws"] == 3  # 12 clips, 2 to a half
    assert page.slider(key="balance_part_pictures").value == 0.5


def test_balance__another_resampling_for_a_source(open_page: OpenPage, finished: Workspace):
    workspaces.change(finished, "train.joint.resampling_by_source={elsewhere: power, web_image: none}")
    page = open_page("balance", finished, balance_recipe="unfiltered")
    assert "As in study.yaml." in said(page)
    assert page.selectbox(key="balance_how_web_image").value == "none"
    page.selectbox(key="balance_how_web_clip").set_value("clipped").run()
    page.button(key="balance_save").click().run()
    saved = finished.study().train.joint.resampling_by_source
    assert saved == {"elsewhere": "power", "web_image": "none", "web_clip": "clipped"}  # what is not drawn stays


def test_balance__released_order_counts_whole_batches(open_page: OpenPage, finished: Workspace):
    workspaces.change(finished, "train.joint.update=per_source")
    page = open_page("balance", finished, balance_recipe="unfiltered", balance_network="tsn")
    assert not page.exception
    joint = finished.study().train.joint
    for one in plan_run(finished, "tsn", "unfiltered", joint).sources:
        assert sources(page)[one.source]["draws"] == one.draws_per_epoch


def test_balance__a_recipe_that_keeps_nothing(open_page: OpenPage, finished: Workspace):
    folder = finished.auxiliary("unfiltered")
    (folder / "done.json").write_text('{"funnel": [], "files": {}}')
    page = open_page("balance", finished, balance_recipe="unfiltered")
    assert not page.exception
    assert "The recipe keeps nothing" in said(page)


def test_balance__a_broken_file_of_examples_is_said(open_page: OpenPage, finished: Workspace):
    (finished.auxiliary("unfiltered") / "web_image.arrow").unlink()
    page = open_page("balance", finished, balance_recipe="unfiltered")
    assert not page.exception
    assert "web\\_image\\.arrow" in said(page)


def test_balance__copied_cell_and_command_work(open_page: OpenPage, finished: Workspace):
    page = open_page("balance", finished, balance_recipe="unfiltered", balance_network="tsn", balance_power="0.5")
    command, cell = (block.value for block in page.code[:2])
    assert "--set train.joint.power=0.5" in command
    assert "omnisource set train.joint.power=0.5" in command
    scope: dict[str, object] = {}
    exec(cell, scope)
    assert scope["study"].train.joint.power == 0.5
    assert [one.draws_per_epoch for one in scope["plan"].sources] == [6, 6, 6]


def test_balance__hostile_class_names(open_page: OpenPage, finished: Workspace):
    finished.taxonomy_path.write_text('["<img src=x onerror=alert(1)>", "$x$ :red[y]", "' + "long " * 60 + '"]')
    page = open_page("balance", finished, balance_recipe="unfiltered")
    assert not page.exception
    assert "<img" not in said(page)


def test_balance__defaults_are_the_studys(open_page: OpenPage, finished: Workspace):
    workspaces.change(finished, "train.joint.power=0.35", "train.joint.target_share=3.5")
    page = open_page("balance", finished, balance_recipe="unfiltered")
    assert page.slider(key="balance_power").value == 0.35
    assert page.slider(key="balance_target").value == 3.5
    assert "As in study.yaml." in said(page)
    assert config.JointConfig().power == 0.2
