"""Every page in both themes at 1280 and 1920 pixels: nothing complains, overflows or fails; pictures to look at."""

from pathlib import Path

import pytest

from omnisource.workspace import Workspace
from tests.browser.conftest import Shown

PAGES = ("", "browse", "collect", "duplicates", "thresholds", "balance", "clips", "train", "results")
WIDTHS = (1280, 1920)
THEMES = ("light", "dark")
WIDER_THAN_THE_WINDOW = "() => document.scrollingElement.scrollWidth - window.innerWidth"
BRIGHTNESS = (
    "() => getComputedStyle(document.querySelector('.stApp')).backgroundColor.match(/\\d+/g).slice(0, 3)"
    ".reduce((sum, one) => sum + Number(one), 0) / 3"
)
pytestmark = pytest.mark.slow


@pytest.mark.parametrize("view", PAGES)
def test_page__in_both_themes_and_widths(shown: Shown, finished: Workspace, view: str, tmp_path: Path):
    page = shown.open(view, finished)
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)
        page.wait_for_function(f"() => ({BRIGHTNESS})() {'>' if theme == 'light' else '<'} 128")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            shown.settle()
            page.wait_for_load_state("networkidle")
            path = tmp_path / f"{view or 'overview'}-{theme}-{width}.png"
            page.screenshot(path=path)
            print(f"screenshot: {path}")
            assert page.evaluate(WIDER_THAN_THE_WINDOW) <= 0, f"{view} is wider than {width} pixels"
    assert page.locator('[data-testid="stException"]').count() == 0
    assert shown.complaints == []
