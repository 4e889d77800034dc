"""Without a mouse: one stop of Tab per wall, keys where the focus is, dialogs that Escape closes wherever it is."""

import re
from typing import TYPE_CHECKING

import pytest

from omnisource.reviews import Reviews
from omnisource.workspace import Workspace
from tests.browser.conftest import POLLED_MS, Shown

if TYPE_CHECKING:
    from playwright.sync_api import Locator

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
FOCUSED = """() => {
  let one = document.activeElement
  while (one?.shadowRoot?.activeElement) one = one.shadowRoot.activeElement
  return one?.dataset?.token ?? null
}"""
"""Token of the tile that has the focus, within its component."""


def dialog_closes(shown: Shown) -> None:
    """Escape takes the dialog away, and its item out of the link."""
    page = shown.page
    page.keyboard.press("Escape")
    page.locator("[role=dialog]").wait_for(state="detached")
    page.wait_for_function("() => !/[?&](item|overview_look)=/.test(location.search)", polling=POLLED_MS)
    shown.settle()


def tokens_of(wall: "Locator") -> list[str]:
    return wall.locator(".tile").evaluate_all("(tiles) => tiles.map((tile) => tile.dataset.token)")


def test_wall__tab_stops_once_and_arrows_go_on(shown: Shown, finished: Workspace):
    page = shown.open("browse", finished)
    page.locator(".wall .tile").first.wait_for()
    first, second = tokens_of(page.locator(".wall"))[:2]
    page.locator(".wall button.key").last.focus()  # what stands before the tiles
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED) == first
    page.keyboard.press("ArrowRight")
    assert page.evaluate(FOCUSED) == second
    page.keyboard.press(" ")
    page.locator("[role=dialog]").get_by_text("The story of an item").wait_for()
    page.wait_for_function(f"() => location.search.includes('item={second}')", polling=POLLED_MS)
    shown.settle()
    dialog_closes(shown)
    is_back = f"() => ({FOCUSED})() === '{second}'"
    page.wait_for_function(is_back, polling=POLLED_MS)  # a person goes on where the dialog was opened
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED) is None
    assert shown.complaints == []


def test_story__escape_closes_it_also_after_a_decision(shown: Shown, finished: Workspace):
    page = shown.open("browse", finished)
    page.locator(".wall .tile").first.click()
    page.locator("[role=dialog]").get_by_role("button", name="Keep").click()
    page.locator(".wall .tile.keep").wait_for()
    shown.settle()
    dialog_closes(shown)
    assert [str(one.verdict) for one in Reviews(finished.reviews_path).current()] == ["keep"]
    assert shown.complaints == []


def test_story__escape_closes_it_from_the_strip_of_a_video(shown: Shown, finished: Workspace):
    page = shown.open("browse", finished, browse_teacher="deep", browse_source="web_video")
    page.locator(".wall .tile").first.click()
    strip = page.locator("[role=dialog] .track .span")
    strip.first.press("ArrowRight")
    assert strip.evaluate_all("(spans) => spans.map((one) => one.tabIndex)")[:3] == [-1, 0, -1]
    dialog_closes(shown)
    assert shown.complaints == []


def test_story__leads_to_the_clips_of_its_item(shown: Shown, finished: Workspace):
    page = shown.open("browse", finished, browse_teacher="deep", browse_source="web_video")
    page.locator(".wall .tile").first.click()
    page.locator("[role=dialog]").get_by_role("link", name="See it second by second").click()
    page.wait_for_url(re.compile(r"/clips\?.*item="))
    page.locator(".ribbon").wait_for()
    assert shown.complaints == []


def test_relabel__escape_closes_it_and_decides_nothing(shown: Shown, finished: Workspace):
    page = shown.open("browse", finished)
    page.locator(".wall .tile").first.wait_for()
    page.keyboard.press("l")
    page.locator("[role=dialog]").get_by_text("The right class of").wait_for()
    shown.settle()
    dialog_closes(shown)
    assert Reviews(finished.reviews_path).current() == []
    assert shown.complaints == []


def test_samples__open_from_a_number_and_lead_to_a_story(shown: Shown, finished: Workspace):
    page = shown.open("", finished, overview_look="confident/web_image/omnisource")
    page.locator("[role=dialog] .wall .tile").first.press("Enter")
    page.locator("[role=dialog]").get_by_text("The story of an item").wait_for()
    shown.settle()
    dialog_closes(shown)
    assert shown.complaints == []


def test_thresholds__keys_go_to_the_wall_that_was_used_last(shown: Shown, finished: Workspace):
    page = shown.open("thresholds", finished, thresholds_recipe="omnisource")
    walls = page.locator(".wall")
    walls.nth(1).locator(".tile").first.wait_for()
    assert (walls.nth(0).locator(".tile.current").count(), walls.nth(1).locator(".tile.current").count()) == (1, 0)
    walls.nth(1).locator(".tile").first.focus()
    assert (walls.nth(0).locator(".tile.current").count(), walls.nth(1).locator(".tile.current").count()) == (0, 1)
    page.keyboard.press("d")
    walls.nth(1).locator(".tile.drop").first.wait_for()
    (review,) = Reviews(finished.reviews_path).current()
    assert str(review.verdict) == "drop" and review.subject.key.hex() in tokens_of(walls.nth(1))
    assert shown.complaints == []
