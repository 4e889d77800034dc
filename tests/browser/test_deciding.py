"""Decisions by keyboard and slider: on disk at once, undone by U, still there after a refresh."""

import re
from collections.abc import Callable

import pytest

from omnisource.reviews import Reviews
from omnisource.workspace import Workspace
from tests.browser.conftest import Shown

Until = Callable[[Callable[[], bool]], None]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def verdicts(workspace: Workspace) -> list[str]:
    return sorted(str(one.verdict) for one in Reviews(workspace.reviews_path).current())


def test_duplicates__by_keyboard_with_undo_and_refresh(shown: Shown, finished: Workspace, until: Until):
    page = shown.open("duplicates", finished, dup_recipe="omnisource", dup_threshold_omnisource="0.8")
    viewer = page.locator(".pair")
    viewer.locator(".similarity", has_text="0.990").wait_for()
    viewer.press("d")
    viewer.press("n")  # faster than the page runs
    until(lambda: verdicts(finished) == ["duplicate", "not_duplicate"])
    page.get_by_text("Not a duplicate: 1.png").first.wait_for()  # the toast names it
    viewer.locator(".similarity", has_text="0.950").wait_for()  # 0.99, 0.97 and then the third
    shown.settle()
    page.keyboard.press("u")
    until(lambda: verdicts(finished) == ["duplicate"])
    page.get_by_text("Undone: Not a duplicate: 1.png").first.wait_for()
    page.reload()
    shown.settle()
    viewer.locator(".similarity", has_text="0.970").wait_for()  # the one that was undone is open again
    page.get_by_text("1 duplicate, 0 not").wait_for()
    assert verdicts(finished) == ["duplicate"]
    assert shown.complaints == []


def test_browse__keys_decide_about_tiles(shown: Shown, finished: Workspace, until: Until):
    page = shown.open("browse", finished)
    page.locator(".wall .tile").first.wait_for()
    page.keyboard.press("k")
    page.keyboard.press("x")  # selects the second and goes on
    page.keyboard.press("x")
    page.keyboard.press("d")
    until(lambda: verdicts(finished) == ["drop", "drop", "keep"])
    shown.settle()
    page.reload()
    shown.settle()
    page.locator(".wall .tile.keep").wait_for()
    page.locator(".wall .tile.drop").nth(1).wait_for()
    assert page.locator(".wall .tile.drop").count() == 2
    assert shown.complaints == []


def test_browse__keys_faster_than_the_page(shown: Shown, finished: Workspace, until: Until):
    page = shown.open("browse", finished)
    page.locator(".wall .tile").first.wait_for()
    page.evaluate(
        "() => [...'kdkdkd'].forEach((key) => document.body.dispatchEvent("
        "new KeyboardEvent('keydown', { key, bubbles: true })))"
    )
    until(lambda: len(verdicts(finished)) == 6)
    assert verdicts(finished) == ["drop"] * 3 + ["keep"] * 3
    assert shown.complaints == []


def test_thresholds__moving_the_line_moves_the_counts(shown: Shown, finished: Workspace):
    page = shown.open("thresholds", finished)
    assert kept(shown) == 36  # 12 pictures, 6 clips, 18 segments of long videos, all with a query
    slider = page.get_by_role("slider", name="Line of all")
    slider.press("End")
    page.get_by_text(re.compile(r"^0 segments kept")).first.wait_for()
    link = page.url
    page.reload()
    shown.settle()
    assert page.url == link
    assert kept(shown) == 0  # the link holds what was not saved yet
    page.get_by_role("slider", name="Line of all").press("Home")
    page.get_by_text(re.compile(r"^36 segments kept")).first.wait_for()
    assert shown.complaints == []


def kept(shown: Shown) -> int:
    text = shown.page.get_by_text(re.compile(r"^[\d,]+ segments kept")).first.inner_text()
    return int(re.match(r"[\d,]+", text)[0].replace(",", ""))
