"""Everything that a stage left out, by stage, reason and source, with one of the items behind each (paper 3.3)."""

from dataclasses import dataclass

from omnisource.browsing_sql import dropped_rows
from omnisource.catalog import Catalog, source
from omnisource.workspace import Workspace


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """Items that a stage left out for one reason."""

    table: str
    """Of the stage, such as "validity"."""
    reason: str
    """Short slug."""
    source: str | None
    """The web resource; None where it is not known."""
    is_item: bool
    """Whether they had become items of it; else they are files of its folder."""
    count: int
    """How many."""
    example: str
    """One of them, with what is known of it."""

    @property
    def browse_source(self) -> str | None:
        """The source by which a wall finds them; files that never became items have none there."""
        return self.source if self.is_item else None


def failures(workspace: Workspace, catalog: Catalog) -> list[Failure]:
    """What every stage left out, by reason and source, most frequent first."""
    dropped = dropped_rows(workspace)
    if not dropped:
        return []
    cases = " ".join(
        f"WHEN starts_with(d.path, {_quoted(str(workspace.root / one.path) + '/')}) THEN {_quoted(one.name)}"
        for one in workspace.study().folders
    )
    by_folder = f"CASE {cases} END" if cases else "NULL"
    rows = catalog.kept(
        f'SELECT d.dropped_by AS "table", d.reason, coalesce(i.source, {by_folder}) AS source,'
        " i.key IS NOT NULL AS is_item, count(*) AS count,"
        " arg_min(coalesce(nullif(d.detail, ''), d.path, i.path, ''), d.position) AS example"
        f" FROM ({dropped}) d LEFT JOIN {source(workspace.table('items'))} i ON i.key = d.key"
        " GROUP BY ALL ORDER BY count(*) DESC, 1, 2, 3, 4"
    )
    return [Failure(**row) for row in rows.to_pylist()]


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
