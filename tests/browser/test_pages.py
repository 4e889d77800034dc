"""Every page in both themes, at 1280 and 1920 pixels: nothing complains, overflows, is cut or fails."""

from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from omnisource.workspace import Workspace
from tests.browser.conftest import EVERY, POLLED_MS, Shown

if TYPE_CHECKING:
    from playwright.sync_api import Page

PAGES = {
    "overview": {},
    "browse": {},
    "collect": {},
    "duplicates": {"dup_recipe": "omnisource", "dup_threshold_omnisource": "0.8"},
    "thresholds": {},
    "thresholds-classes": {"thresholds_panel": "Classes before and after"},
    "thresholds-audit": {"thresholds_panel": "Audit"},
    "thresholds-recipes": {"thresholds_panel": "Recipes"},
    "balance": {},
    "clips": {},
    "clips-camera": {"clips_show": "Camera motion"},
    "clips-videos": {"clips_show": "Long videos"},
    "train": {},
    "train-new": {"train_view": "New run"},
    "results": {},
}
"""Every view with its panels, and the link to each."""
LOOKS = (("light", 1280), ("light", 1920), ("dark", 1920))
"""Themes and widths; colours change no text's width."""
HEIGHT = 900
WIDER_THAN_THE_WINDOW = "() => document.scrollingElement.scrollWidth - window.innerWidth"
BRIGHTNESS = (
    "() => getComputedStyle(document.querySelector('.stApp')).backgroundColor.match(/\\d+/g).slice(0, 3)"
    ".reduce((sum, one) => sum + Number(one), 0) / 3"
)
MAY_BE_CUT = ("Skip to main content",)
"""Streamlit shows it to the keyboard alone."""
CUT = f"""() => {{{EVERY}
  const hides = (style) => ["hidden", "clip"].includes(style.overflowX)
  const isText = (node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim()
  const speaks = (one) => [...one.childNodes].some(isText)
  return every(document)
    .filter((one) => one.checkVisibility({{ visibilityProperty: true }}) && one.scrollWidth > one.clientWidth + 1)
    .filter((one) => one.clientWidth && hides(getComputedStyle(one)) && speaks(one))
    .map((one) => one.textContent.trim())
}}"""
"""Texts that end before they end, in components too."""
WITHOUT_WORDS = f"""() => {{{EVERY}
  const name = (one) => one.textContent.trim() || one.getAttribute("aria-label") || one.title || one.labels?.length
    || one.getAttribute("aria-labelledby") || one.placeholder
  return every(document)
    .filter((one) => one.checkVisibility({{ visibilityProperty: true }}))
    .filter((one) => (one.matches("img") && !one.hasAttribute("alt"))
      || (one.matches("button, a[href], input, select, textarea, [role=button], [role=slider]") && !name(one)))
    .map((one) => one.outerHTML.slice(0, 160))
}}"""
"""Pictures, buttons, links and fields that say nothing to who cannot see them."""
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.mark.parametrize("name", PAGES)
def test_page__in_both_themes_and_widths(shown: Shown, still: Workspace, name: str):
    page = shown.open(view_of(name), still, **PAGES[name])
    for theme, width in LOOKS:
        page.emulate_media(color_scheme=theme)
        page.set_viewport_size({"width": width, "height": HEIGHT})
        page.wait_for_function(f"() => ({BRIGHTNESS})() {'>' if theme == 'light' else '<'} 128", polling=POLLED_MS)
        shown.settle()
        assert page.evaluate(WIDER_THAN_THE_WINDOW) <= 0, f"{name} is wider than {width} pixels"
        assert [text for text in page.evaluate(CUT) if text not in MAY_BE_CUT] == [], f"{name} at {width} pixels"
        shown.take_picture(f"{name}-{theme}-{width}")
    assert page.evaluate(WITHOUT_WORDS) == []
    assert page.locator('[data-testid="stException"]').count() == 0
    assert shown.complaints == []


def test_pages__every_kind_of_link_leads_somewhere(shown: Shown, still: Workspace):
    found: dict[tuple[str, ...], str] = {}
    seen = set()
    for name, link in PAGES.items():
        page = shown.open(view_of(name), still, **link)
        seen.add(kind_of(page.url))
        for address in addresses(page):
            found.setdefault(kind_of(address), address)
    assert {kind[0] for kind in found} == {f"/{view_of(name)}" for name in PAGES}  # from somewhere to everywhere
    for address in (address for kind, address in found.items() if kind not in seen):
        shown.page.goto(address)
        shown.settle()
        assert shown.page.get_by_text("Page not found").count() == 0, address
        assert shown.page.locator('[data-testid="stException"]').count() == 0, address
    assert [one for one in shown.complaints if "/api/thumbnail/" not in one] == []  # of files that are no pictures


def view_of(name: str) -> str:
    """The overview is the app's root."""
    view = name.partition("-")[0]
    return "" if view == "overview" else view


def kind_of(address: str) -> tuple[str, ...]:
    """Links of one page that set the same things are of one kind."""
    parts = urlsplit(address)
    return (parts.path, *sorted(parse_qs(parts.query)))


def addresses(page: "Page") -> list[str]:
    """Where the links of a page lead, those in components too."""
    of_page = "(links) => links.map((one) => one.href)"
    return [one for one in page.locator("a[href]").evaluate_all(of_page) if urlsplit(one).fragment == ""]
