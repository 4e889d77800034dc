"""What the page Results looks at: the class or the pair behind the change, whichever panel it was chosen in."""

from collections.abc import Sequence

import streamlit as st

PICKERS = ("res_classes", "res_pairs_better", "res_pairs_worse", "res_matrix", "res_scatter")
"""Charts and lists in which a class or a pair is chosen."""


def first_pages() -> None:
    """Begin both walls anew; for what changes their content."""
    for key in ("res_page", "res_web_page"):
        if key in st.session_state:  # a wall of one page has no such control
            st.session_state[key] = 1


def look_at(names: Sequence[str], a: int | None, b: int | None = None, *, chosen_in: str | None = None) -> None:
    """Look at a class, a pair, or everything; what was marked in another panel is so no longer."""
    st.session_state["res_a"] = None if a is None else names[a]
    st.session_state["res_b"] = None if b is None else names[b]
    change_scope(chosen_in)


def change_scope(chosen_in: str | None = None) -> None:
    """What every change of the class or the pair does."""
    first_pages()
    for picker in PICKERS:
        if picker != chosen_in:
            forget_mark(picker)


def marked_key(picker: str) -> str:
    """The key of a chart or a list; a new one is how its mark is taken away."""
    return f"{picker}_{st.session_state.get(f'{picker}_turn', 0)}"


def forget_mark(picker: str) -> None:
    """Take the mark of a chart or a list away."""
    turn = f"{picker}_turn"
    st.session_state[turn] = st.session_state.get(turn, 0) + 1


def chosen_row(picker: str) -> int | None:
    """The row that was chosen in a list; for its callback."""
    rows = st.session_state[marked_key(picker)].selection.rows
    return rows[0] if rows else None


def chosen_point(picker: str) -> list | None:
    """What the figure says of the point that was chosen; for its callback."""
    points = st.session_state[marked_key(picker)].selection.points
    return points[0]["customdata"] if points else None
