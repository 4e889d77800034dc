"""The wall by looks: most like an item, or most like what words say; and what is missing for either."""

from dataclasses import replace

import pyarrow as pa
import streamlit as st

from app import shared, story
from app.browse_controls import first_page
from app.job_line import job_line
from omnisource.errors import OmniSourceError
from omnisource.filters import Order, Sort
from omnisource.pipeline import feature_search
from omnisource.previews import key_of
from omnisource.workspace import Workspace


@st.cache_data(max_entries=4, show_spinner="Looking for what is alike; new words load the network once")
def _near(root: str, version: str, asked: str, _workspace: Workspace, _order: Order) -> pa.Table | None:
    return feature_search.near_order(_workspace, _order)


def words_box(workspace: Workspace) -> str | None:
    """Draw the box for words, where CLIP has seen the items; what stands in it."""
    if not feature_search.knows_words(workspace):
        return None
    words = st.text_input(
        "Search by words",
        key="browse_text",
        bind="query-params",
        on_change=first_page,
        max_chars=feature_search.MAX_LETTERS,
        icon=":material/search:",
        placeholder="Search by words",
        label_visibility="collapsed",
        width=240,
    )
    return feature_search.as_asked(words or "") or None


def by_looks(order: Order, words: str | None) -> Order:
    """The order with what items are to be like: words come before an item."""
    if words is not None:
        return Order(sort=Sort.SIMILAR, text=words)
    return replace(order, like=st.query_params.get("browse_like")) if order.sort is Sort.SIMILAR else order


def like_item(token: str) -> None:
    """From now on the wall is ordered by likeness to an item; for callbacks."""
    st.query_params["browse_like"] = token
    st.session_state["browse_sort"] = Sort.SIMILAR
    if "browse_text" in st.session_state:
        st.session_state["browse_text"] = ""
    st.session_state.pop("browse_place", None)
    first_page()
    story.close()


def nearest_of(workspace: Workspace, order: Order) -> tuple[Order, pa.Table | None]:
    """What the wall is ordered by; where that is not known, the page says what is missing and shows the newest."""
    if order.sort is not Sort.SIMILAR:
        return order, None
    newest = Order(sort=Sort.NEWEST)
    if not feature_search.encoders(workspace):
        st.caption("No network has seen this web data yet, so nothing is known of what looks alike. Newest first.")
        _measure(workspace)
        return newest, None
    if order.text is None and order.like is None:
        st.caption(
            "Open an item and choose :material/image_search: **More like it**: then what looks most like it comes "
            "first. " + _about_words(workspace)
        )
        return newest, None
    try:
        found = _near(str(workspace.root), feature_search.search_version(workspace), repr(order), workspace, order)
    except OmniSourceError as error:
        st.warning(shared.plain(str(error)), icon=":material/image_search:")
        _measure(workspace)
        return newest, None
    st.caption(_what(workspace, order))
    return order, found


def _what(workspace: Workspace, order: Order) -> str:
    if order.text is not None:
        wanted, meant = feature_search.Wanted(text=order.text), f"what **{shared.plain(order.text)}** says"
    else:
        wanted = feature_search.Wanted(item=key_of(order.like or ""))
        meant = f"item **{(order.like or '')[:8]}**, which is the first itself,"
    encoder = feature_search.choose_encoder(workspace, wanted)
    return f"Most like {meant} as {shared.plain(encoder)} sees it; what it has not seen comes last."


def _about_words(workspace: Workspace) -> str:
    if feature_search.knows_words(workspace):
        return "Or type words into the box."
    return "Words can be searched where CLIP sees the frames: `omnisource set features.clip.name=ViT-B-32`."


def _measure(workspace: Workspace) -> None:
    """Offer to let the study's network see the items."""
    arguments = ("search-items", "--measure", "-w", str(workspace.root))
    job_line(
        workspace,
        arguments,
        title="Measure what the web data looks like",
        needs_device=True,
        key="browse_measure",
        icon=":material/image_search:",
        is_primary=False,
    )
