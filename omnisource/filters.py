"""Which web items a wall shows, and in which order: what the app and the command line ask for."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from omnisource.errors import OmniSourceError
from omnisource.types import Format, Taxonomy


class Stage(StrEnum):
    """How far an item came."""

    FOUND = "found"
    VALID = "valid"
    DROPPED = "dropped"
    SCORED = "scored"
    KEPT = "kept"
    LEFT_OUT = "left_out"

    @property
    def speaks_of_scores(self) -> bool:
        """Whether all its items were scored."""
        return self in (Stage.SCORED, Stage.KEPT, Stage.LEFT_OUT)

    @property
    def speaks_of_recipe(self) -> bool:
        """Whether it needs the name of a recipe."""
        return self in (Stage.KEPT, Stage.LEFT_OUT)


class Sort(StrEnum):
    """What comes first on the wall."""

    NEWEST = "newest"
    CONFIDENT = "confident"
    UNSURE = "unsure"
    MARGIN = "margin"
    DISAGREEMENT = "disagreement"
    THRESHOLD = "threshold"
    RANDOM = "random"
    SIMILAR = "similar"

    @property
    def speaks_of_scores(self) -> bool:
        """Whether only scored items have a place in this order."""
        return self not in (Sort.NEWEST, Sort.RANDOM, Sort.SIMILAR)


class Said(StrEnum):
    """What people decided about using an item."""

    NOTHING = "nothing"
    ANYTHING = "anything"
    KEEP = "keep"
    DROP = "drop"
    RELABEL = "relabel"


@dataclass(frozen=True, kw_only=True, slots=True)
class Filters:
    """Which items are on the wall; everything that is left open lets all items through."""

    stage: Stage = Stage.FOUND
    """How far they came."""
    teacher: str | None = None
    """Whose scores are meant."""
    recipe: str | None = None
    """Whose examples the stages kept and left_out mean."""
    sources: tuple[str, ...] = ()
    """Web resources."""
    formats: tuple[Format, ...] = ()
    """Pictures, clips, long videos."""
    top_class: int | None = None
    """What the teacher takes them for."""
    query_class: int | None = None
    """What they were searched for."""
    agrees: bool | None = None
    """Whether these two are the same class."""
    confidence: tuple[float, float] = (0.0, 1.0)
    """Probability of the top class, both ends included."""
    dropped_by: str | None = None
    """The table whose stage dropped them, such as "validity"."""
    reason: str | None = None
    """Why they were dropped."""
    said: Said | None = None
    """What people decided about using them."""
    author: str | None = None
    """Who decided."""

    @property
    def asks_people(self) -> bool:
        """Whether the answer changes with people's decisions."""
        return self.said is not None or self.author is not None

    @property
    def reads_scores(self) -> bool:
        """Whether they can be answered from the table of scores alone."""
        asked = self.top_class is not None or self.agrees is not None or self.confidence != (0.0, 1.0)
        return self.stage.speaks_of_scores or (asked and self.stage is not Stage.DROPPED)


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """What comes first."""

    sort: Sort = Sort.NEWEST
    """By what."""
    seed: int = 0
    """Of the random order."""
    recipe: str | None = None
    """Whose threshold the order by nearness to it means."""
    like: str | None = None
    """What the order by similarity means: an item, by its key in hex."""
    text: str | None = None
    """Or words."""


def parse_filters(settings: Iterable[str], taxonomy: Taxonomy) -> Filters:
    """Filters from NAME=VALUE, such as class=boxing; source and format may come several times.

    Raises OmniSourceError for an unknown name or value, UnknownClassError for an unknown class.
    """
    filters = Filters()
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals or name not in _READERS:
            raise OmniSourceError(f"{setting!r} is no filter: NAME=VALUE, where NAME is one of {', '.join(_READERS)}")
        try:
            filters = _READERS[name](filters, value, taxonomy)
        except ValueError as error:
            raise OmniSourceError(f"filter {setting!r}: {error}") from None
    return filters


def filter_settings(filters: Filters, taxonomy: Taxonomy) -> list[str]:
    """What `parse_filters` reads back as the same filters; what is open is not named."""
    names = taxonomy.names
    least, most = filters.confidence
    said: list[tuple[str, object]] = [
        ("stage", filters.stage),
        ("teacher", filters.teacher),
        ("recipe", filters.recipe),
        *(("source", one) for one in filters.sources),
        *(("format", one) for one in filters.formats),
        ("class", None if filters.top_class is None else names[filters.top_class]),
        ("query", None if filters.query_class is None else names[filters.query_class]),
        ("agrees", None if filters.agrees is None else "yes" if filters.agrees else "no"),
        ("least", least if least > 0 else None),
        ("most", most if most < 1 else None),
        ("dropped_by", filters.dropped_by),
        ("reason", filters.reason),
        ("said", filters.said),
        ("author", filters.author),
    ]
    return [f"{name}={value}" for name, value in said if value is not None]


def _one_of(kind: type[StrEnum], value: str) -> StrEnum:
    if value not in list(kind):
        raise ValueError(f"{value!r} is none of {', '.join(kind)}")
    return kind(value)


def _yes_or_no(value: str) -> bool:
    if value not in ("yes", "no"):
        raise ValueError(f"{value!r} is neither yes nor no")
    return value == "yes"


_READERS: dict[str, Callable[[Filters, str, Taxonomy], Filters]] = {
    "stage": lambda filters, value, _: replace(filters, stage=_one_of(Stage, value)),
    "teacher": lambda filters, value, _: replace(filters, teacher=value),
    "recipe": lambda filters, value, _: replace(filters, recipe=value),
    "source": lambda filters, value, _: replace(filters, sources=(*filters.sources, value)),
    "format": lambda filters, value, _: replace(filters, formats=(*filters.formats, _one_of(Format, value))),
    "class": lambda filters, value, taxonomy: replace(filters, top_class=taxonomy.index(value)),
    "query": lambda filters, value, taxonomy: replace(filters, query_class=taxonomy.index(value)),
    "agrees": lambda filters, value, _: replace(filters, agrees=_yes_or_no(value)),
    "least": lambda filters, value, _: replace(filters, confidence=(float(value), filters.confidence[1])),
    "most": lambda filters, value, _: replace(filters, confidence=(filters.confidence[0], float(value))),
    "dropped_by": lambda filters, value, _: replace(filters, dropped_by=value),
    "reason": lambda filters, value, _: replace(filters, reason=value),
    "said": lambda filters, value, _: replace(filters, said=_one_of(Said, value)),
    "author": lambda filters, value, _: replace(filters, author=value),
}
"""How each filter is read from the command line."""
