"""Thresholds: from which confidence on web data is used, seen on both sides of the line and audited by judging."""

import numpy as np
import streamlit as st

from app import shared, story, threshold_draft, threshold_facts
from app.browse_words import link
from app.job_line import stages_line
from app.threshold_audit import audit_panel
from app.threshold_lines import lines_box
from app.threshold_recipes import recipes_panel, save_button
from app.threshold_walls import sides_panel
from app.threshold_words import TESTED, as_cell, as_command
from omnisource.browsing import scoring_teachers
from omnisource.catalog import listed_rows
from omnisource.config import Recipe
from omnisource.errors import OmniSourceError
from omnisource.figures.thresholds import class_order, confidence_figure, distribution_figure
from omnisource.filters import Stage
from omnisource.label.line_samples import Selection
from omnisource.label.thresholds import Counts, Tally, bars, own_lines, tally
from omnisource.pipeline.thresholding import ready
from omnisource.shares import evenness
from omnisource.types import Format

SIDES, CLASSES, AUDIT, RECIPES = PANELS = ("Both sides of the line", "Classes before and after", "Audit", "Recipes")
LABELS = {"teacher": "Teacher", "query": "Query", "agreement": "Agreement", "listed": "Listed"}
LABEL_HELP = (
    "Which class a segment gets. Teacher: its top class. Query: what was searched, if the teacher finds it likely. "
    "Agreement: both are the same. Listed: what the released lists keep."
)

workspace = shared.open_workspace()


def set_label_source() -> None:
    threshold_draft.change(label_source=st.session_state["thr_label_source"])


def set_cap() -> None:
    threshold_draft.change(max_per_class=st.session_state["thr_cap"])


def set_teacher() -> None:
    """One teacher for all that it has scored, or the saved recipe's own choice."""
    name = st.session_state["thr_teacher"]
    saved = st.session_state["thresholds_draft"].saved.teachers
    formats = workspace.study().teachers[name].formats if name in workspace.study().teachers else tuple(Format)
    threshold_draft.change(teachers=saved if name is None else saved | dict.fromkeys(formats, name))


def choose_recipe() -> None:
    threshold_draft.load(workspace, st.session_state["thr_recipe"])


def recipe_controls(recipe: Recipe, base: str) -> None:
    """Which recipe, and what of it is no line."""
    st.session_state["thr_recipe"] = base
    st.session_state["thr_label_source"] = recipe.label_source
    st.session_state["thr_cap"] = recipe.max_per_class
    st.selectbox("Recipe", workspace.recipes(), key="thr_recipe", on_change=choose_recipe, width=170)
    known = [name for name in LABELS if name != "listed" or listed_rows(workspace) or recipe.label_source == "listed"]
    st.segmented_control(
        "Label",
        known,
        required=True,
        format_func=LABELS.get,
        key="thr_label_source",
        on_change=set_label_source,
        help=LABEL_HELP,
    )
    scored = scoring_teachers(workspace)
    if len(scored) > 1 and recipe.label_source != "listed":
        chosen = set(recipe.teachers.values())
        st.session_state["thr_teacher"] = chosen.pop() if len(chosen) == 1 else None
        st.selectbox("Teacher", scored, key="thr_teacher", on_change=set_teacher, placeholder="The recipe's", width=160)
    st.number_input(
        "Most per class",
        min_value=1,
        step=100,
        key="thr_cap",
        on_change=set_cap,
        placeholder="No cap",
        width=140,
        help="The most confident are kept, per source and class.",
    )


def look_at(counts: Counts, told: Tally, names: tuple[str, ...]) -> tuple[str | None, int | None]:
    """Which source and class the charts and walls show; bound to the link."""
    source = st.selectbox(
        "Look at the source", list(dict.fromkeys(counts.sources)), index=None, key="thresholds_source",
        bind="query-params", placeholder="All sources", width=190,
    )  # fmt: skip
    order = [names[index] for index in class_order(told.before.sum(axis=0))]
    class_name = st.selectbox(
        "and the class", order, index=None, key="thresholds_class", bind="query-params", placeholder="All classes",
        width=220,
    )  # fmt: skip
    return source, None if class_name is None else names.index(class_name)


def headline(counts: Counts, told: Tally, chosen: np.ndarray, counted_s: float) -> None:
    """What is kept of what is looked at."""
    kept, tested = int(told.kept[chosen].sum()), int(told.before[chosen].sum())
    examples = int(told.examples[chosen].sum())
    per_class = (told.kept * chosen).sum(axis=0)[chosen.any(axis=0)]
    share = f"{kept / tested:.1%} of {tested:,}" if tested else "nothing to test"
    cap = f", {examples:,} after the cap" if examples != kept else ""
    nothing = int((per_class == 0).sum())
    st.markdown(f"**{kept:,}** segments kept ({share}{cap}); {nothing:,} of {len(per_class):,} classes keep nothing")
    is_long = Format.UNTRIMMED in counts.formats
    unit = "An image or clip is one segment, a long video has many" if is_long else "A segment is an image or a clip"
    st.caption(
        f"{unit}. Counted before duplicates and people's decisions, which applying the recipe heeds. "
        f"{int(counts.num_segments.sum()):,} scores were counted once, in {counted_s:.1f} s."
    )


