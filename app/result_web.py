"""The web data of the classes behind a change, to keep or drop for the next recipe."""

from collections.abc import Sequence

import pyarrow as pa
import streamlit as st

from app import result_words, shared, story
from app.browse_words import link
from app.components.wall import Action, Tile, acted, opened, wall
from app.result_choice import first_pages
from app.result_clips import PAGE, choose_page
from app.result_words import CERTAINTIES, WHY_NOT_NEAREST
from omnisource.errors import OmniSourceError
from omnisource.filters import Stage
from omnisource.pipeline import feature_search
from omnisource.pipeline.gains import FlippedClip, Scope
from omnisource.pipeline.web_behind import Certainty, WebBehind, WebExample
from omnisource.previews import item_token
from omnisource.reviews import Subject, Verdict
from omnisource.workspace import Workspace

WEB = "res_web"
ACTIONS = (Action(name="keep", key="K", title="keep"), Action(name="drop", key="D", title="drop"))


@st.cache_data(max_entries=4, show_spinner="Looking for what is alike")
def _near(root: str, version: str, clips: tuple[str, ...], _workspace: Workspace) -> pa.Table:
    return feature_search.near_clips(_workspace, clips)


def web_panel(
    workspace: Workspace, recipes: Sequence[str], scope: Scope, names: Sequence[str], clips: Sequence[FlippedClip]
) -> None:
    """The examples of the chosen classes that the run may have learnt them from, to keep or drop.

    `clips` are those shown above, to which some of the examples lie nearest.
    """
    classes = [index for index in (scope.a, scope.b) if index is not None]
    if not recipes:
        st.caption("This run learnt from the labelled clips alone.")
        return
    if not classes:
        st.caption("Choose a class, or a pair, above: then the web data that it was learnt from is shown here.")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        recipe = recipes[0]
        if len(recipes) > 1:
            recipe = st.selectbox("Recipe", recipes, key="res_recipe", bind="query-params", width=200)
        can_tell = bool(clips) and feature_search.clips_encoder(workspace) is not None
        orders = {one: CERTAINTIES[one] for one in CERTAINTIES if can_tell or one is not Certainty.NEAREST}
        if st.session_state.get("res_first") not in (None, *orders):
            del st.session_state["res_first"]  # chosen for clips that are gone
        certainty = shared.switch("Order", orders, key="res_first", on_change=first_pages)
        st.space("stretch")
        try:
            behind = WebBehind(shared.catalog(workspace), recipe, classes)
        except OmniSourceError as error:
            st.caption(shared.plain(str(error)))
            return
        total, paths = behind.count(), tuple(clip.path for clip in clips)
        page = choose_page(total, key="res_web_page")
        shared.copy_as(
            command=result_words.web_command(shared.shell_quoted(workspace), recipe, [names[one] for one in classes]),
            cell=result_words.web_cell(str(workspace.root), recipe, classes, certainty, paths),
            key="res_web_copy",
        )
    told = f"**{total:,}** examples of recipe {shared.plain(recipe)}. "
    if certainty is Certainty.NEAREST:
        st.caption(told + f"Those that look most like the {len(clips)} clips above come first.")
    else:
        st.caption(told + ("" if can_tell else WHY_NOT_NEAREST))
    if not total:
        shared.empty("No web data of these classes", "The recipe keeps none of it.", icon="public_off")
    else:
        try:
            version = feature_search.search_version(workspace)
            nearest = _near(str(workspace.root), version, paths, workspace) if certainty is Certainty.NEAREST else None
            examples = behind.page(certainty, offset=(page - 1) * PAGE, limit=PAGE, nearest=nearest)
        except OmniSourceError as error:
            st.caption(shared.plain(str(error)))
            return
        _web_wall(workspace, examples, names)
    _browse_links(workspace, recipe, [names[one] for one in classes])


def _web_wall(workspace: Workspace, examples: Sequence[WebExample], names: Sequence[str]) -> None:
    colours = shared.source_colours(workspace)
    said = shared.verdicts(workspace, [one.key for one in examples])
    st.session_state["res_web_shown"] = {item_token(one.key): one.path.rpartition("/")[2] for one in examples}
    tiles = [
        Tile(
            token=item_token(one.key),
            path=one.path,
            format=one.format,
            label=names[one.class_index],
            note=_note(one),
            title=one.path,
            corner="" if one.confidence is None else f"{one.confidence:.2f}",
            bar=one.confidence,
            colour=colours.get(one.source, ""),
            origin=one.source,
            verdict=str(said.get(one.key, "")),
            start_s=one.start_s,
        )
        for one in examples
    ]
    wall(
        workspace,
        tiles,
        key=WEB,
        actions=ACTIONS,
        tile_px=150,
        on_act=lambda: _decide(workspace),
        on_open=lambda: story.ask_for(opened(WEB)),
    )
    if said:
        st.caption("What you keep or drop counts when the recipe is applied again, on the pages Thresholds and Train.")


def _note(one: WebExample) -> str:
    if one.similarity is not None:
        return f"{one.similarity:.2f} alike"
    return "" if one.confidence is None else f"teacher {one.confidence:.2f}"


def _decide(workspace: Workspace) -> None:
    files = st.session_state["res_web_shown"]
    for name, tokens in acted(WEB):
        known = [token for token in tokens if token in files]
        what = shared.plain(files[known[0]]) if len(known) == 1 else f"{len(known)} web examples"
        subjects = [Subject(key=bytes.fromhex(token)) for token in known]
        shared.decide(workspace, subjects, Verdict(name), what=f"{name.capitalize()} {what}")


def _browse_links(workspace: Workspace, recipe: str, classes: Sequence[str]) -> None:
    """All of it, on the page that filters and relabels."""
    with st.container(horizontal=True):
        for name in classes:
            st.page_link(
                "views/browse.py",
                label=f"Browse {shared.plain(name)}",
                icon=":material/grid_view:",
                query_params=link(stage=Stage.KEPT, recipe=recipe, class_name=name)
                | {"workspace": str(workspace.root)},
            )
