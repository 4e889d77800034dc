"""`report` and `flips`: results for a reader, as one HTML file or as a table, and the clips behind a change."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from omnisource.commands.options import HERE, AsJson, Where, print_json
from omnisource.errors import ConfigError, WorkspaceError
from omnisource.workspace import Workspace

if TYPE_CHECKING:  # reading results costs a second that other commands need not pay
    from omnisource.pipeline.result_tables import ResultTable

LISTED_PAIRS = 50
"""Pairs of each kind in a table that is written to a file."""
TableName = Literal["runs", "sources", "procedures", "classes", "pairs"]
Baseline = Annotated[str | None, typer.Option(help="Run to compare with; default: the student's baseline.")]


def report(
    runs: Annotated[list[str] | None, typer.Argument(help="Runs; default: all that were evaluated.")] = None,
    workspace: Where = HERE,
    baseline: Baseline = None,
    out: Annotated[Path, typer.Option(help="File to write: .html, or .csv or .tex for one table.")] = Path(
        "report.html"
    ),
    table: Annotated[
        TableName, typer.Option(help="Which table, for .csv and .tex; classes and pairs are of one run.")
    ] = "runs",
) -> None:
    """Write what web data brought: one HTML file with figures and clips, or a table as CSV or LaTeX.

    Example: `omnisource report tsn-default -w work --out report.html`
    """
    from omnisource.files import write_atomically
    from omnisource.pipeline import reporting, result_tables
    from omnisource.pipeline.comparing import results

    opened = Workspace(workspace)
    chosen = _baseline(opened, baseline)
    students = runs or [run for run in results(opened) if run != chosen]
    writers: dict[str, Callable[[], str]] = {
        ".html": lambda: reporting.html_report(opened, chosen, students),
        ".csv": lambda: result_tables.as_csv(_table(opened, table, chosen, students)),
        ".tex": lambda: result_tables.as_latex(_table(opened, table, chosen, students)),
    }
    if out.suffix not in writers:
        raise ConfigError(f"{out} has no known ending; name a file that ends in {', '.join(writers)}")
    write_atomically(out, writers[out.suffix]())
    print(out)


def flips(
    student: Annotated[str, typer.Argument(help="Run.")],
    workspace: Where = HERE,
    baseline: Baseline = None,
    classes: Annotated[
        list[str] | None, typer.Option("--class", "-c", help="One class, or the two of a pair; default: all.")
    ] = None,
    kind: Annotated[
        Literal["gained", "lost", "moved"],
        typer.Option(help="gained: right only now; lost: only before; moved: wrong in another way."),
    ] = "gained",
    limit: Annotated[int, typer.Option(min=1, help="How many clips.")] = 60,
    offset: Annotated[int, typer.Option(min=0, help="How many come before them.")] = 0,
    as_json: AsJson = False,
) -> None:
    """List the clips about which two runs disagree: class, answer before, answer now, path.

    Example: `omnisource flips tsn-default -w work -c boxing -c yoyo --kind lost`
    """
    from omnisource.pipeline.gains import Gains, Kind, Scope

    opened = Workspace(workspace)
    taxonomy, named = opened.taxonomy(), classes or []
    if len(named) > 2:
        raise ConfigError(f"{len(named)} classes are named; name one, or the two of a pair")
    scope = Scope(**dict(zip(("a", "b"), taxonomy.indices(named))))
    gains = Gains(opened, _baseline(opened, baseline), student)
    rows = [
        {
            "class": taxonomy.names[clip.class_index],
            "before": taxonomy.names[clip.before],
            "after": taxonomy.names[clip.after],
            "confidence_before": clip.confidence_before,
            "confidence_after": clip.confidence_after,
            "path": clip.path,
        }
        for clip in gains.flips(Kind(kind), scope, offset=offset, limit=limit)
    ]
    if as_json:
        print_json({"total": gains.num_flips(scope)[Kind(kind)], "clips": rows})
        return
    for row in rows:
        print(row["class"], row["before"], row["after"], row["path"], sep="\t")


def _baseline(workspace: Workspace, named: str | None) -> str:
    from omnisource.pipeline.side_by_side import usual_baseline

    found = named or usual_baseline(workspace)
    if found is None:
        raise WorkspaceError(f"{workspace.root} has no evaluated run yet; `omnisource teach`, then `evaluate`")
    return found


def _table(workspace: Workspace, name: TableName, baseline: str, students: Sequence[str]) -> "ResultTable":
    from omnisource.pipeline import result_tables
    from omnisource.pipeline.comparing import procedures
    from omnisource.pipeline.gains import Gains
    from omnisource.pipeline.side_by_side import side_by_side

    if name in ("runs", "sources"):
        made = result_tables.runs_table if name == "runs" else result_tables.sources_table
        return made(side_by_side(workspace, baseline, students))
    if name == "procedures":
        return result_tables.procedures_table(procedures(workspace))
    if len(students) != 1:
        raise ConfigError(f"the table of {name} is of one run, and these are {len(students)}; name one run")
    gains = Gains(workspace, baseline, students[0])
    if name == "classes":
        return result_tables.classes_table(gains, workspace.taxonomy())
    return result_tables.pairs_table(gains, workspace.taxonomy(), top=LISTED_PAIRS)
