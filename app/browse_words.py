"""How the stages, orders and decisions of a wall are called on the page, in its links, and in what can be copied."""

import shlex
from dataclasses import fields
from enum import Enum

from omnisource.clean.pair_filters import PairFilter
from omnisource.filters import Filters, Order, Said, Sort, Stage, filter_settings
from omnisource.types import Format, Taxonomy

STAGES = {
    Stage.FOUND: "Found",
    Stage.VALID: "Valid",
    Stage.DROPPED: "Dropped",
    Stage.SCORED: "Scored",
    Stage.KEPT: "Kept",
    Stage.LEFT_OUT: "Left out",
}
SORTS = {
    Sort.CONFIDENT: "Surest",
    Sort.UNSURE: "Least sure",
    Sort.MARGIN: "Narrow margin",
    Sort.DISAGREEMENT: "Contradicting",
    Sort.THRESHOLD: "Near threshold",
    Sort.NEWEST: "Newest",
    Sort.RANDOM: "Random",
    Sort.SIMILAR: "Similar",
}
SAID = {
    Said.NOTHING: "Not decided",
    Said.ANYTHING: "Decided",
    Said.KEEP: "Keep",
    Said.DROP: "Drop",
    Said.RELABEL: "Relabel",
}
FORMATS = {Format.IMAGE: "Images", Format.TRIMMED: "Clips", Format.UNTRIMMED: "Long videos"}
AGREES = {True: "Agree", False: "Contradict"}


def reason_text(table: str, reason: str) -> str:
    """How a reason is called in the filter and in links."""
    return f"{reason} ({table})"


def link(
    *,
    stage: Stage | None = None,
    source: str | None = None,
    class_name: str | None = None,
    query: str | None = None,
    recipe: str | None = None,
    reason: tuple[str, str] | None = None,
    item: str | None = None,
    like: str | None = None,
) -> dict[str, str]:
    """Query parameters of the Browse page, for st.page_link; `reason`: (table, reason) of what was dropped."""
    wanted = {
        "browse_stage": STAGES[stage] if stage else None,
        "browse_source": source,
        "browse_class": class_name,
        "browse_query": query,
        "browse_recipe": recipe,
        "browse_reason": reason_text(*reason) if reason else None,
        "item": item,
        "browse_sort": SORTS[Sort.SIMILAR] if like else None,
        "browse_like": like,
    }
    return {name: value for name, value in wanted.items() if value is not None}


def as_command(where: str, filters: Filters, order: Order, taxonomy: Taxonomy, *, limit: int, offset: int) -> str:
    """The same page as a command line; `where` is its -w."""
    asked = [f"-f {shlex.quote(setting)}" for setting in filter_settings(filters, taxonomy)]
    options = [f"--sort {order.sort}", f"--seed {order.seed}" if order.seed else "", f"--limit {limit}"]
    options += [
        f"--of-recipe {shlex.quote(order.recipe)}" if order.recipe else "",
        f"--like {shlex.quote(order.like)}" if order.like else "",
        f"--text {shlex.quote(order.text)}" if order.text else "",
        f"--offset {offset}" if offset else "",
    ]
    return " ".join(["omnisource items", where, *asked, *filter(None, options)])


def as_cell(root: str, filters: Filters, order: Order, *, limit: int, offset: int) -> str:
    """The same page as a notebook cell."""
    by_looks = order.sort is Sort.SIMILAR
    more = "\nfrom omnisource.pipeline.feature_search import near_order" if by_looks else ""
    nearest = ", nearest=near_order(workspace, order)" if by_looks else ""
    return f"""from pathlib import Path

from omnisource.browsing import Browsing
from omnisource.catalog import Catalog
from omnisource.filters import Filters, Order, Said, Sort, Stage{more}
from omnisource.types import Format
from omnisource.workspace import Workspace

workspace = Workspace(Path({root!r}))
browsing = Browsing(Catalog(workspace))
filters, order = {as_python(filters)}, {as_python(order)}
print(browsing.count(filters))
browsing.page(filters, order, offset={offset}, limit={limit}{nearest})"""


def as_python(record: Filters | Order | PairFilter) -> str:
    """A record as the Python that makes it, with what differs from its defaults."""
    given = {field.name: getattr(record, field.name) for field in fields(record)}
    changed = {name: value for name, value in given.items() if value != getattr(type(record)(), name)}
    return f"{type(record).__name__}({', '.join(f'{name}={_value(value)}' for name, value in changed.items())})"


def _value(value: object) -> str:
    if isinstance(value, Enum):
        return f"{type(value).__name__}.{value.name}"
    if isinstance(value, tuple):
        return f"({', '.join(_value(one) for one in value)},)"
    return repr(value)
