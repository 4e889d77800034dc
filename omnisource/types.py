"""The records that travel between stages: frozen, keyword-only, filled once (design: Records)."""

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

import numpy as np

from omnisource.errors import UnknownClassError


class Format(StrEnum):
    """In which form an item came: one picture, a clip cut to its action, or a long video (paper 3.5)."""

    IMAGE = "image"
    TRIMMED = "trimmed"
    UNTRIMMED = "untrimmed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Taxonomy:
    """The classes of the target dataset; a class index is a position in `names`."""

    names: tuple[str, ...]
    """One name per class, in the order of the class indices."""

    def __post_init__(self) -> None:
        seen: dict[str, str] = {}
        for name in self.names:
            other = seen.setdefault(_comparable(name), name)
            if other != name or self.names.count(name) > 1:
                raise ValueError(f"classes {other!r} and {name!r} are the same name; rename one of them")

    def __len__(self) -> int:
        return len(self.names)

    def index(self, name: str) -> int:
        """Class index of `name`, whatever its case, underscores, hyphens or spaces.

        Raises UnknownClassError, which lists the nearest names.
        """
        by_name = _by_name(self.names)
        wanted = _comparable(name)
        if wanted in by_name:
            return by_name[wanted]
        near = difflib.get_close_matches(wanted, by_name, n=3, cutoff=0.4)
        raise UnknownClassError(name, nearest=[self.names[by_name[n]] for n in near])

    def indices(self, names: Iterable[str]) -> list[int]:
        """Class index of each name; raises UnknownClassError at the first that is unknown."""
        return [self.index(name) for name in names]


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """A search result that has not been fetched (paper 3.3)."""

    url: str
    """Where the media lies."""
    source: str
    """The web resource U_i it was found in, such as "google_image"."""
    format: Format
    """What the URL promises to be."""
    query: str
    """The text that was searched."""
    class_index: int
    """The class that the query stands for."""
    published_after: str | None = None
    """Start of the query's date window, ISO date."""
    published_before: str | None = None
    """End of the query's date window, ISO date."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WebItem:
    """One piece of web media on disk."""

    key: bytes
    """128-bit hash of the content: 16 bytes. Two files with the same bytes are one item."""
    path: Path
    """Where the file lies."""
    source: str
    """The web resource U_i it came from, such as "google_image"."""
    format: Format
    """Picture, trimmed clip or untrimmed video."""
    class_index: int | None
    """Class of the query that found it; None if it was not found by a class."""
    url: str | None = None
    """Where it was downloaded from; None for local folders."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Segment:
    """A span of one item; a picture or a whole clip is one segment that covers it (design: idea 2)."""

    key: bytes
    """The item's key."""
    start_s: float
    """Start of the span in seconds."""
    end_s: float
    """End of the span in seconds, exclusive."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Scores:
    """What one teacher says of some segments (paper 3.4)."""

    segments: tuple[Segment, ...]
    """The N segments, in the order of the rows of `probs`."""
    probs: np.ndarray
    """(N, K) float32 class probabilities; each row sums to 1."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Example:
    """One thing to train or test on; training does not know whether it is target or web data (design: idea 3)."""

    path: Path
    """Where the media lies."""
    format: Format
    """Picture, trimmed clip or untrimmed video."""
    source: str
    """"target", or the web resource it came from."""
    class_index: int
    """Label of a target example, pseudo-label of an auxiliary one."""
    confidence: float = 1.0
    """The teacher's probability for `class_index`; 1 for target examples."""
    segments: tuple[Segment, ...] = ()
    """Positive spans of an untrimmed video (paper 3.5); empty means the whole item."""
    negatives: tuple[Segment, ...] = ()
    """Negative one-second spans of an untrimmed video, for 1 positive + 2 negative snippets (Table 14)."""


@lru_cache(maxsize=8)
def _by_name(names: tuple[str, ...]) -> dict[str, int]:
    return {_comparable(name): index for index, name in enumerate(names)}


def _comparable(name: str) -> str:
    return re.sub(r"[\s_\-]+", " ", name).strip().casefold()
