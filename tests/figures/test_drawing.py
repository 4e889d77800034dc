"""Figures as pictures, by the browser that is there."""

import shutil
import sys
from pathlib import Path

import plotly.graph_objects as go
import pytest

from omnisource.figures import drawing

TWO_BARS = go.Figure(go.Bar(y=[1, 2]))


@pytest.fixture(autouse=True)
def no_browser_yet():
    drawing._drawer.cache_clear()
    yield
    drawing._drawer.cache_clear()


def test_svg_of__is_drawn_in_the_figures_height() -> None:
    if not any(map(shutil.which, drawing.BROWSERS)):
        pytest.skip("no chromium; on Debian: apt-get install chromium")
    drawn = [drawing.svg_of(go.Figure(TWO_BARS).update_layout(height=height)) for height in (None, 200)]
    assert all(one.startswith("<svg") for one in drawn)
    assert [f'height="{height}"' in one for one, height in zip(drawn, (450, 200))] == [True, True]


@pytest.mark.parametrize(
    ("program", "said"),
    [
        (None, "there is no Chromium or Chrome to draw them as pictures"),
        ("#!/bin/sh\nexit 1\n", "chromium does not start: The browser seemed to close"),
    ],
)
def test_svg_of__says_once_why_there_is_none(
    program: str | None, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    if program is not None:
        (tmp_path / "chromium").write_text(program)
        (tmp_path / "chromium").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert [drawing.svg_of(TWO_BARS) for _ in range(2)] == [None, None]
    assert caplog.text.count("figures are live only: ") == 1 and said in caplog.text


def test_svg_of__without_kaleido_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "choreographer.errors", None)
    assert drawing.svg_of(TWO_BARS) is None
    assert "pip install 'omnisource[notebooks]'" in caplog.text
