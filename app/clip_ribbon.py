"""The panel of long videos: one as a ribbon, and what training would draw from it (paper 3.5, Table 14)."""

import shlex
from collections.abc import Sequence

import streamlit as st

from app import shared
from app.clip_choice import choose_item
from app.components.ribbon import ROLE_COLOURS, Frame, dragged, ribbon_view, strips
from omnisource.browsing import Browsing
from omnisource.config import NetworkConfig, Study
from omnisource.errors import ItemError, OmniSourceError
from omnisource.filters import Filters, Said
from omnisource.pipeline.ribbons import DrawnFrame, Ribbon, Role, draws, ribbon
from omnisource.previews import item_token
from omnisource.types import Example, Format, WebItem
from omnisource.workspace import Workspace

NUM_DRAWS = 6
WITH_DECISIONS = Filters(said=Said.ANYTHING)
RIBBON = "clips_ribbon"
COMPOSITIONS = {
    "random": "frames from anywhere",
    "positive": "positive frames only",
    "2_positive_1_negative": "2 positive, 1 negative",
    "1_positive_2_negative": "1 positive, 2 negative",
    "within_positive": "all from one positive segment",
}


@st.cache_data(max_entries=128, show_spinner="Drawing")
def draws_of(
    example: Example, modified_ns: int, settings: str, first: int, _network: NetworkConfig, _study: Study
) -> list[list[DrawnFrame]]:
    return draws(example, _network, _study.train.snippets, range(first, first + NUM_DRAWS))


