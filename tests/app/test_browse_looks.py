"""Browse by looks: like an item, like words, and what the page says where nothing is known of looks."""

import re

import pytest
import torch

from app.browse_words import link
from omnisource import jobs
from omnisource.config import ClipConfig
from omnisource.models import clip
from omnisource.pipeline import zero_shot
from omnisource.previews import item_token
from omnisource.workspace import Workspace
from tests.app.conftest import OpenPage
from tests.app.test_browse import keys_of, said, tiles
from tests.feature_tables import add_features
from tests.tiny_clip import save_tiny_clip

CLIP = "clip-tiny-laion2b_s34b_b79k"


def test_similar__the_chosen_item_comes_first_and_the_least_alike_last(open_page: OpenPage, finished: Workspace):
    token = item_token(keys_of(finished, "image")[0])
    page = open_page("browse", finished, browse_stage="Valid", **link(like=token))
    assert not page.exception
    shown = tiles(page)
    assert (shown[0]["token"], shown[0]["note"]) == (token, "1.00 alike")
    notes = [float(tile["note"].removesuffix(" alike")) for tile in shown]
    assert notes == sorted(notes, reverse=True) and len(notes) == 21  # twelve pictures, six clips, three long videos
    assert f"Most like item **{token[:8]}**" in said(page) and "run\\-tsn\\-baseline" in said(page)


def test_similar__the_link_keeps_filters_and_stage(open_page: OpenPage, finished: Workspace):
    token = item_token(keys_of(finished, "image")[0])
    page = open_page("browse", finished, browse_format="Clips", browse_stage="Scored", **link(like=token))
    assert len(tiles(page)) == 6


def test_similar__without_a_chosen_item_it_says_how_to_choose_one(open_page: OpenPage, finished: Workspace):
    page = open_page("browse", finished, browse_sort="Similar")
    assert "**More like it**: then what looks most like it comes first" in said(page)
    assert "Words can be searched where CLIP sees the frames" in said(page)
    assert len(tiles(page)) == 18


def test_similar__where_nothing_was_seen_it_offers_the_job(open_page: OpenPage, half_done: Workspace):
    page = open_page("browse", half_done, **link(like="0" * 32))
    assert not page.exception
    assert "No network has seen this web data yet" in said(page)
    assert len(tiles(page)) == 23  # the wall is there all the same
    page.button(key="browse_measure").click().run()
    (job,) = jobs.jobs(half_done.root)
    assert job.arguments == ("search-items", "--measure", "-w", str(half_done.root))
    jobs.stop(job)


@pytest.mark.parametrize(("token", "words"), [("f" * 32, "item f+ has no features"), ("<b>", "is no item")])
def test_similar__a_link_to_no_item(open_page: OpenPage, finished: Workspace, token: str, words: str):
    page = open_page("browse", finished, **link(like=token))
    assert not page.exception
    (warning,) = page.warning
    assert re.search(words, warning.value.replace("\\", ""))
    assert len(tiles(page)) == 18


def test_story__more_like_it_orders_the_wall(open_page: OpenPage, finished: Workspace):
    token = item_token(keys_of(finished, "image")[3])
    page = open_page("browse", finished, item=token)
    page.button(key="story_like").click().run()
    assert not page.exception
    assert page.query_params["browse_like"] == token
    assert "item" not in page.query_params
    assert tiles(page)[0]["token"] == token


@pytest.fixture
def worded(half_done: Workspace) -> Workspace:
    """Three pictures, seen by a tiny CLIP as if each were a text; one of the texts is known already."""
    save_tiny_clip(half_done.root / "tiny")
    settings = ClipConfig(name="tiny")
    loaded = zero_shot.load_clip(half_done, settings, torch.device("cpu"))
    vectors = clip.encode_texts(loaded, ["a dog", "a cat", "the sea"])
    made_with = {
        "clip": settings.model_dump(mode="json", include={"name", "pretrained"}),
        "weights": zero_shot.clip_weights(half_done, settings),
    }
    keys = keys_of(half_done, "image")[:3]
    add_features(half_done, CLIP, {k: [v.tolist()] for k, v in zip(keys, vectors)}, settings=made_with)
    for text in ("a cat", "<b>a cat</b> :red[x]"):
        zero_shot.save_text_vector(half_done, CLIP, text)
    return half_done


def test_words__what_they_describe_comes_first(open_page: OpenPage, worded: Workspace):
    page = open_page("browse", worded, browse_text="a cat")
    assert not page.exception
    first, *_, last = tiles(page)
    assert (first["token"], first["note"]) == (item_token(keys_of(worded, "image")[1]), "1.00 alike")
    assert "alike" not in last["note"]  # it was not seen
    assert len(tiles(page)) == 23
    assert "Most like what **a cat** says" in said(page)


def test_words__typing_them_orders_the_wall_and_clearing_ends_it(open_page: OpenPage, worded: Workspace):
    page = open_page("browse", worded)
    page.text_input(key="browse_text").set_value("a cat").run()
    assert "1.00 alike" in {tile["note"] for tile in tiles(page)}
    page = open_page("browse", worded, browse_text="a cat")
    page.button(key="browse_clear").click().run()
    assert not [tile for tile in tiles(page) if "alike" in tile["note"]]


def test_words__hostile_ones_are_shown_as_they_are(open_page: OpenPage, worded: Workspace):
    page = open_page("browse", worded, browse_text="<b>a cat</b> :red[x]")
    assert not page.exception
    assert "\\<b\\>a cat" in said(page) and ":red[" not in said(page)


def test_words__there_is_no_box_without_clip(open_page: OpenPage, finished: Workspace):
    assert not [box for box in open_page("browse", finished).text_input if box.key == "browse_text"]