def classes_panel(told: Tally, chosen: np.ndarray, names: tuple[str, ...]) -> None:
    """Fig. 3: every class before and after."""
    before, kept = (told.before * chosen).sum(axis=0), (told.kept * chosen).sum(axis=0)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(
            f"Evenness over the classes: {evenness(before):.0%} before, {evenness(kept):.0%} after (100%: all alike). "
            "Filtering makes web data less even (Fig. 3); the page Balance decides how training draws from it.",
            width="stretch",
        )
        log = st.toggle("Log scale", key="thresholds_log", bind="query-params")
    st.plotly_chart(
        distribution_figure(before, kept, names, log=log),
        key="thr_distribution",
        alt=f"Segments of each class: {int(before.sum()):,} before and {int(kept.sum()):,} after the threshold",
        config={"displayModeBar": False},
    )
    order = class_order(before)
    rows = st.dataframe(
        {
            "class": [names[index] for index in order],
            "before": before[order],
            "kept": kept[order],
            "share": 100 * np.divide(kept[order], before[order], out=np.zeros(len(order)), where=before[order] > 0),
            "line": (told.lines.min(axis=0) / 1000)[order],
        },
        hide_index=True,
        height=shared.table_height(len(order)),
        key="thr_classes",
        on_select="rerun",
        selection_mode="single-row",
        alt="Segments of each class before and after the threshold",
        column_config={
            "class": "Class",
            "before": st.column_config.NumberColumn("Tested", format="localized"),
            "kept": st.column_config.NumberColumn("Kept", format="localized"),
            "share": st.column_config.ProgressColumn("Share kept", format="%.1f%%", min_value=0, max_value=100),
            "line": st.column_config.NumberColumn("Lowest line", format="%.3f"),
        },
    ).selection.rows
    class_name = names[order[rows[0]]] if rows else None
    st.page_link(
        "views/browse.py",
        label=f"See what was scored as {shared.plain(class_name)}" if rows else "See all that was scored",
        icon=":material/grid_view:",
        query_params=link(stage=Stage.SCORED, class_name=class_name) | {"workspace": str(workspace.root)},
    )


def main() -> None:
    """The whole page."""
    taxonomy = workspace.taxonomy()
    draft = threshold_draft.current(workspace)
    recipe = ready(workspace, draft.recipe)
    version = threshold_facts.scores_version(workspace, recipe)
    catalog = shared.catalog(workspace)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        recipe_controls(draft.recipe, draft.base)
        save_button(workspace, draft)
        shared.copy_as(command=as_command(workspace, draft), cell=as_cell(workspace, draft), key="thr_copy")
    counts, counted_s = threshold_facts.counted(version, recipe.label_source, catalog, recipe)
    st.session_state["thr_sources"] = [source.name for source in workspace.study().sources]
    told = tally(counts, recipe, taxonomy)
    colours = shared.source_colours(workspace)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        with st.container(horizontal=True):
            source, class_index = look_at(counts, told, taxonomy.names)
        chosen = np.outer(
            counts.of(None if source is None else (source,)),
            np.ones(len(taxonomy), bool) if class_index is None else np.arange(len(taxonomy)) == class_index,
        )
        st.plotly_chart(
            confidence_figure(
                bars(counts, told.lines, chosen), counts.sources, colours,
                own_lines(recipe, taxonomy, source, class_index), tested=TESTED[recipe.label_source],
            ),
            key="thr_histogram",
            alt=f"Confidences; {told.kept[chosen].sum():,} of {told.before[chosen].sum():,} segments are kept",
            config={"displayModeBar": False},
        )  # fmt: skip
        headline(counts, told, chosen, counted_s)
    with right, st.container(border=True):
        class_name = None if class_index is None else taxonomy.names[class_index]
        lines_box(str(workspace.root), draft.recipe, counts, told, colours, class_name)
    panel = shared.switch("Panel", {name: name for name in PANELS}, key="thresholds_panel")
    selection = Selection(sources=() if source is None else (source,), class_index=class_index)
    if panel == SIDES:
        sides_panel(workspace, recipe, version, counts, told, chosen, selection)
    elif panel == CLASSES:
        classes_panel(told, chosen, taxonomy.names)
    elif panel == AUDIT:
        audit_panel(workspace, recipe, version, counts, told, selection)
    else:
        recipes_panel(workspace, draft, counts, told)


st.title("Thresholds")
st.caption("From which confidence on web data is used; moving a line counts anew at once and computes nothing again.")
try:
    main()
except OmniSourceError as error:
    shared.empty("No line can be drawn yet", shared.sentence(error), icon="tune")
    stages_line(workspace, "score", title="Run the stages up to the scores", key="thr_stages")
    st.page_link("views/overview.py", label="Go to the overview", icon=":material/home:")
    st.stop()
if story.is_asked_for():
    story.show(workspace, on_step=None)
