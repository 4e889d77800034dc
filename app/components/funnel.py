"""How far the items of every source came, as one component call: a bar and a number per step, each number a link."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import streamlit as st

_FOLDER = Path(__file__).resolve().parent
_FUNNEL = st.components.v2.component(
    "omnisource_funnel",
    html='<div class="funnel">\n<table><thead></thead><tbody></tbody></table></div>',
    css=(_FOLDER / "funnel.css").read_text(encoding="utf-8"),
    js=(_FOLDER / "funnel.js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """The items of one source at one step."""

    count: int | None
    """How many; None: not known, or not asked of this source."""
    share: float
    """Of what was found."""
    lost: int
    """How many fewer than at the step before."""
    href: str
    """The page that shows them; empty where nothing is to be seen."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One source, or all together."""

    name: str
    """As it is shown; all text is shown as text."""
    note: str
    """Second line."""
    colour: str
    """Of the source; empty for all together."""
    cells: tuple[Cell, ...]
    """One per step."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """One step."""

    title: str
    """For a person."""
    hint: str
    """Shown while the mouse rests on it."""


def funnel(columns: Sequence[Column], rows: Sequence[Row], *, key: str, alt: str, on_open: Callable[[], None]) -> None:
    """Draw it. The callback reads `opened(key)`."""
    data = {"columns": [asdict(one) for one in columns], "rows": [asdict(one) for one in rows], "alt": alt}
    _FUNNEL(key=key, data=data, on_opened_change=on_open)


def opened(key: str) -> tuple[int, int] | None:
    """(row, column) of the number that was clicked; for its callback."""
    value = st.session_state[key].opened
    return (int(value["row"]), int(value["column"])) if value else None
