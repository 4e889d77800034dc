"""One picture or video, large, with its segments as a strip below: a click on the strip seeks."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import streamlit as st

from app.serving import previews
from app.workspaces import media_name
from omnisource.types import Format
from omnisource.workspace import Workspace

_FOLDER = Path(__file__).resolve().parent
_PLAYER = st.components.v2.component(
    "omnisource_player",
    html='<div class="player">\n<div class="screen"></div><div class="strip"></div></div>',
    css=(_FOLDER / "player.css").read_text(encoding="utf-8"),
    js=(_FOLDER / "player.js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """One segment on the strip."""

    start_s: float
    """Start in seconds."""
    end_s: float
    """End in seconds."""
    height: float
    """0 to 1: a probability."""
    colour: str
    """What it stands for."""
    title: str
    """Shown while the mouse rests on it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Media:
    """What is shown."""

    token: str
    """How the media route calls it (previews)."""
    path: str
    """Where it lies; announced to the route, not shown."""
    format: Format
    """Picture, clip or long video."""


def player(
    workspace: Workspace, shown: Media, *, key: str, start_s: float = 0.0, bars: Sequence[Bar] = (), caption: str = ""
) -> None:
    """Show an item; a video begins at `start_s`, and plays without sound until a person asks for it.

    `bars`: its segments on a strip below, with a `caption` that says what they mean.
    """
    name = media_name(workspace)
    previews(name).announce([(shown.token, shown.path, shown.format)])
    data = {
        "url": f"api/media/{name}/{shown.token}",
        "poster": f"api/thumbnail/{name}/{shown.token}",
        "plays": shown.format is not Format.IMAGE,
        "start_s": start_s,
        "bars": [asdict(bar) for bar in bars],
        "caption": caption,
    }
    _PLAYER(key=key, data=data)
