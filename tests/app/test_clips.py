"""Clips: every state of a workspace, links, what the components are given, and the route that makes clips."""

import json

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from streamlit.testing.v1 import AppTest

from app import workspaces
from app.clip_serving import CLIP_ROUTES
from omnisource.catalog import Catalog, source
from omnisource.pipeline.motion_paths import measure_paths
from omnisource.pipeline.ribbons import ribbon
from omnisource.previews import item_token
from omnisource.workspace import Workspace
from tests.app.conftest import OpenPage


def said(page: AppTest) -> str:
    shown = (*page.markdown, *page.caption, *page.error, *page.warning, *page.info)
    return "\n".join(element.value for element in shown)


def given(page: AppTest, component: str) -> dict:
    """What a component was given."""
    (drawn,) = (one for one in page.get("bidi_component") if one.proto.component_name.endswith(component))
    return json.loads(drawn.proto.mixed.json if drawn.proto.HasField("mixed") else drawn.proto.json)


def keys_of(workspace: Workspace, format: str) -> list[bytes]:
    items, checked = source(workspace.table("items")), source(workspace.table("validity"))
    sql = f"SELECT i.key FROM {items} i JOIN {checked} v USING (key) WHERE v.ok AND format = $format ORDER BY path"
    return [bytes(key) for key in Catalog(workspace).table(sql, {"format": format})["key"].to_pylist()]


def test_clips__without_a_workspace(open_page: OpenPage):
    page = open_page("clips", None)
    assert not page.exception
    assert "No workspace is open" in said(page)


@pytest.mark.parametrize("shown", ["Pictures as clips", "Camera motion", "Long videos"])
def test_clips__an_empty_workspace_says_what_is_missing(open_page: OpenPage, empty: Workspace, shown: str):
    page = open_page("clips", empty, clips_show=shown)
    assert not page.exception
    assert "No classes yet" in said(page)


def test_clips__half_done_shows_pictures_and_offers_the_fit(open_page: OpenPage, half_done: Workspace):
    page = open_page("clips", half_done)
    assert not page.exception
    clips = given(page, "players")["clips"]
    assert [clip["url"] is None for clip in clips] == [False, False, False, True, True]
    assert clips[3]["missing"] == "needs the camera motion of the labelled clips"
    assert page.button(key="clips_fit").label == "Fit the camera motion"


def test_clips__half_done_has_no_camera_and_no_scores(open_page: OpenPage, half_done: Workspace):
    page = open_page("clips", half_done, clips_show="Camera motion")
    assert not page.exception
    assert "The camera has not been followed yet" in said(page)
    page = open_page("clips", half_done, clips_show="Long videos")
    assert not page.exception
    assert "has scored nothing yet" in said(page)


def test_clips__a_picture_through_all_five(open_page: OpenPage, finished: Workspace):
    token = item_token(keys_of(finished, "image")[2])
    page = open_page("clips", finished, item=token, clips_seed="5")
    assert not page.exception
    data = given(page, "players")
    assert [clip["title"] for clip in data["clips"]] == [
        "Replicate",
        "Translate, random",
        "Translate, constant",
        "Perspective",
        "Perspective, by class",
    ]
    assert all(f"/{token}?mode=" in clip["url"] and "&seed=5" in clip["url"] for clip in data["clips"])
    assert "&class=" in data["clips"][4]["url"]
    # the 3D network of the micro world has 4 frames, 2 apart; 25 steps a second
    assert data["marks_s"] == [0, 0.08, 0.16, 0.24]
    page.number_input(key="clips_steps").set_value(5).run()
    assert given(page, "players")["marks_s"] == [0, 0.2, 0.4, 0.6]


def test_clips__the_routes_make_what_the_page_asks_for(open_page: OpenPage, finished: Workspace):
    page = open_page("clips", finished)
    client = TestClient(Starlette(routes=CLIP_ROUTES))
    for clip in given(page, "players")["clips"]:
        answer = client.get("/" + clip["url"], headers={"Range": "bytes=0-99"})
        assert (answer.status_code, answer.headers["content-type"]) == (206, "video/mp4"), clip["title"]
        assert len(answer.content) == 100


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ("mode=replicate&frames=4&steps=4", 200),
        ("mode=zoom&frames=4&steps=4", 400),
        ("mode=replicate&frames=4", 400),
        ("mode=replicate&frames=1000000&steps=1000000", 400),
        ("mode=replicate&frames=4&steps=4&seed=x", 400),
        ("mode=replicate&frames=4&steps=4&class=x", 400),
        ("mode=replicate&frames=4&steps=4&seed=-1", 400),
        ("mode=perspective&frames=4&steps=4", 404),  # no camera motion was fitted
    ],
)
def test_clip_route__only_what_can_be_made(half_done: Workspace, asked: str, status: int):
    name = workspaces.media_name(half_done)
    workspaces._opened[name] = half_done.root
    client = TestClient(Starlette(routes=CLIP_ROUTES))
    token = item_token(keys_of(half_done, "image")[0])
    assert client.get(f"/api/clip/{name}/{token}?{asked}").status_code == status


