"""What searching and downloading gave, as tables that fit a terminal (paper 3.3)."""

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from omnisource.pipeline.fetch_outcomes import Outcome, SearchCounts
from omnisource.pipeline.planted import Planted

console = Console()


def print_searches(rows: Sequence[SearchCounts]) -> None:
    """How far the search of each source is."""
    table = Table(title="Searched", title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for column in ("source", "cells", "failed", "pages", "results", "addresses"):
        table.add_column(column, justify="left" if column == "source" else "right")
    for row in rows:
        numbers = (row.cells, row.failed, row.requests, row.returned, row.candidates)
        table.add_row(escape(row.source), *(f"{number:,}" for number in numbers))
    console.print(table)


def print_outcomes(rows: Sequence[Outcome]) -> None:
    """How the addresses ended, by source, host and reason."""
    table = Table(title="Downloaded", title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for column in ("source", "host", "reason", "addresses", "MiB", ""):
        table.add_column(column, justify="right" if column in ("addresses", "MiB") else "left", overflow="fold")
    for row in rows:
        size = f"{row.num_bytes / (1 << 20):.1f}" if row.num_bytes else ""
        again = "may be tried again" if row.may_retry else ""
        table.add_row(escape(row.source), escape(row.host), row.reason, f"{row.addresses:,}", size, again)
    console.print(table)


def print_planted(rows: Sequence[Planted]) -> None:
    """What the mini-web planted beside what the crawl found."""
    table = Table(title="Traps of the mini-web", title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for column in ("kind", "found as", "planted", "found", ""):
        table.add_column(column, justify="right" if column in ("planted", "found") else "left")
    for row in rows:
        told = "[green]equal[/]" if row.is_right else "[bold red]not equal[/]"
        table.add_row(escape(row.kind), escape(row.seen_as), str(row.planted), str(row.found), told)
    console.print(table)
