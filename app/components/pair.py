"""Suspected pairs one by one as one component call: web beside target frame, views, keys, prefetch.

The viewer goes on to the next pair at once and tells the page what was decided.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import streamlit as st

from app.components.presses import acknowledged, new_presses
from app.serving import previews
from app.workspaces import media_name
from omnisource.types import Format
from omnisource.workspace import Workspace

SKIP = "skip"
"""Verdict of a pair that is passed over for now."""
_FOLDER = Path(__file__).resolve().parent
_PAIR = st.components.v2.component(
    "omnisource_pair",
    html='<div class="pair" tabindex="0">\n'
    '<div class="bar"></div><div class="stage"></div><div class="foot"></div></div>',
    css=(_FOLDER / "pair.css").read_text(encoding="utf-8"),
    js=(_FOLDER / "pair.js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Side:
    """One half of a pair; all text is shown as text."""

    token: str
    """How the media route calls it (previews)."""
    path: str
    """Where it lies; announced to the route, not shown."""
    format: Format
    """Picture, clip or long video."""
    time_s: float
    """Which frame to show."""
    title: str
    """What it is."""
    lines: tuple[str, ...]
    """What is known of it, line by line."""
    colour: str
    """Of the source."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownPair:
    """A pair as the viewer shows it."""

    id: str
    """What decisions name."""
    web: Side
    """The web item."""
    target: Side
    """The labelled clip."""
    similarity: float
    """How alike they are."""
    state: str
    """open, duplicate, not_duplicate or settled."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownCluster:
    """The cluster of a pair, when a person has asked for it."""

    pair: str
    """The pair's id."""
    text: str
    """Its size, or why it is not to be decided at once."""
    may_be_decided: bool
    """Whether one key may decide all of it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """One key press in the viewer."""

    pair: str
    """The pair's id."""
    verdict: str
    """duplicate, not_duplicate or skip."""
    whole_cluster: bool
    """Whether it is about the pair's whole cluster."""


def pair_viewer(
    workspace: Workspace,
    pairs: Sequence[ShownPair],
    *,
    key: str,
    queue: str,
    cluster: ShownCluster | None,
    on_act: Callable[[], None],
    on_ask: Callable[[], None],
) -> None:
    """Draw the viewer; `queue` names the filters: another name begins anew.

    The callback `on_act` reads `decisions(key)`; `on_ask` reads `asked(key)`.
    """
    name = media_name(workspace)
    sides = [side for pair in pairs for side in (pair.web, pair.target)]
    previews(name).announce((side.token, side.path, side.format) for side in sides if side.path)
    data = {
        "workspace": name,
        "media": "api",
        "queue": queue,
        "pairs": [_shown(pair) for pair in pairs],
        "cluster": asdict(cluster) if cluster else None,
        "acknowledged": acknowledged(key),
    }
    _PAIR(key=key, data=data, on_acted_change=on_act, on_asked_change=on_ask)


def decisions(key: str) -> Iterator[Decision]:
    """What was decided and not yet taken in, oldest first; for the callback."""
    return (
        Decision(pair=one["pair"], verdict=one["verdict"], whole_cluster=one["whole_cluster"])
        for one in new_presses(key)
    )


def asked(key: str) -> tuple[str, str] | None:
    """(what, pair) that the viewer asks for: "cluster" of a pair, or "more" pairs; for the callback."""
    value = st.session_state[key].asked
    return (value["what"], value["pair"]) if value else None


def _shown(pair: ShownPair) -> dict[str, object]:
    shown = asdict(pair)
    for half, side in ((shown["web"], pair.web), (shown["target"], pair.target)):
        del half["path"]
        half["plays"] = side.format is not Format.IMAGE
    return shown
