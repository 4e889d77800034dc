"""What `omnisource models` prints for people: tables of what was released, details of one, a bar while it comes."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from urllib.parse import urlsplit

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn
from rich.table import Table

from omnisource.models.released_models import ReleasedFile, ReleasedModel, Start

_FACT_WIDTH = 18


def print_models(rows: Sequence[tuple[ReleasedModel, Path | None]]) -> None:
    """One table per dataset, one row per recogniser; `rows` hold where its file lies. The names say the web data."""
    for dataset, of_dataset in groupby(rows, key=lambda row: row[0].dataset):
        table = _table(f"Recognisers of {dataset}")
        for column in ("input", "start"):
            table.add_column(column, no_wrap=True)
        for column in ("top-1", "top-5"):
            table.add_column(column, justify="right", no_wrap=True)
        table.add_column("weights", no_wrap=True)
        for model, path in of_dataset:
            top5 = "" if model.top5 is None else f"{model.top5:.1f}"
            table.add_row(model.name, model.input, model.start, f"{model.top1:.1f}", top5, _where(model.url, path))
        _console().print(table, "")


def print_starts(rows: Sequence[tuple[Start, Path | None]]) -> None:
    """One row per start."""
    table = _table("Weights to start from (pretrained: ...)")
    for column in ("what it is", "for", "weights"):
        table.add_column(column)
    for start, path in rows:
        names = "\n".join((*start.aliases, start.name))
        fits = f"{', '.join(start.archs)} of {start.backbone or 'torchvision backbones'}"
        where = _where(start.url, path) if start.url else "torchvision"
        table.add_row(names, escape(start.title), fits, where)
    _console().print(table, "")


def print_files(rows: Sequence[tuple[ReleasedFile, Path | None]]) -> None:
    """One row per list, and what to type next."""
    table = _table("Lists")
    for column in ("what it is", "file"):
        table.add_column(column)
    for file, path in rows:
        table.add_row(file.name, escape(file.title), _where(file.url, path))
    console = _console()
    console.print(table, "")
    console.print("`omnisource models NAME` shows one, `--fetch` downloads it, `--check FILE` looks into a file.")


def print_details(document: Mapping[str, object]) -> None:
    """One line per fact, as long as it is: addresses and paths are copied."""
    console = _console()
    for key, value in document.items():
        name = key.replace("_", " ")
        for i, line in enumerate(_spoken(value)):
            console.print(f"[bold]{'' if i else name:{_FACT_WIDTH}}[/]{escape(line)}", soft_wrap=True, highlight=False)


@contextmanager
def fetching(name: str) -> Iterator[Callable[[int, int | None], None]]:
    """A bar on standard error while a file comes; yields what is to be told of bytes that are there, of how many."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    console = Console(stderr=True)
    with Progress(*columns, TimeRemainingColumn(), console=console, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(escape(name), total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _console() -> Console:
    """Made when it is used, so that it writes where standard output is by then."""
    return Console()


def _table(title: str) -> Table:
    """Its first column holds names, which are whole however narrow the terminal is: people copy them."""
    look = {"box": box.SIMPLE_HEAD, "padding": (0, 1, 0, 0), "show_edge": False, "pad_edge": False}
    table = Table(title=escape(title), title_justify="left", **look)
    table.add_column("name", no_wrap=True)
    return table


def _where(url: str, path: Path | None) -> str:
    """Here, or the site that it would come from: the name of openmmlab.com is openmmlab."""
    return "[green]here[/]" if path else (urlsplit(url).hostname or "").split(".")[-2]


def _spoken(value: object) -> list[str]:
    """Lines of one fact."""
    if isinstance(value, Mapping):
        return [", ".join(f"{key} {' '.join(_spoken(one))}" for key, one in value.items() if one is not None)]
    if isinstance(value, (list, tuple)):
        return [str(one) for one in value]
    if isinstance(value, bool):
        return ["yes" if value else "no"]
    return [str(value)]
