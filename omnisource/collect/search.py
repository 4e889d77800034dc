"""What every source of web data is: asked for one query in one date window, it gives candidates page by page (3.3)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from omnisource.types import Candidate


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """One query in one date window of one source: the unit that is searched, counted and split."""

    source: str
    """The source's name."""
    class_index: int
    """Class that the query stands for."""
    query: str
    """What is searched."""
    published_after: date | None = None
    """First day of the window; None: no windows."""
    published_before: date | None = None
    """Day after the last one of the window."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """A candidate with what its site says of it; the licence is the site's word, not ours."""

    candidate: Candidate
    """What may be fetched."""
    page_url: str | None = None
    """The page that shows it to people."""
    title: str | None = None
    """As the site has it."""
    author: str | None = None
    """As the site has it."""
    licence: str | None = None
    """As the site has it, such as "CC BY 4.0" or an address."""
    start_s: float | None = None
    """Start of the section of a long video that is to be fetched; None: all of it."""
    end_s: float | None = None
    """End of that section."""
    file: str | None = None
    """Where a finished crawl has it on disk already; None: it is to be downloaded."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ResultPage:
    """One page of results."""

    found: tuple[Found, ...]
    """In the site's order; may repeat what an earlier page had."""
    requests: int = 1
    """Requests that it took."""


class Source(Protocol):
    """One way to find candidates; ItemError: this cell cannot be searched, any other OmniSourceError: none can."""

    def pages(self, cell: Cell) -> Iterator[ResultPage]:
        """Result pages of one cell, asked for lazily, until the site has no more of them."""
        ...


class Pages(Protocol):
    """How sources ask for pages: politely and safely (pages.py has the real one)."""

    def get(self, url: str, *, params: Mapping[str, str] | None = None, obey_robots: bool = True) -> "Page":
        """The page; raises ItemError(reason) where it is refused, missing, or not text."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """A page that was asked for."""

    url: str
    """Where it came from, after redirects."""
    content_type: str
    """Without parameters, in small letters."""
    text: str
    """Its body."""
