"""Every run in one table, on the overview and on Train."""

from collections.abc import Sequence

import streamlit as st

from app import shared
from app.train_words import span
from omnisource.pipeline.run_watch import RunView


def run_table(
    runs: Sequence[RunView],
    *,
    key: str,
    columns: Sequence[str] = ("run", "state", "progress", "update", "left", "loss", "top1"),
) -> None:
    """What each run is at, and how good it is."""
    rows = [
        {
            "run": run.name,
            "state": run.state,
            "progress": run.share,
            "update": f"{run.update:,} of {run.total_updates:,}",
            "left": "" if run.seconds_left is None else span(run.seconds_left),
            "loss": run.loss,
            "top1": None if run.top1 is None else 100 * run.top1,
        }
        for run in runs
    ]
    st.dataframe(
        rows,
        hide_index=True,
        key=key,
        placeholder="",
        alt="Every run with its state, progress and accuracy",
        height=shared.table_height(len(rows), most=6),
        column_order=columns,
        column_config={
            "run": st.column_config.TextColumn("Run", width=160),
            "state": st.column_config.TextColumn("State", width="small"),
            "progress": st.column_config.ProgressColumn(
                "Progress", format="percent", min_value=0, max_value=1, width=110
            ),
            "update": st.column_config.TextColumn("Updates", width="small"),
            "left": st.column_config.TextColumn("Left", width="small"),
            "loss": st.column_config.NumberColumn("Last loss", format="%.3f", width="small"),
            "top1": st.column_config.NumberColumn(
                "Top-1", format="%.1f%%", width="small", help="On the validation clips; empty until it was tested."
            ),
        },
    )
