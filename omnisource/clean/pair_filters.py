"""Which suspected pairs to look at, and in which order, from a page, a link or a command line (paper 3.3)."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from omnisource.errors import OmniSourceError
from omnisource.types import Taxonomy

ANY = "any"
"""In a link or a command: lets every verdict pass."""


class State(StrEnum):
    """What was said of a pair."""

    OPEN = "open"
    DUPLICATE = "duplicate"
    NOT_DUPLICATE = "not_duplicate"
    SETTLED = "settled"


class Order(StrEnum):
    """Which pair comes next."""

    SIMILAR = "similar"
    THRESHOLD = "threshold"
    RANDOM = "random"


def first_shown(order: Order, state: State | None, threshold: float) -> float:
    """Least similarity that is worth showing.

    Around the threshold both sides are looked at, and verdicts wherever they lie; else only suspects.
    """
    both = order is Order.THRESHOLD or state in (State.DUPLICATE, State.NOT_DUPLICATE)
    return -1.0 if both else threshold


@dataclass(frozen=True, kw_only=True, slots=True)
class PairFilter:
    """Which pairs to show; None does not filter."""

    low: float = -1.0
    """Least similarity."""
    high: float | None = None
    """Similarity up to which, exclusive."""
    state: State | None = State.OPEN
    """What was said of them."""
    source: str | None = None
    """Web resource of the item."""
    target_class: int | None = None
    """Class of the labelled clip."""
    item: bytes | None = None
    """Only pairs of this web item."""
    skipped: Collection[int] = ()
    """Numbers of pairs that are not to come back for now."""


def usual_filter(order: Order, threshold: float) -> PairFilter:
    """The pairs that a reviewer begins with: open ones, on the side of the threshold that the order looks at."""
    return PairFilter(low=first_shown(order, State.OPEN, threshold))


def parse_pair_filter(settings: Iterable[str], taxonomy: Taxonomy | None, usual: PairFilter) -> PairFilter:
    """`usual`, changed by NAME=VALUE such as said=duplicate, source=web_image, class=boxing, least=0.8.

    Raises OmniSourceError for an unknown name or value, UnknownClassError for an unknown class.
    """
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals or name not in _READERS:
            raise OmniSourceError(f"{setting!r} is no filter: NAME=VALUE, where NAME is one of {', '.join(_READERS)}")
        try:
            usual = _READERS[name](usual, value, taxonomy)
        except ValueError as error:
            raise OmniSourceError(f"filter {setting!r}: {error}") from None
    return usual


def pair_filter_settings(wanted: PairFilter, taxonomy: Taxonomy | None) -> list[str]:
    """What `parse_pair_filter` reads back as the same filter; pairs that were skipped are not named."""
    named: int | str | None = wanted.target_class
    if taxonomy is not None and named is not None:
        named = taxonomy.names[named]
    said = [
        ("said", wanted.state or ANY),
        ("source", wanted.source),
        ("class", named),
        ("least", f"{wanted.low:g}"),
        ("most", None if wanted.high is None else f"{wanted.high:g}"),
        ("item", None if wanted.item is None else wanted.item.hex()),
    ]
    return [f"{name}={value}" for name, value in said if value is not None]


def conditions(wanted: PairFilter) -> tuple[str, dict[str, object]]:
    """SQL over the index joined with what was said, and its parameters."""
    conditions: dict[str, object] = {"similarity >= $low": ("low", wanted.low)}
    if wanted.high is not None:
        conditions["similarity < $high"] = ("high", wanted.high)
    if wanted.state is not None:
        conditions["coalesce(state, 'open') = $state"] = ("state", str(wanted.state))
    if wanted.source is not None:
        conditions["source = $source"] = ("source", wanted.source)
    if wanted.target_class is not None:
        conditions["target_class = $target_class"] = ("target_class", wanted.target_class)
    if wanted.item is not None:
        conditions["item = hash($item::BLOB)"] = ("item", wanted.item)
    if wanted.skipped:
        conditions["pair NOT IN (SELECT unnest($skipped))"] = ("skipped", list(wanted.skipped))
    return " AND ".join(conditions), dict(conditions.values())


def _said(value: str) -> State | None:
    if value not in (*State, ANY):
        raise ValueError(f"{value!r} is none of {', '.join(State)}, {ANY}")
    return None if value == ANY else State(value)


def _class(value: str, taxonomy: Taxonomy | None) -> int:
    """By name; where there are no classes yet, by number."""
    return int(value) if taxonomy is None else taxonomy.index(value)


_READERS = {
    "said": lambda usual, value, _: replace(usual, state=_said(value)),
    "source": lambda usual, value, _: replace(usual, source=value),
    "class": lambda usual, value, taxonomy: replace(usual, target_class=_class(value, taxonomy)),
    "least": lambda usual, value, _: replace(usual, low=float(value)),
    "most": lambda usual, value, _: replace(usual, high=float(value)),
    "item": lambda usual, value, _: replace(usual, item=bytes.fromhex(value)),
}
