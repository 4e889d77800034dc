"""The controls of the page of duplicates, bound to the link -> threshold, order and filter."""

from collections.abc import Mapping
from typing import TypeVar

import streamlit as st

from app import pair_words, shared
from omnisource.clean.pair_filters import ANY, Order, PairFilter, first_shown
from omnisource.clean.pair_index import PairIndex, crop_threshold
from omnisource.types import Taxonomy
from omnisource.workspace import Workspace

T = TypeVar("T")
AHEAD = 24
"""Pairs that the viewer holds at first, and by which it asks for more."""


def threshold_control(workspace: Workspace, index: PairIndex) -> float:
    """Draw the recipe, the slider, and the button that saves; returns the value that is tried."""
    measured = crop_threshold(workspace)
    st.subheader("Threshold", anchor=False)
    row = st.container(horizontal=True, vertical_alignment="bottom")
    name = row.selectbox("Recipe", workspace.recipes(), key="dup_recipe", bind="query-params", width=220)
    saved = workspace.recipe(name).duplicate_similarity
    in_force = measured if saved is None else saved
    start = (index.floor + 1) / 2 if in_force is None else min(max(in_force, index.floor), 1.0)
    threshold = st.slider(
        "Suspects are pairs that are at least this alike",
        index.floor,
        1.0,
        start,
        0.001,
        format="%.3f",
        key=f"dup_threshold_{name}",
        bind="query-params",
        on_change=begin_anew,
    )
    row.button(
        "Save",
        icon=":material/save:",
        key="dup_save",
        disabled=threshold == start and in_force is not None,
        help="Write the threshold into the recipe; key U takes it back.",
        on_click=_save,
        args=(workspace, name, threshold),
    )
    with row:
        shared.copy_as(
            command=pair_words.as_saving_command(shared.shell_quoted(workspace), name, threshold),
            cell=pair_words.as_saving_cell(str(workspace.root), name, threshold),
            key="dup_copy_threshold",
        )
    st.caption(pair_words.in_force_text(shared.plain(name), saved=saved, measured=measured))
    return threshold


def filter_controls(index: PairIndex, taxonomy: Taxonomy | None, threshold: float) -> tuple[Order, PairFilter]:
    """Draw the order and the filters; returns what they say."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        order = _choose("Next pair", "order", pair_words.ORDERS, index=0)
        state = _choose("Verdict", "state", pair_words.STATES, index=0)
        source = _choose("Source", "source", {one: one for one in index.sources}, anything="Any source")
        classes = {one: pair_words.class_name(taxonomy, one) for one in index.target_classes}
        classes = dict(sorted(classes.items(), key=lambda item: item[1]))
        target_class = _choose("Labelled class", "class", classes, anything="Any class")
        bands = {pair_words.band_name(*band): band for band in index.bands}
        band = _choose("Similarity", "band", {name: name for name in bands}, anything="Any similarity")
    low, high = bands[band] if band else (first_shown(order, state, threshold), None)
    return order, PairFilter(
        low=low,
        high=high if high is None or high < 1 else None,
        state=None if state == ANY else state,
        source=source,
        target_class=target_class,
        skipped=tuple(st.session_state.get("dup_skipped", ())),
    )


def begin_anew() -> None:
    """Every change of what is shown starts at its first pair."""
    st.session_state.pop("dup_limit", None)


def _choose(
    label: str, name: str, options: Mapping[T, str], *, anything: str | None = None, index: int | None = None
) -> T | None:
    key = f"dup_{name}"
    return shared.pick(label, options, key=key, on_change=begin_anew, width=150, index=index, anything=anything)


def _save(workspace: Workspace, name: str, threshold: float) -> None:
    recipe = workspace.recipe(name).model_copy(update={"duplicate_similarity": threshold})
    shared.save_recipe(workspace, name, recipe, what=f"{shared.plain(name)}: duplicates from {threshold:.3f} on")
