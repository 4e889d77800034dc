"""A long video as a ribbon: its frames, the teacher's curve, what each second is used for; a click seeks the player."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from app.serving import previews
from app.workspaces import media_name
from omnisource.palette import DOUBTFUL, KEPT, TARGET
from omnisource.pipeline.ribbons import Ribbon, Role
from omnisource.previews import item_token
from omnisource.workspace import Workspace

ROLE_COLOURS = {Role.POSITIVE: KEPT, Role.OTHER: DOUBTFUL, Role.NEGATIVE: TARGET}
_FOLDER = Path(__file__).resolve().parent
_RIBBON = st.components.v2.component(
    "omnisource_ribbon",
    html='<div class="ribbon" tabindex="0">\n<div class="top"></div><div class="band"></div></div>',
    css=(_FOLDER / "ribbon.css").read_text(encoding="utf-8"),
    js=(_FOLDER / "ribbon.js").read_text(encoding="utf-8"),
)
_STRIPS = st.components.v2.component(
    "omnisource_strips",
    html='<div class="strips">\n</div>',
    css=(_FOLDER / "strips.css").read_text(encoding="utf-8"),
    js=(_FOLDER / "strips.js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Frame:
    """One picture of a strip."""

    time_s: float
    """When the video shows it."""
    colour: str
    """Of its frame."""
    title: str
    """Shown below it."""


def ribbon_view(
    workspace: Workspace,
    ribbon: Ribbon,
    names: Sequence[str],
    words: Mapping[Role, str],
    *,
    key: str,
    on_threshold: Callable[[], None],
) -> None:
    """Show the ribbon; its threshold line can be dragged, which calls back (`dragged(key)` is the new value)."""
    name, token = media_name(workspace), item_token(ribbon.item.key)
    previews(name).announce([(token, ribbon.item.path, ribbon.item.format)])
    segments = [
        [
            one.start_s,
            one.end_s,
            None if one.prob is None else round(one.prob, 4),
            str(one.role),
            names[one.top_class],
            round(one.confidence, 3),
        ]
        for one in ribbon.segments
    ]
    data = {
        "media": f"api/media/{name}/{token}",
        "frame": f"api/frame/{name}/{token}",
        "poster": f"api/thumbnail/{name}/{token}",
        "duration_s": ribbon.duration_s,
        "least": ribbon.least,
        "class_name": names[ribbon.class_index],
        "segments": segments,
        "roles": [
            {"name": str(role), "colour": ROLE_COLOURS[role], "title": words[role], "count": ribbon.count(role)}
            for role in Role
        ],
    }
    _RIBBON(key=key, data=data, on_threshold_change=on_threshold)


def dragged(key: str) -> float | None:
    """Where the threshold line was dropped; for its callback."""
    return st.session_state[key].threshold


def strips(workspace: Workspace, token: str, rows: Sequence[tuple[str, Sequence[Frame]]], *, key: str) -> None:
    """Rows of frames of one video, each with its title."""
    data = {
        "frame": f"api/frame/{media_name(workspace)}/{token}",
        "rows": [
            {
                "title": title,
                "frames": [{"time_s": one.time_s, "colour": one.colour, "title": one.title} for one in frames],
            }
            for title, frames in rows
        ],
    }
    _STRIPS(key=key, data=data)
