"""Browse: every state of a workspace, links, decisions, and names that would do harm if they were markup."""

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.browse_words import as_cell, as_command, link
from app.shared import plain
from omnisource import config
from omnisource.catalog import Catalog, source
from omnisource.filters import Filters, Order, Said, Sort, Stage
from omnisource.previews import item_token
from omnisource.reviews import Reviews
from omnisource.types import Format, Taxonomy
from omnisource.workspace import Workspace
from tests.app.conftest import OpenPage
from tests.similar_tables import write_similar
from tests.workspaces import CLASSES, key

HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "quote\" ' ` $x$ :red[y]",
    "\u202eright to left",
    "long " * 60,
    "**bold** [a](b)",
)


def tiles(page: AppTest) -> list[dict]:
    """What the wall was given."""
    (drawn,) = (one for one in page.get("bidi_component") if one.proto.component_name.endswith("wall"))
    return json.loads(drawn.proto.mixed.json if drawn.proto.HasField("mixed") else drawn.proto.json)["tiles"]


def said(page: AppTest) -> str:
    return "\n".join(element.value for element in (*page.markdown, *page.caption, *page.error))


def keys_of(workspace: Workspace, format: str) -> list[bytes]:
    sql = f"SELECT key FROM {source(workspace.table('items'))} WHERE format = $format ORDER BY path"
    return Catalog(workspace).table(sql, {"format": format})["key"].to_pylist()


def test_browse__without_a_workspace(open_page: OpenPage):
    page = open_page("browse", None)
    assert not page.exception
    assert "No workspace is open" in said(page)


def test_browse__an_empty_workspace_says_what_fills_it(open_page: OpenPage, empty: Workspace):
    page = open_page("browse", empty)
    assert not page.exception
    assert "Nothing to browse yet" in said(page)


def test_browse__half_done_offers_only_what_there_is(open_page: OpenPage, half_done: Workspace):
    page = open_page("browse", half_done)
    assert not page.exception
    assert page.selectbox(key="browse_stage").options == ["Found", "Valid", "Dropped"]
    assert "**23** items" in said(page)  # 13 pictures, 7 clips, 3 long videos, two of them no media
    assert {tile["label"] for tile in tiles(page)} == {"not scored"}
    assert not [box for box in page.selectbox if box.key == "browse_class"]


def test_browse__dropped_items_say_why(open_page: OpenPage, half_done: Workspace):
    page = open_page("browse", half_done, browse_stage="Dropped")
    assert sorted(tile["label"] for tile in tiles(page)) == ["empty file", "not media"]
    page = open_page("browse", half_done, **link(stage=Stage.DROPPED, reason=("validity", "not_media")))
    assert [Path(tile["title"].split("\n")[0]).name for tile in tiles(page)] == ["page.jpg"]


def test_browse__finished_begins_with_what_the_teacher_is_surest_of(open_page: OpenPage, finished: Workspace):
    page = open_page("browse", finished)
    assert not page.exception
    bars = [tile["bar"] for tile in tiles(page)]
    assert bars == sorted(bars, reverse=True)
    assert len(bars) == 18  # the teacher "flat" scores pictures and clips


def test_browse__a_link_opens_the_same_wall(open_page: OpenPage, finished: Workspace):
    page = open_page("browse", finished, browse_source="web_clip", browse_teacher="deep", browse_sort="Least sure")
    assert {tile["origin"] for tile in tiles(page)} == {"web_clip"}
    bars = [tile["bar"] for tile in tiles(page)]
    assert bars == sorted(bars) and len(bars) == 6


def test_browse__kept_and_left_out_are_all_that_was_scored(open_page: OpenPage, finished: Workspace):
    recipe_of = {Stage.SCORED: None, Stage.KEPT: "omnisource", Stage.LEFT_OUT: "omnisource"}
    links = {stage: link(stage=stage, recipe=recipe) for stage, recipe in recipe_of.items()}
    walls = {stage: {tile["token"] for tile in tiles(open_page("browse", finished, **links[stage]))} for stage in links}
    assert walls[Stage.KEPT] and walls[Stage.LEFT_OUT]
    assert walls[Stage.KEPT] | walls[Stage.LEFT_OUT] == walls[Stage.SCORED]
    assert not walls[Stage.KEPT] & walls[Stage.LEFT_OUT]


