"""The controls above the wall, bound to the link -> filters and an order."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

import streamlit as st

from app import shared
from app.browse_words import AGREES, FORMATS, SAID, SORTS, STAGES, reason_text
from omnisource.browsing import Choices
from omnisource.filters import Filters, Order, Sort
from omnisource.types import Taxonomy

T = TypeVar("T")
SIZES = (30, 60, 120)
WIDTH_PX, SEVERAL_PX = 138, 196
"""Five controls fit beside each other in a window of 1280 pixels, one of them with room for a name in a chip."""
_HIDDEN = ("format", "query", "agrees", "confidence", "by")
_OPEN = {"source": [], "format": [], "confidence": (0.0, 1.0), "text": ""} | dict.fromkeys(
    ("class", "query", "said", "reason", "agrees", "by")
)
"""What each filter is while it lets everything through; where an item is in the job, and the order, are no filters."""


def main_controls(choices: Choices, taxonomy: Taxonomy) -> tuple[Filters, Order]:
    """Draw the filters that are used most, and the order; returns what they say."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        filters = _how_far(choices)
        sources = _several("Source", "source", {name: name for name in choices.sources})
        filters = replace(filters, sources=tuple(sources))
        if filters.stage.speaks_of_scores:
            filters = replace(filters, top_class=_class("Teacher sees", "class", taxonomy))
        else:
            filters = replace(filters, query_class=_class("Searched for", "query", taxonomy))
        filters = replace(filters, said=_one("Decision", "said", SAID, anything="Any"))
        return filters, _order(choices, filters)


def more_controls(choices: Choices, taxonomy: Taxonomy, authors: list[str], filters: Filters) -> tuple[Filters, int]:
    """Draw the other filters behind a button; returns all of them, and how many items a page holds."""
    with st.popover(_more_label(), icon=":material/filter_list:", key="browse_more"):
        filters = _more(choices, taxonomy, authors, filters)
        size = st.segmented_control(
            "Items a page",
            SIZES,
            default=60,
            required=True,
            key="browse_size",
            bind="query-params",
            on_change=first_page,
        )
    if any(f"browse_{name}" in st.query_params for name in _OPEN):
        st.button("Clear", icon=":material/filter_list_off:", key="browse_clear", type="tertiary", on_click=_clear)
    return filters, size


def first_page() -> None:
    """What every change of the filters does."""
    st.session_state["browse_page"] = 1


def _how_far(choices: Choices) -> Filters:
    """Stage, and what it needs to be told: the recipe, the reason, the teacher."""
    shown = {stage: STAGES[stage] for stage in choices.stages}
    usual = choices.usual_stage
    stage = _one("Stage", "stage", shown, index=list(shown).index(usual)) or usual
    teachers = {name: name for name in choices.teachers}
    teacher = next(iter(teachers), None)
    if len(teachers) > 1 and not choices.tells_reasons(stage):
        teacher = _one("Teacher", "teacher", teachers, index=0) or teacher
    recipe = reason = None
    if stage.speaks_of_recipe:
        recipe = _one("Recipe", "recipe", {name: name for name in choices.recipes}, index=0) or choices.recipes[0]
    if choices.tells_reasons(stage):
        reasons = {(table, reason): reason_text(table, reason) for table, reason, _ in choices.reasons}
        reason = _one("Reason", "reason", reasons, anything="Any reason")
    dropped_by, why = reason or (None, None)
    return Filters(stage=stage, teacher=teacher, recipe=recipe, dropped_by=dropped_by, reason=why)


def _order(choices: Choices, filters: Filters) -> Order:
    shown = {sort: SORTS[sort] for sort in SORTS if sort in choices.sorts(filters)}
    sort = _one("First", "sort", shown, index=0) or next(iter(shown))
    if sort is Sort.RANDOM:
        seed = st.number_input(
            "Seed", 0, 9999, 0, key="browse_seed", bind="query-params", on_change=first_page, width=110
        )
        return Order(sort=sort, seed=seed)
    if sort is Sort.THRESHOLD:
        names = {name: name for name in choices.recipes}
        return Order(sort=sort, recipe=filters.recipe or _one("Of recipe", "recipe", names, index=0))
    return Order(sort=sort)


def _more(choices: Choices, taxonomy: Taxonomy, authors: list[str], filters: Filters) -> Filters:
    """The filters that are used less often."""
    left, right = st.columns(2)
    with left:
        formats = _several("Format", "format", {one: FORMATS[one] for one in choices.formats})
        filters = replace(filters, formats=tuple(formats))
        if filters.stage.speaks_of_scores:
            filters = replace(filters, agrees=_one("Teacher and query", "agrees", AGREES, anything="Either"))
    with right:
        if filters.stage.speaks_of_scores:
            filters = replace(filters, query_class=_class("Searched for", "query", taxonomy))
        if authors:
            people = {name: name for name in authors}
            filters = replace(filters, author=_one("Decided by", "by", people, anything="Anyone"))
    if filters.stage.speaks_of_scores:
        span = st.slider(
            "Confidence", 0.0, 1.0, (0.0, 1.0), 0.01, key="browse_confidence", bind="query-params", on_change=first_page
        )
        filters = replace(filters, confidence=span)
    return filters


def _one(
    label: str, name: str, options: Mapping[T, str], *, index: int | None = None, anything: str | None = None
) -> T | None:
    key = f"browse_{name}"
    return shared.pick(label, options, key=key, on_change=first_page, width=WIDTH_PX, index=index, anything=anything)


def _several(label: str, name: str, options: Mapping[T, str]) -> list[T]:
    return st.multiselect(
        label,
        list(options),
        format_func=lambda option: options[option],
        key=f"browse_{name}",
        bind="query-params",
        on_change=first_page,
        placeholder="All",
        width=SEVERAL_PX,
    )


def _class(label: str, name: str, taxonomy: Taxonomy) -> int | None:
    by_name = {index: taxonomy.names[index] for index in sorted(range(len(taxonomy)), key=taxonomy.names.__getitem__)}
    return _one(label, name, by_name, anything="Any class")


def _more_label() -> str:
    used = sum(f"browse_{name}" in st.query_params for name in _HIDDEN)
    return f"Filters ({used})" if used else "Filters"


def _clear() -> None:
    for name, value in _OPEN.items():
        if f"browse_{name}" in st.session_state:
            st.session_state[f"browse_{name}"] = value
    first_page()
