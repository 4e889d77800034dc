"""What lies behind a change: the counts of a pair, and the clips that flipped, as a wall that plays."""

from collections.abc import Sequence

import streamlit as st

from app import result_words, shared
from app.components.player import Media, player
from app.components.wall import Tile, opened, wall
from app.result_choice import change_scope, first_pages, look_at
from app.result_words import KINDS
from omnisource.palette import DOUBTFUL, DROPPED, KEPT
from omnisource.pipeline.evaluated import likeliest_classes
from omnisource.pipeline.gains import FlippedClip, Gains, Kind, PairCounts, Scope
from omnisource.previews import clip_token
from omnisource.types import Format
from omnisource.workspace import Workspace

PAGE = 18
TOP = 5
CLIPS = "res_clips"
COLOURS = {Kind.GAINED: KEPT, Kind.LOST: DROPPED, Kind.MOVED: DOUBTFUL}


def choose_scope(names: Sequence[str]) -> Scope:
    """Draw the pickers of a class and of the one that it is confused with."""
    listed = sorted(names)
    picked = []
    with st.container(horizontal=True, vertical_alignment="bottom"):
        for key, label, hint in (("res_a", "Class", "All classes"), ("res_b", "Confused with", "Any class")):
            if key == "res_b" and picked[0] is None:
                st.session_state[key] = None
            picked.append(
                st.selectbox(
                    label,
                    listed,
                    index=None,
                    placeholder=hint,
                    key=key,
                    bind="query-params",
                    on_change=change_scope,
                    disabled=key == "res_b" and picked[0] is None,
                    width=280,
                )
            )
        st.button(
            "All clips",
            icon=":material/filter_list_off:",
            key="res_all",
            type="tertiary",
            disabled=picked[0] is None,
            on_click=look_at,
            args=(names, None),
        )
    indices = [None if name is None else names.index(name) for name in picked]
    return Scope(a=indices[0], b=None if indices[0] == indices[1] else indices[1])


def pair_panel(gains: Gains, scope: Scope, names: Sequence[str]) -> None:
    """The four counts of a pair in both runs, and their score (Eq. 3)."""
    if scope.a is None or scope.b is None:
        return
    columns = st.columns(2, gap="medium")
    before, after = gains.counts(scope.a, scope.b)
    for column, run, counts, change in (
        (columns[0], gains.baseline, before, None),
        (columns[1], gains.student, after, after.score - before.score),
    ):
        with column.container(border=True):
            said = "" if change is None else f" ({change:+.3f})"
            st.markdown(f"**{shared.plain(run)}**: confusion score **{counts.score:.3f}**{said}")
            st.dataframe(
                _counts_table(counts, names[scope.a], names[scope.b]),
                hide_index=True,
                key=f"res_counts_{'before' if change is None else 'after'}",
                column_config={"c0": "Clips of", "c1": names[scope.a], "c2": names[scope.b]},
                alt=f"Clips of both classes by what {run} takes them for",
            )


def flips_panel(workspace: Workspace, gains: Gains, scope: Scope, names: Sequence[str]) -> list[FlippedClip]:
    """The clips about which the runs disagree, as a wall that plays; returns those that are shown."""
    counts = gains.num_flips(scope)
    with st.container(horizontal=True, vertical_alignment="center"):
        kind = shared.switch("How the answer changed", KINDS, key="res_kind", on_change=first_pages)
        st.space("stretch")
        page = choose_page(counts[kind], key="res_page")
        classes = [names[index] for index in (scope.a, scope.b) if index is not None]
        where, root = shared.shell_quoted(workspace), str(workspace.root)
        shared.copy_as(
            command=result_words.flips_command(where, gains.baseline, gains.student, kind, classes),
            cell=result_words.flips_cell(root, gains.baseline, gains.student, kind, scope),
            key="res_flips_copy",
        )
    st.caption(result_words.flips_text(counts))
    clips = gains.flips(kind, scope, offset=(page - 1) * PAGE, limit=PAGE)
    if not clips:
        shared.empty("No such clip", "No answer changed in this way here.", icon="done_all")
        return []
    clip_format = workspace.study().target.format
    st.session_state["res_clips_shown"] = {clip_token(clip.path): clip for clip in clips}
    tiles = [_clip_tile(clip, kind, names, clip_format) for clip in clips]
    wall(workspace, tiles, key=CLIPS, tile_px=150, on_open=_open_clip)
    return clips


def choose_page(total: int, *, key: str) -> int:
    """The page of a wall, where there are several."""
    return shared.pages(-(-total // PAGE), key=key)


def is_clip_asked_for() -> bool:
    """Whether a clip was clicked, or stands in the link."""
    return "clip" in st.query_params


def show_clip(workspace: Workspace, gains: Gains, names: Sequence[str]) -> None:
    """The clip in the link, large, with what both runs say of it."""
    st.dialog("A validation clip", width="large", on_dismiss=_close_clip)(_clip)(workspace, gains, names)


def _clip(workspace: Workspace, gains: Gains, names: Sequence[str]) -> None:
    number = st.query_params.get("clip", "")
    clip = gains.clip(int(number)) if number.isdecimal() and len(number) < 19 else None
    if clip is None:
        shared.empty("No such clip", "The link names a clip that these runs did not both predict.", icon="search_off")
        return
    st.markdown(f"**{shared.plain(names[clip.class_index])}** · {shared.plain(clip.path.rpartition('/')[2])}")
    left, right = st.columns([3, 2], gap="medium")
    with left:
        shown = Media(token=clip_token(clip.path), path=clip.path, format=workspace.study().target.format)
        player(workspace, shown, key="res_player")
    with right:
        for run in (gains.baseline, gains.student):
            found = likeliest_classes(workspace, run, clip.example_index, top=TOP)
            st.markdown(f"**{shared.plain(run)}**")
            st.dataframe(
                {
                    "c0": [
                        names[one.class_index] + (" ✓" if one.class_index == clip.class_index else "") for one in found
                    ],
                    "c1": [one.prob for one in found],
                },
                hide_index=True,
                key=f"res_top_{'before' if run == gains.baseline else 'after'}",
                column_config={
                    "c0": "Class",
                    "c1": st.column_config.ProgressColumn(
                        "Probability", format="%.3f", min_value=0.0, max_value=1.0, width="medium"
                    ),
                },
                alt=f"The likeliest classes by {run}",
            )


def _open_clip() -> None:
    clip: FlippedClip | None = st.session_state["res_clips_shown"].get(opened(CLIPS))
    if clip is not None:
        st.query_params["clip"] = str(clip.example_index)


def _close_clip() -> None:
    st.query_params.pop("clip", None)


def _counts_table(counts: PairCounts, a: str, b: str) -> dict[str, list]:
    return {"c0": [a, b], "c1": [counts.a_as_a, counts.b_as_a], "c2": [counts.a_as_b, counts.b_as_b]}


def _clip_tile(clip: FlippedClip, kind: Kind, names: Sequence[str], clip_format: Format) -> Tile:
    note = result_words.change_note(clip, kind, names)
    return Tile(
        token=clip_token(clip.path),
        path=clip.path,
        format=clip_format,
        label=names[clip.class_index],
        note=note,
        title=f"{clip.path}\n{names[clip.before]} {clip.confidence_before:.2f} before,"
        f" {names[clip.after]} {clip.confidence_after:.2f} now",
        corner=f"{clip.confidence_after:.2f}",
        bar=clip.confidence_after,
        colour=COLOURS[kind],
    )