def test_browse__changing_a_filter_goes_back_to_the_first_page(open_page: OpenPage, half_done: Workspace):
    page = open_page("browse", half_done, browse_size="30", browse_page="7")  # there is one page
    assert not page.exception
    assert len(tiles(page)) == 23
    page.selectbox(key="browse_query").select("red_right").run()
    assert {tile["note"] for tile in tiles(page)} == {"query: \u2068red_right\u2069"}


def test_browse__clear_takes_every_filter_away(open_page: OpenPage, half_done: Workspace):
    page = open_page("browse", half_done, browse_stage="Dropped", browse_format="Images")
    assert len(tiles(page)) == 1
    page.button(key="browse_clear").click().run()
    assert len(tiles(page)) == 2  # still those that were dropped


def test_browse__nothing_passes(open_page: OpenPage, half_done: Workspace):
    page = open_page("browse", half_done, browse_said="Relabel")
    assert not page.exception
    assert "Nothing passes these filters" in said(page)


def test_story__tells_and_decides(open_page: OpenPage, finished: Workspace):
    token = item_token(keys_of(finished, "image")[0])
    page = open_page("browse", finished, item=token)
    assert not page.exception
    assert "What flat sees" in said(page) and "Nobody has decided anything about it" in said(page)
    page.button(key="story_drop").click().run()
    assert [str(review.verdict) for review in Reviews(finished.reviews_path).current()] == ["drop"]
    assert "left out by a person" in said(page) and "Drop " in page.toast[0].value
    page.run()
    assert next(tile["verdict"] for tile in tiles(page) if tile["token"] == token) == "drop"
    page.button(key="undo_button").click().run()
    assert Reviews(finished.reviews_path).current() == []


def test_story__relabels(open_page: OpenPage, finished: Workspace):
    token = item_token(keys_of(finished, "image")[0])
    page = open_page("browse", finished, item=token)
    page.selectbox(key=f"story_relabel_{token}").select(2).run()
    (review,) = Reviews(finished.reviews_path).current()
    assert (str(review.verdict), review.class_index) == ("relabel", 2)


def test_story__next_and_previous_along_the_wall(open_page: OpenPage, finished: Workspace):
    tokens = [tile["token"] for tile in tiles(open_page("browse", finished))]
    page = open_page("browse", finished, item=tokens[3])
    page.button(key="story_step_1").click().run()
    assert page.query_params["item"] == tokens[4]
    page.button(key="story_step_-1").click().run()
    page.button(key="story_step_-1").click().run()
    assert page.query_params["item"] == tokens[2]


def test_story__a_long_video_shows_its_segments(open_page: OpenPage, finished: Workspace):
    page = open_page("browse", finished, item=item_token(keys_of(finished, "untrimmed")[0]))
    (player,) = (one for one in page.get("bidi_component") if one.proto.component_name.endswith("player"))
    shown = json.loads(player.proto.mixed.json if player.proto.HasField("mixed") else player.proto.json)
    assert len(shown["bars"]) > 3 and shown["plays"]
    assert "its segments are chosen by their confidence" in said(page)


def test_story__clips_that_are_equally_alike_are_all_told(open_page: OpenPage, finished: Workspace):
    item = keys_of(finished, "image")[0]
    paths = finished.table("target").read(["path"])["path"].to_pylist()[:2]
    finished.table("similar").clear()
    alike = {"key": item, "time_s": 0.0, "target_time_s": 0.5, "similarity": 0.9}
    write_similar(finished, [alike | {"target_path": path} for path in paths], threshold=None)
    page = open_page("browse", finished, item=item_token(item))
    told = [cell for table in page.table for cell in table.value.to_numpy().ravel()]
    assert all(f"{plain(path)}, at 0\\.5 s" in told for path in paths)


@pytest.mark.parametrize(
    ("format", "label"),
    [("image", "See it as a moving clip"), ("untrimmed", "See it second by second"), ("trimmed", None)],
)
def test_story__leads_to_the_page_of_clips(open_page: OpenPage, finished: Workspace, format: str, label: str | None):
    token = item_token(keys_of(finished, format)[0])
    page = open_page("browse", finished, item=token)
    assert not page.exception
    links = {
        one.proto.label: one.proto.query_string for one in page.get("page_link") if token in one.proto.query_string
    }
    assert list(links) == ([label] if label else [])


