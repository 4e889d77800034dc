"""Saving a recipe, applying it, and two recipes side by side."""

import re
from dataclasses import asdict

import numpy as np
import streamlit as st

from app import shared, threshold_draft, threshold_facts
from app.browse_words import link
from app.job_line import job_line
from app.threshold_draft import Draft
from app.threshold_words import overlap_cell, overlap_command
from omnisource.config import Recipe
from omnisource.errors import OmniSourceError
from omnisource.filters import Stage
from omnisource.label.thresholds import Counts, Tally, tally
from omnisource.pipeline.recipes import saved_funnel
from omnisource.pipeline.thresholding import ready
from omnisource.study_changes import changes_between
from omnisource.workspace import Workspace

DRAFT = "this draft"
"""No recipe has a name with a space."""
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]*")
MOST_CLASSES = 200
LONGEST = 400
"""Letters of a change; hundreds of classes may have lines of their own."""


def save_button(workspace: Workspace, draft: Draft) -> None:
    """A name, what would change, and the button that writes the file."""
    label = f"Save ({len(draft.settings)} changed)" if draft.settings else "Save"
    with st.popover(label, icon=":material/save:", key="thr_save_popover"):
        if "thr_name" not in st.session_state:
            st.session_state["thr_name"] = draft.base
        name = st.text_input("Name", key="thr_name", help="Letters, digits and . _ + -").strip()
        if not NAME.fullmatch(name):
            st.caption(":material/block: A name begins with a letter or digit and holds letters, digits and . _ + -")
            return
        exists = name in workspace.recipes()
        changes = changes_between(workspace.recipe(name), draft.recipe) if exists else []
        for change in changes:
            sentence = change.as_sentence
            shown = sentence if len(sentence) <= LONGEST else f"{sentence[:LONGEST]} …"
            st.markdown(shared.plain(shown))
        if not exists:
            st.caption(f"Makes recipes/{name}.yaml.")
        elif not changes:
            st.caption("As it is saved already.")
        elif name in workspace.study().recipes and not (workspace.root / "recipes" / f"{name}.yaml").is_file():
            st.caption(f"recipes/{name}.yaml will stand for the recipe of this name in study.yaml.")
        st.button(
            f"Replace {name}" if exists else f"Save as {name}",
            key="thr_save",
            type="primary",
            disabled=exists and not changes,
            on_click=_save,
            args=(workspace, name, draft.recipe),
        )


def _save(workspace: Workspace, name: str, recipe: Recipe) -> None:
    try:
        shared.save_recipe(workspace, name, recipe, what=f"Saved the recipe {shared.plain(name)}")
    except OmniSourceError as error:
        st.toast(shared.plain(str(error)), icon=":material/error:")
        return
    threshold_draft.saved_as(workspace, name)


def recipes_panel(workspace: Workspace, draft: Draft, counts: Counts, told: Tally) -> None:
    """Applying the saved recipe, and the draft or another recipe beside it."""
    _applied(workspace, draft)
    names = [DRAFT, *workspace.recipes()]
    st.subheader("Two recipes side by side", anchor=False)
    others = [name for name in workspace.recipes() if name != draft.base]
    opposite = DRAFT if draft.settings or not others else others[0]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        first = _choose("First", "thresholds_first", names, draft.base)
        second = _choose("Second", "thresholds_second", names, opposite)
        if DRAFT not in (first, second):
            shared.copy_as(
                command=overlap_command(workspace, first, second),
                cell=overlap_cell(workspace, first, second),
                key="thr_overlap_copy",
            )
    both = [draft.recipe if name == DRAFT else workspace.recipe(name) for name in (first, second)]
    try:
        resolved = [ready(workspace, recipe) for recipe in both]
        _compare(workspace, (first, second), (resolved[0], resolved[1]))
    except OmniSourceError as error:
        st.error(shared.plain(str(error)), icon=":material/error:")


def _choose(label: str, key: str, names: list[str], usual: str) -> str:
    return st.selectbox(label, names, index=names.index(usual), key=key, bind="query-params", width=220)


