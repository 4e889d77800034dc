"""A plotly figure -> SVG for whoever runs no scripts, drawn by a browser that stays open for the next figure."""

import asyncio
import atexit
import functools
import logging
import shutil
import threading
from collections.abc import Coroutine
from typing import TYPE_CHECKING, TypeVar

import plotly.graph_objects as go

if TYPE_CHECKING:
    from kaleido import Kaleido

logger = logging.getLogger(__name__)

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
"""Programs that can draw, the first that is on PATH."""
_WIDTH_PX, _HEIGHT_PX = 900, 450
_OPENING_S, _DRAWING_S, _CLOSING_S = 60, 90, 10
T = TypeVar("T")


def svg_of(figure: go.Figure) -> str | None:
    """A figure as SVG; None where no browser is there to draw it, which is said once."""
    drawer = _drawer()
    return None if drawer is None else drawer.draw(figure)


class _Drawer:
    """An open browser and the event loop that talks to it, in a thread of its own: a notebook's own loop is busy."""

    def __init__(self, browser: str) -> None:
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self._kaleido = self._wait(_opened(browser), _OPENING_S)
        atexit.register(self._close)

    def draw(self, figure: go.Figure) -> str:
        size = {"width": _WIDTH_PX, "height": figure.layout.height or _HEIGHT_PX}
        return self._wait(self._kaleido.calc_fig(figure, opts={"format": "svg", **size}), _DRAWING_S).decode()

    def _close(self) -> None:
        self._wait(self._kaleido.close(), _CLOSING_S)

    def _wait(self, doing: Coroutine[None, None, T], limit_s: float) -> T:
        return asyncio.run_coroutine_threadsafe(doing, self._loop).result(limit_s)


async def _opened(browser: str) -> "Kaleido":
    from kaleido import Kaleido

    drawn_by = Kaleido(path=browser, mathjax=False)  # else its page asks the internet for MathJax
    await drawn_by.open()
    return drawn_by


@functools.cache
def _drawer() -> _Drawer | None:
    try:
        from choreographer.errors import BrowserFailedError
    except ImportError:
        logger.warning("figures are live only: pip install 'omnisource[notebooks]' draws them as pictures too")
        return None
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        logger.warning("figures are live only: there is no Chromium or Chrome to draw them as pictures")
        return None
    try:
        return _Drawer(found)
    except (BrowserFailedError, TimeoutError) as error:
        said = error.args[0] if error.args else f"no answer in {_OPENING_S} s"
        logger.warning("figures are live only: %s does not start: %s", found, said)
        return None