@pytest.mark.parametrize("token", ["f" * 32, "../../etc/passwd", "<b>", ""])
def test_story__an_item_that_is_not_there(open_page: OpenPage, finished: Workspace, token: str):
    page = open_page("browse", finished, item=token)
    assert not page.exception
    assert "No such item" in said(page)


def test_story__a_file_that_was_deleted(open_page: OpenPage, finished: Workspace):
    moved = {"key": key(9), "path": "/nowhere/gone.jpg", "source": "web_image", "format": "image", "class_index": 0}
    with finished.table("items").writer(rows_per_part=9) as writer:
        writer.add([moved])
    page = open_page("browse", finished, item=item_token(key(9)))
    assert not page.exception
    assert "The file is gone" in said(page)


def test_browse__hostile_names_are_shown_as_text(open_page: OpenPage, tmp_path: Path):
    workspace = Workspace.create(tmp_path / "<i>w", config.Study())
    workspace.save_taxonomy(Taxonomy(names=HOSTILE))
    rows = [
        {"key": key(n), "path": f"/web/{name}", "source": "web", "format": "image", "class_index": n}
        for n, name in enumerate(HOSTILE)
    ]
    score = {"start_s": 0.0, "end_s": 0.0, "source": "web", "format": "image", "confidence": 0.5, "top_probs": [0.5]}
    with workspace.table("items").writer(rows_per_part=9) as writer:
        writer.add(rows)
    with workspace.table("scores/<b>t").writer(rows_per_part=9) as writer:
        writer.add([score | {"key": key(n), "top_classes": [n], "top_class": n, "query_class": n} for n in range(5)])
    for name, token in zip(HOSTILE, [item_token(key(n)) for n in range(5)]):
        page = open_page("browse", workspace, browse_class=name, item=token)
        assert not page.exception
        assert [tile["label"] for tile in tiles(page)] == [name]
        assert "<img" not in said(page).replace("\\<img", "") and ":red[" not in said(page)


def test_link__names_what_the_controls_are_bound_to():
    assert link(stage=Stage.KEPT, recipe="default", source="web") == {
        "browse_stage": "Kept",
        "browse_source": "web",
        "browse_recipe": "default",
    }
    assert link(reason=("items", "repeat"), item="ab") == {"browse_reason": "repeat (items)", "item": "ab"}


def test_copy_as__command_and_cell_ask_for_the_same():
    filters = Filters(stage=Stage.SCORED, teacher="flat", sources=("a b",), formats=(Format.IMAGE,), said=Said.DROP)
    order = Order(sort=Sort.RANDOM, seed=3)
    command = as_command("-w here", filters, order, CLASSES, limit=60, offset=120)
    assert command == (
        "omnisource items -w here -f stage=scored -f teacher=flat -f 'source=a b' -f format=image -f said=drop"
        " --sort random --seed 3 --limit 60 --offset 120"
    )
    cell = as_cell("/w", filters, order, limit=60, offset=0)
    assert "filters, order = Filters(stage=Stage.SCORED, teacher='flat', sources=('a b',)" in cell
    assert ", Order(sort=Sort.RANDOM, seed=3)\n" in cell
    assert cell.endswith("browsing.page(filters, order, offset=0, limit=60)")


def test_copy_as__by_looks_too(finished: Workspace):
    order = Order(sort=Sort.SIMILAR, text="a dog's bowl")
    command = as_command("-w here", Filters(), order, CLASSES, limit=60, offset=0)
    assert command.endswith("""--sort similar --limit 60 --text 'a dog'"'"'s bowl'""")
    token = item_token(keys_of(finished, "image")[0])
    cell = as_cell(str(finished.root), Filters(), Order(sort=Sort.SIMILAR, like=token), limit=3, offset=0)
    names: dict[str, object] = {}
    exec(cell.replace("browsing.page(", "found = browsing.page("), names)
    assert item_token(names["found"][0].key) == token
    similarities = [item.similarity for item in names["found"]]
    assert similarities == sorted(similarities, reverse=True) and similarities[0] == pytest.approx(1, abs=1e-2)


def test_copy_as__the_cell_runs(finished: Workspace):
    cell = as_cell(
        str(finished.root), Filters(stage=Stage.SCORED, teacher="flat", top_class=0), Order(), limit=3, offset=0
    )
    names: dict[str, object] = {}
    exec(cell, names)
    assert names["browsing"].count(names["filters"]) <= 18
