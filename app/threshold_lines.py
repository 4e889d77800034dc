"""The controls that move the lines of a recipe: of all, of each source, of one class."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from app import shared, threshold_draft
from app.browse_words import link
from omnisource.config import Recipe
from omnisource.filters import Stage
from omnisource.label.confidence_cube import STEPS
from omnisource.label.thresholds import Counts, Tally
from omnisource.types import Format

UNIT = {Format.IMAGE: "images", Format.TRIMMED: "clips", Format.UNTRIMMED: "segments"}
_STEP = 1 / STEPS


def lines_box(
    root: str, recipe: Recipe, counts: Counts, told: Tally, colours: dict[str, str], class_name: str | None
) -> None:
    """The line of all, then one row per source, then that of the class that is looked at."""
    _slider("Line of all", "thr_all", recipe.confidence, set_all)
    for row, name in enumerate(counts.sources):
        _source_row(root, recipe, name, _sums(counts, told, row), colours.get(name, ""))
    if class_name is not None:
        _class_row(recipe, class_name)
    _own_classes(recipe)


def _source_row(root: str, recipe: Recipe, name: str, sums: tuple[str, int, int], colour: str) -> None:
    unit, kept, scored = sums
    is_used = recipe.sources is None or name in recipe.sources
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        _fill(f"thr_use_{name}", is_used)
        st.checkbox(shared.plain(name), key=f"thr_use_{name}", on_change=use_source, args=(name,), width="content")
        st.space("stretch")
        share = f" ({kept / scored:.0%})" if scored and is_used else ""
        st.page_link(
            "views/browse.py",
            label=_kept_text(kept, scored) + share,
            query_params=link(stage=Stage.SCORED, source=name) | {"workspace": root},
            help=f"{kept:,} of {scored:,} scored {unit} are kept; see them all",
        )
        if name in recipe.confidence_by_source:
            _follow_button(f"thr_follow_{name}", follow_source, name)
    if is_used:
        own = recipe.confidence_by_source.get(name, recipe.confidence)
        _slider(f"Line of {name}", f"thr_of_{name}", own, set_source, name, is_hidden=True)


def _class_row(recipe: Recipe, class_name: str) -> None:
    has_own = class_name in recipe.confidence_by_class
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        own = "own line" if has_own else "follows its source"
        st.markdown(f"Class **{shared.plain(class_name)}**: {own}", width="stretch")
        if has_own:
            _follow_button("thr_follow_class", follow_class, class_name)
    _slider(
        f"Line of class {class_name}",
        f"thr_class_{class_name}",
        recipe.confidence_by_class.get(class_name, recipe.confidence),
        set_class,
        class_name,
        is_hidden=True,
    )


def _own_classes(recipe: Recipe) -> None:
    """Classes with lines of their own, which no line of a source moves."""
    own = recipe.confidence_by_class
    if not own:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        listed = ", ".join(f"{shared.plain(name)} {least:.3f}" for name, least in list(own.items())[:4])
        more = f" and {len(own) - 4} more" if len(own) > 4 else ""
        st.caption(f"Own lines: {listed}{more}", width="stretch")
        st.button(
            "Clear", icon=":material/layers_clear:", key="thr_clear_classes", type="tertiary", on_click=clear_classes
        )


def _slider(label: str, key: str, value: float, on_change, *arguments: str, is_hidden: bool = False) -> None:
    _fill(key, round(float(np.ceil(value * STEPS - 1e-6)) / STEPS, 3))
    st.slider(
        shared.plain(label),
        0.0,
        1.0,
        step=_STEP,
        format="%.3f",
        key=key,
        on_change=on_change,
        args=(key, *arguments),
        label_visibility="collapsed" if is_hidden else "visible",
    )


def _follow_button(key: str, on_click, name: str) -> None:
    st.button(
        "Follow",
        icon=":material/link:",
        key=key,
        type="tertiary",
        on_click=on_click,
        args=(name,),
        help="Take the line of all again",
    )


def _fill(key: str, value: object) -> None:
    """Give a widget that is about to be drawn the draft's value."""
    if st.session_state.get(key) != value:
        st.session_state[key] = value


def _kept_text(kept: int, scored: int) -> str:
    """Short enough to stand beside a name; the tooltip tells the rest."""
    return f"{kept:,} of {scored:,}" if scored < 100_000 else f"{kept / 1e6:.2f} M"


def _sums(counts: Counts, told: Tally, row: int) -> tuple[str, int, int]:
    return UNIT[counts.formats[row]], int(told.kept[row].sum()), int(counts.num_segments[row])


def _draft() -> Recipe:
    return st.session_state["thresholds_draft"].recipe


def set_all(key: str) -> None:
    """The line of all was moved."""
    threshold_draft.change(confidence=round(st.session_state[key], 3))


def set_source(key: str, name: str) -> None:
    """The line of a source was moved."""
    own = _draft().confidence_by_source | {name: round(st.session_state[key], 3)}
    threshold_draft.change(confidence_by_source=own)


def set_class(key: str, name: str) -> None:
    """The line of a class was moved."""
    own = _draft().confidence_by_class | {name: round(st.session_state[key], 3)}
    threshold_draft.change(confidence_by_class=own)


def follow_source(name: str) -> None:
    """A source takes the line of all again."""
    own = {key: value for key, value in _draft().confidence_by_source.items() if key != name}
    threshold_draft.change(confidence_by_source=own)


def follow_class(name: str) -> None:
    """A class takes the line of its source again."""
    own = {key: value for key, value in _draft().confidence_by_class.items() if key != name}
    threshold_draft.change(confidence_by_class=own)


def clear_classes() -> None:
    """All classes take the lines of their sources again."""
    threshold_draft.change(confidence_by_class={})


def use_source(name: str) -> None:
    """A source is taken into the recipe, or left out of it."""
    recipe = _draft()
    known: Sequence[str] = st.session_state["thr_sources"]
    used = [one for one in known if recipe.sources is None or one in recipe.sources]
    used = [one for one in known if (one in used) != (one == name)]
    own = {key: value for key, value in recipe.confidence_by_source.items() if key in used}
    threshold_draft.change(sources=None if len(used) == len(known) else tuple(used), confidence_by_source=own)
