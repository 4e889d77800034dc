"""Table of near copies within the web data -> groups of which the best item is kept (paper 3.3)."""

from dataclasses import dataclass

from omnisource.catalog import Catalog, source
from omnisource.workspace import Workspace


@dataclass(frozen=True, kw_only=True, slots=True)
class CopyGroup:
    """Near copies of one item."""

    path: str
    """The best of them, which is kept."""
    copies: tuple[tuple[str, float], ...]
    """The others, with their similarity to the better one that each is most alike to; most alike first."""


def copy_groups(workspace: Workspace, threshold: float, *, limit: int) -> list[CopyGroup]:
    """The largest groups of items of which each is so alike to a better one of its group; the best one is kept."""
    alike, items = source(workspace.table("alike")), source(workspace.table("items"))
    sql = f"""
        WITH RECURSIVE best AS MATERIALIZED (
            SELECT key, arg_max(kept_key, similarity) AS kept_key, max(similarity) AS similarity
            FROM {alike} WHERE similarity >= $threshold GROUP BY key
        ), chain AS (
            SELECT key, kept_key FROM best
            UNION ALL SELECT c.key, b.kept_key FROM chain c JOIN best b ON b.key = c.kept_key
        ), member AS (
            SELECT c.kept_key, b.key, b.similarity FROM chain c JOIN best b ON b.key = c.key
            WHERE c.kept_key NOT IN (SELECT key FROM best)
        ), largest AS (
            SELECT kept_key, count(*) AS size FROM member GROUP BY kept_key ORDER BY size DESC, kept_key LIMIT $limit
        )
        SELECT kept.path AS kept_path, i.path, m.similarity
        FROM largest l JOIN member m ON m.kept_key = l.kept_key
        JOIN {items} kept ON kept.key = l.kept_key JOIN {items} i ON i.key = m.key
        ORDER BY l.size DESC, l.kept_key, m.similarity DESC, i.path
    """
    groups: dict[str, list[tuple[str, float]]] = {}
    for row in Catalog(workspace).table(sql, {"threshold": threshold, "limit": limit}).to_pylist():
        groups.setdefault(row["kept_path"], []).append((row["path"], row["similarity"]))
    return [CopyGroup(path=path, copies=tuple(copies)) for path, copies in groups.items()]
