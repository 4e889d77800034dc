"""Results -> tables that leave the house: CSV with full precision, LaTeX with booktabs, text for a page (paper 5)."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from omnisource.pipeline.comparing import ProcedureResult
from omnisource.pipeline.gains import Gains, PairGain
from omnisource.pipeline.side_by_side import RunResult, used_sources
from omnisource.types import Taxonomy

Unit = Literal["text", "count", "share", "change", "score", "score_change", "p_value"]
Value = str | int | float | None

PROCEDURES = {
    "labelled_alone": "labelled clips alone",
    "webly_supervised_pretraining": "pre-training, as found",
    "semi_supervised_pretraining": "pre-training, filtered",
    "joint": "joint (OmniSource)",
}
"""What a reader calls Table 1's procedures."""
UNKNOWN = "?"
"""A source that was used, of whose examples there are other ones by now."""
LEAST_P = 0.001
"""Chances below are not told apart for a reader; CSV has them all."""
_TEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
} | {letter: f"\\{letter}" for letter in "&%$#_{}"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """What stands below a heading."""

    title: str
    """Heading."""
    unit: Unit = "share"
    """What the numbers are: shares and changes are shown in percent and points."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ResultTable:
    """A table of results."""

    caption: str
    """One sentence that a reader needs."""
    columns: tuple[Column, ...]
    """From left to right."""
    rows: tuple[tuple[Value, ...], ...]
    """One value per column; None where there is none."""


def runs_table(results: Sequence[RunResult]) -> ResultTable:
    """Every run beside the baseline, which comes first."""
    rows = [
        (
            one.run,
            one.metrics.num_examples,
            one.metrics.top1,
            one.metrics.top1_low,
            one.metrics.top1_high,
            *(
                (None,) * 6
                if one.change is None
                else (
                    one.change.top1_change,
                    one.change.top1_change_low,
                    one.change.top1_change_high,
                    one.change.p_value,
                    one.change.num_gained,
                    one.change.num_lost,
                )
            ),
            one.metrics.top5,
            one.metrics.mean_class_accuracy,
            one.metrics.mean_ap,
        )
        for one in results
    ]
    top1 = [Column(title="top-1"), Column(title="top-1 low"), Column(title="top-1 high")]
    change = [Column(title=title, unit="change") for title in ("change", "change low", "change high")]
    counts = [Column(title=title, unit="count") for title in ("gained", "lost")]
    others = [Column(title=title) for title in ("top-5", "class mean", "mAP")]
    columns = [Column(title="run", unit="text"), Column(title="clips", unit="count"), *top1, *change]
    columns += [Column(title="p", unit="p_value"), *counts, *others]
    caption = f"Runs on the validation clips, changes against {results[0].run} with 95 % intervals and McNemar's p."
    return ResultTable(caption=caption, columns=tuple(columns), rows=tuple(rows))


def sources_table(results: Sequence[RunResult]) -> ResultTable:
    """What each run learnt from, and what that brought (Tables 2 and 13)."""
    sources = used_sources(results)
    rows = [
        (
            one.run,
            ", ".join(one.recipes) or None,
            *(_num_examples(one, source) for source in sources),
            one.metrics.top1,
            one.change.top1_change if one.change else None,
            one.change.p_value if one.change else None,
        )
        for one in results
    ]
    columns = [Column(title="run", unit="text"), Column(title="recipe", unit="text")]
    columns += [Column(title=source, unit="count") for source in sources]
    columns += [Column(title="top-1"), Column(title="change", unit="change"), Column(title="p", unit="p_value")]
    caption = "Web examples of each source that a run could draw from."
    return ResultTable(caption=caption, columns=tuple(columns), rows=tuple(rows))


def procedures_table(procedures: Sequence[ProcedureResult]) -> ResultTable:
    """The ways to use web data, as Table 1 tells them apart."""
    rows = [
        (
            PROCEDURES[one.procedure],
            one.network,
            one.recipe,
            one.run,
            one.num_web_examples,
            one.top1,
            one.top1_change,
            one.p_value,
            one.top5,
            one.top5_change,
        )
        for one in procedures
    ]
    columns = [Column(title=title, unit="text") for title in ("procedure", "network", "recipe", "run")]
    columns += [
        Column(title="web examples", unit="count"),
        Column(title="top-1"),
        Column(title="change", unit="change"),
    ]
    columns += [Column(title="p", unit="p_value"), Column(title="top-5"), Column(title="top-5 change", unit="change")]
    caption = "The procedures of Table 1, each against the labelled clips alone."
    return ResultTable(caption=caption, columns=tuple(columns), rows=tuple(rows))


def classes_table(gains: Gains, taxonomy: Taxonomy) -> ResultTable:
    """Every class in both runs, most improved first."""
    rows = [
        (taxonomy.names[one.class_index], one.num_examples, one.before, one.after, one.change)
        for one in gains.classes()
    ]
    columns = [Column(title="class", unit="text"), Column(title="clips", unit="count")]
    columns += [Column(title=gains.baseline), Column(title=gains.student), Column(title="change", unit="change")]
    caption = f"Accuracy of every class, {gains.student} against {gains.baseline}."
    return ResultTable(caption=caption, columns=tuple(columns), rows=tuple(rows))


def pairs_table(gains: Gains, taxonomy: Taxonomy, top: int) -> ResultTable:
    """The pairs whose confusion changed most, improved ones first (Tables 18 and 19)."""
    improved, worsened = gains.pairs(top)
    rows = [_pair(word, one, taxonomy) for word, pairs in (("better", improved), ("worse", worsened)) for one in pairs]
    columns = [Column(title=title, unit="text") for title in ("case", "class 1", "class 2")]
    columns += [Column(title=title, unit="score") for title in (gains.baseline, gains.student)]
    columns += [Column(title="change", unit="score_change")]
    caption = f"Change of confusion scores from {gains.baseline} to {gains.student} (Eq. 3); below 0 is better."
    return ResultTable(caption=caption, columns=tuple(columns), rows=tuple(rows))


def as_csv(table: ResultTable) -> str:
    """Comma-separated values with headings and full precision."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([column.title for column in table.columns])
    writer.writerows(table.rows)
    return text.getvalue()


def as_latex(table: ResultTable) -> str:
    """A table for a paper; needs the package booktabs."""
    places = "".join("l" if column.unit == "text" else "r" for column in table.columns)
    heading = " & ".join(_tex(column.title) for column in table.columns)
    body = [" & ".join(_tex(text) for text in as_texts(table, row)) + r" \\" for row in table.rows]
    lines = [r"\begin{table}", r"\centering", rf"\caption{{{_tex(table.caption)}}}", rf"\begin{{tabular}}{{{places}}}"]
    lines += [r"\toprule", rf"{heading} \\", r"\midrule", *body, r"\bottomrule", r"\end{tabular}", r"\end{table}"]
    return "\n".join(lines) + "\n"


def as_texts(table: ResultTable, row: Sequence[Value]) -> list[str]:
    """A row for a reader; empty where there is no value."""
    return [as_text(value, column.unit) for value, column in zip(row, table.columns, strict=True)]


def as_text(value: Value, unit: Unit) -> str:
    """A value for a reader: shares in percent, their changes in points."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    shown = {"count": ",", "share": ".1%", "score": ".3f", "score_change": "+.3f", "p_value": ".2g"}
    if unit == "p_value" and value < LEAST_P:
        return f"< {LEAST_P}"
    return f"{100 * value:+.1f}" if unit == "change" else format(value, shown[unit])


def _pair(word: str, pair: PairGain, taxonomy: Taxonomy) -> tuple[Value, ...]:
    return word, taxonomy.names[pair.a], taxonomy.names[pair.b], pair.before, pair.after, pair.change


def _num_examples(result: RunResult, source: str) -> Value:
    if source not in result.sources:
        return None
    return UNKNOWN if result.sources[source] is None else result.sources[source]


def _tex(text: str) -> str:
    return "".join(_TEX.get(letter, letter) for letter in text)
