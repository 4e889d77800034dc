"""The two walls: what is kept only just, and what is left out only just."""

from collections.abc import Callable, Sequence

import numpy as np
import streamlit as st

from app import shared, story, threshold_facts
from app.components.wall import Action, Tile, acted, opened, wall
from omnisource.config import Recipe
from omnisource.label.line_samples import LineSample, LineSamples, Selection
from omnisource.label.thresholds import Counts, Tally, window_for
from omnisource.previews import item_token
from omnisource.reviews import Subject, Verdict
from omnisource.types import Format
from omnisource.workspace import Workspace

SIZE = 12
ENOUGH = 40  # items within the window, so that a dozen remain after one per item
SEGMENTS_PER_ITEM = 20  # of a long video, at most, near one line
ACTIONS = (Action(name="keep", key="K", title="keep"), Action(name="drop", key="D", title="drop"))


def sides_panel(
    workspace: Workspace,
    recipe: Recipe,
    version: threshold_facts.Version,
    counts: Counts,
    told: Tally,
    chosen: np.ndarray,
    selection: Selection,
) -> None:
    """Samples just below and just above the line, side by side."""
    names, colours = workspace.taxonomy().names, shared.source_colours(workspace)
    is_used = counts.of(recipe.sources)[:, None]
    wanted = ENOUGH * (SEGMENTS_PER_ITEM if Format.UNTRIMMED in counts.formats else 1)
    reach = tuple(
        window_for(counts, told.lines, chosen & is_used, wanted, above=is_above) for is_above in (False, True)
    )
    samples = LineSamples(shared.catalog(workspace), recipe, workspace.taxonomy())
    both = threshold_facts.around(version, recipe.model_dump_json(), selection, SIZE, reach, samples)
    tiles = st.columns(2, gap="medium")
    said = shared.verdicts(workspace, [sample.key for sample in (*both.below, *both.above)])
    for column, title, key, side in (
        (tiles[0], "Just below: left out", "thr_below", both.below),
        (tiles[1], "Just above: kept", "thr_above", both.above),
    ):
        with column:
            st.markdown(f"**{title}**")
            st.session_state[f"{key}_items"] = {item_token(sample.key): sample for sample in side}
            if side:
                wall(
                    workspace,
                    [_tile(sample, names, colours, said.get(sample.key)) for sample in side],
                    key=key,
                    actions=ACTIONS,
                    tile_px=140,
                    on_act=_act(workspace, key),
                    on_open=_open(key),
                )
            else:
                shared.empty("Nothing on this side", "Move the line, or look at other sources or classes.")


def _tile(sample: LineSample, names: Sequence[str], colours: dict[str, str], verdict: Verdict | None) -> Tile:
    """What a wall says of a sample."""
    return Tile(
        token=item_token(sample.key),
        path=sample.path,
        format=sample.format,
        label=names[sample.class_index],
        note=_note(sample, names),
        title=f"{sample.path}\nline {sample.least:.3f}",
        corner=f"{sample.probability:.3f}",
        bar=sample.probability,
        colour=colours.get(sample.source, ""),
        origin=sample.source,
        verdict=str(verdict) if verdict else "",
        start_s=sample.start_s,
        frame_s=sample.middle_s,
    )


def _note(sample: LineSample, names: Sequence[str]) -> str:
    """Whom the teacher and the query contradict."""
    if sample.top_class != sample.class_index:
        return f"teacher: {names[sample.top_class]} {sample.confidence:.2f}"
    if sample.query_class is None:
        return "no query"
    if sample.query_class == sample.class_index:
        return "teacher and query agree"
    return f"query: {names[sample.query_class]}"


def _act(workspace: Workspace, key: str) -> Callable[[], None]:
    def act() -> None:
        items = st.session_state[f"{key}_items"]
        for name, tokens in acted(key):
            subjects = [Subject(key=items[token].key) for token in tokens if token in items]
            what = f"{name.capitalize()} {len(subjects)} {'item' if len(subjects) == 1 else 'items'} near the line"
            shared.decide(workspace, subjects, Verdict(name), what=what)

    return act


def _open(key: str) -> Callable[[], None]:
    def open_story() -> None:
        story.ask_for(opened(key))

    return open_story
