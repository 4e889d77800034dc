"""A wall of tiles as one component call: thumbnails by URL, hover to play, keys for decisions."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import streamlit as st

from app.components.presses import acknowledged, new_presses
from app.serving import previews
from app.workspaces import media_name
from omnisource.types import Format
from omnisource.workspace import Workspace

_FOLDER = Path(__file__).resolve().parent
_WALL = st.components.v2.component(
    "omnisource_wall",
    html='<div class="wall">\n<div class="bar-above"><div class="keys"></div><div class="legend"></div></div>'
    '<div class="tiles"></div></div>',
    css=(_FOLDER / "wall.css").read_text(encoding="utf-8"),
    js=(_FOLDER / "wall.js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Tile:
    """One item or clip on the wall; all text is shown as text."""

    token: str
    """How the media route calls it (previews)."""
    path: str
    """Where it lies; announced to the route, not shown."""
    format: Format
    """Picture, clip or long video."""
    label: str
    """First line: what it is taken for."""
    note: str = ""
    """Second line."""
    title: str = ""
    """Shown while the mouse rests on it."""
    corner: str = ""
    """Short word in the corner, such as a duration or a value that the wall is sorted by."""
    bar: float | None = None
    """Share of the bar below; None: no bar."""
    colour: str = ""
    """Of the source."""
    origin: str = ""
    """Name of the source, for the legend above the wall."""
    verdict: str = ""
    """keep, drop or relabel: what a person decided."""
    verdict_text: str = ""
    """What the badge says instead."""
    start_s: float = 0.0
    """Where playing begins."""
    frame_s: float | None = None
    """Which moment of a video the picture shows; None: its thumbnail."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Action:
    """Something a key does to the current tile or to the selected ones."""

    name: str
    """What the page receives."""
    key: str
    """One letter."""
    title: str
    """Shown beside the key."""
    stays: bool = False
    """Whether the same tile stays current, as for what asks a question first."""


def wall(
    workspace: Workspace,
    tiles: Sequence[Tile],
    *,
    key: str,
    actions: Sequence[Action] = (),
    tile_px: int = 168,
    current: str | None = None,
    on_act: Callable[[], None] | None = None,
    on_open: Callable[[], None] | None = None,
    on_turn: Callable[[], None] | None = None,
) -> None:
    """Draw the wall. The callbacks read `acted(key)`, `opened(key)` and `turned(key)`.

    `current`: token of the tile to go to, once for each new value. Where a page holds several walls, keys reach the one
    that was used last.
    """
    name = media_name(workspace)
    previews(name).announce((tile.token, tile.path, tile.format) for tile in tiles)
    shown = [
        {k: v for k, v in asdict(tile).items() if k != "path"} | {"plays": tile.format is not Format.IMAGE}
        for tile in tiles
    ]
    data = {
        "workspace": name,
        "media": "api",
        "tiles": shown,
        "actions": [asdict(action) for action in actions],
        "tile_px": tile_px,
        "current": current,
        "sources": [source.name for source in workspace.study().sources],
        "turns": on_turn is not None,
        "acknowledged": acknowledged(key),
    }
    _WALL(
        key=key,
        data=data,
        on_acted_change=on_act or _nothing,
        on_opened_change=on_open or _nothing,
        on_turned_change=on_turn or _nothing,
    )


def acted(key: str) -> Iterator[tuple[str, list[str]]]:
    """(action, tokens) of each key that was pressed on the wall and not yet taken in; for its callback."""
    return ((one["action"], list(one["tokens"])) for one in new_presses(key))


def opened(key: str) -> str | None:
    """Token of the tile that was clicked; for its callback."""
    return st.session_state[key].opened


def turned(key: str) -> int | None:
    """1 where the arrows went on beyond the last tile, -1 before the first; for its callback."""
    return st.session_state[key].turned


def _nothing() -> None:
    return None
