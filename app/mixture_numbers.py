"""The numbers below the mixture's controls: what an update reads, sources, classes, warnings (paper 3.6, Fig. 8)."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from app import shared
from app.browse_words import link
from omnisource.figures.balance import batch_figure, class_order
from omnisource.filters import Stage
from omnisource.train.planning import PAPER_READS, DrawPlan, SourceDraws
from omnisource.workspace import Workspace

WORST = 3  # classes that a warning names


def show_warnings(plan: DrawPlan, names: Sequence[str]) -> None:
    """Where a small set would be over-fitted (Fig. 8), with the number and the rule."""
    if plan.overfitted:
        listed = ", ".join(
            f"**{shared.plain(one.source)}** {one.mean_reads:.3g} times"
            f" ({one.mean_reads * plan.epochs:,.0f} in the run)"
            for one in plan.overfitted
        )
        st.warning(
            f"Likely to over-fit: an epoch reads each example of {listed}, but a labelled clip only once. "
            "A small set with a large part of the batch hurt in Fig. 8; give it a smaller part, or keep more of it.",
            icon=":material/warning:",
        )
    for one in plan.sources:
        if one not in plan.overfitted and len(one.classes_read_too_often):
            _show_rare_classes(one, names)


def _show_rare_classes(one: SourceDraws, names: Sequence[str]) -> None:
    """A source that is large enough as a whole, but not in every class."""
    worst = one.classes_read_too_often
    named = ", ".join(
        f"{shared.plain(names[index])} ({one.reads[index]:.3g} times, of {one.counts[index]:,})"
        for index in worst[:WORST]
    )
    more = f" and {len(worst) - WORST} more" if len(worst) > WORST else ""
    st.caption(
        f":material/warning: {shared.plain(one.source)}: examples of {named}{more} are read more often than a labelled "
        "clip. Resampling draws small classes again and again; a higher power p, or clipping, reads them less often."
    )


def show_sources(plan: DrawPlan, colours: dict[str, str]) -> None:
    """One row of numbers per source."""
    st.plotly_chart(
        batch_figure(plan, colours),
        key="balance_batch",
        alt="Examples that one update reads on average, by source",
        config={"displayModeBar": False},
    )
    rows = [
        {
            "source": one.source,
            "examples": one.num_examples,
            "draws": one.draws_per_epoch,
            "reads": one.mean_reads,
            "run": one.mean_reads * plan.epochs,
            "even": 100 * one.evenness,
            "classes": int((one.counts > 0).sum()),
        }
        for one in plan.sources
    ]
    st.dataframe(
        rows,
        hide_index=True,
        key="balance_sources",
        alt="Draws and reads of every source",
        column_config={
            "source": "Source",
            "examples": st.column_config.NumberColumn("Examples", format="localized"),
            "draws": st.column_config.NumberColumn("Drawn per epoch", format="%.1f"),
            "reads": st.column_config.NumberColumn(
                "Reads per example and epoch", format="%.3f", help="A labelled clip is read once an epoch."
            ),
            "run": st.column_config.NumberColumn("In the whole run", format="%.1f"),
            "classes": st.column_config.NumberColumn("Classes"),
            "even": st.column_config.ProgressColumn(
                "Evenness of the draws",
                format="%.1f%%",
                min_value=0,
                max_value=100,
                help="100%: all classes equally often. Measured as e to the entropy of a draw, over the classes.",
            ),
        },
    )
    st.caption(
        f"{plan.num_target:,} labelled clips in batches of {plan.batch_size}: {plan.updates_per_epoch:,} updates an "
        f"epoch, {plan.epochs} epochs. In the paper a web example was read about {PAPER_READS[0]} to {PAPER_READS[1]} "
        "times an epoch (GG-k400 at 2:1, half of GG and IG at 1:1)."
    )


def show_classes(workspace: Workspace, recipe: str, plan: DrawPlan, target: np.ndarray, names: Sequence[str]) -> None:
    """Every class of one source; choosing a row leads to its examples."""
    by_name = {one.source: one for one in plan.sources}
    shown = shared.switch("Source", {name: name for name in by_name}, key="balance_source")
    one = by_name[shown]
    order = class_order(plan, target)
    chosen = st.dataframe(
        {
            "class": [names[index] for index in order],
            "target": target[order],
            "examples": one.counts[order],
            "share": 100 * one.probabilities[order],
            "draws": one.class_draws[order],
            "reads": one.reads[order],
            "run": one.reads[order] * plan.epochs,
        },
        hide_index=True,
        height=shared.table_height(len(order)),
        key=f"balance_classes_{shown}",
        on_select="rerun",
        selection_mode="single-row",
        alt="Draws and reads of every class",
        column_config={
            "class": "Class",
            "target": st.column_config.NumberColumn("Labelled clips", format="localized"),
            "examples": st.column_config.NumberColumn("Examples", format="localized"),
            "share": st.column_config.NumberColumn("Share of draws", format="%.2f%%"),
            "draws": st.column_config.NumberColumn("Draws, epoch", format="%.2f"),
            "reads": st.column_config.NumberColumn("Reads, epoch", format="%.3f", help="Of one example, in one epoch."),
            "run": st.column_config.NumberColumn("Reads, run", format="%.1f", help="Of one example, in the whole run."),
        },
    )
    rows = chosen.selection.rows
    class_name = names[order[rows[0]]] if rows else None
    st.page_link(
        "views/browse.py",
        label=f"See the examples of {shared.plain(class_name)}"
        if rows
        else f"See all examples of {shared.plain(shown)}",
        icon=":material/grid_view:",
        query_params=_browse_link(workspace, recipe, shown, class_name),
    )


def _browse_link(workspace: Workspace, recipe: str, drawn: str, class_name: str | None) -> dict[str, str | list[str]]:
    """Browse with the recipe's examples of a source, or of one class of it."""
    by_query = workspace.recipe(recipe).label_source == "query"
    chosen = {"query": class_name} if by_query else {"class_name": class_name}
    sources = workspace.study().train.joint.merged.get(drawn, (drawn,))
    return link(stage=Stage.KEPT, recipe=recipe, **chosen) | {
        "workspace": str(workspace.root),
        "browse_source": list(sources),
    }
