"""The samples behind a number of the funnel that the wall of Browse cannot show, in a dialog."""

import shlex

import streamlit as st

from app import overview_words, shared, story
from app.components.wall import Tile, opened, wall
from omnisource.errors import OmniSourceError
from omnisource.pipeline.overview import Reached
from omnisource.pipeline.step_samples import Sample, samples
from omnisource.previews import item_token
from omnisource.workspace import Workspace

WALL = "overview_wall"
LIMIT = 48
STEPS = (Reached.SCORED, Reached.NOT_DUPLICATE, Reached.CONFIDENT, Reached.KEPT)
SIDES = {True: "Let through", False: "Left out here"}


def ask_for(look: str) -> None:
    """Show samples at the next run; overview_words.look makes the link."""
    st.query_params[overview_words.LOOK] = look


def is_asked_for() -> bool:
    """Whether the link names a step."""
    return overview_words.LOOK in st.query_params


def show(workspace: Workspace) -> None:
    """Open the dialog; a link that names nothing known is forgotten."""
    step, source, recipe = overview_words.looked_at(st.query_params[overview_words.LOOK])
    sources = [None, *(one.name for one in workspace.study().sources)]
    if step not in STEPS or source not in sources or recipe not in workspace.recipes():
        close()
        return
    title = f"{overview_words.STEPS[Reached(step)][0]}: {'all sources' if source is None else shared.plain(source)}"
    st.dialog(title, width="large", on_dismiss=close)(_samples)(workspace, recipe, source, Reached(step))


def close() -> None:
    """Forget what was asked for."""
    st.query_params.pop(overview_words.LOOK, None)


def _samples(workspace: Workspace, recipe: str, source: str | None, step: Reached) -> None:
    if story.is_asked_for():
        st.rerun()  # a tile was opened: its story comes in the place of this dialog
    with st.container(horizontal=True, vertical_alignment="center"):
        passed = st.segmented_control(
            "Which", list(SIDES), format_func=SIDES.__getitem__, default=True, required=True,
            key=f"overview_side_{step}", label_visibility="collapsed",
        )  # fmt: skip
        st.space("stretch")
        _leads_on(workspace, step, source)
        shared.copy_as(
            command=f"omnisource label {shared.shell_quoted(workspace)} --recipe {shlex.quote(recipe)}",
            cell=_cell(workspace, recipe, source, step, passed),
            key="overview_copy_samples",
        )
    try:
        found = samples(workspace, recipe, source, step, passed=passed, limit=LIMIT)
    except OmniSourceError as error:
        st.error(shared.plain(str(error)), icon=":material/error:")
        return
    if not found:
        shared.empty("None", "No item of this source is on this side of the step.", icon="check")
        return
    wall(workspace, [_tile(workspace, one) for one in found], key=WALL, tile_px=150, on_open=_open)
    st.caption(
        f"The {len(found)} of which the recipe {shared.plain(recipe)} is surest, by today's facts and decisions."
    )


def _leads_on(workspace: Workspace, step: Reached, source: str | None) -> None:
    here = {"workspace": str(workspace.root)}
    if step is Reached.CONFIDENT:
        query = here | ({"thresholds_source": source} if source else {})
        st.page_link("views/thresholds.py", label="Move the threshold", icon=":material/tune:", query_params=query)
    elif step is Reached.NOT_DUPLICATE:
        query = here | ({"dup_source": source} if source else {})
        st.page_link("views/duplicates.py", label="Review the pairs", icon=":material/compare:", query_params=query)


def _tile(workspace: Workspace, sample: Sample) -> Tile:
    names = workspace.taxonomy().names
    return Tile(
        token=item_token(sample.key),
        path=str(sample.path),
        format=sample.format,
        label="no class" if sample.class_index is None else names[sample.class_index],
        title=str(sample.path),
        corner=f"{sample.confidence:.2f}",
        bar=sample.confidence,
        colour=shared.source_colours(workspace).get(sample.source, ""),
        origin=sample.source,
        start_s=sample.start_s,
    )


def _open() -> None:
    token = opened(WALL)
    close()
    story.ask_for(token)


def _cell(workspace: Workspace, recipe: str, source: str | None, step: Reached, passed: bool) -> str:
    return f"""from pathlib import Path

from omnisource.pipeline.overview import Reached
from omnisource.pipeline.step_samples import samples
from omnisource.workspace import Workspace

workspace = Workspace(Path({str(workspace.root)!r}))
samples(workspace, {recipe!r}, {source!r}, Reached.{step.name}, passed={passed})"""
