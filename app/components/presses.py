"""Keys pressed in a component, which tells them until the page has acknowledged them: none is lost or done twice."""

from collections.abc import Iterator

import streamlit as st


def acknowledged(key: str) -> dict[str, object] | None:
    """What the component is told of the last press that was taken in."""
    return st.session_state.get(f"{key}_acknowledged")


def new_presses(key: str) -> Iterator[dict]:
    """What was pressed and not yet taken in, oldest first; for the callback of `acted`.

    A press is taken in once the next one is asked for: one whose decision could not be written is told again. A
    component counts its presses from one, under a name that it takes anew when the page is loaded again.
    """
    told = st.session_state[key].acted
    if not told:
        return
    seen = acknowledged(key) or {}
    last = seen["number"] if seen.get("sender") == told["sender"] else 0
    for one in told["presses"]:
        if one["number"] > last:
            yield one
            st.session_state[f"{key}_acknowledged"] = {"sender": told["sender"], "number": one["number"]}
