"""The whole story of one web item, in a dialog over any page: what it is, what was measured, decided and made of it."""

from collections.abc import Callable

import streamlit as st

from app import shared, story_facts
from app.browse_words import link as browse_link
from app.components.player import Bar, Media, player
from omnisource.item_story import ItemStory, ScoredSegment, best_segment, tell
from omnisource.palette import KEPT, TARGET
from omnisource.pipeline.outcomes import outcomes
from omnisource.previews import item_token, key_of
from omnisource.reviews import Subject, Verdict
from omnisource.types import Format
from omnisource.workspace import Workspace

BUTTONS = {Verdict.KEEP: ("check", "K"), Verdict.DROP: ("close", "D")}
"""Icon and key of the decisions that need no class."""
CLIPS = {Format.IMAGE: "See it as a moving clip", Format.UNTRIMMED: "See it second by second"}
"""What the page Clips shows of a format."""


def is_asked_for() -> bool:
    """Whether the link names an item."""
    return "item" in st.query_params


def ask_for(token: str) -> None:
    """Open the story of an item at the next run; for callbacks."""
    st.query_params["item"] = token


def close() -> None:
    """Take the item out of the link."""
    st.query_params.pop("item", None)


def show(
    workspace: Workspace,
    *,
    on_step: Callable[[int], None] | None,
    on_close: Callable[[], None] = close,
    on_like: Callable[[str], None] | None = None,
) -> None:
    """The story of the item in the link; `on_step` asks for the next (1) or previous (-1) one of the page's wall.

    `on_like` orders that wall by likeness to the item; other pages lead to the one that can.
    """
    st.dialog("The story of an item", width="large", on_dismiss=on_close)(_story)(workspace, on_step, on_like)


def _story(workspace: Workspace, on_step: Callable[[int], None] | None, on_like: Callable[[str], None] | None) -> None:
    token = st.query_params.get("item", "")
    key = key_of(token)
    if key is not None:
        _take(workspace, key)
    told = None if key is None else tell(shared.catalog(workspace), key)
    if told is None:
        shared.empty("No such item", "The link names an item that this workspace does not hold.", icon="search_off")
        return
    names = workspace.taxonomy().names
    left, right = st.columns([3, 2], gap="medium")
    with left:
        _media(workspace, told, names)
        _more_like_it(workspace, told, on_like)
        story_facts.scores(told, names)
    with right:
        _decide(told, names, on_step)
        story_facts.origin(told, names)
        story_facts.recipes(outcomes(workspace, told.item), names)
        story_facts.similar(told)
        story_facts.decisions(told, names)
        with st.container(horizontal=True, vertical_alignment="center"):
            shared.copy_as(
                command=f"omnisource item {token} {shared.shell_quoted(workspace)}",
                cell=_cell(workspace, token),
                key="story_copy",
            )
            _clips_link(workspace, told)


def _more_like_it(workspace: Workspace, told: ItemStory, on_like: Callable[[str], None] | None) -> None:
    """The wall of what looks like it; what cannot be used was never looked at."""
    if told.measured is None or not told.measured.ok:
        return
    token, label, icon = item_token(told.item.key), "More like it", ":material/image_search:"
    if on_like is None:
        query = {"workspace": str(workspace.root)} | browse_link(like=token)
        st.page_link("views/browse.py", label=label, icon=icon, query_params=query)
    elif st.button(label, icon=icon, key="story_like", on_click=on_like, args=(token,)):
        st.rerun()  # the whole page: a dialog alone would stay


def _clips_link(workspace: Workspace, told: ItemStory) -> None:
    """What training would see of it; a clip is seen as it is."""
    usable = told.num_bytes is not None and (told.measured is None or told.measured.ok)
    if usable and told.item.format in CLIPS:
        query = {"workspace": str(workspace.root), "item": item_token(told.item.key)}
        label = CLIPS[told.item.format]
        st.page_link("views/clips.py", label=label, icon=":material/animation:", query_params=query)


