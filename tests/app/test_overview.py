"""Overview: the beginning without a workspace, every state of one, numbers that lead to items, work that is started."""

import json
import time
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app import overview_words, welcome
from app.overview_words import destination, href, look, looked_at
from omnisource import jobs
from omnisource.pipeline import queries
from omnisource.pipeline.overview import Reached
from omnisource.workspace import Workspace
from tests import web_tables
from tests.app.conftest import OpenPage
from tests.workspaces import change


def said(page: AppTest) -> str:
    shown = (*page.title, *page.markdown, *page.caption, *page.error, *page.subheader)
    return "\n".join(element.value for element in shown)


def component(page: AppTest, name: str) -> dict:
    """What a component was given."""
    (drawn,) = (one for one in page.get("bidi_component") if one.proto.component_name.endswith(name))
    return json.loads(drawn.proto.mixed.json if drawn.proto.HasField("mixed") else drawn.proto.json)


def counts(page: AppTest) -> dict[str, list[int | None]]:
    return {row["name"]: [cell["count"] for cell in row["cells"]] for row in component(page, "funnel")["rows"]}


def links(page: AppTest) -> dict[str, str]:
    return {link.proto.label: link.proto.query_string for link in page.get("page_link")}


def test_overview__without_a_workspace_offers_the_beginning(open_page: OpenPage, started: list, tmp_path: Path):
    page = open_page("overview", None)
    assert not page.exception
    assert [box.value for box in page.subheader] == ["Look at it first", "Begin with your data"]
    page.text_input(key="overview_demo").set_value(str(tmp_path / "d")).run()
    page.button(key="overview_build").click().run()
    assert started == [(tmp_path / "d" / "workspace-2d", ["demo", str(tmp_path / "d"), "--dims", "2"])]


def test_overview__begins_with_labelled_clips(open_page: OpenPage, started: list, tmp_path: Path):
    page = open_page("overview", None)
    assert page.button(key="overview_make").disabled
    page.text_input(key="overview_target").set_value("/data/clips").run()
    page.selectbox(key="overview_reader").set_value("path_label").run()
    page.text_input(key="overview_list_train").set_value("train.txt").run()
    page.button(key="overview_make").click().run()
    root = tmp_path / "work"
    expected = ["init", str(root), "--target", "/data/clips", "--reader", "path_label", "--train", "train.txt"]
    assert started == [(root, expected)]


def test_overview__opens_a_workspace_as_soon_as_it_is_made(open_page: OpenPage, half_done: Workspace):
    page = open_page("overview", None, overview_new="yes")
    page.session_state["overview_build_wanted"] = True
    demo = half_done.root.rename(half_done.root.parent / "workspace-2d")
    page.text_input(key="overview_demo").set_value(str(demo.parent)).run()
    assert page.title[0].value == "workspace\\-2d"
    assert page.query_params["workspace"] == str(demo)
    assert welcome.NEW not in page.query_params


def test_overview__a_lost_workspace_is_named_and_the_beginning_offered(open_page: OpenPage, tmp_path: Path):
    page = open_page("overview", None)
    page.query_params["workspace"] = str(tmp_path / "gone")
    page.run()
    assert not page.exception
    assert "is no workspace: it has no study" in said(page).replace("\\", "")
    assert "Look at it first" in said(page)


def test_overview__an_empty_workspace_says_what_is_next(open_page: OpenPage, empty: Workspace, started: list):
    page = open_page("overview", empty)
    assert not page.exception
    assert "**Next: read the labelled clips**" in said(page)
    assert "no labelled clips yet" in said(page)
    page.button(key="overview_next").click().run()
    page.button(key="overview_all").click().run()
    where = ["-w", str(empty.root)]
    assert started == [(empty.root, ["run", "--to", "target", *where]), (empty.root, ["run", *where])]


def test_overview__without_sources_asks_for_web_data(open_page: OpenPage, half_done: Workspace, started: list):
    (half_done.root / "tables" / "items").rename(half_done.root / "gone")
    change(half_done, "sources=[]")
    page = open_page("overview", half_done)
    assert "**Next: add web data.**" in said(page)
    assert "No web data yet" in said(page)
    page.text_input(key="source_folder").set_value("/data/web")
    page.text_input(key="source_name").set_value("google")
    (add,) = (one for one in page.button if one.label == "Add this folder")
    add.click().run()
    where = ["-w", str(half_done.root)]
    assert started == [(half_done.root, ["add", "/data/web", "--name", "google", "--format", "image", *where])]


def test_overview__half_done(open_page: OpenPage, half_done: Workspace):
    page = open_page("overview", half_done)
    assert not page.exception
    # 13 pictures of which one is a page, 7 clips of which one is empty, 3 long videos
    expected = {"web_image": [13, 12], "web_clip": [7, 6], "web_video": [3, 3], "All sources": [23, 21]}
    assert counts(page) == expected
    assert "**Next: train the teachers**" in said(page)
    stages = page.table[0].value
    teach = stages[stages["Stage"].str.endswith("Train the teachers")]
    assert teach["What it has done"].tolist() == ["not yet"]
    assert "23 items in 3 sources" in stages["What it has done"].tolist()
    assert links(page)["1 empty file"].endswith("browse_stage=Dropped&browse_reason=empty_file+%28validity%29")