def _applied(workspace: Workspace, draft: Draft) -> None:
    """The button that applies the recipe, and what each of its steps left the last time."""
    st.subheader(f"Recipe {shared.plain(draft.base)}, applied", anchor=False)
    funnel = saved_funnel(workspace, draft.base)
    with st.container(horizontal=True, vertical_alignment="center"):
        job_line(
            workspace,
            ["label", "-w", str(workspace.root), "--recipe", draft.base],
            title="Apply again" if funnel else "Apply",
            needs_device=False,
            key="thr_apply",
            icon=":material/filter_alt:",
        )
        st.caption(_applied_text(workspace, draft, bool(funnel)), width="stretch")
    if not funnel:
        return
    st.dataframe(
        [asdict(step) for step in funnel],
        hide_index=True,
        key="thr_funnel",
        alt="Items that each step of the recipe left, per source",
        column_config={
            "source": "Source",
            "valid": st.column_config.NumberColumn("Valid and scored", format="localized"),
            "not_duplicate": st.column_config.NumberColumn("Not duplicate", format="localized"),
            "confident": st.column_config.NumberColumn("Above the line", format="localized"),
            "labelled": st.column_config.NumberColumn("Labelled", format="localized"),
            "reviewed": st.column_config.NumberColumn("After people's decisions", format="localized"),
            "examples": st.column_config.NumberColumn("Examples", format="localized"),
        },
    )
    st.page_link(
        "views/browse.py",
        label="See the examples",
        icon=":material/grid_view:",
        query_params=link(stage=Stage.KEPT, recipe=draft.base) | {"workspace": str(workspace.root)},
    )


def _applied_text(workspace: Workspace, draft: Draft, is_applied: bool) -> str:
    if draft.settings:
        return "Applies what is saved, not the draft: save it first."
    if not is_applied:
        return "Not applied yet: this makes the examples that training draws from."
    return "Items that each step left when it was applied last; later decisions count when it is applied again."


def _compare(workspace: Workspace, names: tuple[str, str], both: tuple[Recipe, Recipe]) -> None:
    catalog, taxonomy = shared.catalog(workspace), workspace.taxonomy()
    versions = tuple(threshold_facts.scores_version(workspace, recipe) for recipe in both)
    kept = []
    for version, recipe in zip(versions, both):
        counts, _ = threshold_facts.counted(version, recipe.label_source, catalog, recipe)
        kept.append((counts, tally(counts, recipe, taxonomy)))
    overlaps = threshold_facts.overlapping(
        versions, (both[0].model_dump_json(), both[1].model_dump_json()), catalog, both, taxonomy
    )
    shown = [shared.plain(name) for name in names]
    settings = "; ".join(change.as_sentence for change in changes_between(*both)) or "nothing"
    told = settings if len(settings) <= LONGEST else f"{settings[:LONGEST]} …"
    st.caption(f"They differ in: {shared.plain(told)}. Counted before duplicates and people's decisions.")
    st.dataframe(
        [
            {
                "source": one.source,
                "first": one.both + one.only_first,
                "second": one.both + one.only_second,
                "both": one.both,
                "only_first": one.only_first,
                "only_second": one.only_second,
                "relabelled": one.relabelled,
                "share": 100 * one.share,
            }
            for one in overlaps
        ],
        hide_index=True,
        key="thr_overlap",
        placeholder="Neither keeps anything.",
        alt="Items that two recipes keep, per source",
        column_config={
            "source": "Source",
            "first": st.column_config.NumberColumn(names[0], format="localized"),
            "second": st.column_config.NumberColumn(names[1], format="localized"),
            "both": st.column_config.NumberColumn("In both", format="localized"),
            "only_first": st.column_config.NumberColumn("Only first", format="localized"),
            "only_second": st.column_config.NumberColumn("Only second", format="localized"),
            "relabelled": st.column_config.NumberColumn(
                "Relabelled", help="In both, with another class", format="localized"
            ),
            "share": st.column_config.ProgressColumn("Overlap", format="%.1f%%", min_value=0, max_value=100),
        },
    )
    totals = [told.kept.sum(axis=0) for _, told in kept]
    order = np.argsort(-np.abs(totals[0] - totals[1]), kind="stable")[:MOST_CLASSES]
    st.caption("Segments per class, the largest difference first")
    st.dataframe(
        {
            "class": [taxonomy.names[index] for index in order],
            "first": totals[0][order],
            "second": totals[1][order],
            "more": (totals[1] - totals[0])[order],
        },
        hide_index=True,
        height=shared.table_height(len(order)),
        key="thr_class_difference",
        alt=f"Segments of each class that {shown[0]} and {shown[1]} keep",
        column_config={
            "class": "Class",
            "first": st.column_config.NumberColumn(names[0], format="localized"),
            "second": st.column_config.NumberColumn(names[1], format="localized"),
            "more": st.column_config.NumberColumn("Difference", format="%+d"),
        },
    )