def _media(workspace: Workspace, told: ItemStory, names: tuple[str, ...]) -> None:
    item = told.item
    if told.num_bytes is None:
        shared.empty("The file is gone", shared.plain(str(item.path)), icon="broken_image")
        return
    teacher, segments = next(((name, some) for name, some in told.segments.items() if some), ("", ()))
    best = best_segment(segments)
    bars = [_bar(segment, item.class_index, names) for segment in segments] if item.format is Format.UNTRIMMED else []
    start_s = best.start_s if best and bars else 0.0
    caption = f"How sure {teacher} is, by second (green: of the query's class); click to go there"
    shown = Media(token=item_token(item.key), path=str(item.path), format=item.format)
    player(workspace, shown, key="story_player", start_s=start_s, bars=bars, caption=caption)


def _bar(segment: ScoredSegment, query: int | None, names: tuple[str, ...]) -> Bar:
    top, prob = segment.classes[0], segment.probs[0]
    return Bar(
        start_s=segment.start_s,
        end_s=segment.end_s,
        height=prob,
        colour=KEPT if top == query else TARGET,
        title=f"{segment.start_s:g} to {segment.end_s:g} s: {names[top]} {prob:.2f}",
    )


def _take(workspace: Workspace, key: bytes) -> None:
    """Make the decision that was clicked, before anything is drawn.

    Not in a callback: within a dialog, the toast of a callback would take the place of the page.
    """
    token = item_token(key)
    relabelled = st.session_state.get(f"story_relabel_{token}")
    clicked = next((verdict for verdict in BUTTONS if st.session_state.get(f"story_{verdict}")), None)
    verdict = Verdict.RELABEL if relabelled is not None else clicked
    told = tell(shared.catalog(workspace), key) if verdict else None
    if told is None:
        return
    what = f"{verdict.capitalize()} {shared.plain(told.item.path.name)}"
    what += "" if relabelled is None else f" as {shared.plain(workspace.taxonomy().names[relabelled])}"
    shared.decide(workspace, [Subject(key=key)], verdict, what=what, class_index=relabelled)
    if relabelled is not None:
        st.session_state[f"story_relabel_{token}"] = None
    st.rerun()  # the whole page: its wall and its undo button know of the decision too


def _decide(told: ItemStory, names: tuple[str, ...], on_step: Callable[[int], None] | None) -> None:
    item = told.item
    said = {one.review.verdict for one in told.decisions if one.is_in_force and one.review.subject.start_s is None}
    with st.container(horizontal=True):
        for verdict, (icon, key) in BUTTONS.items():
            kind = "primary" if verdict in said else "secondary"
            label, drawn = verdict.capitalize(), f":material/{icon}:"
            st.button(label, icon=drawn, shortcut=key, type=kind, key=f"story_{verdict}")
        for by, label, icon, key in ((-1, "Previous", "arrow_back", "Left"), (1, "Next", "arrow_forward", "Right")):
            if on_step is not None:
                drawn = f":material/{icon}:"
                st.button(label, icon=drawn, shortcut=key, key=f"story_step_{by}", on_click=on_step, args=(by,))
    st.selectbox(
        "Relabel as",
        sorted(range(len(names)), key=names.__getitem__),
        index=None,
        format_func=names.__getitem__,
        placeholder="Relabel as ...",
        label_visibility="collapsed",
        key=f"story_relabel_{item_token(item.key)}",
    )
    if item.format is Format.UNTRIMMED:
        st.caption("A long video is dropped or relabelled as a whole; its segments are chosen by their confidence.")


def _cell(workspace: Workspace, token: str) -> str:
    return f"""from pathlib import Path

from omnisource.catalog import Catalog
from omnisource.item_story import tell
from omnisource.pipeline.outcomes import outcomes
from omnisource.workspace import Workspace

workspace = Workspace(Path({str(workspace.root)!r}))
story = tell(Catalog(workspace), bytes.fromhex({token!r}))
story, outcomes(workspace, story.item)"""
