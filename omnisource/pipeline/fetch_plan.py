"""The tables of candidates and attempts -> what is to be fetched now, in an order that depends on neither (paper 3.3).

Addresses are taken in the order of a hash, in chunks: so classes and hosts come evenly mixed, a fetch that was killed
goes on in the same order, and which of two addresses with the same content becomes the item does not depend on it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby

from omnisource.catalog import Catalog, source
from omnisource.types import Format
from omnisource.workspace import Workspace

CHUNK = 2_000
"""Addresses that are fetched before their items are written."""
NOT_ASKED = ("host_left_alone", "retry_later", "robots_unreachable", "stopped")
"""Reasons that say nothing about an address: it may be tried again, as often as if it had not been."""
REPEATS, IS_GONE = " has the same content as ", " was got, and its file is no longer in "
"""What follows an address in the table of dropped items, by which it is known to be dealt with."""
LEFT_ALONE_S = 3600.0
"""A host that is away, or wants to be left alone, is not asked for so long."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """One address that was found, and is to be fetched or to become an item."""

    url: str
    """What is asked for."""
    host: str
    """Its host in small letters."""
    source: str
    """The source that found it first."""
    format: Format
    """What it promises to be."""
    class_index: int
    """Class of the query that found it first."""
    start_s: float | None
    """Start of the section that is wanted of a video; None: all of it."""
    end_s: float | None
    """End of that section."""
    file: str | None
    """Where a finished crawl has it on disk."""
    tried: int
    """How often it was asked for."""
    key: bytes | None
    """Content that an earlier run got and did not write down as an item; None: it is to be fetched."""


def undecided_chunks(workspace: Workspace, catalog: Catalog, now: datetime) -> Iterator[list[Address]]:
    """Addresses that something is to be done about, those of a chunk together."""
    sql = f"WITH {_states(workspace)} SELECT * FROM states WHERE is_wanted OR is_to_be_item ORDER BY place"
    rows = (row for batch in catalog.rows(sql, _parameters(workspace, now)) for row in batch.to_pylist())
    for _, members in groupby(rows, lambda row: row["place"] // CHUNK):
        yield [_address(row) for row in members]


def has_wanted(workspace: Workspace) -> bool:
    """Whether something is left to be fetched, or to become an item; what waits for a host that was left alone is not
    counted, though each run tries it again."""
    if not workspace.study().searched or not workspace.table("candidates").parts():
        return False
    left = "is_to_be_item OR (is_wanted AND left_utc IS NULL)"
    sql = f"WITH {_states(workspace)} SELECT 1 FROM states WHERE {left} LIMIT 1"
    return Catalog(workspace).table(sql, _parameters(workspace, datetime.now(UTC))).num_rows > 0


def timestamp(moment: datetime) -> str:
    """As the table of attempts has it: sorts by time."""
    return moment.isoformat(timespec="milliseconds")


def _parameters(workspace: Workspace, now: datetime) -> dict[str, object]:
    study = workspace.study()
    return {
        "sources": [one.name for one in study.searched],
        "most": study.fetch.max_attempts,
        "since": timestamp(now - timedelta(seconds=LEFT_ALONE_S)),
        "not_asked": list(NOT_ASKED),
    }


def _states(workspace: Workspace) -> str:
    """SQL of `states`: every address, where it stands in the order, and how far it is."""
    candidates, attempts, items = (source(workspace.table(name)) for name in ("candidates", "attempts", "items"))
    dropped = source(workspace.table("items").dropped())
    host = r"lower(regexp_extract(url, '^[a-zA-Z]+://(?:[^/@]*@)?([^/:?#]+)', 1))"
    not_asked = "list_contains($not_asked, reason)"
    return f"""
        found AS (
            SELECT *, {host} AS host, row_number() OVER (ORDER BY md5(url), url) - 1 AS place
            FROM {candidates} WHERE is_new
        ),
        tries AS (
            SELECT url, count(*) FILTER (WHERE NOT {not_asked}) AS tried, bool_or(NOT retry) AS is_decided,
                max(started_utc) FILTER (WHERE {not_asked}) AS left_utc, any_value(key) AS key
            FROM {attempts} GROUP BY url
        ),
        away AS (SELECT DISTINCT host FROM {attempts} WHERE {not_asked} AND started_utc > $since),
        known AS (
            SELECT url FROM {items} WHERE url IS NOT NULL
            UNION SELECT split_part(split_part(detail, '{REPEATS}', 1), '{IS_GONE}', 1) FROM {dropped}
            WHERE reason IN ('repeat', 'missing_file')
        ),
        states AS (
            SELECT found.*, tries.key, tries.left_utc, coalesce(tries.tried, 0) AS tried,
                tries.key IS NOT NULL AND found.url NOT IN (SELECT url FROM known) AS is_to_be_item,
                list_contains($sources, source) AND NOT coalesce(is_decided, false) AND coalesce(tries.tried, 0) < $most
                    AND coalesce(tries.left_utc, '') <= $since AND (file IS NOT NULL OR found.host NOT IN (FROM away))
                    AS is_wanted
            FROM found LEFT JOIN tries USING (url)
        )
    """


def _address(row: dict[str, object]) -> Address:
    names = ("url", "host", "source", "class_index", "start_s", "end_s", "file", "tried", "key")
    return Address(format=Format(row["format"]), **{name: row[name] for name in names})
