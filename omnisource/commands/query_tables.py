"""What `omnisource queries` prints for people: texts by class, what is still to be done, and the yield of each."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import groupby

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from omnisource.collect.queries import TEXT_KINDS, Query, TextKind, shared_texts, without_text
from omnisource.config import Study
from omnisource.pipeline.queries import Revision
from omnisource.pipeline.yields import CellYield
from omnisource.types import Taxonomy

_MAX_NAMED = 5


def print_queries(queries: Sequence[Query], taxonomy: Taxonomy) -> None:
    """One row per class; what is not used stands in brackets, with the class that has it too."""
    shared = shared_texts(queries)
    texts: defaultdict[tuple[int, TextKind], list[str]] = defaultdict(list)
    for one in queries:
        others = [index for index in shared.get((one.text_kind, one.text.casefold()), ()) if index != one.class_index]
        also = f": also {taxonomy.names[others[0]]}" if others else ""
        texts[one.class_index, one.text_kind].append(one.text if one.use else f"({one.text}{also})")
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for column in ("class", *TEXT_KINDS):
        table.add_column(column, overflow="fold")
    for index, name in enumerate(taxonomy.names):
        table.add_row(escape(name), *(escape(", ".join(texts[index, kind])) for kind in TEXT_KINDS))
    Console().print(table)


def print_state(revision: Revision, taxonomy: Taxonomy, study: Study) -> None:
    """Whether the revision may be searched, what it searches nothing for, and what to do next."""
    console = Console(soft_wrap=True)
    kinds = {source.search.text for source in study.searched if source.search is not None} or set(TEXT_KINDS)
    for kind in sorted(kinds):
        if missing := without_text(revision.queries, len(taxonomy), kind):
            named = ", ".join(taxonomy.names[index] for index in missing[:_MAX_NAMED])
            more = f" and {len(missing) - _MAX_NAMED} more" if len(missing) > _MAX_NAMED else ""
            console.print(f"no {kind} is used for {escape(named)}{more}: nothing would be searched for them")
    if revision.accepted is None:
        console.print(
            f"revision {revision.number} waits for you: edit it (--export, --import), then `omnisource queries "
            "--accept`; nothing is searched before that"
        )
    else:
        said = revision.accepted
        console.print(f"revision {revision.number} was accepted by {escape(said.author)} on {said.accepted_utc}")


def print_yield(cells: Sequence[CellYield], recipe: str | None) -> None:
    """One table per source, one row per cell that was asked."""
    console = Console()
    for source, of_source in groupby(cells, key=lambda one: one.source):
        title = f"Yield of {source}, by recipe {recipe}"
        table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
        for column in ("query", "window"):
            table.add_column(column, overflow="fold")
        for column in ("found", "new", "fetched", "valid", "sure", "kept"):
            table.add_column(column, justify="right", no_wrap=True)
        table.add_column("", no_wrap=True)
        for one in of_source:
            words = (one.query or "", window_text(one.published_after, one.published_before))
            counts = (one.returned, one.new, one.fetched, one.valid, one.confident, one.kept)
            outcome = "" if one.outcome == "complete" else str(one.outcome)
            table.add_row(*map(escape, words), *("" if count is None else str(count) for count in counts), outcome)
        console.print(table)
    console.print("sure: the recipe's teacher is; kept: in the recipe. A result counts where it was found first")


def window_text(after: str | None, before: str | None) -> str:
    """A date window for people; its second day is not in it."""
    if after is None and before is None:
        return "any time"
    return f"{after or ''} to {before or ''}".strip()
