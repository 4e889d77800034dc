"""What a run changed against the baseline: classes and confusion pairs; each leads to the clips behind it."""

from collections.abc import Sequence

import streamlit as st

from app import shared
from app.result_choice import chosen_point, chosen_row, look_at, marked_key
from omnisource.figures.results import classes_figure, pairs_matrix, pairs_scatter, shown_in_matrix
from omnisource.pipeline.gains import Gains, PairGain

LISTED_PAIRS = 100
DRAWN_PAIRS = 1000
LIST_PX = 400
QUIET = {"displayModeBar": False}
CASES = {"better": "Better", "worse": "Worse"}
FIGURES = {"matrix": "Class by class", "scatter": "Before and now"}


def classes_panel(gains: Gains, names: Sequence[str]) -> None:
    """Every class by its change; a bar leads to its clips."""
    st.subheader("Classes", anchor=False)
    classes = gains.classes()
    better, worse = sum(one.change > 0 for one in classes), sum(one.change < 0 for one in classes)
    st.caption(
        f"**{better}** better, **{worse}** worse, {len(classes) - better - worse} as before. Click a bar for its clips."
    )
    st.plotly_chart(
        classes_figure(classes, names),
        key=marked_key("res_classes"),
        on_select=lambda: _look_at_point("res_classes", names, 1),
        selection_mode="points",
        config=QUIET,
        alt=f"Change of accuracy of {len(classes)} classes: {better} better, {worse} worse",
    )


def pairs_panel(gains: Gains, names: Sequence[str]) -> None:
    """The pairs whose confusion changed, as a ranked list and as a figure; either leads to the pair."""
    st.subheader("Confusion pairs", anchor=False)
    improved, worsened = gains.pairs(DRAWN_PAIRS)
    better, worse = gains.num_pairs()
    st.caption(
        f"**{better:,}** pairs of classes are told apart better, **{worse:,}** worse: their confusion score s fell or "
        "rose (Eq. 3)."
    )
    if not improved and not worsened:
        shared.empty("No pair changed", "Both runs confuse the same classes equally often.", icon="done_all")
        return
    left, right = st.columns(2, gap="medium")
    with left:
        _list(improved, worsened, names)
    with right:
        _figure([*improved, *worsened], names)


def _list(improved: Sequence[PairGain], worsened: Sequence[PairGain], names: Sequence[str]) -> None:
    case = shared.switch("Case", CASES, key="res_case")
    listed = (improved if case == "better" else worsened)[:LISTED_PAIRS]
    st.dataframe(
        {
            "c0": [names[one.a] for one in listed],
            "c1": [names[one.b] for one in listed],
            "c2": [one.before for one in listed],
            "c3": [one.change for one in listed],
        },
        hide_index=True,
        height=LIST_PX,
        key=marked_key(f"res_pairs_{case}"),
        on_select=lambda: _look_at_row(f"res_pairs_{case}", listed, names),
        selection_mode="single-row",
        alt=f"Pairs of classes that are told apart {case}",
        column_config={
            "c0": st.column_config.TextColumn("Class", width=120),
            "c1": st.column_config.TextColumn("and", width=120),
            "c2": st.column_config.NumberColumn("Before", format="%.3f", width=58, help="The baseline's score."),
            "c3": st.column_config.NumberColumn("Change", format="%+.3f", width=64),
        },
    )


def _figure(drawn: Sequence[PairGain], names: Sequence[str]) -> None:
    shape = shared.switch("Figure", FIGURES, key="res_figure")
    st.plotly_chart(
        (pairs_matrix if shape == "matrix" else pairs_scatter)(drawn, names),
        key=marked_key(f"res_{shape}"),
        on_select=lambda: _look_at_point(f"res_{shape}", names, 2),
        selection_mode="points",
        config=QUIET,
        alt=f"{len(drawn)} pairs of classes by the change of their confusion score",
    )
    if shape == "matrix":
        st.caption(shown_in_matrix(drawn))


def _look_at_point(picker: str, names: Sequence[str], num_classes: int) -> None:
    point = chosen_point(picker)
    if point is not None:
        look_at(names, *(int(index) for index in point[:num_classes]), chosen_in=picker)


def _look_at_row(picker: str, listed: Sequence[PairGain], names: Sequence[str]) -> None:
    row = chosen_row(picker)
    if row is not None:
        look_at(names, listed[row].a, listed[row].b, chosen_in=picker)
