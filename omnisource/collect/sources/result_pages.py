"""Any site whose result pages link to media, by a template of their address (paper 3.3)."""

import re
from collections.abc import Iterator
from urllib.parse import quote

from omnisource.collect.search import Cell, Found, Pages, ResultPage
from omnisource.collect.sources.media_links import media_links
from omnisource.collect.sources.site_answers import candidate, until_nothing_new
from omnisource.config import SourceConfig
from omnisource.errors import ConfigError, ItemError

FIELDS = ("query", "page", "after", "before")
READABLE = ("text/html", "application/xhtml+xml")


class ResultPages:
    """A site that is searched as a person does it: its first result page, the next one, until nothing new comes."""

    def __init__(self, source: SourceConfig, pages: Pages) -> None:
        """Raises ConfigError for a template that cannot work."""
        assert source.search is not None and source.search.endpoint is not None
        self._source, self._search, self._pages = source, source.search, pages
        self._template = source.search.endpoint
        check_template(self._template)

    def pages(self, cell: Cell) -> Iterator[ResultPage]:
        """Result pages from 1; only one where the template has no {page}."""
        if "{page}" in self._template:
            return until_nothing_new(lambda number: self._ask(cell, number), first=1)
        return iter([ResultPage(found=tuple(self._ask(cell, 1)))])

    def _ask(self, cell: Cell, number: int) -> list[Found]:
        page = self._pages.get(fill_template(self._template, cell, number), obey_robots=self._search.obey_robots)
        if page.content_type not in READABLE:
            raise ItemError("not_html", f"{page.url} answered {page.content_type}, not HTML; correct `endpoint`")
        links = media_links(page.text, page.url, self._source.format)
        return [
            Found(
                candidate=candidate(self._source, cell, link.url),
                page_url=page.url,
                title=link.title,
                licence=links.licence,
            )
            for link in links.media
        ]


def check_template(template: str) -> None:
    """Raises ConfigError for a template with other fields than those that we fill, or that is no web address."""
    if unknown := [name for name in re.findall(r"\{(\w*)\}", template) if name not in FIELDS]:
        known = ", ".join(f"{{{name}}}" for name in FIELDS)
        raise ConfigError(f"endpoint {template!r} has {{{unknown[0]}}}, which nothing fills; it may have {known}")
    if not re.match(r"https?://[^/{]", template):
        raise ConfigError(f"endpoint {template!r} is no web address; begin it with https://")


def has_windows(template: str) -> bool:
    """Whether a template tells the site the date window."""
    return "{after}" in template and "{before}" in template


def fill_template(template: str, cell: Cell, number: int) -> str:
    """The address of one result page; days are written 2013-01-31, and are empty where the cell has none."""
    after, before = cell.published_after, cell.published_before
    values = {
        "query": quote(cell.query, safe=""),
        "page": str(number),
        "after": "" if after is None else after.isoformat(),
        "before": "" if before is None else before.isoformat(),
    }
    return re.sub(r"\{(\w+)\}", lambda field: values[field[1]], template)  # once: a query may hold {page} itself
