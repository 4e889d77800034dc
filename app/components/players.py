"""Short clips side by side, playing in step: one clock, one slider, one speed for all of them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import streamlit as st

_FOLDER = Path(__file__).resolve().parent
_PLAYERS = st.components.v2.component(
    "omnisource_players",
    html='<div class="players">\n<div class="clips"></div><div class="controls"></div></div>',
    css=(_FOLDER / "players.css").read_text(encoding="utf-8"),
    js=(_FOLDER / "players.js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Clip:
    """One of the clips; all text is shown as text."""

    title: str
    """What it is."""
    note: str
    """One line more."""
    url: str | None
    """Where the video is; None: it cannot be made yet."""
    missing: str = ""
    """What is said in its place then."""


def players(clips: Sequence[Clip], *, poster: str, duration_s: float, marks_s: Sequence[float], key: str) -> None:
    """Play clips of one length in step; `marks_s` are the times of the frames that a network sees."""
    data = {
        "clips": [asdict(clip) for clip in clips],
        "poster": poster,
        "duration_s": duration_s,
        "marks_s": list(marks_s),
    }
    _PLAYERS(key=key, data=data)