def ribbon_panel(workspace: Workspace, study: Study, names: Sequence[str]) -> None:
    """Choose a video, a recipe and a class; see every second of it, and the draws."""
    item = choose_item(workspace, Format.UNTRIMMED, names, what="video")
    if item is None:
        shared.empty("No long video yet", "Add a folder of untrimmed videos as a source; it appears here once checked.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        recipe = st.selectbox("Recipe", workspace.recipes(), key="clips_recipe", bind="query-params", width=200)
        found = _asked(workspace, item, recipe)
        if found is None:
            return
        found = _controls(workspace, item, recipe, found, names)
        shared.copy_as(
            command=_command(workspace, found, recipe, names),
            cell=_cell(workspace, found, recipe),
            key="clips_ribbon_copy",
        )
    words = {
        Role.POSITIVE: f"Positive for \u2068{names[found.class_index]}\u2069",  # it may run from right to left
        Role.OTHER: "Positive for another class",
        Role.NEGATIVE: "Negative",
    }
    if found.only_class not in (None, found.class_index):
        asked = shared.plain(names[found.only_class])
        st.caption(f"This recipe takes the query's word: it asks for {asked} alone, whatever else is in the video.")
    ribbon_view(workspace, found, names, words, key=RIBBON, on_threshold=_take_dragged)
    _show_draws(workspace, study, found)


@st.cache_data(max_entries=256, show_spinner=False)
def ribbon_of(
    root: str,
    version: str,
    key: bytes,
    recipe: str,
    class_index: int | None,
    confidence: float | None,
    _workspace: Workspace,
) -> Ribbon | None:
    return ribbon(_workspace, key, recipe, class_index=class_index, confidence=confidence)


def _ask(
    workspace: Workspace, item: WebItem, recipe: str, *, class_index: int | None = None, confidence: float | None = None
) -> Ribbon | None:
    version = Browsing(shared.catalog(workspace)).version(WITH_DECISIONS)
    return ribbon_of(str(workspace.root), version, item.key, recipe, class_index, confidence, workspace)


def _asked(workspace: Workspace, item: WebItem, recipe: str) -> Ribbon | None:
    """The ribbon with the recipe's own thresholds; where there is none, the page says why."""
    try:
        found = _ask(workspace, item, recipe)
    except OmniSourceError as error:
        st.error(shared.plain(str(error)), icon=":material/error:")
        return None
    if found is None:
        shared.empty(
            "This recipe does not look at this video",
            "Its source is not among the recipe's, or its teacher has not scored the video yet.",
            icon="visibility_off",
        )
    return found


def _controls(workspace: Workspace, item: WebItem, recipe: str, found: Ribbon, names: Sequence[str]) -> Ribbon:
    """Class and threshold; the ribbon again if others are tried.

    Both begin anew with every video, so the link is written here and not bound to the widgets.
    """
    token = item_token(item.key)
    options = [*found.classes, *sorted(set(range(len(names))) - set(found.classes), key=names.__getitem__)]
    linked = st.query_params.get("clips_class")
    class_key = f"clips_class_{token}_{recipe}"
    chosen = st.selectbox(
        "Class",
        options,
        index=options.index(names.index(linked)) if linked in names else 0,
        format_func=names.__getitem__,
        key=class_key,
        width=230,
        help="Classes found in this video come first, then the query's and the likeliest.",
        on_change=_link_class,
        args=(class_key, names),
    )
    if chosen != found.class_index:
        found = _ask(workspace, item, recipe, class_index=chosen) or found
    own = round(found.least, 2)
    least_key = f"clips_least_{token}_{recipe}_{chosen}"
    least = st.slider(
        "Try a threshold",
        0.0,
        1.0,
        _linked_threshold(own),
        0.01,
        key=least_key,
        width=200,
        on_change=_link_threshold,
        args=(least_key, own),
    )
    st.session_state["clips_least_key"] = (least_key, own)
    if least == own:
        return found
    st.button("Reset", icon=":material/restart_alt:", key="clips_back", on_click=_forget_threshold, args=(least_key,))
    return _ask(workspace, item, recipe, class_index=chosen, confidence=least) or found


def _linked_threshold(own: float) -> float:
    """What the link asks for; the recipe's where it asks for nothing, or for nonsense."""
    try:
        asked = float(st.query_params.get("clips_least", own))
    except ValueError:
        return own
    return round(asked, 2) if 0 <= asked <= 1 else own


def _link_class(key: str, names: Sequence[str]) -> None:
    st.query_params["clips_class"] = names[st.session_state[key]]
    st.query_params.pop("clips_least", None)


def _link_threshold(key: str, own: float) -> None:
    if st.session_state[key] == own:
        st.query_params.pop("clips_least", None)
    else:
        st.query_params["clips_least"] = f"{st.session_state[key]:g}"


def _forget_threshold(key: str) -> None:
    st.session_state.pop(key, None)
    st.query_params.pop("clips_least", None)


def _take_dragged() -> None:
    value = dragged(RIBBON)
    if value is not None:
        key, own = st.session_state["clips_least_key"]
        st.session_state[key] = round(value, 2)
        _link_threshold(key, own)


def _show_draws(workspace: Workspace, study: Study, found: Ribbon) -> None:
    """What training would read, some draws of it."""
    st.subheader("What training would draw")
    example = found.example
    if example is None:
        st.caption("Nothing: no second of this video is positive for this class at this threshold.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox("Network", list(study.networks), key="clips_draw_network", bind="query-params", width=200)
        first = st.session_state.setdefault("clips_first_draw", 0)
        st.button("Draw again", icon=":material/casino:", key="clips_draw", on_click=_draw_again)
        network = study.networks[name]
        st.caption(_kind(network, study))
    try:
        settings = repr((network.model, study.train.snippets))
        rows = draws_of(example, example.path.stat().st_mtime_ns, settings, first, network, study)
    except (ItemError, OSError) as error:
        st.error(f"The video cannot be read: {shared.plain(str(error))}", icon=":material/error:")
        return
    strips(
        workspace,
        item_token(found.item.key),
        [(f"draw {first + i + 1}", [_frame(one) for one in row]) for i, row in enumerate(rows)],
        key="clips_strips",
    )


def _frame(one: DrawnFrame) -> Frame:
    minutes, seconds = divmod(one.time_s, 60)
    return Frame(time_s=one.time_s, colour=ROLE_COLOURS[one.role], title=f"{int(minutes)}:{seconds:04.1f} {one.role}")


def _kind(network: NetworkConfig, study: Study) -> str:
    if network.model.dims == 3:
        return f"3D: {network.model.clip_len} frames, {network.model.frame_interval} apart, in a positive segment"
    return f"2D: {network.model.num_snippets} snippets, {COMPOSITIONS[study.train.snippets.composition]} (Table 14)"


def _draw_again() -> None:
    st.session_state["clips_first_draw"] += NUM_DRAWS


def _command(workspace: Workspace, found: Ribbon, recipe: str, names: Sequence[str]) -> str:
    asked = f"--recipe {shlex.quote(recipe)} --class {shlex.quote(names[found.class_index])}"
    return f"omnisource segments {shlex.quote(str(found.item.path))} {asked} {shared.shell_quoted(workspace)}"


def _cell(workspace: Workspace, found: Ribbon, recipe: str) -> str:
    return f"""from pathlib import Path

from omnisource.pipeline.ribbons import draws, ribbon
from omnisource.workspace import Workspace

workspace = Workspace(Path({str(workspace.root)!r}))
study = workspace.study()
found = ribbon(workspace, bytes.fromhex({found.item.key.hex()!r}), {recipe!r}, class_index={found.class_index})
network, snippets = study.networks[study.student], study.train.snippets
draws(found.example, network, snippets, range({NUM_DRAWS})) if found.example else []"""