def test_overview__finished_and_every_number_is_a_link(open_page: OpenPage, finished: Workspace):
    page = open_page("overview", finished, overview_recipe="unfiltered")
    assert not page.exception
    assert "**Every stage is done.**" in said(page)
    assert counts(page)["web_image"] == [13, 12, 12, 12, 12]  # unfiltered keeps what is valid
    assert [one["title"] for one in component(page, "funnel")["columns"]][-1] == "In the recipe"
    hrefs = [cell["href"] for row in component(page, "funnel")["rows"] for cell in row["cells"]]
    assert all(hrefs)
    # found, valid and kept of each source; two teachers have judged, so what all sources keep is shown here
    assert sum(link.startswith("browse?") for link in hrefs) == 3 * 3 + 2
    assert [row["run"] for row in page.dataframe[0].value.to_dict("records")]


@pytest.mark.parametrize("step", [Reached.FOUND, Reached.VALID, Reached.KEPT])
def test_overview__browse_shows_as_many_as_the_funnel_says(open_page: OpenPage, finished: Workspace, step: Reached):
    page = open_page("overview", finished, overview_recipe="omnisource")
    columns = [one["title"] for one in component(page, "funnel")["columns"]]
    for source in ("web_image", "web_video"):
        expected = counts(page)[source][columns.index(overview_words.STEPS[step][0])]
        teacher = {"web_image": "flat", "web_video": "deep"}[source]
        _, query = destination(finished, step, source, "omnisource", teacher)
        browse = open_page("browse", finished, **{name: value for name, value in query.items() if name != "workspace"})
        if expected:
            assert f"**{expected:,}** item" in said(browse)
        else:
            assert "Nothing passes these filters" in said(browse)


@pytest.mark.parametrize("step", [Reached.NOT_DUPLICATE, Reached.CONFIDENT, Reached.KEPT])
def test_overview__shows_the_samples_of_a_step(open_page: OpenPage, finished: Workspace, step: Reached):
    link = {overview_words.LOOK: look(step, "web_image", "unfiltered")}
    page = open_page("overview", finished, **link)
    assert not page.exception
    assert len(component(page, "wall")["tiles"]) == 12


@pytest.mark.parametrize("link", ["", "found/web_image/unfiltered", "confident/nobody/unfiltered", "confident//gone"])
def test_overview__forgets_a_link_that_names_nothing(open_page: OpenPage, finished: Workspace, link: str):
    page = open_page("overview", finished, **{overview_words.LOOK: link})
    assert not page.exception
    assert not [one for one in page.get("bidi_component") if one.proto.component_name.endswith("wall")]


def job_of(workspace: Workspace, state: str, log: str, *, asked_s: float) -> jobs.Job:
    folder = workspace.root / "jobs" / f"20260101-000000-{len(list(workspace.root.glob('jobs/*'))):03d}"
    folder.mkdir(parents=True)
    asked = {"title": "Check <b>it</b>", "arguments": ["check"], "needs_device": False, "asked_s": asked_s}
    (folder / "job.json").write_text(json.dumps(asked))
    (folder / "state.json").write_text(json.dumps({"state": state, "ended_s": asked_s, "started_s": asked_s}))
    (folder / "log.txt").write_text(log)
    return jobs.load(folder)


def test_overview__a_job_that_waits_can_be_stopped(open_page: OpenPage, half_done: Workspace):
    job = job_of(half_done, "queued", "first\r\nsecond **line**\n", asked_s=time.time())
    page = open_page("overview", half_done)
    assert not page.exception
    assert "second \\*\\*line\\*\\*" in said(page)
    assert "Check \\<b\\>it\\</b\\>" in said(page)
    assert page.button(key="overview_next").disabled
    page.button(key=f"jobs_stop_{job.id}").click().run()
    assert (job.folder / "STOP").exists()
    assert [one.value for one in page.toast] == ["Check \\<b\\>it\\</b\\> was asked to end"]
    assert page.button(key=f"jobs_stop_{job.id}").disabled


def test_overview__a_job_that_failed_says_why(open_page: OpenPage, half_done: Workspace):
    job_of(half_done, "failed", "error: /data is not there\n", asked_s=time.time() - 90)
    page = open_page("overview", half_done)
    assert [one.value for one in page.error] == ["/data is not there"]
    assert not page.button(key="overview_next").disabled


def test_overview__a_damaged_table_is_an_error_and_no_crash(open_page: OpenPage, half_done: Workspace):
    (half_done.root / "tables" / "items" / "part-000000.parquet").write_bytes(b"no parquet")
    page = open_page("overview", half_done)
    assert not page.exception
    assert page.error


@pytest.mark.parametrize("link", [("confident", "web", "a/b"), ("valid", None, None)])
def test_look__is_read_back(link: tuple[str, str | None, str | None]):
    step, source, recipe = link
    assert looked_at(look(Reached(step), source, recipe)) == link


def test_href__quotes_what_names_may_hold():
    assert href("browse", {"browse_source": "a b&c"}) == "browse?browse_source=a+b%26c"
    assert href("overview", {}) == "/?"


def test_overview__what_is_searched_is_for_a_person_to_say(open_page: OpenPage, tmp_path: Path):
    workspace = web_tables.searching(tmp_path / "w")
    with workspace.table("target").writer(rows_per_part=10) as writer:
        writer.add([{"path": "/a.mp4", "split": "train", "class_index": 0, "format": "trimmed"}])
    page = open_page("overview", workspace)
    assert not page.exception
    assert "**Next: say what is searched.**" in said(page)
    assert "Look through them" in links(page)
    queries.accept(workspace, queries.propose_queries(workspace).number)
    page.run()
    assert "**Next: search the web**" in said(page)
