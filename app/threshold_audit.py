"""The audit: judge a few segments around the line, see what thresholds are worth, take the one that is wanted."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from app import shared, threshold_draft, threshold_facts
from app.threshold_samples import samples_panel
from app.threshold_words import audit_cell, audit_command
from omnisource.config import Recipe
from omnisource.figures.thresholds import audit_figure, relevance_figure
from omnisource.label.calibrate import Audit, judged_ranges, threshold_for
from omnisource.label.confidence_cube import STEPS
from omnisource.label.line_samples import Judged, Selection
from omnisource.label.thresholds import Counts, Tally
from omnisource.pipeline.thresholding import lines_for
from omnisource.types import Taxonomy
from omnisource.workspace import Workspace


def audit_panel(
    workspace: Workspace,
    recipe: Recipe,
    version: threshold_facts.Version,
    counts: Counts,
    told: Tally,
    selection: Selection,
) -> None:
    """The samples to judge on the left; on the right what the judgements say."""
    taxonomy, catalog = workspace.taxonomy(), shared.catalog(workspace)
    decided = threshold_facts.reviews_version(workspace)
    judged = threshold_facts.judged(version, decided, recipe.label_source, catalog, recipe)
    of = (selection.sources or recipe.sources, selection.class_index)
    mine = [one for one in judged if of[0] is None or one.source in of[0]]
    audited = threshold_facts.audited(version, decided, recipe.label_source, of, judged, counts)
    left, right = st.columns([5, 4], gap="medium")
    with left:
        samples_panel(workspace, recipe, version, counts, selection)
    with right:
        _worth(audited, told, counts, mine, selection, taxonomy)
        _take(workspace, recipe, counts, mine, audited, selection)
        _charts(audited, told, counts, mine, selection)


def _worth(
    audited: Audit, told: Tally, counts: Counts, mine: Sequence[Judged], selection: Selection, taxonomy: Taxonomy
) -> None:
    """Precision, recall and what is thrown away, at the line as it is now."""
    edge = _line(told, counts, selection)
    of_class = [one for one in mine if one.class_index == selection.class_index]
    if selection.class_index is None:
        st.markdown(f"**{len(mine)}** judgements, of all classes together")
    else:
        name, num_others = shared.plain(taxonomy.names[selection.class_index]), len(mine) - len(of_class)
        st.markdown(f"**{len(of_class)}** judgements of class **{name}**, and {num_others} of others to borrow from")
    if edge is None:
        st.caption("Sources and classes have lines of their own; choose one of them to see what its line is worth.")
        return
    cells = st.columns(3)
    for cell, title, estimate, form in (
        (cells[0], "Precision", audited.precision, "{:.0%}"),
        (cells[1], "Recall", audited.recall, "{:.0%}"),
        (cells[2], "Relevant, left out", audited.lost, "{:,.0f}"),
    ):
        middle, low, high = (form.format(value) if value == value else "none" for value in estimate.at(edge))
        cell.metric(title, middle, f"{low} to {high}", delta_color="off", delta_arrow="off")
    st.caption("Below each figure its 90 % band; with few judgements it is wide.")


def _take(
    workspace: Workspace,
    recipe: Recipe,
    counts: Counts,
    mine: Sequence[Judged],
    audited: Audit,
    selection: Selection,
) -> None:
    """The threshold that a wanted precision asks for, and the button that takes it."""
    wanted = st.slider(
        "Wanted precision", 0.5, 0.99, 0.9, 0.01, format="percent", key="thresholds_wanted", bind="query-params"
    )
    is_cautious = st.toggle(
        "Be cautious: the lower end of the band must reach it", key="thresholds_cautious", bind="query-params"
    )
    found = threshold_for(audited, wanted, cautious=is_cautious)
    names = workspace.taxonomy().names
    if not mine:
        st.caption("Judge some samples first: so far only the teacher's word counts.")
    elif found is None:
        st.markdown(":material/block: No threshold is known to reach it; judge more above the line, or want less.")
    else:
        precision, recall = (estimate.at(round(found * STEPS))[0] for estimate in (audited.precision, audited.recall))
        st.markdown(f":material/flag: Line **{found:.3f}**: precision {precision:.0%}, recall {recall:.0%}")
    with st.container(horizontal=True):
        st.button(
            _take_label(selection, names),
            icon=":material/done:",
            type="primary",
            key="thr_take",
            disabled=found is None or not mine,
            on_click=_apply,
            args=(found, selection, names),
        )
        st.button(
            "Take one per class",
            icon=":material/done_all:",
            key="thr_take_each",
            disabled=not mine,
            on_click=_apply_each,
            args=(counts, mine, recipe, wanted, is_cautious, names),
            help="A class with few judgements borrows from all others; one that cannot reach it keeps its line.",
        )
        draft = st.session_state["thresholds_draft"]
        source = next(iter(selection.sources), None)
        class_name = None if selection.class_index is None else names[selection.class_index]
        shared.copy_as(
            command=audit_command(workspace, draft, class_name, source, wanted),
            cell=audit_cell(workspace, draft, selection.class_index, source, wanted),
            key="thr_audit_copy",
        )


def _charts(audited: Audit, told: Tally, counts: Counts, mine: Sequence[Judged], selection: Selection) -> None:
    edge = _line(told, counts, selection)
    st.plotly_chart(
        audit_figure(
            audited, line=None if edge is None else edge / STEPS, wanted=st.session_state["thresholds_wanted"]
        ),
        key="thr_audit_figure",
        alt="Precision and recall against the threshold, with their 90 % bands",
        config={"displayModeBar": False},
    )
    of_class = [one for one in mine if selection.class_index in (None, one.class_index)]
    ranges = judged_ranges([one.probability for one in of_class], [one.is_relevant for one in of_class])
    st.plotly_chart(
        relevance_figure(audited, ranges),
        key="thr_relevance_figure",
        alt="How often a segment of some confidence is relevant: what was judged, and the fit",
        config={"displayModeBar": False},
    )
    st.caption(
        "Fit: logistic in the logit of the confidence, its band from the posterior on a grid (90 %). Where the judged "
        "points leave the band, trust the points and judge more. Samples are drawn by chance: 9 well above the line, 5 "
        "just above, 5 just below, 5 far below, in random order and without the teacher's confidence."
    )


def _line(told: Tally, counts: Counts, selection: Selection) -> int | None:
    """The edge of the one line that the selection meets; None where there are several."""
    rows = counts.of(selection.sources or None)
    lines = told.lines[rows] if selection.class_index is None else told.lines[rows][:, selection.class_index]
    found = np.unique(lines)
    return int(found[0]) if len(found) == 1 else None


def _take_label(selection: Selection, names: Sequence[str]) -> str:
    if selection.class_index is not None:
        return f"Take it for {shared.plain(names[selection.class_index])}"
    return f"Take it for {shared.plain(selection.sources[0])}" if selection.sources else "Take it"


def _apply(found: float, selection: Selection, names: Sequence[str]) -> None:
    """Set the line of what is looked at."""
    recipe = st.session_state["thresholds_draft"].recipe
    if selection.class_index is not None:
        own = recipe.confidence_by_class | {names[selection.class_index]: found}
        threshold_draft.change(confidence_by_class=own)
    elif selection.sources:
        threshold_draft.change(confidence_by_source=recipe.confidence_by_source | {selection.sources[0]: found})
    else:
        threshold_draft.change(confidence=found)


def _apply_each(
    counts: Counts, judged: Sequence[Judged], recipe: Recipe, wanted: float, is_cautious: bool, names: Sequence[str]
) -> None:
    """Give every class the line that its own audit asks for."""
    found = lines_for(judged, counts, wanted, sources=recipe.sources, cautious=is_cautious)
    draft = st.session_state["thresholds_draft"].recipe
    own = draft.confidence_by_class | {names[index]: line for index, line in found.items()}
    threshold_draft.change(confidence_by_class=own)
    st.toast(f"{len(found)} of {len(names)} classes have a line of their own now", icon=":material/done_all:")