@pytest.mark.parametrize("token", ["0" * 32, "..%2f..%2fetc%2fpasswd", "x"])
def test_clip_route__only_items_of_the_tables(half_done: Workspace, token: str):
    name = workspaces.media_name(half_done)
    workspaces._opened[name] = half_done.root
    client = TestClient(Starlette(routes=CLIP_ROUTES))
    assert client.get(f"/api/clip/{name}/{token}?mode=replicate&frames=4&steps=4").status_code == 404


def test_clips__real_camera_beside_drawn(open_page: OpenPage, finished: Workspace):
    measure_paths(finished, progress=False)
    page = open_page("clips", finished, clips_show="Camera motion")
    assert not page.exception
    numbers = {metric.label: metric.value for metric in page.metric}
    assert numbers["Clips followed"] == "12"
    assert 0 <= float(numbers["Single steps"]) <= 1
    page.selectbox(key="clips_motion_class").set_value(0).run()
    assert not page.exception
    assert {metric.label: metric.value for metric in page.metric}["Clips followed"] == "4"


def test_clips__a_video_as_a_ribbon(open_page: OpenPage, finished: Workspace):
    key = keys_of(finished, "untrimmed")[0]
    page = open_page("clips", finished, item=item_token(key), clips_recipe="unfiltered")
    assert not page.exception
    data, found = given(page, "ribbon"), ribbon(finished, key, "unfiltered")
    assert len(data["segments"]) == len(found.segments)
    assert [role["count"] for role in data["roles"]] == [len(found.segments), 0, 0]
    assert data["media"].endswith(item_token(key))
    rows = given(page, "strips")["rows"]
    assert [row["title"] for row in rows] == [f"draw {i}" for i in range(1, 7)]
    page.button(key="clips_draw").click().run()
    assert given(page, "strips")["rows"][0]["title"] == "draw 7"


def test_clips__another_threshold_is_a_link(open_page: OpenPage, finished: Workspace):
    token = item_token(keys_of(finished, "untrimmed")[0])
    page = open_page("clips", finished, item=token, clips_recipe="unfiltered", clips_least="1")
    assert not page.exception
    assert [role["count"] for role in given(page, "ribbon")["roles"]][0] == 0
    assert "Nothing: no second of this video is positive" in said(page)
    page.button(key="clips_back").click().run()
    assert [role["count"] for role in given(page, "ribbon")["roles"]][0] > 0


@pytest.mark.parametrize("nonsense", ["x", "-1", "nan", "7"])
def test_clips__a_link_with_nonsense_is_the_recipe(open_page: OpenPage, finished: Workspace, nonsense: str):
    token = item_token(keys_of(finished, "untrimmed")[0])
    page = open_page(
        "clips", finished, item=token, clips_recipe="unfiltered", clips_least=nonsense, clips_class="<b>no class</b>"
    )
    assert not page.exception
    assert given(page, "ribbon")["least"] == 0


def test_clips__another_class_of_a_video(open_page: OpenPage, finished: Workspace):
    token = item_token(keys_of(finished, "untrimmed")[0])
    page = open_page("clips", finished, item=token, clips_recipe="unfiltered", clips_class="green_down")
    assert not page.exception
    assert given(page, "ribbon")["class_name"] == "green_down"
    assert "This recipe takes the query's word" in said(page)


def test_clips__a_lost_video_is_said(open_page: OpenPage, finished: Workspace):
    key = keys_of(finished, "untrimmed")[0]
    found = ribbon(finished, key, "unfiltered")
    hidden = found.item.path.with_suffix(".gone")
    found.item.path.rename(hidden)
    try:
        page = open_page("clips", finished, item=item_token(key), clips_recipe="unfiltered")
        assert not page.exception
        assert "The video cannot be read" in said(page)
    finally:
        hidden.rename(found.item.path)


@pytest.mark.parametrize("token", ["0" * 32, "nonsense", "<script>"])
def test_clips__a_link_to_no_item_shows_another(open_page: OpenPage, finished: Workspace, token: str):
    page = open_page("clips", finished, item=token)
    assert not page.exception
    assert len(given(page, "players")["clips"]) == 5


@pytest.mark.parametrize("shown", ["Pictures as clips", "Camera motion", "Long videos"])
def test_clips__copied_cells_work(open_page: OpenPage, finished: Workspace, shown: str):
    measure_paths(finished, progress=False)
    page = open_page("clips", finished, clips_show=shown, clips_recipe="unfiltered")
    command, cell = (block.value for block in page.code[:2])
    assert command.startswith("omnisource ")
    exec(cell, {})


def test_clips__hostile_class_names(open_page: OpenPage, finished: Workspace):
    finished.taxonomy_path.write_text('["<img src=x onerror=alert(1)>", "$x$ :red[y]", "' + "long " * 60 + '"]')
    for format in ("image", "untrimmed"):
        page = open_page("clips", finished, item=item_token(keys_of(finished, format)[0]), clips_recipe="unfiltered")
        assert not page.exception
        assert "<img" not in said(page)
