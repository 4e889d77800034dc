"""What is known of one web item: where it is from, what was measured, what teachers, recipes and people say of it."""

from collections.abc import Sequence

import streamlit as st

from app import shared
from app.pair_words import FORMATS
from omnisource.item_story import ItemStory, best_segment
from omnisource.pipeline.outcomes import Outcome, Step
from omnisource.previews import item_token
from omnisource.types import Format

TOP = 5
STEPS = {
    Step.NOT_USED: "not looked at: the recipe leaves out its source or its format",
    Step.NOT_SCORED: "left out: not valid, or not scored yet",
    Step.DUPLICATE: "left out as a duplicate of a labelled clip",
    Step.CONFIDENCE: "left out: the teacher is not sure enough",
    Step.LABEL_SOURCE: "left out: teacher and query contradict each other",
    Step.PERSON: "left out by a person",
    Step.COPY: "left out: a better near copy of it is used",
    Step.CAP: "left out: its class has enough surer examples",
    Step.KEPT: "kept",
}


def scores(told: ItemStory, names: tuple[str, ...]) -> None:
    """The likeliest classes by each teacher, of the segment of which it is surest."""
    for teacher, segments in told.segments.items():
        best = best_segment(segments)
        if best is None:
            continue
        where = f", {best.start_s:g} to {best.end_s:g} s" if told.item.format is Format.UNTRIMMED else ""
        st.markdown(f"**What {shared.plain(teacher)} sees**{where}")
        st.dataframe(
            {"Class": [names[index] for index in best.classes[:TOP]], "Probability": list(best.probs[:TOP])},
            column_config={
                "Probability": st.column_config.ProgressColumn(
                    format="%.3f", min_value=0.0, max_value=1.0, width="medium"
                )
            },
            hide_index=True,
            key=f"story_scores_{teacher}",
        )


def origin(told: ItemStory, names: tuple[str, ...]) -> None:
    """Where it is from, and whether it can be used."""
    item, measured = told.item, told.measured
    query = "none" if item.class_index is None else names[item.class_index]
    if measured is None:
        checked = "not yet"
    elif not measured.ok:
        checked = f"cannot be used: {measured.reason}"
    else:
        checked = _measured(measured.width, measured.height, measured.num_frames, measured.fps, measured.duration_s)
    _table(
        [
            ("Searched for", query),
            ("Source", f"{item.source}, {FORMATS[item.format]}"),
            ("Content hash", item_token(item.key)),
            ("Size", "the file is gone" if told.num_bytes is None else _size(told.num_bytes)),
            ("Checked", checked),
            *((f"Dropped: {drop.reason}", drop.detail or str(drop.path)) for drop in told.drops),
        ]
    )
    for what, text in (("Found at", item.url), ("File", str(item.path))):
        if text:
            st.caption(what)
            st.code(text, language=None, wrap_lines=True)


def _measured(
    width: int | None, height: int | None, num_frames: int | None, fps: float | None, duration_s: float | None
) -> str:
    size = f"{width} x {height} pixels"
    if not fps or not duration_s:
        return size
    return f"{size}, {duration_s:.1f} s, {num_frames} frames at {fps:g} a second"


def _size(num_bytes: int) -> str:
    return f"{num_bytes / 1e6:.1f} MB" if num_bytes >= 1e6 else f"{num_bytes / 1e3:.1f} kB"


def recipes(made: list[Outcome], names: tuple[str, ...]) -> None:
    """What each recipe made of it, and the runs that learnt from it."""
    st.markdown("**Recipes and runs**")
    if not made:
        st.caption("No recipe has been applied yet.")
    for outcome in made:
        icon = "check_circle" if outcome.step is Step.KEPT else "cancel"
        said = STEPS[outcome.step]
        if outcome.class_index is not None:
            said += f" ({shared.plain(names[outcome.class_index])} {outcome.confidence:.2f}, needs {outcome.least:.2f})"
        if outcome.num_segments > 1:
            said += f", {outcome.num_kept} of {outcome.num_segments} segments"
        st.markdown(f":material/{icon}: **{shared.plain(outcome.recipe)}**: {said}")
        if outcome.trouble:
            st.caption(shared.plain(outcome.trouble))
        if outcome.is_stale:
            st.caption("Decided or measured since the recipe was applied; `omnisource label` will change it.")
        if outcome.runs:
            st.caption(f"Learnt from by {', '.join(shared.plain(run) for run in outcome.runs)}")


def similar(told: ItemStory) -> None:
    """The labelled clips that look like it."""
    if told.similar:
        st.markdown("**Similar labelled clips**")
        _table([(f"{pair.similarity:.3f}", f"{pair.path}, at {pair.target_time_s:g} s") for pair in told.similar])


def decisions(told: ItemStory, names: tuple[str, ...]) -> None:
    """What people said of it, the last word first."""
    st.markdown("**Decisions**")
    if not told.decisions:
        st.caption("Nobody has decided anything about it.")
    for decision in reversed(told.decisions):
        review = decision.review
        what = str(review.verdict).replace("_", " ")
        if review.class_index is not None:
            what += f" as {shared.plain(names[review.class_index])}"
        if review.subject.start_s is not None:
            what += f", {review.subject.start_s:g} to {review.subject.end_s:g} s"
        when = review.made_at[:16].replace("T", " ")
        line = f"**{what}** by {shared.plain(review.author)}, {when} UTC, in {shared.plain(review.made_in)}"
        if decision.undone_by is not None:
            line = f"~~{line}~~ undone by {shared.plain(decision.undone_by)}"
        st.markdown(line)


def _table(facts: Sequence[tuple[str, str]]) -> None:
    rows = {"": [f"**{shared.plain(name)}**" for name, _ in facts], " ": [shared.plain(text) for _, text in facts]}
    st.table(rows, border="horizontal", hide_header=True, hide_index=True)
