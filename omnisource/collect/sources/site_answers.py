"""What a site answers -> candidates: reading its JSON, and asking page after page until one has nothing new (3.3)."""

import json
import math
from collections.abc import Callable, Iterator, Sequence

from omnisource.collect.search import Cell, Found, Page, ResultPage
from omnisource.config import SourceConfig
from omnisource.errors import ItemError
from omnisource.types import Candidate


def candidate(source: SourceConfig, cell: Cell, url: str) -> Candidate:
    """An address that a source gave for a cell."""
    after, before = cell.published_after, cell.published_before
    return Candidate(
        url=storable(url),
        source=source.name,
        format=source.format,
        query=cell.query,
        class_index=cell.class_index,
        published_after=None if after is None else after.isoformat(),
        published_before=None if before is None else before.isoformat(),
    )


def until_nothing_new(ask: Callable[[int], Sequence[Found]], *, first: int) -> Iterator[ResultPage]:
    """Pages `first`, `first + 1`, ... up to the first that has no address which none before it had."""
    seen: set[str] = set()
    number = first
    while True:
        found = ask(number)
        yield ResultPage(found=tuple(found))
        urls = {one.candidate.url for one in found}
        if urls <= seen:
            return
        seen |= urls
        number += 1


def is_web_address(url: str | None) -> bool:
    """Whether it is an http or https address with a host."""
    scheme, _, rest = (url or "").partition("://")
    return scheme.casefold() in ("http", "https") and rest[:1] not in ("", "/")


def read_json(page: Page) -> object:
    """The JSON of a page; raises ItemError where it is none, as when a site answers with an HTML page."""
    try:
        return json.loads(page.text)
    except (ValueError, RecursionError) as error:
        raise ItemError("not_json", f"{page.url} answered {page.content_type}, which is not JSON: {error}") from None


def at(value: object, *keys: str | int) -> object:
    """What lies at a path in a JSON document; None where it has no such path."""
    for key in keys:
        match value:
            case dict() if key in value:
                value = value[key]
            case list() if isinstance(key, int) and -len(value) <= key < len(value):
                value = value[key]
            case _:
                return None
    return value


def text_at(value: object, *keys: str | int) -> str | None:
    """The text, or number, at a path in a JSON document; None where there is none or it is blank."""
    found = at(value, *keys)
    if isinstance(found, bool) or not isinstance(found, str | int | float):
        return None
    return storable(str(found)).strip() or None


def storable(text: str) -> str:
    """Text that can be written down: half a surrogate pair, as a title that a site cut off may end in, becomes "?"."""
    return text.encode("utf-8", errors="replace").decode("utf-8")


def number_at(value: object, *keys: str | int) -> float | None:
    """The number at a path, written as a number or as text; None for infinity and NaN, which JSON may hold."""
    try:
        number = float(text_at(value, *keys) or "")
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def records_at(value: object, *keys: str | int) -> list[dict[str, object]]:
    """The objects in the list at a path; what is no object is passed over."""
    found = at(value, *keys)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
