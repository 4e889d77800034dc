"""A few items of one kind to choose from, and which one the link names."""

from collections.abc import Sequence

import streamlit as st

from app import shared
from app.components.wall import Tile, opened, wall
from omnisource.browsing import Browsing, WallItem, applied_recipes, scoring_teachers
from omnisource.filters import Filters, Order, Sort, Stage
from omnisource.previews import item_token, key_of
from omnisource.types import Format, WebItem
from omnisource.workspace import Workspace

NUM_CHOICES = 8
OF_ONE_ITEM = ("clips_class", "clips_least")  # of the link: they begin anew with another item


def linked_item(workspace: Workspace) -> WebItem | None:
    """The item that the link names, if this workspace holds it."""
    key = key_of(st.query_params.get("item", ""))
    return None if key is None else shared.catalog(workspace).item(key)


def choose_item(workspace: Workspace, wanted: Format, names: Sequence[str], *, what: str) -> WebItem | None:
    """A wall of a few items of a format; returns the one in the link, else the first; None where there is none."""
    shuffle = st.session_state.setdefault("clips_shuffle", 0)
    choices = _choices(workspace, wanted, shuffle)
    linked = linked_item(workspace)
    current = linked if linked is not None and linked.format is wanted else None
    if current is None:
        first = next((one.key for one in choices if one.key), None)
        current = shared.catalog(workspace).item(first) if first else None
    if current is None:
        return None
    with st.expander(f"Choose another {what}", icon=":material/photo_library:", expanded=False):
        wall(
            workspace,
            [_tile(workspace, one, names) for one in choices if one.key],
            key=f"clips_wall_{wanted}",
            tile_px=150,
            on_open=lambda: _choose(f"clips_wall_{wanted}"),
        )
        st.button("Show others", icon=":material/shuffle:", key=f"clips_others_{wanted}", on_click=_shuffle)
    return current


@st.cache_data(max_entries=64, show_spinner=False)
def choices_of(
    root: str, version: str, wanted: str, seed: int, _browsing: Browsing, _workspace: Workspace
) -> list[WallItem]:
    stage = Stage.VALID if _workspace.table("validity").parts() else Stage.FOUND
    order = Order(sort=Sort.RANDOM, seed=seed)
    recipe, teacher = next(iter(applied_recipes(_workspace)), None), next(iter(scoring_teachers(_workspace)), None)
    if recipe and teacher:
        kept = Filters(stage=Stage.KEPT, recipe=recipe, teacher=teacher, formats=(Format(wanted),))
        found = _browsing.page(kept, order, offset=0, limit=NUM_CHOICES)
        if found:
            return found
    return _browsing.page(Filters(stage=stage, formats=(Format(wanted),)), order, offset=0, limit=NUM_CHOICES)


def _choices(workspace: Workspace, wanted: Format, seed: int) -> list[WallItem]:
    """Those that a recipe keeps, else those that could be decoded, else any."""
    browsing = Browsing(shared.catalog(workspace))
    return choices_of(str(workspace.root), browsing.version(Filters()), str(wanted), seed, browsing, workspace)


def _tile(workspace: Workspace, one: WallItem, names: Sequence[str]) -> Tile:
    index = one.query_class if one.top_class is None else one.top_class
    return Tile(
        token=item_token(one.key),
        path=one.path,
        format=one.format,
        label="no class" if index is None else names[index],
        note=one.source or "",
        title=one.path,
        colour=shared.source_colours(workspace).get(one.source, ""),
        corner="" if one.confidence is None else f"{one.confidence:.2f}",
    )


def _choose(key: str) -> None:
    token = opened(key)
    if token:
        st.query_params["item"] = token
        for name in OF_ONE_ITEM:
            st.query_params.pop(name, None)


def _shuffle() -> None:
    st.session_state["clips_shuffle"] += 1
